//! What stands against any planned move, whatever the topology: found before anything is changed, and all of it at once.

mod later;
pub mod rebuild;
pub mod schedule;
mod witness;

use crate::dns_flip;
use failover::{
    Error,
    beat::{Vantage, Write},
    domain::{Region, seconds_between},
    pass::Pass,
    ports::{
        Confirmation, Functions, Ledger, Names, Objects, Parameters, People, Rights, Runtime,
        Secrets, Services,
    },
    topologies::Topologies,
};

/// A switchover stops writes until the target has everything: more than this many seconds behind is too long.
const LAG_SECONDS_MAX: f64 = 30.0;
/// How old the probe's last news of replication may be, in seconds.
const READING_SECONDS_MAX: f64 = 60.0;

/// How often the probe looks before it counts that no beat of its had an answer: one that was lost is no reason against a move.
const LOOKS_MAX: u32 = 3;

/// Every reason against it that is not the topology's own.
///
/// # Errors
/// `Unavailable` where the switches cannot be read.
pub async fn reasons(
    world: &(
         impl Ledger
         + Runtime
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
) -> Result<Vec<String>, Error> {
    let run = &pass.run;
    let (switches, probe, rights, later) = futures::join!(
        world.switches(run.name()),
        fresh_look(pass.dry_run, || world.ask_probe(run.name(), pass.dry_run)),
        world.ask_rights(&run.from, run.name()),
        later::reasons(world, pass),
    );
    let mut found = Vec::new();
    if let Err(why) = switches?.admit_planned(run.name()) {
        found.push(why.to_string());
    }
    found.extend(match probe {
        Ok(seen) => [of_probe(pass, &seen.vantage, seen.readable), seen.blind].concat(),
        Err(why) => vec![format!("the probe in {} does not answer: {why}", run.to)],
    });
    found.extend(match rights {
        Ok(rights) => of_rights(&run.from, &rights),
        Err(why) => vec![format!("the fence in {} cannot be tried: {why}", run.from)],
    });
    found.extend(later);
    Ok(found)
}

/// What stands in no way of a move and should be put right all the same, where it is not the topology's own.
pub async fn warnings(
    world: &(impl Functions + Ledger + Runtime + Topologies + Objects),
    pass: &Pass,
) -> Vec<String> {
    let (witness, routes) = futures::join!(
        witness::warnings(world, &pass.run),
        dns_flip::warnings(world, pass),
    );
    [witness, routes].concat()
}

/// A look of this Region's probe, and another one where the writer gave no answer. A dry run sees the one that is on record.
async fn fresh_look(
    dry_run: bool,
    ask: impl AsyncFn() -> Result<Confirmation, Error>,
) -> Result<Confirmation, Error> {
    let is_lost = |seen: &Confirmation| matches!(seen.vantage.write, Write::Failed { .. });
    let mut seen = ask().await?;
    for _ in 1..LOOKS_MAX {
        if dry_run || !is_lost(&seen) {
            break;
        }
        seen = ask().await?;
    }
    Ok(seen)
}

/// That the probe writes from here shows that road, login and secrets serve; its reading shows the lag.
fn of_probe(pass: &Pass, vantage: &Vantage, readable: bool) -> Vec<String> {
    let mut found = Vec::new();
    let to = &pass.run.to;
    let Write::Committed { beat } = &vantage.write else {
        found.push(format!(
            "the probe in {to} commits no beat on the writer: {}",
            vantage.write
        ));
        return found;
    };
    let Some(reading) = vantage.reading.as_ref().filter(|_| readable) else {
        found.push(format!(
            "the reader in {to} cannot be read, so its lag is unknown"
        ));
        return found;
    };
    let held = reading.beats.values().map(|beat| beat.at).max();
    let lag = held.map(|held| seconds_between(held, beat.at));
    if lag.is_none_or(|lag| lag > LAG_SECONDS_MAX) {
        let lag = lag.map_or("an unknown time".to_owned(), |lag| format!("{lag:.0} s"));
        found.push(format!(
            "the target is {lag} behind, {LAG_SECONDS_MAX:.0} s are allowed: writes would stop that long"
        ));
    }
    let age = vantage
        .moved_at
        .map(|moved| seconds_between(moved, vantage.at));
    if age.is_none_or(|age| age > READING_SECONDS_MAX) {
        found.push("replication to the target has not moved for a minute".into());
    }
    found
}

/// A writer that could not be fenced one day is better put right while it is well.
fn of_rights(region: &Region, rights: &Rights) -> Vec<String> {
    let refused = rights.refused.iter();
    let refused = refused.map(|why| format!("the writer in {region} could not be fenced: {why}"));
    let breaks = rights.moves_break.iter();
    refused
        .chain(breaks.map(|why| format!("in {region} {why}")))
        .collect()
}

#[cfg(test)]
mod tests;
