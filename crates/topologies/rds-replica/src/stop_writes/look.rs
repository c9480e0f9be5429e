//! What a pass sees: the replica in its own Region, the rows, how the writer stands, and every reason against a move that has not begun.

use failover::{
    Error,
    domain::{Region, seconds_between},
    ledger::Run,
    pass::Pass,
    plan::Engine,
    ports::{Functions, Ledger, Names, Objects, Parameters, People, Runtime, Secrets, Services},
    topologies::Topologies,
};
use futures::future::join4;

use super::{OPEN, Observed, STOP, Written, backups, ready, services, written};
use crate::members::{
    Instance, Members, Stops,
    stops::{Asked, OfStop, Stands},
};

pub(super) async fn observe(
    world: &(
         impl Ledger
         + Runtime
         + Members
         + Stops
         + Topologies
         + Parameters
         + Functions
         + Names
         + Objects
         + Services
         + Secrets
         + People
     ),
    pass: &Pass,
) -> Result<Observed, Error> {
    let run = &pass.run;
    let written = Written::of(pass);
    let target = instance(world, run, &run.to).await?;
    let mut observed = Observed {
        target,
        written,
        seconds: seconds(pass),
        asked: written::calls(run, &[STOP, OPEN]),
        writer: None,
        untold: None,
        position: None,
        replayed: None,
        services: Vec::new(),
        refused: None,
        newest_backup: None,
        not_ready: Vec::new(),
        warnings: Vec::new(),
    };
    match written {
        Written::Promoting => {}
        // One reason is enough: nothing else can put that right.
        Written::Nothing if !run.plan.has_heart() => {
            let why = run.plan.movable().err();
            observed.not_ready = why.iter().map(ToString::to_string).collect();
            observed.warnings.extend(run.plan.cannot_be_fenced());
        }
        Written::Nothing => {
            let source = instance(world, run, &run.from).await?;
            let reasons = ready::reasons(world, pass, (&source, &observed.target));
            let (reasons, warnings, (newest, of_backups), services) = join4(
                reasons,
                ready::warnings(world, pass),
                backups::look(world, pass, &source),
                services::first(world, pass),
            )
            .await;
            observed.services = services;
            observed.not_ready = reasons?;
            observed.not_ready.extend(blind(world, pass).await);
            observed.newest_backup = newest;
            observed.warnings = [of_backups, warnings].concat();
        }
        Written::InPart | Written::Everywhere | Written::Withdrawn => {
            (observed.services, observed.refused) = services::down(pass);
            match writer(world, pass).await {
                Ok(writer) => {
                    observed.position = position(run, &writer);
                    observed.writer = Some(writer);
                }
                Err(why) => observed.untold = Some(why.to_string()),
            }
            // Behind it: what was asked beside it would have been replayed before.
            if observed.position.is_some() {
                observed.replayed = replayed(world, pass).await;
            }
        }
    }
    Ok(observed)
}

/// A member of the plan, in RDS.
async fn instance(world: &impl Members, run: &Run, region: &Region) -> Result<Instance, Error> {
    let member = run.plan.members().get(region);
    let identifier = member.map_or("", |member| member.identifier.as_str());
    let found = world.instance(region, identifier).await?;
    let found = found.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {region} knows no instance {identifier}; correct its name in the plan"
        ))
    })?;
    found.fits(run.plan.database.engine)?;
    Ok(found)
}

/// How far the writer had written when it was first seen shut. What it writes since is our own, and each word of it would be ahead of
/// the replica again. Where a door is open, there may be more.
fn position(run: &Run, writer: &Stands) -> Option<i64> {
    let is_shut = writer.bears(&written::token(run)) && writer.open.is_empty();
    run.stopped_at.or(writer.position).filter(|_| is_shut)
}

/// How the writer stands, by the word of its own Region. It commits to say how far it has written, which a dry run does not ask for.
async fn writer(world: &impl Stops, pass: &Pass) -> Result<Stands, Error> {
    if pass.dry_run {
        return Err(Error::NotReady("a dry run does not ask".into()));
    }
    let asked = match pass.run.stopped_at {
        None => Asked::Position(of(pass)),
        Some(_) => Asked::Look(of(pass)),
    };
    world.ask(&pass.run.from, &asked).await
}

/// Which stop a run asks for.
pub(super) fn of(pass: &Pass) -> OfStop {
    OfStop {
        plan: pass.run.name().clone(),
        epoch: pass.rows.proven_epoch(),
        token: written::token(&pass.run),
    }
}

/// How far the replica has replayed, by a look of this Region's probe that is made now. What is not seen is not known.
async fn replayed(world: &impl Functions, pass: &Pass) -> Option<i64> {
    let seen = world.ask_probe(pass.run.name(), pass.dry_run).await.ok()?;
    let reading = seen.vantage.reading.filter(|_| seen.readable)?;
    reading.position
}

/// Why nobody would know that the replica has everything, where its engine tells that to some accounts only.
async fn blind(world: &impl Functions, pass: &Pass) -> Option<String> {
    let engine = pass.run.plan.database.engine;
    if engine == Engine::Postgres || replayed(world, pass).await.is_some() {
        return None;
    }
    Some(format!(
        "the probe of {} does not tell how far the replica has applied the writer's log; let its account look at replicas, take filters of \
         replication away, and call health-probe setup",
        pass.run.to
    ))
}

/// For how long the stop has stood.
fn seconds(pass: &Pass) -> Option<f64> {
    let row = pass.rows.0.get(&pass.run.from)?;
    let stop = written::own(&pass.run, row)?;
    Some(seconds_between(stop.written_at, pass.now))
}
