//! After the loss of the home Region: one run promoted the standby, and everything agrees on it.

use failover::{
    evidence::Verdict,
    ledger::{Outcome as RunOutcome, Restart},
    plan::Strategy,
};

use super::{listed, named, seen::Seen};
use crate::{
    profile::{HOME, READER_NAME, WRITER_NAME, cluster},
    report::Check,
    scenario::{measure::Measured, outcome::Outcome},
    world::World,
};

pub(super) fn checks(
    wanted: (Verdict, Option<Strategy>),
    target: &str,
    world: &World,
    outcome: &Outcome,
    measured: &Measured,
    seen: &Seen,
) -> Vec<Check> {
    let mut checks = run(wanted, outcome, measured);
    checks.extend(agreement(target, world, seen));
    checks.extend(wanted.1.map(|strategy| members(strategy, target, seen)));
    checks.push(services(wanted.0, target, world, measured));
    checks.extend(writes(target, world, outcome, measured));
    checks
}

fn run(
    (wanted_verdict, wanted): (Verdict, Option<Strategy>),
    outcome: &Outcome,
    measured: &Measured,
) -> Vec<Check> {
    let run = measured.run.as_ref();
    let verdict = run.and_then(|run| Some(run.confirmed.as_ref()?.verdict));
    let strategy = run.and_then(|run| Some(run.strategy.as_ref()?.strategy));
    let closed = run.and_then(|run| run.closed.as_ref());
    let ended = closed.map_or("no run closed".to_owned(), |closed| {
        format!(
            "{}; left: {}",
            named(Some(&closed.outcome)),
            listed(&closed.left)
        )
    });
    let well = closed
        .is_some_and(|closed| closed.outcome == RunOutcome::Succeeded && closed.left.is_empty());
    let acted = outcome.runs.iter();
    let acted = acted.filter(|run| run.outcome.as_deref() == Some("succeeded"));
    let acted = acted.count();
    vec![
        Check::new(
            format!(
                "the outage is confirmed as {}",
                named(Some(&wanted_verdict))
            ),
            named(verdict.as_ref()),
            verdict == Some(wanted_verdict),
        ),
        Check::new(
            match wanted {
                Some(wanted) => format!("the standby is promoted by {}", named(Some(&wanted))),
                None => "the standby is promoted by the only way that there is".to_owned(),
            },
            named(strategy.as_ref()),
            strategy == wanted,
        ),
        Check::new(
            "exactly one run acts",
            format!("{acted} of {}", outcome.runs.len()),
            acted == 1,
        ),
        Check::new("it closes with nothing left to do", ended, well),
    ]
}

/// The ledger, the database and DNS agree on the new writer and its epoch.
fn agreement(target: &str, world: &World, seen: &Seen) -> Vec<Check> {
    let endpoint = &world.endpoints[target].writer;
    let writer = seen
        .writer()
        .map(|(region, epoch)| format!("{region}, epoch {epoch}"));
    let number = |epoch: Option<String>| epoch.unwrap_or_else(|| "none".into());
    let leads_to = seen.leads_to.clone().unwrap_or_else(|| "nowhere".into());
    let readers = seen.readers_lead_to.clone();
    let readers = readers.unwrap_or_else(|| "nowhere".into());
    vec![
        Check::new(
            format!("the ledger names {target} as the writer of epoch 2"),
            number(writer),
            seen.writer() == Some((target, 2)),
        ),
        Check::new(
            "the database holds the same epoch",
            number(seen.database_epoch.map(|epoch| epoch.to_string())),
            seen.database_epoch == Some(2),
        ),
        Check::new(
            format!("{WRITER_NAME} leads to the new writer"),
            &*leads_to,
            leads_to == *endpoint,
        ),
        Check::new(
            format!("{READER_NAME} leads to its readers"),
            &*readers,
            readers == world.endpoints[target].reader,
        ),
        Check::new(
            "DNS holds the same epoch",
            number(seen.dns_epoch.map(|epoch| epoch.to_string())),
            seen.dns_epoch == Some(2),
        ),
    ]
}

/// After a detach the standby is alone; after a managed failover the global cluster keeps both members.
fn members(strategy: Strategy, target: &str, seen: &Seen) -> Check {
    let name = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
    let members = seen.members.iter().flatten();
    let words = members.clone().map(|(arn, leads)| {
        let role = if *leads { "leads" } else { "follows" };
        format!("{} {role}", name(arn))
    });
    let found = match &seen.members {
        Some(_) => listed(words),
        None => format!("{target} sees no such global cluster any more"),
    };
    let is_new_writer = |arn: &str| name(arn) == cluster(target);
    let (expected, held) = if strategy == Strategy::Detach {
        let left = members.clone().all(|(arn, _)| !is_new_writer(arn));
        ("the new writer has left the old global cluster", left)
    } else {
        let both = members.clone().count() == 2;
        let leads = members
            .clone()
            .all(|(arn, leads)| is_new_writer(arn) == *leads);
        (
            "the global cluster keeps both members, the new writer leading",
            both && leads,
        )
    };
    Check::new(expected, found, held)
}

fn services(verdict: Verdict, target: &str, world: &World, measured: &Measured) -> Check {
    let restarts = measured.run.as_ref().map(|run| run.restarts.clone());
    let restarts = restarts.unwrap_or_default();
    let here = restarts.keys().filter(|key| key.starts_with(target));
    // A Region that still answers has its services restarted too: they hold connections to the old writer.
    let answers = |region: &&&str| **region != HOME || verdict == Verdict::WriterDown;
    let answering = world.profile.members.iter().filter(answers);
    // As many of each kind: one runs everywhere, and one is a pilot light where no writer is.
    let kinds = if world.profile.groups { 2 } else { 1 };
    let of = |region: &str| kinds * if region == HOME { 1 } else { 2 };
    let wanted: usize = answering.map(|region| of(region)).sum();
    let all = here.count() == of(target)
        && restarts.len() == wanted
        && restarts
            .values()
            .all(|restart| matches!(restart, Restart::Deployment { .. }));
    Check::new(
        "every service of the Regions that answer gets a new deployment",
        listed(restarts.keys()),
        all,
    )
}

fn writes(target: &str, world: &World, outcome: &Outcome, measured: &Measured) -> Vec<Check> {
    let endpoint = &world.endpoints[target].writer;
    let there = outcome.record.acknowledged.iter();
    let there = there.filter(|ack| ack.endpoint == *endpoint).count();
    let known =
        |value: Option<f64>| value.map_or("unknown".into(), |value| format!("{value:.1} s"));
    let (rto, rpo) = (measured.rto.seconds, measured.rpo.lost_window_seconds);
    let beats = measured.rpo.lost_beats;
    let spans = measured.rto.moments.spans().into_iter();
    let unknown = spans.filter(|(_, from, until)| from.is_none() || until.is_none());
    let unknown: Vec<_> = unknown
        .map(|(name, ..)| format!("{name} is unknown"))
        .collect();
    vec![
        Check::new(
            "the application writes on the new writer",
            format!("{there} rows are acknowledged there"),
            there > 0,
        ),
        Check::new(
            "its outage has an end",
            known(outcome.writes.outage_seconds),
            outcome
                .writes
                .outage_seconds
                .is_some_and(|seconds| seconds > 0.0),
        ),
        Check::new(
            "each phase of its outage is measured",
            if unknown.is_empty() {
                "all five".into()
            } else {
                unknown.join(", ")
            },
            unknown.is_empty(),
        ),
        Check::new(
            "RTO and RPO are measured",
            format!("RTO {}, RPO {}", known(rto), known(rpo)),
            rto.is_some() && rpo.is_some() && beats.is_some(),
        ),
    ]
}
