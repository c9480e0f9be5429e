//! `status`: what the ledgers of the member Regions say of a plan, as one value, as a table and as JSON.

mod member;
mod shown;
mod value;

use std::collections::BTreeSet;

use failover::{
    domain::{PlanName, Region},
    ledger::{Lease, PlanState, Readiness, Rows},
};
use jiff::Timestamp;
use serde::Serialize;

pub use value::{
    Change, LastRun, MemberState, Modes, Probe, ReadinessStatus, RegionStatus, Role, Status,
    SwitchStatus, UnderWay, Writer,
};

use crate::{
    RunSummary,
    account::Account,
    arguments::Output,
    attention,
    ending::{Answer, Ending},
    survey::{Document, Entry, Survey},
    workloads,
};

/// How every plan stands.
#[derive(Debug, Serialize)]
struct Statuses {
    plans: Vec<Status>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    workloads: Vec<workloads::status::Status>,
}

/// Says how one plan stands, or every one, at a time.
pub async fn run(
    account: &Account,
    first: &[Region],
    plan: Option<&PlanName>,
    (output, now): (Output, Timestamp),
) -> Answer {
    look(account, (first, plan), (output, now)).await.0
}

/// The same, and the Regions that were found: to begin with them next time finds the others when one is lost.
pub(crate) async fn look(
    account: &Account,
    (first, plan): (&[Region], Option<&PlanName>),
    (output, now): (Output, Timestamp),
) -> (Answer, BTreeSet<Region>) {
    let (surveys, unread, found) = match workloads::found::everything(account, first, plan).await {
        (Ok(surveys), found) => (surveys, None, found),
        (Err(why), found) if found.is_empty() => return (why, BTreeSet::new()),
        (Err(why), found) => (Vec::new(), Some(why), found),
    };
    let regions = surveys.iter().flat_map(|survey| survey.regions.keys());
    let of_workloads = found.iter().flat_map(|found| found.regions.keys());
    let regions = regions.chain(of_workloads).cloned().collect();
    let workloads = found.iter();
    let statuses = Statuses {
        plans: surveys.iter().map(|survey| of(survey, now)).collect(),
        workloads: workloads
            .map(|found| workloads::status::of(found, now))
            .collect(),
    };
    let ending = statuses.plans.iter().map(Status::ending);
    let of_workloads = statuses.workloads.iter();
    let ending = ending.chain(of_workloads.map(workloads::status::Status::ending));
    let ending = ending.max().unwrap_or(Ending::Well);
    let mut answer = Answer::new(output, &statuses, || statuses.table(now), ending);
    // That no database is known says nothing of a workload. That a Region is silent does.
    let silence = unread.filter(|why| why.ending == Ending::Unknown);
    if let Some(why) = silence {
        answer.complaints = why.complaints;
        answer.ending = answer.ending.max(Ending::Unknown);
    }
    (answer, regions)
}

impl Statuses {
    fn table(&self, now: Timestamp) -> String {
        let plans = self.plans.iter().map(|status| shown::table(status, now));
        let workloads = self.workloads.iter();
        let workloads = workloads.map(|status| workloads::status::table(status, now));
        plans.chain(workloads).collect::<Vec<_>>().join("\n")
    }
}

impl Status {
    const fn ending(&self) -> Ending {
        match self.protected {
            None => Ending::Unknown,
            Some(true) => Ending::Well,
            Some(false) => Ending::NotWell,
        }
    }
}

/// How a plan stands, by what its Regions say.
#[must_use]
pub fn of(survey: &Survey, now: Timestamp) -> Status {
    let rows = survey.rows();
    let plan = survey.plan.as_ref();
    let regions = survey.regions.iter();
    let attention = attention::of(survey, now);
    let modes = plan.map(|plan| Modes {
        region_down: plan.unplanned.region_down,
        writer_down: plan.unplanned.writer_down,
    });
    Status {
        plan: survey.name.clone(),
        revision: plan.map(|plan| plan.revision),
        home_region: plan.map(|plan| plan.home_region.clone()),
        witness_region: plan.and_then(|plan| plan.witness_region.clone()),
        protected: (!rows.0.is_empty()).then_some(attention.is_empty()),
        modes,
        writer: writer(&rows),
        intent: change(&rows),
        run: under_way(survey, &rows, now),
        last_run: last_run(survey),
        regions: regions
            .map(|(region, entry)| region_status(survey, &rows, (region, entry), now))
            .collect(),
        attention,
    }
}

fn writer(rows: &Rows) -> Option<Writer> {
    let current = rows.current()?;
    Some(Writer {
        region: current.writer.clone(),
        epoch: current.epoch,
        proven_at: current.proven_at,
        run_id: current.run_id.clone(),
        global_cluster: current
            .global_cluster
            .as_ref()
            .map(|named| named.name.clone()),
    })
}

fn change(rows: &Rows) -> Option<Change> {
    let intent = rows.intent()?;
    Some(Change {
        epoch: intent.epoch,
        from: intent.from.clone(),
        to: intent.to.clone(),
        run_id: intent.run_id.clone(),
        written_at: intent.written_at,
    })
}

fn under_way(survey: &Survey, rows: &Rows, now: Timestamp) -> Option<UnderWay> {
    let leases = rows.0.values().filter_map(|row| row.lease.as_ref());
    let lease: &Lease = leases.max_by_key(|lease| lease.expires_at)?;
    let record = survey.runs().find(|run| run.run_id == lease.run_id);
    let last = record.and_then(|run| run.timeline.last());
    let holds = |row: &PlanState| row.lease.as_ref().map(|one| &one.run_id) == Some(&lease.run_id);
    let leased = rows.0.iter().filter(|(_, row)| holds(row));
    Some(UnderWay {
        run_id: lease.run_id.clone(),
        kind: lease.kind,
        from: lease.from.clone(),
        to: lease.to.clone(),
        started_by: record.map(RunSummary::started_by),
        leased_in: leased.map(|(region, _)| region.clone()).collect(),
        waits_for_human: lease.waits_for_human,
        lease_until: lease.expires_at,
        has_died: lease.expires_at <= now,
        opened_at: record.map(|run| run.opened_at),
        step: last.map(|entry| entry.step.clone()),
        action: last.map(|entry| entry.action.clone()),
        reason: last.map(|entry| entry.reason.clone()),
        step_at: last.map(|entry| entry.at),
    })
}

fn last_run(survey: &Survey) -> Option<LastRun> {
    let closed = survey.runs().filter(|run| run.closed.is_some());
    let run: &RunSummary = closed.max_by_key(|run| run.opened_at)?;
    let closed = run.closed.as_ref()?;
    Some(LastRun {
        run_id: run.run_id.clone(),
        kind: run.kind,
        from: run.from.clone(),
        to: run.to.clone(),
        opened_at: run.opened_at,
        closed_at: closed.at,
        outcome: closed.outcome.name(),
        rto_seconds: closed.rto_seconds,
        rpo_seconds: closed.rpo.as_ref().map(|loss| loss.seconds),
        rpo_beats: closed.rpo.as_ref().map(|loss| loss.beats),
        left: closed.left.clone(),
    })
}

fn region_status(
    survey: &Survey,
    rows: &Rows,
    (region, entry): (&Region, &Entry),
    now: Timestamp,
) -> RegionStatus {
    let plan = survey.plan.as_ref();
    let named = plan.and_then(|plan| plan.members().get(region));
    let books = entry.books.as_ref().ok();
    let role = member::role(survey, rows, region);
    let fenced_at = books.and_then(|books| member::fenced_at(rows, &books.row));
    RegionStatus {
        region: region.clone(),
        cluster: named.map(|member| member.identifier.clone()),
        role,
        state: member::state(survey, region, (role, fenced_at), now),
        endpoints: survey.endpoints.get(region).cloned(),
        lag_seconds: member::lag_seconds(survey, region, role, now),
        answers: books.is_some(),
        error: entry.books.as_ref().err().map(ToString::to_string),
        epoch: books.map(|books| books.row.proven_epoch()),
        revision: match &entry.document {
            Document::Plan(plan) => Some(plan.revision),
            Document::Unread(_) | Document::Missing | Document::Broken(_) => None,
        },
        switches: entry.switches.as_ref().map(|switches| SwitchStatus {
            kill: switches.kill.clone(),
            maintenance: switches.maintenance.clone(),
        }),
        probe: books.and_then(|books| Some(probe(books.vantage.as_ref()?, now))),
        fenced_at,
        readiness: books.and_then(|books| Some(readiness(books.row.readiness.as_ref()?))),
    }
}

fn readiness(found: &Readiness) -> ReadinessStatus {
    ReadinessStatus {
        looked_at: found.at,
        ready: found.reasons.is_empty(),
        reasons: found.reasons.clone(),
        warnings: found.warnings.clone(),
    }
}

fn probe(vantage: &failover::beat::Vantage, now: Timestamp) -> Probe {
    let seconds = |at: Timestamp| now.duration_since(at).as_secs().max(0);
    let last_beat_at = vantage.last_beat.map(|beat| beat.at);
    Probe {
        looked_at: vantage.at,
        looked_seconds_ago: seconds(vantage.at),
        writer_region: vantage.writer_region.clone(),
        commits: vantage.write.is_committed(),
        says: vantage.write.to_string(),
        failures: vantage.failures,
        last_beat_at,
        last_beat_seconds_ago: last_beat_at.map(seconds),
        version: vantage.version.clone(),
    }
}

#[cfg(test)]
mod tests;
