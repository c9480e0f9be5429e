//! Passes that are forced one after the other: a function is called until it answers `done`, and each pass is shown.

use std::time::Duration;

use failover::{
    Error,
    domain::{Epoch, PlanName, Region},
    installation::named,
};
use serde_json::{Value, json};

use crate::{account::Said, clock::pause, desk::Desk};

/// How many passes one step may take.
const PASSES: usize = 900;
/// How many calls one after the other may get no answer.
pub(crate) const UNANSWERED: usize = 20;
/// How often a run that holds the plan is waited for: one that only confirms stands down within seconds.
const HELD: usize = 15;
/// The longest wait between two passes.
const WAIT: Duration = Duration::from_secs(20);

/// A call that is made until it answers `done`.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) region: Region,
    /// The function's own name, without what the installation's names begin with.
    pub(crate) function: String,
    pub(crate) payload: Value,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Came {
    /// It answered `done`.
    Done(Value),
    /// It was refused, in these words.
    Refused(String),
    /// It got no answer, or came to no end.
    Silent(String),
}

impl Call {
    /// A forced pass of a function, in one of its jobs where it has several.
    pub(crate) fn forced(
        region: &Region,
        (function, operation): (&str, Option<&str>),
        (plan, epoch): (&PlanName, Epoch),
    ) -> Self {
        let mut payload = json!({"plan": plan, "force": format!("{plan}@{epoch}")});
        if let Some(operation) = operation {
            payload["operation"] = operation.into();
        }
        Self {
            region: region.clone(),
            function: function.to_owned(),
            payload,
        }
    }

    /// What is called where, for people.
    pub(crate) fn name(&self) -> String {
        match self.payload["operation"].as_str() {
            Some(operation) => format!("{} {operation} in {}", self.function, self.region),
            None => format!("{} in {}", self.function, self.region),
        }
    }
}

/// Makes the call until it answers `done`, is refused, or gets no answer any more.
pub(crate) async fn until_done(desk: &Desk<'_>, call: &Call) -> Came {
    unless_unanswered(desk, call, UNANSWERED).await
}

/// The same, where so many calls one after the other may get no answer.
pub(crate) async fn unless_unanswered(desk: &Desk<'_>, call: &Call, most: usize) -> Came {
    let function = named(&call.function);
    let (mut last, mut unanswered, mut held) = (String::new(), 0, 0);
    for _ in 0..PASSES {
        let said = desk
            .account
            .call(&call.region, &function, &call.payload)
            .await;
        let (line, wait) = match said {
            Ok(Said::Answer(answer)) => {
                unanswered = 0;
                let reason = answer["reason"].as_str().unwrap_or_default().to_owned();
                match answer["progress"].as_str() {
                    // A job that is done in one call says nothing of progress.
                    Some("done") | None => {
                        show(desk, call, &reason);
                        return Came::Done(answer);
                    }
                    Some("pending") => {}
                    Some(other) => {
                        return Came::Refused(format!(
                            "{} answers progress {other}, which this version does not know; use the tool of the version that is deployed",
                            call.name()
                        ));
                    }
                }
                let wait = answer["wait_seconds"].as_u64().unwrap_or(1);
                (reason, Duration::from_secs(wait).min(WAIT))
            }
            Ok(Said::Failure { name, why }) if name == "RunRefused" && held < HELD => {
                held += 1;
                (why, desk.pace * 2)
            }
            Ok(Said::Failure { name, why }) if Said::is_final(&name) => return Came::Refused(why),
            Ok(Said::Failure { why, .. }) | Err(Error::Unavailable(why)) => {
                unanswered += 1;
                if unanswered >= most {
                    return Came::Silent(why);
                }
                (why, desk.pace * 2)
            }
            Err(why) => return Came::Refused(why.to_string()),
        };
        if line != last {
            show(desk, call, &line);
            last = line;
        }
        desk.terminal.spin(&call.name());
        if desk.pace > Duration::ZERO {
            pause(wait).await;
        }
    }
    Came::Silent(format!(
        "{PASSES} passes came to no end, and the last one said: {last}"
    ))
}

fn show(desk: &Desk<'_>, call: &Call, reason: &str) {
    desk.terminal.say(&format!("  {}: {reason}", call.name()));
}

#[cfg(test)]
mod tests;
