//! The two databases that are compared, once they have said that they are what they are taken for, and what their beats tell.

use failover::{
    Error,
    beat::Beats,
    domain::{Epoch, Region, seconds_between},
    ledger::{Current, KeptPlan, LostBeats},
    ports::{Comparison, Held, Ledger, Pair, Place, Runtime},
    topology::Cluster,
};

/// Both databases' addresses, once they have said that they are what they are taken for.
pub(super) async fn pair(
    world: &(impl Runtime + Comparison),
    known: &KeptPlan,
    current: &Current,
    deposed: Option<&Cluster>,
) -> Result<(Pair, Held), Error> {
    let gone = || Error::UnexpectedTopology("the cluster is gone".into());
    let deposed = deposed.ok_or_else(gone)?;
    let pair = places(world.region(), known, current, deposed)?;
    let held = world.held(known, &pair).await;
    let held = held.map_err(|why| deposed.explained(world.region(), why))?;
    are_as_taken(&pair, &held, current.epoch)?;
    Ok((pair, held))
}

/// Where both are reached.
fn places(
    here: &Region,
    known: &KeptPlan,
    current: &Current,
    deposed: &Cluster,
) -> Result<Pair, Error> {
    if deposed.resource_id.is_none() {
        return Err(Error::Unavailable(format!(
            "RDS in {here} shows {} without its resource id",
            deposed.identifier
        )));
    }
    let writer = known.endpoints.get(&current.writer).ok_or_else(|| {
        Error::NotReady(format!(
            "no endpoint of the member in {} is known: no probe has seen it yet",
            current.writer
        ))
    })?;
    let place = |host: &str, port: u16| Place::of(&known.plan, host, port);
    Ok(Pair {
        deposed: place(&deposed.endpoint, deposed.port),
        writer: place(&writer.writer, writer.port),
        writer_region: current.writer.clone(),
    })
}

/// That the writer's database holds its epoch, and the deposed one an earlier one.
fn are_as_taken(pair: &Pair, held: &Held, epoch: Epoch) -> Result<(), Error> {
    if held.writer != Some(epoch) {
        return Err(Error::UnexpectedTopology(format!(
            "the database at {} holds epoch {}, and the writer of epoch {epoch} was expected there",
            pair.writer.host,
            told(held.writer)
        )));
    }
    if held.deposed.is_none_or(|deposed| deposed >= epoch) {
        return Err(Error::UnexpectedTopology(format!(
            "the database at {} holds epoch {}, so that it was not deposed by epoch {epoch}",
            pair.deposed.host,
            told(held.deposed)
        )));
    }
    Ok(())
}

fn told(epoch: Option<Epoch>) -> String {
    epoch.map_or_else(|| "none".into(), |epoch| epoch.to_string())
}

/// The beats that the writer did not hold when it was promoted. Its own record of that is in its Region's ledger; where
/// another writer came between the two, that record tells nothing.
pub(super) async fn beats(
    world: &impl Ledger,
    known: &KeptPlan,
    current: &Current,
    held: &Held,
) -> Result<Option<Vec<LostBeats>>, Error> {
    if held.deposed.map(Epoch::next) != Some(current.epoch) {
        return Ok(None);
    }
    let run = world
        .run(&current.writer, &known.plan.plan, &current.run_id)
        .await?;
    let Some(before) = run.and_then(|run| run.held) else {
        return Ok(None);
    };
    Ok(Some(lost(&held.beats, &before)))
}

/// The beats that are not among those `before`. A vantage that is not there has lost all of its own: none of them was older than the
/// newest one that is.
pub(super) fn lost(beats: &Beats, before: &Beats) -> Vec<LostBeats> {
    let newest = before.values().map(|beat| beat.at).max();
    let lost = beats.iter().map(|(vantage, last)| {
        let had = before.get(vantage);
        let since = had.map(|had| had.at).or(newest);
        LostBeats {
            vantage: vantage.clone(),
            count: last.seq.saturating_sub(had.map_or(0, |had| had.seq)),
            seconds: since.map(|since| seconds_between(since, last.at).max(0.0)),
        }
    });
    lost.collect()
}
