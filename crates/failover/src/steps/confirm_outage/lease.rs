//! What a verdict means for the leases: which Regions the run counts on, and whether it may take the plan over from a run
//! that waits for a human.

use super::{Ask, TIMEOUT};
use crate::{
    Error,
    domain::Region,
    evidence::Verdict,
    ledger::{Claim, Ledger, update},
    policy::Decision,
    steps::{Here, Pass},
};

/// Settles the leases after a verdict; answers what the verdict leads to then.
pub(super) async fn settle(
    world: &(impl Ledger + Here + Ask),
    pass: &mut Pass,
    verdict: Verdict,
    decision: Decision,
    lease: Result<Region, Error>,
) -> Result<Decision, Error> {
    if pass.run.waits_behind() {
        return behind(world, pass, decision).await;
    }
    count_on(pass, verdict, decision, lease)?;
    Ok(decision)
}

/// A run behind another one that waits for a human's answer takes the plan over when its own verdict needs none, and
/// stands down else: the question has been asked.
async fn behind(
    world: &(impl Ledger + Here + Ask),
    pass: &mut Pass,
    decision: Decision,
) -> Result<Decision, Error> {
    if decision != Decision::GoOn || pass.dry_run {
        return Ok(match decision {
            Decision::Wait => Decision::Wait,
            Decision::GoOn | Decision::StandDown | Decision::Ask | Decision::HandOver => {
                Decision::StandDown
            }
        });
    }
    let claim = Claim::of(&pass.run);
    let regions: Vec<_> = pass.run.plan.members.keys().cloned().collect();
    for region in regions {
        let taken = update(world, &region, pass.run.name(), |row| {
            row.take_over(&claim, pass.now)
        });
        match world.within(TIMEOUT, taken).await {
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
    Ok(Decision::GoOn)
}

/// Notes which Regions the run counts on from here. A silent one is left out only when the verdict is that it is gone.
fn count_on(
    pass: &mut Pass,
    verdict: Verdict,
    decision: Decision,
    lease: Result<Region, Error>,
) -> Result<(), Error> {
    let gone = matches!(
        verdict,
        Verdict::RegionDown | Verdict::RegionDownUnwitnessed
    );
    match lease {
        Ok(region) => {
            pass.run.leased.insert(region);
        }
        Err(Error::Unavailable(_)) if gone => {
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
    use crate::ledger::Rows;

    fn pass() -> Pass {
        let mut run = crate::steps::fake::run();
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
