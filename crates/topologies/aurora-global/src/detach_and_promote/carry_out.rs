//! Makes what was decided: the intent comes before the call, and people are told beside that.

use super::{Action, Observed, news};
use crate::members::{Accepted, Members};
use failover::{
    Error,
    pass::{Pass, calls, frame::Came},
    ports::{Ledger, People, Runtime},
    topology::Named,
};
use steps::promotion;

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
    let named = || {
        global
            .map(|global| global.identifier.as_str())
            .unwrap_or_default()
    };
    match action {
        Action::Done | Action::Wait(_) => Ok(Accepted::Yes),
        Action::WriteIntent => {
            promotion::write_intent(world, pass, global.map(Named::from)).await?;
            Ok(Accepted::Yes)
        }
        // What people are told of a call must not delay it.
        Action::FailOver => {
            let asked = world.fail_over(region, named(), target);
            let told = point_of_no_return(world, pass, observed);
            match futures::future::join(asked, told).await.0 {
                // Another way is open: what is refused for good is refused half a minute on, too.
                Err(why) if why.is_answer() && observed.may_detach => {
                    Ok(Accepted::NotNow(why.to_string()))
                }
                accepted => accepted,
            }
        }
        Action::Detach => {
            let detached = world.detach(region, named(), target);
            let told = async {
                point_of_no_return(world, pass, observed).await;
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

async fn point_of_no_return(world: &(impl Runtime + People), pass: &Pass, observed: &Observed) {
    let way = observed.strategy.name();
    promotion::point_of_no_return(world, pass, &observed.target.identifier, way).await;
}
