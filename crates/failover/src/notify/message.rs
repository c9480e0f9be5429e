//! The one shape of what people are told: a subject, and lines in an order that does not change.

use jiff::Timestamp;

use super::utc;
use crate::domain::{PlanName, seconds_between};

/// The most characters of a subject: SNS takes fewer than 100.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
const SUBJECT_MAX: usize = 99;
/// What a subject ends with that was cut off. All of it is the text's first line.
const CUT: &str = "...";

/// How soon a human must look.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Writes are out, or more than one writer may take them.
    Critical,
    /// Somebody must do or decide something, and nothing burns.
    Action,
    /// Good to know.
    #[default]
    Notice,
}

impl Severity {
    /// Every one, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Action, Self::Notice];

    /// The word that a subject begins with, and an alarm's description.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "CRITICAL",
            Self::Action => "ACTION",
            Self::Notice => "NOTICE",
        }
    }

    /// What that word means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Critical => "writes are out, or more than one writer may take them",
            Self::Action => "somebody must do or decide something, and nothing burns",
            Self::Notice => "good to know",
        }
    }
}

/// One message. Its sentences hold neither Rust nor JSON; commands stand on lines of their own.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Message {
    /// How soon a human must look; it goes into the subject.
    pub severity: Severity,
    /// What happened, in a few words; it goes into the subject.
    pub what: String,
    /// Since when writes are out, where they are.
    pub out_since: Option<Timestamp>,
    /// What it rests on, and what it means.
    pub evidence: String,
    /// Until when somebody must have answered.
    pub until: Option<Timestamp>,
    /// What a human does now.
    pub next: String,
    /// The command that does it, where one does; a question has one for each answer.
    pub commands: Vec<String>,
    /// The execution's ARN, where there is a run.
    pub execution: Option<String>,
}

impl Message {
    /// The subject: severity, plan and what happened, in ASCII and on one line, as SNS wants it.
    #[must_use]
    pub fn subject(&self, plan: &PlanName) -> String {
        let words = format!("{} {plan}: {}", self.severity.word(), self.what);
        let visible = |letter: char| {
            if letter.is_ascii_graphic() {
                letter
            } else {
                ' '
            }
        };
        let words: String = words.chars().map(visible).collect();
        let words: Vec<_> = words.split_whitespace().collect();
        let mut line = words.join(" ");
        if line.len() > SUBJECT_MAX {
            line.truncate(SUBJECT_MAX - CUT.len());
            line.push_str(CUT);
        }
        line
    }

    /// The text, as it is sent at `now`.
    #[must_use]
    pub fn text(&self, now: Timestamp) -> String {
        let mut parts = vec![self.what.clone(), self.times(now), ended(&self.evidence)];
        parts.extend(self.until.map(|until| {
            let minutes = seconds_between(now, until).max(0.0) / 60.0;
            format!("{UNTIL}{} (in {minutes:.0} min)", utc(until))
        }));
        parts.push(format!("{NEXT}{}", self.next));
        let commands = self.commands.iter();
        parts.extend(commands.map(|command| format!("{COMMAND}{command}")));
        let link = self.execution.as_deref().map(console);
        parts.extend(link.map(|link| format!("{LINK}{link}")));
        parts.join("\n\n") + "\n"
    }

    /// When it is sent, and since when writes are out.
    fn times(&self, now: Timestamp) -> String {
        let sent = format!("{WHEN}{}", utc(now));
        let out = self.out_since.map(|since| {
            let seconds = seconds_between(since, now).max(0.0);
            format!("\n{OUT_SINCE}{} ({seconds:.0} s)", utc(since))
        });
        sent + &out.unwrap_or_default()
    }
}

/// What the lines of a text begin with, in their order.
const WHEN: &str = "When: ";
const OUT_SINCE: &str = "Writes are out since: ";
const UNTIL: &str = "Answer until: ";
const NEXT: &str = "Next: ";
/// What a command's line begins with.
const COMMAND: &str = "    ";
const LINK: &str = "Run: ";

/// Lines that end as sentences do.
fn ended(text: &str) -> String {
    let ended = |line: &str| match line.ends_with(['.', '?', '!', ':']) || line.is_empty() {
        true => line.to_owned(),
        false => format!("{line}."),
    };
    let lines: Vec<_> = text.lines().map(ended).collect();
    lines.join("\n")
}

/// The lines of a text that are not for people: a Rust value, or JSON within a sentence.
#[must_use]
pub fn unreadable(text: &str) -> Vec<&str> {
    const MARKS: [&str; 7] = ["{", "}", "Some(", "None", "Ok(", "Err(", "::"];
    let sentences = text.lines().filter(|line| !line.starts_with(COMMAND));
    sentences
        .filter(|line| !line.starts_with(LINK))
        .filter(|line| MARKS.iter().any(|mark| line.contains(mark)))
        .collect()
}

/// Where the console shows an execution.
fn console(execution: &str) -> String {
    let region = execution.split(':').nth(3).unwrap_or_default();
    format!(
        "https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{execution}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(what: &str) -> Message {
        Message {
            severity: Severity::Critical,
            what: what.into(),
            evidence: "us-west-2 does not answer\nRTO 14.8 s".into(),
            out_since: Some(Timestamp::UNIX_EPOCH),
            until: Some(Timestamp::from_second(3_675).unwrap()),
            execution: Some(
                "arn:aws:states:us-east-1:123456789012:execution:aurora-failover-unplanned-failover:a".into(),
            ),
            next: "Look at it.".into(),
            commands: vec!["aws lambda invoke --payload '{}'".into()],
        }
    }

    #[test]
    fn a_subject_is_one_line_of_ascii_with_severity_plan_and_what_in_fewer_than_100_characters() {
        let subject =
            message(&format!("schön\r\n{}", "long ".repeat(40))).subject(&"orders".into());
        assert!(
            subject.starts_with("CRITICAL orders: sch n long long"),
            "{subject}"
        );
        assert!(subject.len() == 99 && subject.ends_with("..."), "{subject}");
        let short = message("stood down").subject(&"orders".into());
        assert_eq!(short, "CRITICAL orders: stood down");
        let longest = PlanName::from("a".repeat(40).as_str());
        assert!(
            message("stood down")
                .subject(&longest)
                .ends_with("stood down")
        );
    }

    #[test]
    fn a_text_says_in_this_order_what_when_since_when_why_until_when_what_to_do_and_where_to_look()
    {
        let text = message("stood down").text(Timestamp::from_second(75).unwrap());
        let wanted = "stood down\n\nWhen: 1970-01-01 00:01:15 UTC\n\
            Writes are out since: 1970-01-01 00:00:00 UTC (75 s)\n\n\
            us-west-2 does not answer.\nRTO 14.8 s.\n\n\
            Answer until: 1970-01-01 01:01:15 UTC (in 60 min)\n\n\
            Next: Look at it.\n\n    aws lambda invoke --payload '{}'\n\n\
            Run: https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1\
            #/v2/executions/details/arn:aws:states:us-east-1:123456789012:execution:aurora-failover-unplanned-failover:a\n";
        assert_eq!(text, wanted);
        assert_eq!(unreadable(&text), Vec::<&str>::new());
    }

    #[test]
    fn the_reference_says_what_each_severity_means() {
        let rows = Severity::ALL.map(|one| format!("| `{}` | {} |\n", one.word(), one.meaning()));
        let table = format!("\n| severity | meaning |\n|---|---|\n{}\n", rows.concat());
        crate::testing::example::holds("severities", &table);
    }

    #[test]
    fn rust_and_json_in_a_sentence_are_found() {
        for line in [
            "the last: Committed { beat: Beat { seq: 111 } }",
            "leads to Some(\"x\")",
            "run recovery-ledger with {\"operation\": \"adopt\"}",
            "&lambda_runtime::DeserializeError",
        ] {
            assert_eq!(unreadable(line), [line]);
        }
    }
}
