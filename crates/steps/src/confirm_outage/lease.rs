//! What a verdict means for the leases: which Regions the run counts on, and whether it may take the plan over from a run
//! that waits for a human.

use super::{TIMEOUT, is_gone};
use failover::{
    Error,
    domain::Region,
    evidence::Verdict,
    ledger::{Claim, RunKind},
    pass::{Pass, calls},
    policy::Decision,
    ports::{Ledger, Runtime, update, within},
};

/// Settles the leases after a verdict; answers what the verdict leads to then.
pub(super) async fn settle(
    world: &(impl Ledger + Runtime),
    pass: &mut Pass,
    verdict: Verdict,
    decision: Decision,
    lease: Result<Region, Error>,
) -> Result<Decision, Error> {
    if pass.run.waits_behind() {
        return behind(world, pass, verdict, decision).await;
    }
    count_on(pass, verdict, decision, lease)?;
    Ok(decision)
}

/// A run behind another one that waits for a human takes the plan over when its own verdict needs no answer. Where it has to
/// ask, it stands down behind a run that has asked about the same outage, and takes the plan over from any other: a failback
/// may wait two weeks for its window, and nobody would hear of the outage.
async fn behind(
    world: &(impl Ledger + Runtime),
    pass: &mut Pass,
    verdict: Verdict,
    decision: Decision,
) -> Result<Decision, Error> {
    let takes_over = match decision {
        Decision::GoOn => !is_tried_already(world, pass, verdict).await?,
        Decision::Ask => !is_asked_already(pass),
        Decision::Wait | Decision::StandDown | Decision::HandOver => false,
    };
    if takes_over && !pass.dry_run {
        take_over(world, pass).await?;
        return Ok(decision);
    }
    Ok(match decision {
        Decision::Wait => Decision::Wait,
        Decision::GoOn | Decision::StandDown | Decision::Ask | Decision::HandOver => {
            Decision::StandDown
        }
    })
}

/// Takes the leases of the run that it is behind, in every Region but one that is left and silent.
async fn take_over(world: &(impl Ledger + Runtime), pass: &mut Pass) -> Result<(), Error> {
    let claim = Claim::of(&pass.run);
    let regions: Vec<_> = pass.run.plan.members().keys().cloned().collect();
    for region in regions {
        let taken = update(world, &region, pass.run.name(), |row| {
            row.take_over(&claim, pass.now)
        });
        match within(world, TIMEOUT, taken).await {
            Ok(_) => {
                pass.run.leased.insert(region);
            }
            Err(Error::Unavailable(_)) if region == pass.run.from => {}
            Err(why) => {
                // CloseRun gives back what was taken.
                world.put_run(world.region(), &pass.run).await?;
                return Err(why);
            }
        }
    }
    Ok(())
}

/// Whether an unplanned run holds the plan somewhere and waits for an answer.
fn is_asked_already(pass: &Pass) -> bool {
    let mut rows = pass.rows.0.values();
    rows.any(|row| {
        let other = row.held_by_another(&pass.run.run_id, pass.now);
        other.is_some_and(|lease| lease.kind == RunKind::UnplannedFailover)
    })
}

/// Whether the run that waits has this verdict too and asks because the way that it was tried by led nowhere: it would be tried by
/// that way again, and people asked again, as often as the writer is suspected.
async fn is_tried_already(
    world: &(impl Ledger + Runtime),
    pass: &Pass,
    verdict: Verdict,
) -> Result<bool, Error> {
    let Some(behind) = &pass.run.behind else {
        return Ok(false);
    };
    let waits = world.run(world.region(), pass.run.name(), behind).await?;
    Ok(waits.is_some_and(|waits| {
        let confirmed = waits.confirmed.as_ref();
        calls::any(&waits) && confirmed.is_some_and(|found| found.verdict == verdict)
    }))
}

/// Notes which Regions the run counts on from here. A silent one is left out only when the verdict is that it is gone, or where
/// nobody can tell and whoever started the run by hand agreed to go on: nothing else leads on from there.
fn count_on(
    pass: &mut Pass,
    verdict: Verdict,
    decision: Decision,
    lease: Result<Region, Error>,
) -> Result<(), Error> {
    let unsure = matches!(verdict, Verdict::Undetermined | Verdict::ObserverIsolated);
    let is_left = is_gone(verdict) || (unsure && decision == Decision::GoOn);
    match lease {
        Ok(region) => {
            pass.run.leased.insert(region);
        }
        Err(Error::Unavailable(_)) if is_left => {
            pass.run.leased.remove(&pass.run.from);
        }
        Err(why) if decision == Decision::GoOn => return Err(why),
        Err(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::ledger::{PlanState, Rows};

    fn pass() -> Pass {
        let mut run = failover::testing::run();
        run.leased = ["us-east-1".into()].into();
        Pass {
            run,
            rows: Rows(Default::default()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: false,
        }
    }

    fn silent() -> Result<Region, Error> {
        Err(Error::Unavailable("timed out".into()))
    }

    /// An unplanned run that confirms behind a run of this kind, which waits for a human in every Region.
    async fn behind_a(kind: RunKind) -> (failover::testing::Books, Pass) {
        let books = failover::testing::Books::with(&PlanState::new("orders".into()));
        let mut pass = pass();
        pass.run.leased.clear();
        pass.run.behind = Some("waiting".into());
        let waiting = Claim {
            run_id: "waiting".into(),
            kind,
            incident: None,
            from: "us-west-2".into(),
            to: "us-east-1".into(),
        };
        pass.now = books.now();
        for region in pass.run.plan.members().keys() {
            let waits = update(&books, region, pass.run.name(), |row| {
                row.claim(&waiting, pass.now)?
                    .ask(&waiting.run_id, pass.now)
            });
            waits.await.unwrap();
        }
        pass.rows = Rows(books.rows());
        (books, pass)
    }

    #[tokio::test]
    async fn a_failback_that_waits_is_taken_over_by_a_run_that_has_to_ask() {
        let (books, mut pass) = behind_a(RunKind::Failback).await;
        let decision = behind(&books, &mut pass, Verdict::WriterDown, Decision::Ask).await;
        assert_eq!(decision, Ok(Decision::Ask));
        let held = books.rows();
        let mut leases = held.values().filter_map(|row| row.lease.as_ref());
        assert!(leases.all(|lease| lease.run_id == pass.run.run_id));
        assert_eq!(pass.run.leased.len(), 2);
    }

    #[tokio::test]
    async fn a_question_about_the_same_outage_is_waited_behind() {
        let (books, mut pass) = behind_a(RunKind::UnplannedFailover).await;
        let decision = behind(&books, &mut pass, Verdict::WriterDown, Decision::Ask).await;
        assert_eq!(decision, Ok(Decision::StandDown));
        assert!(pass.run.leased.is_empty());
    }

    #[tokio::test]
    async fn what_the_waiting_run_tried_in_vain_is_not_tried_again_for_the_same_verdict() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let leads_to = async |tried: bool, verdict| {
            let (books, mut pass) = behind_a(RunKind::UnplannedFailover).await;
            let mut waits = failover::testing::run();
            waits.run_id = "waiting".into();
            waits.confirmed = Some(failover::testing::confirmed(Verdict::WriterDown));
            if tried {
                let promoting = waits.plan.kind().runs().promote_by;
                waits.attempt(now, promoting, "promote");
            }
            books.put_run(&waits.to, &waits).await.unwrap();
            behind(&books, &mut pass, verdict, Decision::GoOn).await
        };
        let down = Verdict::WriterDown;
        assert_eq!(leads_to(false, down).await, Ok(Decision::GoOn));
        assert_eq!(leads_to(true, down).await, Ok(Decision::StandDown));
        let stronger = leads_to(true, Verdict::RegionDown).await;
        assert_eq!(stronger, Ok(Decision::GoOn));
    }

    #[test]
    fn a_held_lease_in_the_region_that_is_left_refuses_the_run() {
        let held = Err(Error::RunRefused("held".into()));
        assert!(count_on(&mut pass(), Verdict::WriterDown, Decision::GoOn, held).is_err());
    }

    #[test]
    fn a_silent_region_is_left_out_only_when_it_is_gone() {
        let mut pass = pass();
        pass.run.leased.insert("us-west-2".into());
        assert_eq!(
            count_on(&mut pass, Verdict::RegionDown, Decision::GoOn, silent()),
            Ok(())
        );
        assert_eq!(pass.run.leased, ["us-east-1".into()].into());
        assert!(count_on(&mut pass, Verdict::WriterDown, Decision::GoOn, silent()).is_err());
    }

    #[test]
    fn a_yes_of_whoever_started_a_run_by_hand_leaves_a_region_out_of_which_nobody_can_tell() {
        let after = |decision| {
            [Verdict::Undetermined, Verdict::ObserverIsolated].map(|verdict| {
                let mut pass = pass();
                pass.run.leased.insert("us-west-2".into());
                let counted = count_on(&mut pass, verdict, decision, silent());
                counted.map(|()| pass.run.leased.len())
            })
        };
        assert_eq!(after(Decision::GoOn), [Ok(1), Ok(1)]);
        assert_eq!(after(Decision::Ask), [Ok(2), Ok(2)]);
        let held = Err(Error::RunRefused("held".into()));
        assert!(count_on(&mut pass(), Verdict::Undetermined, Decision::GoOn, held).is_err());
    }

    #[test]
    fn a_lease_that_was_taken_is_remembered_so_that_standing_down_gives_it_back() {
        let mut pass = pass();
        let lease = Ok("us-west-2".into());
        assert_eq!(
            count_on(&mut pass, Verdict::PathImpaired, Decision::StandDown, lease),
            Ok(())
        );
        assert!(pass.run.leased.contains(&"us-west-2".into()));
    }
}
