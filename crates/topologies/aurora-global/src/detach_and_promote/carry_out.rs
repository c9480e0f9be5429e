//! Makes what was decided: the intent comes before the call, and people are told beside that.

use super::{Action, Observed, news};
use crate::members::{Accepted, Members};
use failover::{
    Error,
    pass::{Pass, calls, frame::Came},
    ports::{self, Ledger, People, Runtime},
    topology::Named,
};

pub(super) async fn act(
    world: &(impl Ledger + Runtime + Members + People),
    pass: &mut Pass,
    observed: &Observed,
    action: Action,
) -> Result<Came, Error> {
    if action == Action::Done {
        pass.run.promoted_at = pass.run.promoted_at.or(Some(pass.now));
    }
    if action == Action::WriteIntent {
        calls::inherit(world, pass).await?;
    }
    remember(world, pass, observed, action).await?;
    Ok(match carry_out(world, pass, observed, action).await? {
        Accepted::Yes => Came::AsDecided,
        Accepted::Throttled(why) => Came::Throttled(format!("{why}; it is asked for again")),
        Accepted::NotNow(why) => {
            news::refused(world, pass, observed, action, &why).await;
            Came::NotNow(format!("RDS would not promote it now: {why}"))
        }
    })
}

/// Makes the call, or writes the intent that comes before it; whether it was taken.
async fn carry_out(
    world: &(impl Ledger + Runtime + Members + People),
    pass: &Pass,
    observed: &Observed,
    action: Action,
) -> Result<Accepted, Error> {
    let (region, target) = (&pass.run.to, &observed.target.arn);
    let global = observed.global.as_ref();
    let global = global
        .map(|global| global.identifier.as_str())
        .unwrap_or_default();
    match action {
        Action::Done | Action::Wait(_) => Ok(Accepted::Yes),
        Action::WriteIntent => {
            write_intent(world, pass, observed).await?;
            Ok(Accepted::Yes)
        }
        // What people are told of a call must not delay it.
        Action::FailOver => {
            let asked = world.fail_over(region, global, target);
            let told = news::point_of_no_return(world, pass, observed);
            match futures::future::join(asked, told).await.0 {
                // Another way is open: what is refused for good is refused half a minute on, too.
                Err(why) if why.is_answer() && observed.may_detach => {
                    Ok(Accepted::NotNow(why.to_string()))
                }
                accepted => accepted,
            }
        }
        Action::Detach => {
            let detached = world.detach(region, global, target);
            let told = async {
                news::point_of_no_return(world, pass, observed).await;
                news::detached_instead(world, pass, observed).await;
            };
            futures::future::join(detached, told).await.0
        }
    }
}

/// Keeps what the look showed where it is news; every other action goes with a record.
async fn remember(
    world: &(impl Ledger + Runtime + People),
    pass: &mut Pass,
    observed: &Observed,
    action: Action,
) -> Result<(), Error> {
    let looks = observed.tried.looks.clone();
    let before = std::mem::replace(&mut pass.run.looks, looks);
    if !matches!(action, Action::Wait(_)) || before == pass.run.looks {
        return Ok(());
    }
    world.put_run(world.region(), &pass.run).await?;
    if before.operation != pass.run.looks.operation {
        news::under_way(world, pass, observed).await;
    }
    Ok(())
}

/// Writes the intent into every table the run leased.
async fn write_intent(world: &impl Ledger, pass: &Pass, observed: &Observed) -> Result<(), Error> {
    let run = &pass.run;
    let global = observed.global.as_ref();
    let intent = pass.intent(global.map(Named::from));
    for region in &run.leased {
        let written =
            ports::update(world, region, run.name(), |row| row.intend(intent.clone())).await;
        match written {
            Err(Error::Unavailable(why)) if *region == run.from => {
                return Err(Error::EvidenceStale(format!(
                    "the ledger of {region}, which answered when the outage was confirmed, is silent now: {why}"
                )));
            }
            other => drop(other?),
        }
    }
    Ok(())
}
