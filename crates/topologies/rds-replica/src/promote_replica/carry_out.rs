//! Makes what was decided: the intent comes before the call, and people are told beside that. Of a planned move the Region that is left
//! agrees first, in its own row.

use super::{Action, Observed, PROMOTE, is_planned};
use crate::members::{
    Members, Stops,
    stops::{Asked, OfStop},
};
use failover::{
    Error,
    domain::StopToken,
    ledger::{Intent, PlanState},
    pass::{Pass, calls, frame::Came},
    ports::{self, Ledger, People, Runtime, update},
    topology::{Accepted, Named},
};
use steps::promotion;

pub(super) async fn act(
    world: &(impl Ledger + Runtime + Members + Stops + People),
    pass: &mut Pass,
    observed: &Observed,
    action: &Action,
) -> Result<Came, Error> {
    match action {
        Action::Wait(_) => Ok(Came::AsDecided),
        Action::Done => {
            pass.run.promoted_at = pass.run.promoted_at.or(Some(pass.now));
            Ok(Came::AsDecided)
        }
        Action::WriteIntent => {
            calls::inherit(world, pass).await?;
            // Once it is promoted it leads a group of its own, which is called like it.
            let led = Named::from(observed.target.arn.as_str());
            match observed.stop.as_ref().filter(|_| is_planned(pass)) {
                Some(stop) => {
                    let intent = Intent {
                        epoch: stop.epoch,
                        ..pass.intent(Some(led))
                    };
                    agree(world, pass, (&stop.token, &intent)).await?;
                }
                None => promotion::write_intent(world, pass, Some(led)).await?,
            }
            Ok(Came::AsDecided)
        }
        Action::Promote => promote(world, pass, observed).await,
        Action::GiveBack(_) => {
            give_back(world, pass, observed).await?;
            Ok(Came::AsDecided)
        }
    }
}

/// Turns the stop into the promotion, in the row of the Region that is left first: a withdrawal there and this exclude each other.
async fn agree(
    world: &impl Ledger,
    pass: &Pass,
    (token, intent): (&StopToken, &Intent),
) -> Result<(), Error> {
    let run = &pass.run;
    let others = run.leased.iter();
    let others = others.filter(|region| **region != run.from && **region != run.to);
    for region in [&run.from, &run.to].into_iter().chain(others) {
        let change = |row: &PlanState| {
            if *region == run.from || *region == run.to {
                row.promote_stopped(token, intent.clone())
            } else {
                row.intend(intent.clone())
            }
        };
        update(world, region, run.name(), change).await?;
    }
    Ok(())
}

/// The days of backups that the promoted instance is to have. A replica of SQL Server can have none: RDS turns them on for a day.
fn backup_days(pass: &Pass, observed: &Observed) -> Option<u32> {
    let days = observed.target.backup_days;
    days.filter(|days| *days > 0 || pass.run.plan.has_heart())
}

/// What people are told of the call must not delay it.
async fn promote(
    world: &(impl Ledger + Runtime + Members + Stops + People),
    pass: &mut Pass,
    observed: &Observed,
) -> Result<Came, Error> {
    let target = &observed.target.identifier;
    let days = backup_days(pass, observed);
    let asked = world.promote(&pass.run.to, target, days);
    let told = async {
        // Of a planned move people were told before the writer was stopped.
        if !is_planned(pass) {
            promotion::point_of_no_return(world, pass, target, PROMOTE).await;
        }
    };
    match futures::future::join(asked, told).await.0 {
        Ok(Accepted::Yes) => Ok(Came::AsDecided),
        Ok(Accepted::Throttled(why)) => {
            Ok(Came::Throttled(format!("{why}; it is asked for again")))
        }
        Ok(Accepted::NotNow(why)) => {
            Ok(Came::NotNow(format!("RDS would not promote it now: {why}")))
        }
        Err(why) => {
            // What an earlier call left open is no less open for a later one's refusal.
            let attempts = pass.run.attempts.split_last();
            let earlier = attempts.map_or(&[][..], |(_, earlier)| earlier);
            let is_open = calls::any_open(&pass.run.plan.topology, earlier);
            if is_planned(pass) && why.is_answer() && !is_open {
                give_back(world, pass, observed).await?;
            }
            Err(why)
        }
    }
}

/// Takes a move back of which RDS shows that the target follows, and no call of which may come about: the intent, the target's first, or
/// the stop where there is none yet, and then lets the applications in by its mark. Where the Region that is left is silent its own schedule
/// does the rest.
async fn give_back(
    world: &(impl Ledger + Runtime + Stops),
    pass: &mut Pass,
    observed: &Observed,
) -> Result<(), Error> {
    let Some(stop) = &observed.stop else {
        return Ok(());
    };
    let of = OfStop {
        plan: pass.run.name().clone(),
        epoch: pass.rows.proven_epoch(),
        token: stop.token.clone(),
    };
    let mut is_withdrawn = ports::withdraw(world, &mut pass.run).await?;
    let run = &pass.run;
    for region in [&run.from, &run.to] {
        let withdraw = |row: &PlanState| row.withdraw_stop(&stop.token);
        if ports::update_if(world, region, run.name(), withdraw)
            .await?
            .is_none()
        {
            break;
        }
        is_withdrawn = true;
    }
    if !is_withdrawn {
        return Err(Error::NotReady(format!(
            "the move of plan {} could not be taken back: no row bears a stop or a change of writer of run {} any more",
            run.name(),
            run.run_id
        )));
    }
    if let Err(why) = world.ask(&run.from, &Asked::Open(of)).await {
        tracing::warn!(run_id = %run.run_id, %why, "the writer was not seen to open; the schedule in its Region opens it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use failover::{ledger::Rows, testing};

    use super::{
        super::{IntentState, Tried, look::warnings},
        *,
    };
    use crate::members::tests::{WEST, east, heartless, plan};

    #[test]
    fn a_replica_of_sql_server_has_no_backups_to_keep_and_is_given_what_rds_gives() {
        let observed = |days| Observed {
            target: crate::members::Instance {
                backup_days: Some(days),
                ..east(Some(WEST))
            },
            intent: IntentState::OwnIntent,
            follows_the_writer: true,
            refusal: None,
            stop: None,
            tried: Tried::default(),
            warnings: Vec::new(),
        };
        let mut pass = Pass {
            run: testing::run(),
            rows: Rows(Default::default()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: false,
        };
        pass.run.plan = plan();
        let of = |pass: &Pass| [0, 7].map(|days| backup_days(pass, &observed(days)));
        assert_eq!(of(&pass), [Some(0), Some(7)]);
        pass.run.plan = heartless();
        assert_eq!(of(&pass), [None, Some(7)]);
        let unbacked = observed(0).target;
        assert!(warnings(&unbacked, true)[0].contains("set its BackupRetentionPeriod now"));
        assert!(warnings(&unbacked, false)[0].contains("set more afterwards"));
    }
}
