//! What a pass looks at: where the deposed cluster stands, and both databases, once they have said that they are what they
//! are taken for.

use super::Observed;
use crate::fence_writer::{Standing, standing};
use failover::{
    Error,
    beat::Beats,
    domain::{Epoch, Region, seconds_between},
    ledger::{Current, Known, LostBeats, Rows, RunKind},
    ports::{Comparison, Held, Here, Ledger, Members, Pair, Place},
    topology::{
        Cluster,
        names::{final_snapshot, retired, with_suffix},
    },
};

pub(super) async fn observe(
    world: &(impl Ledger + Here + Members),
    known: &Known,
    rows: &Rows,
    current: &Current,
    named: Option<&str>,
) -> Result<(Observed, Option<Cluster>), Error> {
    let (here, plan) = (world.region(), &known.plan);
    let member = plan.members().get(here);
    let member = member.map(|member| member.cluster.clone());
    let member = member.unwrap_or_default();
    // The member has to be fenced by whichever name it goes.
    let is_other = |named: &&str| current.writer == *here || !member.eq_ignore_ascii_case(named);
    let other = named.filter(is_other);
    let (standing, found) = match other {
        None => {
            let (standing, found) = standing(world, plan, rows).await?;
            (Some(standing), found)
        }
        Some(named) => (None, Some(restored(world, known, current, named).await?)),
    };
    let row = rows.0.get(here).filter(|_| other.is_none());
    let fenced_at = row.and_then(|row| row.fence_under(current.epoch));
    let cluster = other.map_or(member, str::to_owned);
    let losses = world.losses(here, &plan.plan, &cluster).await?;
    let resource_id = found.as_ref().and_then(|found| found.resource_id.clone());
    let of_this = (standing, resource_id.as_deref());
    let losses =
        losses.filter(|losses| super::account::counts(losses, of_this, (current.epoch, fenced_at)));
    let has_left = matches!(standing, Some(Standing::Gone | Standing::Follows));
    let (planned_from, kept) = if has_left {
        let planned = planned_from(world, known, current).await?;
        let planned = planned.filter(|from| standing == Some(Standing::Follows) || from == here);
        (planned, retired_as(world, known, current, &cluster).await?)
    } else {
        (None, None)
    };
    let observed = Observed {
        planned_from,
        kept,
        standing,
        writer: current.writer.clone(),
        epoch: current.epoch,
        fenced_at,
        shut: found.as_ref().and_then(|cluster| cluster.shut(here)),
        losses: losses.map(|losses| losses.by(&plan.loss_ledger, world.now())),
        cluster,
        resource_id,
    };
    Ok((observed, found))
}

/// The Region that the writer left for the one that it is in, where a run switched it over.
async fn planned_from(
    world: &impl Ledger,
    known: &Known,
    current: &Current,
) -> Result<Option<Region>, Error> {
    let run = world
        .run(&current.writer, &known.plan.plan, &current.run_id)
        .await?;
    let moved = run.filter(|run| {
        matches!(run.kind, RunKind::PlannedFailover | RunKind::Failback) && run.to == current.writer
    });
    Ok(moved.map(|run| run.from))
}

/// Where a rebuild of this epoch has put what it retired: the cluster of another name while it is there, else its final snapshot.
async fn retired_as(
    world: &(impl Ledger + Here + Members),
    known: &Known,
    current: &Current,
    member: &str,
) -> Result<Option<String>, Error> {
    let (here, epoch) = (world.region(), current.epoch);
    let kept = world.blueprint(&known.plan.plan, here).await?;
    let Some(kept) = kept.filter(|kept| kept.epoch == epoch) else {
        return Ok(None);
    };
    let renamed = with_suffix(member, &retired(kept.seen_at, epoch));
    let is_there = world.cluster(here, &renamed).await?.is_some();
    Ok(Some(if is_there {
        format!("it was retired as {renamed}; name that cluster")
    } else {
        format!(
            "it was retired, and its final snapshot is {}; restore that and name the restored cluster",
            final_snapshot(member, epoch)
        )
    }))
}

/// A cluster that was named by hand: it must be there, available, and no member of a global cluster.
async fn restored(
    world: &(impl Here + Members),
    known: &Known,
    current: &Current,
    named: &str,
) -> Result<Cluster, Error> {
    let here = world.region();
    let is_writer = known.plan.members().get(here).is_some_and(|member| {
        current.writer == *here && member.cluster.eq_ignore_ascii_case(named)
    });
    if is_writer {
        return Err(Error::InvalidRequest(format!(
            "cluster is {named:?}, which is the writer; name one that was restored from a snapshot"
        )));
    }
    let found = world.cluster(here, named).await?.ok_or_else(|| {
        Error::InvalidRequest(format!(
            "cluster is {named:?}, and RDS in {here} knows none of that name"
        ))
    })?;
    if let Some(global) = &found.global_cluster {
        return Err(Error::InvalidRequest(format!(
            "cluster is {named:?}, a member of global cluster {global}; name one that stands alone"
        )));
    }
    if !found.is_ready() {
        return Err(Error::NotReady(format!(
            "cluster {named} is {}; it needs an instance that is available",
            found.status
        )));
    }
    Ok(found)
}

/// Both databases' addresses, once they have said that they are what they are taken for.
pub(super) async fn pair(
    world: &(impl Here + Comparison),
    known: &Known,
    current: &Current,
    deposed: Option<&Cluster>,
) -> Result<(Pair, Held), Error> {
    let gone = || Error::UnexpectedTopology("the cluster is gone".into());
    let deposed = deposed.ok_or_else(gone)?;
    if deposed.resource_id.is_none() {
        return Err(Error::Unavailable(format!(
            "RDS in {} shows {} without its resource id",
            world.region(),
            deposed.identifier
        )));
    }
    let writer = known.endpoints.get(&current.writer).ok_or_else(|| {
        Error::NotReady(format!(
            "no endpoint of the member in {} is known: no probe has seen it yet",
            current.writer
        ))
    })?;
    let place = |host: &str, port: u16| Place {
        host: host.to_owned(),
        port,
        database: known.plan.database.name.clone(),
    };
    let pair = Pair {
        deposed: place(&deposed.endpoint, deposed.port),
        writer: place(&writer.writer, writer.port),
        writer_region: current.writer.clone(),
    };
    let held = world.held(known, &pair).await;
    let held = held.map_err(|why| deposed.explained(world.region(), why))?;
    if held.writer != Some(current.epoch) {
        return Err(Error::UnexpectedTopology(format!(
            "the database at {} holds epoch {}, and the writer of epoch {} was expected there",
            pair.writer.host,
            told(held.writer),
            current.epoch
        )));
    }
    if held.deposed.is_none_or(|epoch| epoch >= current.epoch) {
        return Err(Error::UnexpectedTopology(format!(
            "the database at {} holds epoch {}, so that it was not deposed by epoch {}",
            pair.deposed.host,
            told(held.deposed),
            current.epoch
        )));
    }
    Ok((pair, held))
}

fn told(epoch: Option<Epoch>) -> String {
    epoch.map_or_else(|| "none".into(), |epoch| epoch.to_string())
}

/// The beats that the writer did not hold when it was promoted. Its own record of that is in its Region's ledger; where
/// another writer came between the two, that record tells nothing.
pub(super) async fn beats(
    world: &impl Ledger,
    known: &Known,
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
