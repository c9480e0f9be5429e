//! The leases that a run takes before it opens, and what it may do without.

use jiff::Timestamp;

use crate::{
    carried_out,
    recovery_ledger::{opening::Opening, release::release},
};
use failover::{
    Error,
    domain::{Region, RunId},
    ledger::{Claim, PlanState, Rows, RunKind},
    pass::briefly,
    plan::Plan,
    ports::{self, Ledger, Runtime, update},
    topologies::Topologies,
};

/// What a run holds of the plan when it opens.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The Regions whose lease it took; none when it is behind another run.
    pub(super) leased: Vec<Region>,
    /// The run that holds the plan while it waits for a human's answer.
    pub(super) behind: Option<RunId>,
    /// Whether RDS shows that the change of writer to the target is carried out: then silent Regions were left out.
    pub(super) carried_out: bool,
}

/// Takes the leases. The one in the Region that is left is taken by confirm-outage, beside evidence that waits for that
/// Region anyway: here it would cost a dead Region's time-out. Behind a promotion that RDS shows, no other Region holds the run
/// up by being silent.
pub(super) async fn lease(
    world: &(impl Ledger + Runtime + Topologies),
    plan: &Plan,
    input: &Opening,
) -> Result<Held, Error> {
    let now = world.now();
    let mut held = Held::default();
    for region in input.counted_on(plan) {
        let claimed = claimed(
            world,
            plan,
            (&claim(input), now),
            (region, held.carried_out),
        )
        .await;
        let counts = counts(world, plan, input, region, &claimed, &mut held.carried_out);
        if !counts.await? {
            continue;
        }
        if let Err(why) = claimed {
            give_back(world, plan, input, &held.leased).await;
            return refused(world, plan, input, why, now).await;
        }
        held.leased.push(region.clone());
    }
    Ok(held)
}

/// What a run says of itself to get a lease.
pub(super) fn claim(input: &Opening) -> Claim {
    Claim {
        run_id: input.run_id.clone(),
        kind: input.kind,
        incident: input.incident.clone(),
        from: input.from_region.clone(),
        to: input.target_region.clone(),
    }
}

/// Claims one Region's lease. Another Region that may be silent is not waited for.
async fn claimed(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    (claim, now): (&Claim, Timestamp),
    (region, may_be_silent): (&Region, bool),
) -> Result<PlanState, Error> {
    let claimed = update(world, region, &plan.plan, |row| row.claim(claim, now));
    if may_be_silent && region != world.region() {
        briefly(region, claimed).await
    } else {
        claimed.await
    }
}

/// Whether what a Region's ledger answered counts: that of another one which is silent does not, once RDS shows that the change of
/// writer is carried out.
pub(super) async fn counts<T>(
    world: &(impl Ledger + Runtime + Topologies),
    plan: &Plan,
    input: &Opening,
    region: &Region,
    answered: &Result<T, Error>,
    carried_out: &mut bool,
) -> Result<bool, Error> {
    let Err(Error::Unavailable(why)) = answered else {
        return Ok(true);
    };
    if region == world.region() {
        return Ok(true);
    }
    *carried_out = *carried_out || is_carried_out(world, plan, input).await?;
    if *carried_out {
        tracing::warn!(%region, why, "the target is promoted; this Region is left out");
    }
    Ok(!*carried_out)
}

/// Whether RDS shows that the change of writer which this Region's ledger holds open is carried out.
async fn is_carried_out(
    world: &(impl Ledger + Runtime + Topologies),
    plan: &Plan,
    input: &Opening,
) -> Result<bool, Error> {
    let here = world.region();
    let own = ports::rows(world, [here], &plan.plan).await?;
    Ok(*here == input.target_region && carried_out::shows(world, plan, &own, here).await)
}

/// What becomes of a run that was refused a lease: it may stand behind the run that holds the plan, without one.
async fn refused(
    world: &impl Ledger,
    plan: &Plan,
    input: &Opening,
    why: Error,
    now: Timestamp,
) -> Result<Held, Error> {
    let rows = ports::rows(world, input.counted_on(plan), &plan.plan).await?;
    let behind = behind(&rows, input, now);
    if behind.is_none() || !matches!(why, Error::RunRefused(_)) {
        return Err(why);
    }
    Ok(Held {
        behind,
        ..Held::default()
    })
}

/// The run that holds the plan, where it only waits for a human's answer: one that an outage started may confirm behind it, and takes
/// the plan over when its verdict needs no answer. What people started confirms nothing, and is refused.
pub(super) fn behind(rows: &Rows, input: &Opening, now: Timestamp) -> Option<RunId> {
    if input.kind != RunKind::UnplannedFailover {
        return None;
    }
    let mut others = rows
        .0
        .values()
        .filter_map(|row| row.held_by_another(&input.run_id, now))
        .peekable();
    let first = others.peek().map(|lease| lease.run_id.clone());
    first.filter(|first| others.all(|lease| lease.waits_for_human && lease.run_id == *first))
}

/// The leases are taken one after the other: another run may have superseded this one in the first while it took the last. Both
/// would hold a part and go on.
pub(super) fn holds_all(rows: &Rows, run_id: &RunId, now: Timestamp) -> Result<(), Error> {
    let mut lost = rows.0.iter().filter_map(|(region, row)| {
        let other = row.held_by_another(run_id, now)?;
        Some((region, &other.run_id))
    });
    match lost.next() {
        None => Ok(()),
        Some((region, other)) => Err(Error::RunRefused(format!(
            "run {other} took the plan over in {region} while this one opened; it goes on there"
        ))),
    }
}

/// Gives back what was taken.
pub(super) async fn give_back(world: &impl Ledger, plan: &Plan, input: &Opening, held: &[Region]) {
    let run = (&input.run_id, &input.target_region);
    for region in held {
        release(world, region, &plan.plan, run).await;
    }
}

/// Says of a silent Region why that stops a planned run.
pub(super) fn counts_on_all(kind: RunKind, why: Error) -> Error {
    match (kind, why) {
        (RunKind::PlannedFailover | RunKind::Failback, Error::Unavailable(why)) => {
            Error::Unavailable(format!(
                "every member Region must answer before the writer is moved by plan, and one does not ({why}); start again when it is back"
            ))
        }
        (_, why) => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_superseded_in_one_region_while_it_took_another_does_not_open() {
        let now = Timestamp::UNIX_EPOCH;
        let leased = |run_id: &str| {
            let claim = Claim {
                run_id: run_id.into(),
                kind: RunKind::UnplannedFailover,
                incident: None,
                from: "us-west-2".into(),
                to: "us-east-1".into(),
            };
            let row = failover::testing::row("us-west-2", 1);
            row.claim(&claim, now).unwrap()
        };
        let rows = |of: [&str; 2]| {
            let regions = ["eu-west-1", "us-east-1"].map(Region::from);
            Rows(regions.into_iter().zip(of.map(leased)).collect())
        };
        let mine = "mine".into();
        assert_eq!(holds_all(&rows(["mine", "mine"]), &mine, now), Ok(()));
        for (of, region) in [
            (["another", "mine"], "eu-west-1"),
            (["mine", "another"], "us-east-1"),
        ] {
            let why = holds_all(&rows(of), &mine, now).unwrap_err();
            let said = format!(
                "run another took the plan over in {region} while this one opened; it goes on there"
            );
            assert_eq!(why, Error::RunRefused(said));
        }
    }

    #[test]
    fn only_what_an_outage_started_stands_behind_a_run_that_waits_for_a_human() {
        let now = Timestamp::from_second(1_000).unwrap();
        let mut held = failover::testing::row("us-west-2", 7);
        held.lease = Some(failover::ledger::Lease {
            run_id: "waits".into(),
            token: 1,
            kind: RunKind::Failback,
            from: "us-east-1".into(),
            to: "us-west-2".into(),
            expires_at: now + jiff::SignedDuration::from_secs(60),
            waits_for_human: true,
        });
        let rows = Rows([("us-west-2".into(), held)].into());
        let kinds = [
            RunKind::UnplannedFailover,
            RunKind::PlannedFailover,
            RunKind::Failback,
        ];
        let behind = kinds.map(|kind| {
            let input = Opening {
                kind,
                incident: None,
                run_id: "comes".into(),
                execution: None,
                handed_over_by: None,
                from_region: "us-east-1".into(),
                target_region: "us-west-2".into(),
                dry_run: false,
            };
            behind(&rows, &input, now)
        });
        assert_eq!(behind, [Some("waits".into()), None, None]);
    }
}
