//! What people are told: short, with the evidence, the run's link and the next step. Telling never stops a run.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    domain::{PlanName, seconds_between},
    ledger::PlanState,
    metric::{self, Counted},
    plan::Plan,
    ports::{self, Ledger, People, Runtime},
};

mod claimed;
pub mod commands;

pub use claimed::{claim_and_tell, tell_claimed};

/// How long a message may take: a silent topic must not hold a run up.
const LIMIT: Duration = Duration::from_secs(1);
/// The most characters of a subject that SNS takes.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
const SUBJECT_MAX: usize = 100;

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
    const fn word(self) -> &'static str {
        match self {
            Self::Critical => "CRITICAL",
            Self::Action => "ACTION",
            Self::Notice => "NOTICE",
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
    /// What it rests on, and what it means.
    pub evidence: String,
    /// Since when writes are out, where they are.
    pub out_since: Option<Timestamp>,
    /// Until when somebody must have answered or acted.
    pub until: Option<Timestamp>,
    /// The execution's ARN, where there is a run.
    pub execution: Option<String>,
    /// What a human does now.
    pub next: String,
    /// The command that does it, where one does; a question has one for each answer.
    pub commands: Vec<String>,
}

impl Message {
    /// The subject: ASCII, without line breaks, as SNS wants it.
    #[must_use]
    pub fn subject(&self, plan: &PlanName) -> String {
        let words = format!(
            "{} aurora-failover {plan}: {}",
            self.severity.word(),
            self.what
        );
        words
            .chars()
            .map(|c| if c.is_ascii_graphic() { c } else { ' ' })
            .take(SUBJECT_MAX)
            .collect()
    }

    /// The text, as it is sent at `now`.
    #[must_use]
    pub fn text(&self, now: Timestamp) -> String {
        let mut text = format!("{}\n\nWhen: {}\n", self.what, utc(now));
        if let Some(since) = self.out_since {
            let seconds = seconds_between(since, now).max(0.0);
            let line = format!("Writes are out since: {} ({seconds:.0} s)\n", utc(since));
            text.push_str(&line);
        }
        if let Some(until) = self.until {
            text.push_str(&format!("Answer until: {}\n", utc(until)));
        }
        text.push_str(&format!("\n{}\n", self.evidence));
        if let Some(execution) = &self.execution {
            text.push_str(&format!("\nRun: {}\n", console(execution)));
        }
        text.push_str(&format!("\nNext: {}\n", self.next));
        for command in &self.commands {
            text.push_str(&format!("\n{COMMAND}{command}\n"));
        }
        text
    }
}

/// What a command's line begins with.
const COMMAND: &str = "    ";

/// The lines of a text that are not for people: a Rust value, or JSON within a sentence.
#[must_use]
pub fn unreadable(text: &str) -> Vec<&str> {
    const MARKS: [&str; 7] = ["{", "}", "Some(", "None", "Ok(", "Err(", "::"];
    let sentences = text.lines().filter(|line| !line.starts_with(COMMAND));
    sentences
        .filter(|line| !line.starts_with("Run: "))
        .filter(|line| MARKS.iter().any(|mark| line.contains(mark)))
        .collect()
}

/// A time as people read it.
#[must_use]
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Where the console shows an execution.
fn console(execution: &str) -> String {
    let region = execution.split(':').nth(3).unwrap_or_default();
    format!(
        "https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{execution}"
    )
}

/// Tells people on the acting Region's topic; whether nobody is left to be told. What cannot be sent is logged and counted: no run
/// waits for it.
pub async fn tell(world: &(impl Runtime + People), plan: &Plan, message: &Message) -> bool {
    let Some(topic) = plan.notify.get(world.region()) else {
        tracing::info!(plan = %plan.plan, what = message.what, "nobody is told: notify names no topic here");
        return true;
    };
    let (subject, text) = (message.subject(&plan.plan), message.text(world.now()));
    let sent = tokio::time::timeout(LIMIT, world.publish(topic, &subject, &text)).await;
    if let Ok(Ok(())) = sent {
        tracing::info!(plan = %plan.plan, what = message.what, "told");
        return true;
    }
    tracing::error!(plan = %plan.plan, what = message.what, trouble = ?sent, "nobody could be told");
    metric::failed(Counted::Topic, &plan.plan, world.now());
    false
}

/// Tells people what `news` would mark in the acting Region's row, and nothing where it marks nothing: they know. It is marked
/// once it was sent, so that a message which was not taken is sent again. For a run, which makes no other pass that would tell:
/// what a schedule tells is claimed first ([`claim_and_tell`]). Whether nobody is left to be told.
pub async fn tell_news(
    world: &(impl Ledger + Runtime + People),
    plan: &Plan,
    message: &Message,
    news: impl Fn(&PlanState) -> Option<PlanState>,
) -> bool {
    let here = world.region();
    if !plan.notify.contains_key(here) {
        tracing::info!(plan = %plan.plan, what = message.what, "nobody is told: notify names no topic here");
        return true;
    }
    match world.row(here, &plan.plan).await {
        Ok(row) if news(&row).is_none() => return true,
        Ok(_) => {}
        Err(why) => {
            tracing::warn!(plan = %plan.plan, %why, "what people know cannot be read; they are told");
        }
    }
    if !tell(world, plan, message).await {
        return false;
    }
    if let Err(why) = ports::update_if(world, here, &plan.plan, news).await {
        tracing::warn!(plan = %plan.plan, %why, "not marked as told; it may be told again");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(what: &str) -> Message {
        Message {
            severity: Severity::Critical,
            what: what.into(),
            evidence: "us-west-2 does not answer".into(),
            out_since: Some(Timestamp::UNIX_EPOCH),
            until: Some(Timestamp::from_second(3_600).unwrap()),
            execution: Some(
                "arn:aws:states:us-east-1:123456789012:execution:aurora-failover-unplanned-failover:a".into(),
            ),
            next: "nothing".into(),
            commands: vec!["aws lambda invoke --payload '{}'".into()],
        }
    }

    #[tokio::test]
    async fn what_nobody_was_sent_is_not_marked_as_told_and_is_sent_the_next_time() {
        let books = crate::testing::Books::with(&PlanState::new("orders".into()));
        let known = books.known(&"us-east-1".into(), &"orders".into()).await;
        let plan = known.unwrap().unwrap().plan;
        let told = async || {
            tell_news(&books, &plan, &message("suspected"), |row| row.tell("it")).await;
            let row = books.row(&"us-east-1".into(), &"orders".into()).await;
            (books.told().len(), row.unwrap().told)
        };
        books.deafen(1);
        assert_eq!(told().await, (0, None), "SNS took nothing");
        assert_eq!(told().await, (1, Some("it".into())));
        assert_eq!(told().await, (1, Some("it".into())), "they know");
    }

    #[test]
    fn a_subject_is_one_short_line_of_ascii_with_severity_and_plan() {
        let subject = message(&format!("schön\n{}", "long ".repeat(40))).subject(&"orders".into());
        assert!(
            subject.starts_with("CRITICAL aurora-failover orders: sch n long"),
            "{subject}"
        );
        assert_eq!(subject.len(), SUBJECT_MAX);
    }

    #[test]
    fn a_text_says_when_since_when_until_when_why_and_what_to_do() {
        let text = message("stood down").text(Timestamp::from_second(75).unwrap());
        let wanted = "stood down\n\nWhen: 1970-01-01 00:01:15 UTC\n\
            Writes are out since: 1970-01-01 00:00:00 UTC (75 s)\nAnswer until: 1970-01-01 01:00:00 UTC\n\n\
            us-west-2 does not answer\n\nRun: https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1\
            #/v2/executions/details/arn:aws:states:us-east-1:123456789012:execution:aurora-failover-unplanned-failover:a\n\n\
            Next: nothing\n\n    aws lambda invoke --payload '{}'\n";
        assert_eq!(text, wanted);
        assert_eq!(unreadable(&text), Vec::<&str>::new());
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
