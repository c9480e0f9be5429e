//! What a promotion lost, by the beats that the old writer acknowledged and the promoted one holds.

use failover::{
    Error,
    beat::{Beats, Loss, Vantage, loss},
    domain::Epoch,
    pass::Pass,
    ports::{Ledger, Runtime},
};

/// What the promotion lost. A run that resumes another's work was never confirmed: it measures by this Region's own record.
pub(super) async fn measured_loss(
    world: &(impl Ledger + Runtime),
    pass: &Pass,
    epoch: Epoch,
) -> Result<Option<Loss>, Error> {
    let run = &pass.run;
    // An earlier run that committed the epoch and died has covered what was lost.
    let untouched = |held: &&Beats| held.values().all(|beat| beat.epoch < epoch);
    let Some(held) = run.held.as_ref().filter(untouched) else {
        return Ok(None);
    };
    let covers = run.plan.detection.covers();
    if let Some(confirmed) = &run.confirmed {
        let (acknowledged, sign) = (&confirmed.acknowledged, confirmed.last_sign());
        return Ok(loss(acknowledged, held, sign, covers));
    }
    let vantage = world.vantage(world.region(), run.name()).await?;
    let own = vantage.filter(|vantage| vantage.writer_region == run.from);
    let beat = |vantage: &Vantage| Some((vantage.region.clone(), vantage.last_beat?));
    let acknowledged = own.iter().filter_map(beat).collect();
    let rows = pass.rows.0.values();
    let sign = rows.filter_map(|row| row.alive_at.max(row.maybe_alive_at));
    // Until it was first seen failing it may have lived unseen.
    let failed = own.as_ref().and_then(|own| own.signs.out_since);
    Ok(loss(&acknowledged, held, sign.max().max(failed), covers))
}
