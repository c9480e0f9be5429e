//! Makes what was decided: the intent comes before the call, and people are told beside that.

use super::{Action, Observed, PROMOTE};
use crate::members::Members;
use failover::{
    Error,
    pass::{Pass, calls, frame::Came},
    ports::{Ledger, People, Runtime},
    topology::{Accepted, Named},
};
use steps::promotion;

pub(super) async fn act(
    world: &(impl Ledger + Runtime + Members + People),
    pass: &mut Pass,
    observed: &Observed,
    action: Action,
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
            promotion::write_intent(world, pass, Some(led)).await?;
            Ok(Came::AsDecided)
        }
        Action::Promote => promote(world, pass, observed).await,
    }
}

/// What people are told of the call must not delay it.
async fn promote(
    world: &(impl Ledger + Runtime + Members + People),
    pass: &Pass,
    observed: &Observed,
) -> Result<Came, Error> {
    let target = &observed.target.identifier;
    let asked = world.promote(&pass.run.to, target, observed.target.backup_days);
    let told = promotion::point_of_no_return(world, pass, target, PROMOTE);
    Ok(match futures::future::join(asked, told).await.0? {
        Accepted::Yes => Came::AsDecided,
        Accepted::Throttled(why) => Came::Throttled(format!("{why}; it is asked for again")),
        Accepted::NotNow(why) => Came::NotNow(format!("RDS would not promote it now: {why}")),
    })
}
