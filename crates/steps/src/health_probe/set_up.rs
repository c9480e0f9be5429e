//! Creates the heartbeat schema and the probe's role on the writer, once per plan; again, it changes nothing.

use std::time::Duration;

use serde::Serialize;

use super::{
    endpoints::{plan_or_last_read, refresh},
    sessions::LedgerWriter,
};
use failover::{
    Error,
    domain::{Epoch, PlanName, Region},
    ledger::KeptPlan,
    plan::{Auth, Plan},
    ports::{Heart, Ledger, Parameters, Place, Runtime, Secrets},
    topologies::Topologies,
};

/// Creating a schema may wait for locks; a minute is the function's own patience.
const LIMIT: Duration = Duration::from_secs(10);

/// What was set up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct SetUp {
    plan: PlanName,
    writer: Region,
    epoch: Epoch,
    probe_role: String,
}

pub(super) async fn run(
    world: &(impl Ledger + Runtime + Topologies + Parameters + Secrets + Heart),
    name: &PlanName,
) -> Result<SetUp, Error> {
    let here = world.region();
    let plan = plan_or_last_read(world, name).await?;
    let probe_role = plan.database.probe()?.user.clone();
    let row = world.row(here, name).await?;
    let target = LedgerWriter::of(&row).ok_or_else(|| failover::guard::not_adopted(name))?;
    let known = refresh(world, plan, world.known(here, name).await?, LIMIT).await;
    let place = place(&known, &target)?;
    let admin = world.admin_login(&known.plan).await?;
    let password = new_password(world, &known.plan, &target, &place).await?;
    let by = (password.as_deref(), LIMIT);
    let held = world
        .set_up(&place, &admin, &known.plan, target.epoch, by)
        .await?;
    is_ours(held, &target)?;
    world.put_known(&known).await?;
    tracing::info!(plan = %name, writer = %target.writer, epoch = %target.epoch, "set up");
    Ok(SetUp {
        plan: name.clone(),
        writer: target.writer,
        epoch: target.epoch,
        probe_role,
    })
}

fn place(known: &KeptPlan, target: &LedgerWriter) -> Result<Place, Error> {
    let endpoints = known.endpoints.get(&target.writer).ok_or_else(|| {
        Error::Unavailable(format!(
            "RDS in {} does not show the endpoint of the writer",
            target.writer
        ))
    })?;
    Ok(Place::of(&known.plan, &endpoints.writer, endpoints.port))
}

/// The password that the probe's role is given. One that serves is left alone.
async fn new_password(
    world: &(impl Secrets + Heart),
    plan: &Plan,
    target: &LedgerWriter,
    place: &Place,
) -> Result<Option<String>, Error> {
    match plan.database.probe()?.auth {
        Auth::Iam => Ok(None),
        Auth::Secret { .. } => {
            let login = world
                .probe_login(plan, &target.writer, &place.host, place.port)
                .await?;
            let serves = world.connect(place, &login, LIMIT).await.is_ok();
            Ok((!serves).then_some(login.password))
        }
    }
}

/// No beat is committed under an epoch that is past, and no new writer could ever be proven.
fn is_ours(held: Epoch, target: &LedgerWriter) -> Result<(), Error> {
    if held <= target.epoch {
        return Ok(());
    }
    Err(Error::UnexpectedTopology(format!(
        "the database in {} holds epoch {held}, and the ledger stands at {}: it was brought here by a snapshot or by another \
         plan; where no other plan leads by it, drop its schema aurora_failover and call setup again",
        target.writer, target.epoch
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_holds_a_later_epoch_is_not_called_set_up() {
        let row = failover::testing::row("us-west-2", 1);
        let target = LedgerWriter::of(&row).unwrap();
        assert_eq!(is_ours(Epoch(1), &target), Ok(()));
        let why = is_ours(Epoch(5), &target).unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology");
        let said = why.to_string();
        for part in ["holds epoch 5", "stands at 1", "call setup again"] {
            assert!(said.contains(part), "{said} lacks {part}");
        }
    }
}
