//! Verifies the way clients go: resolves the plan's writer name and commits a beat where it leads. It changes nothing
//! but its own beat.

mod news;
mod unproven;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use serde::Serialize;

use super::sessions::{LedgerWriter, as_probe};
use crate::routes;
use failover::{
    Error,
    beat::Write,
    domain::Region,
    pass::{
        Input, Output, Pass,
        frame::{self, Acting, Came, Step, Then},
    },
    plan::{Endpoint, Route},
    ports::{Heart, Ledger, Parameters, People, Place, Runtime, Secrets},
};

const STEP: &str = "verify_writes";

/// What the pass saw of one name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The plan's name for the writer.
    pub name: String,
    /// Where it leads.
    pub leads_to: Option<String>,
    /// What came of a beat there, or why none was tried; `None` before it is.
    pub write: Option<Write>,
    /// Why the run has given it up, where it has.
    #[serde(skip)]
    pub given_up: Option<String>,
    /// Whether an application answers there, to which no beat is sent.
    #[serde(skip)]
    pub is_application: bool,
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// A name leads nowhere yet.
    Wait(String),
    /// Commit a beat where each name leads.
    Verify,
}

impl Action {
    /// A beat is our own, and a second one does no harm.
    const fn acting(&self) -> Acting {
        match self {
            Self::Wait(_) => Acting::of("wait", Then::Waits),
            Self::Verify => Acting::of("verify", Then::Done),
        }
    }
}

/// The step.
#[derive(Debug)]
pub(super) struct VerifyWrites;

pub(super) async fn run(
    world: &(impl Ledger + Runtime + Parameters + Secrets + People + Heart),
    input: &Input,
) -> Result<Output<Vec<Observed>>, Error> {
    frame::run(&VerifyWrites, world, input).await
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` where nothing leads a name to the writer any more that does not lead there: nobody waits for what does not come.
fn next_action(seen: &[Observed]) -> Result<Action, Error> {
    let failures = || seen.iter().filter_map(|seen| Some((seen, failure(seen)?)));
    let Some((_, first)) = failures().next() else {
        return Ok(Action::Verify);
    };
    let given_up =
        failures().map(|(seen, says)| Some(format!("{says}; {}", seen.given_up.as_ref()?)));
    match given_up.collect::<Option<Vec<_>>>() {
        Some(all) => Err(Error::NotReady(all.join("; "))),
        None => Ok(Action::Wait(first)),
    }
}

/// What is said of a name where no beat could be committed.
fn failure(seen: &Observed) -> Option<String> {
    let write = seen.write.as_ref().filter(|write| !write.is_committed())?;
    let leads_to = seen.leads_to.as_deref().unwrap_or("nothing");
    Some(format!("{} leads to {leads_to}: {write}", seen.name))
}

impl<W: Ledger + Runtime + Parameters + Secrets + People + Heart> Step<W> for VerifyWrites {
    const NAME: &'static str = STEP;
    type Observed = Vec<Observed>;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    fn admit(&self, pass: &Pass) -> Result<(), Error> {
        pass.require_proven()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Vec<Observed>, Error> {
        let mut seen = Vec::new();
        for record in &pass.run.plan.routes {
            if let Route::HealthSwitch { name, targets, .. } = record {
                let (leads_to, write) = switched(world, pass, (name, targets)).await?;
                seen.push(Observed {
                    name: name.clone(),
                    leads_to,
                    write,
                    given_up: routes::given_up(&pass.run, record, pass.now),
                    is_application: true,
                });
                continue;
            }
            if !pass.run.plan.has_heart() {
                seen.extend(unproven::look(world, pass, record).await?);
                continue;
            }
            let (name, leads_to) = match record {
                Route::Cname {
                    name,
                    endpoint: Endpoint::Writer,
                    ..
                } => (name, world.leads_to(name).await?),
                Route::Ssm {
                    parameter,
                    endpoint: Endpoint::Writer,
                } => (parameter, held(world, parameter).await?),
                Route::Cname { .. } | Route::Ssm { .. } | Route::HealthSwitch { .. } => continue,
            };
            let (leads_to, write) = match leads_to {
                Ok(leads_to) => (Some(leads_to), None),
                Err(write) => (None, Some(write)),
            };
            seen.push(Observed {
                name: name.clone(),
                leads_to,
                write,
                given_up: routes::given_up(&pass.run, record, pass.now),
                is_application: false,
            });
        }
        Ok(seen)
    }

    fn next_action(&self, _: &Pass, seen: &Vec<Observed>) -> Result<Action, Error> {
        next_action(seen)
    }

    fn reason(&self, pass: &Pass, seen: &Vec<Observed>, action: &Action) -> String {
        match action {
            Action::Wait(why) => why.clone(),
            Action::Verify if !pass.run.plan.has_heart() => format!(
                "{} name(s) {} {}, of which a human said that it takes writes",
                seen.len(),
                pass.says(
                    "lead to the writer in",
                    "would be tried, whether they lead to"
                ),
                pass.run.to
            ),
            Action::Verify if seen.iter().all(|seen| seen.is_application) => format!(
                "{}; that {} takes writes was seen when it was proven",
                failover::plan::UNNAMED,
                pass.run.to
            ),
            Action::Verify => format!(
                "{} name(s) {} a writer of epoch {}",
                seen.iter().filter(|seen| !seen.is_application).count(),
                pass.says("lead to", "would be tried, whether they lead to"),
                pass.rows
                    .current()
                    .map(|current| current.epoch)
                    .unwrap_or_default()
            ),
        }
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Vec<Observed>,
        action: &Action,
    ) -> Result<Came, Error> {
        if let Action::Wait(why) = action {
            news::waits(world, pass, waits(seen, why)).await?;
            return Ok(Came::AsDecided);
        }
        let row = pass.rows.0.get(world.region());
        let target = row
            .and_then(LedgerWriter::of)
            .ok_or_else(|| failover::guard::not_adopted(pass.run.name()))?;
        for name in seen.iter_mut().filter(|seen| !seen.is_application) {
            if let Some(host) = &name.leads_to {
                name.write = Some(beat(world, pass, host, &target).await?);
            }
        }
        let Action::Wait(why) = next_action(seen)? else {
            return Ok(Came::AsDecided);
        };
        news::waits(world, pass, waits(seen, &why)).await?;
        Ok(Came::NotYet(why))
    }
}

/// What is waited for: a database's name, or only the names of applications.
fn waits<'a>(seen: &[Observed], why: &'a str) -> news::Waits<'a> {
    let mut failing = seen.iter().filter(|seen| failure(seen).is_some());
    match failing.all(|seen| seen.is_application) {
        true => news::Waits::Application(why),
        false => news::Waits::Database(why),
    }
}

/// Where an application's name leads, and what is wrong with that.
async fn switched(
    world: &impl Heart,
    pass: &Pass,
    (name, targets): (&str, &BTreeMap<Region, String>),
) -> Result<(Option<String>, Option<Write>), Error> {
    let Some(target) = targets.get(&pass.run.to) else {
        return Ok((None, None));
    };
    let other = targets.iter().find(|(region, _)| **region != pass.run.to);
    let other = other.map_or(target, |(_, other)| other);
    let asked = [name, target, other].map(|name| world.addresses(name));
    let found = futures::future::try_join_all(asked).await?;
    let mut found = found.into_iter();
    let mut next = || found.next().unwrap_or_else(|| Ok(BTreeSet::new()));
    let (found, own) = (next(), next());
    // The name of a Region that is lost need not resolve.
    let other = next().unwrap_or_default();
    Ok(followed(target, found, (own, &other)))
}

/// Health checks and resolvers may not have followed yet. A balancer answers with some of its addresses, in turn, so that those of the
/// name need not all be those of the target's own name; none may be the other target's.
fn followed(
    target: &str,
    found: Result<BTreeSet<IpAddr>, Write>,
    (own, other): (Result<BTreeSet<IpAddr>, Write>, &BTreeSet<IpAddr>),
) -> (Option<String>, Option<Write>) {
    match (found, own) {
        (Ok(found), Ok(own)) if !found.is_disjoint(&own) && found.is_disjoint(other) => {
            (Some(target.to_owned()), None)
        }
        (Ok(found), Ok(_)) => {
            let listed: Vec<_> = found.iter().map(ToString::to_string).collect();
            let why = format!("that is not where {target} is");
            (Some(listed.join(", ")), Some(Write::Failed { why }))
        }
        (Err(write), _) | (Ok(_), Err(write)) => (None, Some(write)),
    }
}

/// Where this Region's parameter leads, as a task would read it.
async fn held(
    world: &(impl Runtime + Parameters),
    parameter: &str,
) -> Result<Result<String, Write>, Error> {
    let held = world.parameter(world.region(), parameter).await?;
    Ok(held.map(|held| held.value).ok_or_else(|| Write::Failed {
        why: format!("there is no parameter {parameter}"),
    }))
}

/// Commits a beat where a name leads, by whichever version of the probe's secret serves there.
async fn beat(
    world: &(impl Ledger + Runtime + Secrets + Heart),
    pass: &Pass,
    host: &str,
    target: &LedgerWriter,
) -> Result<Write, Error> {
    let plan = &pass.run.plan;
    let limit = Duration::from_secs(plan.detection.timeout_seconds);
    let known = world.known(world.region(), &plan.plan).await?;
    let port = known.and_then(|known| {
        known
            .endpoints
            .get(&target.writer)
            .map(|endpoints| endpoints.port)
    });
    // The certificate carries RDS's own name, not the plan's: connect by the one at the end of the CNAME.
    let port = port.unwrap_or(plan.database.engine.port());
    let place = Place::of(plan, host, port);
    let login = world
        .probe_login(plan, &target.writer, &place.host, place.port)
        .await?;
    Ok(match as_probe(world, plan, &place, login, limit).await {
        Ok(session) => world.beat(&session, world.region(), target.epoch).await,
        Err(why) => why,
    })
}

#[cfg(test)]
mod tests;
