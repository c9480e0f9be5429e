//! After a disturbance that is no outage: the writer was suspected and found alive, and nothing changed.

use failover::{evidence::Verdict, ledger::Lease};

use super::{listed, named, seen::Seen};
use crate::{
    profile::{HOME, WRITER_NAME},
    report::Check,
    scenario::{measure::Measured, outcome::Outcome, suspicions},
    world::World,
};

/// Operations that change something a stand-down must leave alone.
const CHANGES: [&str; 7] = [
    "FailoverGlobalCluster",
    "SwitchoverGlobalCluster",
    "RemoveFromGlobalCluster",
    "ModifyDBCluster",
    "ChangeResourceRecordSets",
    "UpdateService",
    "PutParameter",
];

/// How it must have ended.
pub(super) struct Wanted {
    /// The last verdict; `None` where no run may come as far as one.
    pub(super) verdict: Option<Verdict>,
    /// How every run that is admitted ends; `None` where there may be none.
    pub(super) ended: Option<&'static str>,
    /// Whether the application may notice nothing.
    pub(super) writes_go_on: bool,
}

pub(super) fn checks(
    wanted: &Wanted,
    world: &World,
    outcome: &Outcome,
    measured: &Measured,
    seen: &Seen,
) -> Vec<Check> {
    let confirmed = measured.run.as_ref().and_then(|run| run.confirmed.as_ref());
    let verdict = confirmed.map(|confirmed| confirmed.verdict);
    let calls = world.front_door.calls();
    let suspected = calls.iter().filter(|call| {
        i64::try_from(call.at_ms).is_ok_and(|at| at >= outcome.played.at_ms)
            && suspicions::is_published(call)
    });
    let suspected = suspected.count();
    let changes: Vec<_> = calls
        .iter()
        .filter(|call| CHANGES.contains(&call.operation.as_str()))
        .map(|call| &call.operation)
        .collect();
    let mut checks = vec![match wanted.ended {
        Some(_) => Check::new(
            "the standby's probe suspects the writer",
            format!("{suspected} times"),
            suspected > 0,
        ),
        None => Check::new(
            "nobody is suspected",
            format!("{suspected} times"),
            suspected == 0,
        ),
    }];
    if let Some(wanted) = &wanted.verdict {
        checks.push(Check::new(
            format!("the verdict is {}", named(Some(wanted))),
            named(verdict.as_ref()),
            verdict.as_ref() == Some(wanted),
        ));
    }
    // A suspicion that came meanwhile may still be confirmed when all is over.
    let ended = outcome.runs.iter().filter(|run| run.status != "RUNNING");
    let ended: Vec<_> = ended
        .map(|run| run.outcome.as_deref().unwrap_or("refused"))
        .collect();
    // Two invocations of a probe may overlap, and suspect at once: then one run is admitted, and the other refused.
    let all_end = |wanted: &str| {
        let fits = |outcome: &&str| [wanted, "refused"].contains(outcome);
        ended.contains(&wanted) && ended.iter().all(fits)
    };
    checks.push(match wanted.ended {
        Some(wanted) => Check::new(
            format!("every run that is admitted ends {wanted}"),
            listed(&ended),
            all_end(wanted),
        ),
        None => Check::new("no run starts", listed(&ended), outcome.runs.is_empty()),
    });
    checks.push(Check::new(
        "no function changes anything",
        listed(&changes),
        changes.is_empty(),
    ));
    checks.extend(as_before(world, outcome, seen));
    if wanted.writes_go_on {
        let outages = outcome.writes.outages.len();
        checks.push(Check::new(
            "writes never stop",
            format!("{outages} outages of more than a second"),
            outages == 0,
        ));
    }
    checks
}

fn as_before(world: &World, outcome: &Outcome, seen: &Seen) -> Vec<Check> {
    let writer = seen.writer();
    let found = writer.map_or("none".into(), |(region, epoch)| {
        format!("{region}, epoch {epoch}")
    });
    let leads_to = seen.leads_to.clone().unwrap_or_else(|| "nowhere".into());
    let row = seen.row.as_ref();
    // As with its verdict: what a run that is still confirming holds is not left behind.
    let mut confirming = outcome.runs.iter().filter(|run| run.status == "RUNNING");
    let is_left = |lease: &Lease| confirming.all(|run| run.name != lease.run_id.as_str());
    let lease = row.and_then(|row| row.lease.as_ref());
    let has_intent = row.is_none_or(|row| row.intent.is_some());
    let is_free = !has_intent && !lease.is_some_and(is_left);
    vec![
        Check::new(
            format!("the writer is still {HOME}'s, of epoch 1"),
            found,
            writer == Some((HOME, 1)),
        ),
        Check::new(
            format!("{WRITER_NAME} still leads to it"),
            &*leads_to,
            leads_to == world.endpoints[HOME].writer,
        ),
        Check::new(
            "no lease and no intent is left",
            if is_free { "none" } else { "one is" },
            is_free,
        ),
    ]
}
