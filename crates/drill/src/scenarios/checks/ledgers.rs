//! What the ledgers say.

use failover::{ledger::Run, ports::Ledger};

use crate::{
    profile::{HOME, PLAN, STANDBY},
    report::Check,
    scenario::{Drill, Played, SOON},
    world::Trouble,
};

/// Waits until the home Region has copied an epoch.
pub(crate) async fn home_learns(drill: &Drill<'_>, epoch: u64) {
    let learnt = async || {
        let row = drill.world.ledger().row(&HOME.into(), &PLAN.into()).await;
        row.is_ok_and(|row| row.proven_epoch().0 == epoch)
    };
    drill.until(SOON, "what home learns", learnt).await;
}

/// The ledgers of both Regions name this writer.
pub(crate) async fn writer_is(drill: &Drill<'_>, region: &str, epoch: u64) -> Vec<Check> {
    vec![
        ledger_says(drill, HOME, region, epoch).await,
        ledger_says(drill, STANDBY, region, epoch).await,
    ]
}

/// The ledger of one Region, `place`, names this writer.
pub(crate) async fn ledger_says(drill: &Drill<'_>, place: &str, region: &str, epoch: u64) -> Check {
    let row = drill.world.ledger().row(&place.into(), &PLAN.into()).await;
    let current = row.ok().and_then(|row| row.current);
    let found = current.map_or("none".to_owned(), |current| {
        format!("{}, epoch {}", current.writer, current.epoch)
    });
    let held = found == format!("{region}, epoch {epoch}");
    Check::new(
        format!("the ledger in {place} says: the writer is {region}'s, of epoch {epoch}"),
        found,
        held,
    )
}

/// The plan is free in both Regions.
pub(crate) async fn is_free(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    for region in [HOME, STANDBY] {
        let row = drill
            .world
            .ledger()
            .row(&region.into(), &PLAN.into())
            .await?;
        let free = row.lease.is_none() && row.intent.is_none();
        let found = if free { "none" } else { "one is" };
        played.check(
            format!("no lease and no intent is left in {region}"),
            found,
            free,
        );
    }
    Ok(())
}

/// What the runs left in the ledgers of the Regions that they were for.
pub(crate) async fn recorded(drill: &Drill<'_>, plan: &str) -> Vec<Run> {
    let ledger = drill.world.ledger();
    let mut found = Vec::new();
    for run in drill.runs.seen() {
        let record = ledger
            .run(
                &run.region.as_str().into(),
                &plan.into(),
                &run.name.as_str().into(),
            )
            .await;
        found.extend(record.ok().flatten());
    }
    found
}
