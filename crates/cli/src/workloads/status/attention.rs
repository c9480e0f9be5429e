//! What of a workload needs somebody's attention: one sentence each, from what its Regions say and nothing else.

use failover::{Error, domain::Region, ledger::Rows};
use jiff::Timestamp;
use workload::{row::State, run::WorkloadRun};

use crate::{
    words::{ago, time},
    workloads::{
        found::{Document, Found, There},
        kind,
        questions::waiting,
    },
};

/// Everything that needs attention.
pub(super) fn of(found: &Found, now: Timestamp) -> Vec<String> {
    let (rows, runs) = (found.rows(), found.runs());
    let mut all = Vec::new();
    for (region, there) in &found.regions {
        all.extend(unanswered(region, there));
        all.extend(document(found, region, there));
        all.extend(switches(found, region, there));
    }
    all.extend(nobody(found, &rows));
    all.extend(change(found, &rows, now));
    all.extend(asked(found));
    all.extend(runs.first().and_then(|run| failed(run, now)));
    all.extend(refused(found));
    all
}

fn unanswered(region: &Region, there: &There) -> Option<String> {
    match (&there.row, &there.runs) {
        (Err(why @ Error::Unavailable(_)), _) => Some(format!("{region} does not answer: {why}")),
        (Err(why), _) => Some(format!("the ledger of {region} cannot be read: {why}")),
        (Ok(_), Err(why)) => Some(format!(
            "the runs in the ledger of {region} cannot be read: {why}"
        )),
        (Ok(_), Ok(_)) => None,
    }
}

fn document(found: &Found, region: &Region, there: &There) -> Option<String> {
    let newest = found.plan.as_ref().map(|plan| plan.revision);
    let fix = "write it with aurora-failover plan put FILE";
    match &there.document {
        Document::Plan(plan) if Some(plan.revision) == newest => None,
        Document::Plan(plan) => Some(format!(
            "{region} has revision {} of the plan, which is not the newest; {fix}",
            plan.revision
        )),
        Document::Missing => Some(format!("{region} has no document of the plan; {fix}")),
        Document::Broken(why) => Some(format!(
            "the document in {region} is no plan ({why}); {fix}"
        )),
        Document::Unread(Error::Unavailable(_)) => None,
        Document::Unread(why) => Some(format!("the document in {region} cannot be read: {why}")),
    }
}

fn switches(found: &Found, region: &Region, there: &There) -> Option<String> {
    let switches = there.switches.as_ref()?;
    match (&switches.kill, &switches.maintenance) {
        (Some(why), _) => Some(format!(
            "the kill switch is on in {region} ({why}), and no run goes on; take it off with aurora-failover resume --all"
        )),
        (None, Some(why)) => Some(format!(
            "maintenance of the plan is on in {region} ({why}); take it off by writing off into the parameter {}",
            failover::switches::maintenance(&found.name)
        )),
        (None, None) => None,
    }
}

fn nobody(found: &Found, rows: &Rows) -> Option<String> {
    let is_told = !rows.0.is_empty() && rows.current().is_none();
    is_told.then(|| {
        format!(
            "no ledger says which Region serves; say so with aurora-failover adopt {} --serves REGION",
            found.name
        )
    })
}

/// A change of Region that no run carries out: the business is stopped, or stands between two Regions.
fn change(found: &Found, rows: &Rows, now: Timestamp) -> Option<String> {
    let intent = rows.intent()?;
    let is_led = rows.0.values().any(|row| row.live_lease(now).is_some());
    (!is_led).then(|| {
        format!(
            "run {} began {} to move the business from {} to {}, and no run carries it out; undo it with aurora-failover revert {}",
            intent.run_id,
            ago(intent.written_at, now),
            intent.from,
            intent.to,
            found.name
        )
    })
}

fn asked(found: &Found) -> Option<String> {
    let question = waiting(found)?;
    Some(format!(
        "run {} waits for an answer until {}",
        question.run_id,
        time(question.until)
    ))
}

fn failed(run: &WorkloadRun, now: Timestamp) -> Option<String> {
    let closed = run.closed.as_ref()?;
    (closed.outcome == "failed").then(|| {
        format!(
            "the {} {} has failed {}: {}",
            kind(run.kind),
            run.run_id,
            ago(closed.at, now),
            closed.reason
        )
    })
}

/// What resources refuse in a run that is open.
fn refused(found: &Found) -> Vec<String> {
    let runs = found.runs();
    let is_open = runs.first().is_some_and(|run| run.closed.is_none());
    let rows = match &found.resources {
        Ok(rows) => rows,
        Err(why) => return vec![format!("how far each resource is cannot be read: {why}")],
    };
    let refusals = rows.iter().filter(|_| is_open);
    let refusals = refusals.filter_map(|row| match &row.state {
        State::Refused(why) => Some(format!(
            "{} cannot go on with {}: {why}",
            row.resource, row.phase
        )),
        State::Pending | State::Done => None,
    });
    refusals.collect()
}
