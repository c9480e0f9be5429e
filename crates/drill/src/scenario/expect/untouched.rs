//! After a disturbance that is no outage: the writer was suspected and found alive, and nothing changed.

use failover::evidence::Verdict;

use super::{listed, named, seen::Seen};
use crate::{
    profile::{HOME, WRITER_NAME},
    report::Check,
    scenario::{measure::Measured, play::Outcome, story},
    world::World,
};

/// Operations that change something a stand-down must leave alone.
const CHANGES: [&str; 6] = [
    "FailoverGlobalCluster",
    "SwitchoverGlobalCluster",
    "RemoveFromGlobalCluster",
    "ModifyDBCluster",
    "ChangeResourceRecordSets",
    "UpdateService",
];

pub(super) fn checks(
    world: &World,
    outcome: &Outcome,
    measured: &Measured,
    seen: &Seen,
) -> Vec<Check> {
    let confirmed = measured.run.as_ref().and_then(|run| run.confirmed.as_ref());
    let verdict = confirmed.map(|confirmed| confirmed.verdict);
    let calls = world.front_door.calls();
    let suspected = calls.iter().filter(|call| {
        i64::try_from(call.at_ms).is_ok_and(|at| at >= outcome.disturbed_ms)
            && story::is_suspicion(call)
    });
    let suspected = suspected.count();
    let changes: Vec<_> = calls
        .iter()
        .filter(|call| CHANGES.contains(&call.operation.as_str()))
        .map(|call| &call.operation)
        .collect();
    let ended = outcome.runs.iter();
    let ended: Vec<_> = ended
        .map(|run| run.outcome.as_deref().unwrap_or("none"))
        .collect();
    let stood_down = !ended.is_empty() && ended.iter().all(|outcome| *outcome == "stood_down");
    let mut checks = vec![
        Check::new(
            "the standby's probe suspects the writer",
            format!("{suspected} times"),
            suspected > 0,
        ),
        Check::new(
            "the verdict is path_impaired",
            named(verdict.as_ref()),
            verdict == Some(Verdict::PathImpaired),
        ),
        Check::new("every run stands down", listed(&ended), stood_down),
        Check::new(
            "no function changes anything",
            listed(&changes),
            changes.is_empty(),
        ),
    ];
    checks.extend(as_before(world, seen));
    let outages = outcome.writes.outages.len();
    checks.push(Check::new(
        "writes never stop",
        format!("{outages} outages of more than a second"),
        outages == 0,
    ));
    checks
}

fn as_before(world: &World, seen: &Seen) -> Vec<Check> {
    let writer = seen.writer();
    let found = writer.map_or("none".into(), |(region, epoch)| {
        format!("{region}, epoch {epoch}")
    });
    let leads_to = seen.leads_to.clone().unwrap_or_else(|| "nowhere".into());
    let row = seen.row.as_ref();
    let is_free = row.is_some_and(|row| row.lease.is_none() && row.intent.is_none());
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
