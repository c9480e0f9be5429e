//! A run that is looked at until its end: each thing that it does is shown as it comes.

use std::time::{Duration, Instant};

use failover::{
    domain::{PlanName, Region, RunId},
    ledger::{Entry, Run},
};

use crate::{
    clock::pause,
    desk::Desk,
    survey::{PATIENCE, patiently},
};

/// How many looks the record of an execution that has ended is waited for: the schedule closes what was stopped.
pub(crate) const CLOSING: usize = 30;
/// Every so many looks the execution is looked at, too: a run that was refused leaves no record.
pub(crate) const EXECUTION_EVERY: usize = 3;

/// What is looked at.
#[derive(Debug)]
pub(crate) struct Watched<'a> {
    pub(crate) plan: &'a PlanName,
    pub(crate) run_id: &'a RunId,
    /// Where it acts.
    pub(crate) region: &'a Region,
    /// The ARN of its execution.
    pub(crate) execution: &'a str,
}

/// How it was when nobody looked any more.
#[derive(Debug)]
pub(crate) enum Came {
    /// Its record is closed.
    Closed(Box<Run>),
    /// Its execution ended and it had never opened: it was refused.
    Refused(String),
    /// Its execution ended and its record was not closed.
    Open(String),
    /// It goes on.
    GoesOn(String),
}

/// Looks at a run until its end, or for so long.
pub(crate) async fn follow(desk: &Desk<'_>, run: &Watched<'_>, limit: Duration) -> Came {
    let begun = Instant::now();
    let mut shown = 0;
    let (mut silent, mut execution, mut closing) = (None, None, 0);
    // Ends: by the limit.
    for look in 1_usize.. {
        if execution.is_none() && look.is_multiple_of(EXECUTION_EVERY) {
            execution = ended(desk, (run.region, run.execution)).await;
        }
        // The record comes last: what is closed by now is seen although the execution has ended since.
        let record = desk.account.run(run.region, run.plan, run.run_id);
        match patiently(run.region, PATIENCE, record).await {
            Ok(Some(record)) => {
                silent = None;
                for entry in record.timeline.iter().skip(shown) {
                    desk.terminal.say(&line(entry));
                }
                shown = record.timeline.len();
                if record.closed.is_some() {
                    desk.terminal.clear();
                    return Came::Closed(Box::new(record));
                }
            }
            Ok(None) => {
                silent = None;
                if let Some(why) = execution {
                    return Came::Refused(why);
                }
            }
            Err(why) if silent.is_none() => {
                desk.terminal
                    .say(&format!("  {} is silent ({why})", run.region));
                silent = Some(why);
            }
            Err(why) => silent = Some(why),
        }
        if let Some(why) = &execution {
            closing += 1;
            if closing >= CLOSING {
                return Came::Open(why.clone());
            }
        }
        if begun.elapsed() >= limit {
            break;
        }
        let seconds = begun.elapsed().as_secs();
        desk.terminal.spin(&format!("{seconds} s"));
        pause(desk.pace).await;
    }
    let why = silent.map_or_else(String::new, |why| format!(", and {why}"));
    Came::GoesOn(format!(
        "after {} min no end was seen{why}",
        limit.as_secs() / 60
    ))
}

/// What the execution ended with, where it has.
pub(crate) async fn ended(desk: &Desk<'_>, (region, execution): (&Region, &str)) -> Option<String> {
    let asked = desk.account.execution(region, execution);
    // Whoever may not look at executions still sees the record.
    let execution = patiently(region, PATIENCE, asked).await.ok()?;
    if execution.is_running {
        return None;
    }
    let told = |text: Option<String>| text.filter(|text| !text.is_empty());
    let error = told(execution.error).unwrap_or(execution.status);
    Some(match told(execution.cause) {
        Some(cause) => format!("{error}: {cause}"),
        None => error,
    })
}

/// One thing that a run did.
pub(crate) fn line(entry: &Entry) -> String {
    let time = entry.at.strftime("%H:%M:%S");
    format!("  {time}  {}: {}", entry.step, entry.reason)
}

/// How to look at a run again.
pub(crate) fn again(run: &RunId) -> String {
    format!("aurora-failover run {run}")
}
