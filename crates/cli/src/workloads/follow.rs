//! A workload's run that is looked at until its end: what it does, where each resource comes to, and what people are asked.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use failover::{Error, domain::RunId, ledger::Entry};
use workload::{
    plan::WorkloadPlan,
    row::{Row, State},
    run::{Kind, WorkloadRun},
};

use super::{
    figures::progress,
    questions::{answers, of_run},
    status::says,
};
use crate::{
    clock::pause,
    desk::Desk,
    follow::{CLOSING, EXECUTION_EVERY, ended, line},
    survey::{PATIENCE, patiently},
    words::time,
};

/// What is looked at.
#[derive(Debug)]
pub(crate) struct Watched<'a> {
    pub(crate) plan: &'a WorkloadPlan,
    pub(crate) kind: Kind,
    /// The ARN of its execution.
    pub(crate) execution: &'a str,
}

/// How it was when nobody looked any more.
#[derive(Debug)]
pub(crate) enum Came {
    /// Its record is closed.
    Closed(Box<WorkloadRun>),
    /// Its execution ended and it had never opened: it was refused.
    Refused(String),
    /// Its execution ended and its record was not closed.
    Open(String),
    /// It goes on.
    GoesOn(String),
}

/// What was shown already.
#[derive(Debug, Default)]
struct Shown {
    run_id: Option<RunId>,
    /// What it did last of what was shown.
    last: Option<Entry>,
    /// Where each resource was: its phase and its state.
    resources: BTreeMap<String, String>,
    /// What was asked last.
    asked: Option<String>,
    /// What the turning sign says.
    far: String,
}

/// Looks at a run until its end, or for so long.
pub(crate) async fn follow(desk: &Desk<'_>, run: &Watched<'_>, limit: Duration) -> Came {
    let (home, begun) = (&run.plan.home_region, Instant::now());
    let mut shown = Shown::default();
    let (mut silent, mut execution, mut closing) = (None, None, 0);
    // Ends: by the limit.
    for look in 1_usize.. {
        if execution.is_none() && look.is_multiple_of(EXECUTION_EVERY) {
            execution = ended(desk, (home, run.execution)).await;
        }
        // The record comes last: what is closed by now is seen although the execution has ended since.
        match looked(desk, run, &mut shown).await {
            Ok(Some(record)) => {
                silent = None;
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
            Err(why) => {
                if silent.is_none() {
                    desk.terminal.say(&format!("  {home} is silent ({why})"));
                }
                silent = Some(why);
            }
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
        desk.terminal.spin(&format!("{seconds} s{}", shown.far));
        pause(desk.pace * 2).await;
    }
    let why = silent.map_or_else(String::new, |why| format!(", and {why}"));
    Came::GoesOn(format!(
        "after {} min no end was seen{why}",
        limit.as_secs() / 60
    ))
}

/// One look: the record, of which what is new is shown, and the resources.
async fn looked(
    desk: &Desk<'_>,
    run: &Watched<'_>,
    shown: &mut Shown,
) -> Result<Option<WorkloadRun>, Error> {
    let (home, name) = (&run.plan.home_region, &run.plan.plan);
    let Some(record) = record(desk, run, shown.run_id.as_ref()).await? else {
        return Ok(None);
    };
    shown.run_id = Some(record.run_id.clone());
    for entry in fresh(&record.timeline, shown.last.as_ref()) {
        desk.terminal.say(&line(entry));
    }
    shown.last = record.timeline.last().cloned();
    let rows = desk.account.workload_rows(home, name, &record.run_id);
    // Where the rows cannot be read the record still tells.
    if let Ok(rows) = patiently(home, PATIENCE, rows).await {
        shown.take_in(desk, &rows);
    }
    ask(desk, &record, shown);
    Ok(Some(record))
}

/// The record: by its name, or else the one of this execution.
async fn record(
    desk: &Desk<'_>,
    run: &Watched<'_>,
    run_id: Option<&RunId>,
) -> Result<Option<WorkloadRun>, Error> {
    let (home, name) = (&run.plan.home_region, &run.plan.plan);
    if let Some(run_id) = run_id {
        let record = desk.account.workload_run(home, name, run_id);
        return patiently(home, PATIENCE, record).await;
    }
    let runs = patiently(home, PATIENCE, desk.account.workload_runs(home, name)).await?;
    let mut own = runs.into_iter().filter(|one| one.kind == run.kind);
    Ok(own.find(|one| one.execution.as_deref() == Some(run.execution)))
}

/// What was done since: a timeline may have lost old entries meanwhile.
fn fresh<'a>(timeline: &'a [Entry], last: Option<&Entry>) -> &'a [Entry] {
    let seen = last.and_then(|last| timeline.iter().rposition(|entry| entry == last));
    let from = seen.map_or(0, |at| at + 1);
    timeline.get(from..).unwrap_or_default()
}

/// Shows a question once, with the command for either answer.
fn ask(desk: &Desk<'_>, record: &WorkloadRun, shown: &mut Shown) {
    let Some(question) = of_run(record) else {
        shown.asked = None;
        return;
    };
    if shown.asked.as_ref() == Some(&question.text) {
        return;
    }
    let answers = answers(&question.run_id, "    ");
    desk.terminal.say(&format!(
        "  {} Answer until {}.\n{}",
        question.text,
        time(question.until),
        answers.trim_end()
    ));
    shown.asked = Some(question.text);
}

impl Shown {
    /// Says which resources have come to another state, and keeps how far all are.
    fn take_in(&mut self, desk: &Desk<'_>, rows: &[Row]) {
        for row in rows {
            let at = format!("{} {}", row.phase, row.state.name());
            let before = self.resources.insert(row.resource.clone(), at.clone());
            let is_news = before.as_ref() != Some(&at) && row.state != State::Pending;
            if is_news {
                let says = says(row);
                desk.terminal
                    .say(&format!("    {}: {at}: {says}", row.resource));
            }
        }
        let done = rows.iter().filter(|row| row.state == State::Done).count();
        let far = rows.iter().filter_map(|row| {
            let far = row.progress.as_ref().map(progress)?;
            (!far.is_empty()).then(|| format!("; {}: {far}", row.resource))
        });
        let far: String = far.take(SHOWN_MAX).collect();
        self.far = format!(", {done} of {} done{far}", rows.len());
    }
}

/// How many resources the turning sign tells of: a line has an end.
const SHOWN_MAX: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(action: &str) -> Entry {
        Entry {
            at: jiff::Timestamp::UNIX_EPOCH,
            step: "sync".into(),
            action: action.into(),
            reason: String::new(),
        }
    }

    #[test]
    fn what_is_new_is_shown_also_where_the_oldest_is_gone() {
        let all = ["open", "a", "b", "c"].map(entry);
        assert_eq!(fresh(&all, None).len(), 4);
        assert_eq!(fresh(&all, Some(&entry("b"))), [entry("c")]);
        let shorter = ["open", "b", "c"].map(entry);
        assert_eq!(fresh(&shorter, Some(&entry("b"))), [entry("c")]);
        assert!(fresh(&all, Some(&entry("c"))).is_empty());
    }
}
