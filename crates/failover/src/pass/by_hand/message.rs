//! What people are told of a forced pass.

use crate::{
    Error,
    domain::Region,
    notify::{Message, Severity},
    pass::{Output, Progress},
};

/// What a pass that is not done asks for.
const AGAIN: &str = "Call it again until it answers done.";

/// The message of what came of a forced pass.
pub(super) fn message<O>(step: &str, here: &Region, result: &Result<Output<O>, Error>) -> Message {
    let (severity, happened, evidence, next) = match result {
        Ok(output) => made(output),
        Err(why) => not_made(why),
    };
    let command = result.as_ref().ok().and_then(|output| output.next.first());
    Message {
        severity,
        what: format!(
            "{step} {} by hand in {here} and {}",
            happened[0], happened[1]
        ),
        evidence,
        next: next.into(),
        commands: command.into_iter().cloned().collect(),
        ..Message::default()
    }
}

/// How soon a human must look, what happened to the step, what it rests on, and what comes next.
type Told = (Severity, [&'static str; 2], String, &'static str);

fn made<O>(output: &Output<O>) -> Told {
    let (is, next) = match (output.progress, output.next.as_slice()) {
        (Progress::Pending, _) => ("is under way", AGAIN),
        (Progress::Done, []) => ("is done", "Nothing, if you know who did it."),
        (Progress::Done, _) => (
            "is done",
            "Go on with the next call. The answer has all that follow.",
        ),
    };
    let happened = ["was forced", is];
    (Severity::Notice, happened, output.reason.clone(), next)
}

fn not_made(why: &Error) -> Told {
    if let Error::Unavailable(_) = why {
        let happened = ["was forced", "got no answer"];
        return (Severity::Action, happened, why.to_string(), AGAIN);
    }
    (
        Severity::Action,
        ["was to be forced", "was refused"],
        format!("{}: {why}", why.name()),
        "Correct what is named, or leave it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Epoch, notify::commands, testing::example};

    #[test]
    fn a_forced_pass_is_told_as_its_examples_show() {
        let here: Region = "us-east-1".into();
        let mut done = Output::done("none", "orders-east is promoted".to_owned(), ());
        done.next = vec![commands::prove(&example::plan(), &here, Epoch(1))];
        let told = message("detach_and_promote", &here, &Ok(done));
        example::is("forced", &told);
        let refused: Result<Output<()>, Error> = Err(Error::RunRefused(
            "run 8c5e holds plan orders until 2026-01-31 02:29:00 UTC".into(),
        ));
        let told = message("detach_and_promote", &here, &refused);
        example::is("forced-refused", &told);
    }
}
