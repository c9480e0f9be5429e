//! What one pass sees: the replica in its own Region, the ledgers, and the guards' word on promoting now.

use futures::future::join3;

use super::{Observed, Tried, is_planned};
use crate::members::{Instance, Members};
use failover::{
    Error,
    ledger::{Run, Stop},
    pass::Pass,
    ports::{Ledger, Parameters, Runtime},
};
use steps::promotion::{IntentState, life, refusal};

pub(super) async fn observe(
    world: &(impl Ledger + Runtime + Members + Parameters),
    pass: &Pass,
) -> Result<Observed, Error> {
    let run = &pass.run;
    let (to, from) = (identifier(run, true), identifier(run, false));
    let intent = IntentState::of(pass);
    let may_promote = intent == IntentState::OwnIntent;
    let everywhere = life::asks_everywhere(run, may_promote, pass.now);
    let (target, switches, lived_at) = join3(
        world.instance(&run.to, to),
        world.switches(run.name()),
        life::last(world, run, everywhere),
    )
    .await;
    let target = target?.ok_or_else(|| {
        Error::UnexpectedTopology(format!("RDS in {} knows no instance {to}", run.to))
    })?;
    target.fits(run.plan.database.engine)?;
    let refusal = if is_planned(pass) {
        switches?.admit_planned(run.name()).err()
    } else {
        refusal(run, &switches?, lived_at, world.now())
    };
    Ok(Observed {
        intent,
        follows_the_writer: target.follows(&run.from, from),
        refusal,
        stop: stop(pass).cloned(),
        tried: Tried::of(run, pass.now),
        warnings: warnings(&target, run.plan.has_heart()),
        target,
    })
}

/// The stop of the writer that this move goes by, as the row of the Region that is left bears it, or, where that does not answer, the
/// target's.
fn stop(pass: &Pass) -> Option<&Stop> {
    let run = &pass.run;
    let row = pass
        .rows
        .0
        .get(&run.from)
        .or_else(|| pass.rows.0.get(&run.to))?;
    let stop = row.stop.as_deref()?;
    (stop.from == run.from && stop.to == run.to).then_some(stop)
}

/// What the plan calls the member of the Region that the run goes to, or leaves.
fn identifier(run: &Run, target: bool) -> &str {
    let region = if target { &run.to } else { &run.from };
    let member = run.plan.members().get(region);
    member
        .map(|member| member.identifier.as_str())
        .unwrap_or_default()
}

/// What a promotion costs afterwards, as far as RDS tells it beforehand.
pub(super) fn warnings(target: &Instance, has_heart: bool) -> Vec<String> {
    let name = &target.identifier;
    let unbacked = target.backup_days == Some(0);
    let unbacked = unbacked.then(|| {
        if !has_heart {
            return format!(
                "RDS keeps no backups of {name} as long as it is a replica, and one day of them from its promotion on: set more afterwards"
            );
        }
        format!(
            "{name} keeps no backups: turning them on after it is promoted is an outage, so set its BackupRetentionPeriod now"
        )
    });
    let replication = target.replication.as_ref();
    let replication = replication.filter(|now| now.status != "replicating" || !now.is_normal);
    let stalled = replication.map(|now| {
        let said = now.message.as_deref().unwrap_or("nothing more");
        format!(
            "the replication of {name} is {}, and RDS says {said}: what it lacks is lost",
            now.status
        )
    });
    unbacked.into_iter().chain(stalled).collect()
}
