//! Leads the plan's routes to the writer: parameters first, which need no other Region, then one zone a pass. Rerunning it is safe: each
//! route carries the epoch and never goes back, and one that is right stays. What cannot be led over hides nothing else, and is
//! named at the end.

mod sweep;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::routes::{self, Change, Destination, Route, Stands, cname};
use failover::{
    Error,
    domain::{Epoch, Region},
    ledger::Endpoints,
    pass::{
        Input, Output, Pass, answer,
        frame::{self, Acting, Came, Step, Then},
        operation, read,
    },
    ports::{Ledger, Names, Objects, Parameters, People, Runtime},
    topologies::{Topologies, Topology},
};

pub use sweep::{SetUp, Swept};

/// The step's name in timelines and logs.
pub const STEP: &str = "dns_flip";

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The epoch that the routes are to carry.
    pub epoch: Epoch,
    /// The routes.
    #[serde(flatten)]
    pub routes: routes::Seen,
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Every route leads to the writer.
    Done,
    /// A change is on its way.
    Wait,
    /// Changes one route, or those that change together.
    Lead(Change),
}

impl Action {
    fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            Self::Wait => Acting::of("wait", Then::Waits),
            Self::Lead(change) => Acting::calling_out(change.name(), change.then()),
        }
    }
}

/// The step.
#[derive(Debug)]
pub struct DnsFlip;

/// What the function takes beside a pass.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Writes what buckets of switches missed, for every plan that this Region knows.
    Sweep {},
    /// The same for one plan whose buckets hold nothing yet; for operators.
    SetUp(SetUp),
}

/// One invocation: what every step takes, or an operation.
///
/// # Errors
/// As [`run`], and what an object could not be written for.
pub async fn handle(
    world: &(impl Ledger + Runtime + Topologies + Parameters + Objects + Names + People),
    payload: Value,
) -> Result<Value, Error> {
    if payload.get("operation").is_none() {
        return answer(run(world, &read(payload)?).await?);
    }
    match operation::<Request>(payload)? {
        Request::Sweep {} => answer(sweep::sweep(world).await?),
        Request::SetUp(asked) => answer(sweep::set_up(world, &asked).await?),
    }
}

/// One pass.
///
/// # Errors
/// The guards' refusals; `UnexpectedTopology` for a later epoch, at once; when nothing is left to do, what could not be led over: by
/// its own name where it is one thing, else `NotReady`, or `Unavailable` while something was only silent.
pub async fn run(
    world: &(impl Ledger + Runtime + Topologies + Parameters + Objects + Names + People),
    input: &Input,
) -> Result<Output<Observed>, Error> {
    frame::run(&DnsFlip, world, input).await
}

impl<W: Ledger + Runtime + Topologies + Parameters + Objects + Names + People> Step<W> for DnsFlip {
    const NAME: &'static str = STEP;
    type Observed = Observed;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    fn admit(&self, pass: &Pass) -> Result<(), Error> {
        pass.require_proven()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observed, Error> {
        let endpoints = endpoints(world, pass).await?;
        observe(world, pass, &endpoints).await
    }

    fn next_action(&self, _: &Pass, seen: &Observed) -> Result<Action, Error> {
        next_action(seen)
    }

    fn reason(&self, pass: &Pass, seen: &Observed, action: &Action) -> String {
        reason(pass, seen, action)
    }

    fn reasons(&self, seen: &Observed) -> Vec<String> {
        seen.failures().iter().map(ToString::to_string).collect()
    }

    fn mark(&self, pass: &mut Pass, seen: &Observed, action: &Action) {
        seen.routes.forget_written(&mut pass.run, seen.epoch);
        if let Action::Lead(change) = action {
            change.mark(pass);
        }
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Observed,
        action: &Action,
    ) -> Result<Came, Error> {
        Ok(lead(world, pass, seen, action).await)
    }

    fn wait_seconds(&self, pass: &Pass) -> u64 {
        cname::polite_seconds(pass, pass.entered(STEP))
    }
}

async fn lead(
    world: &(impl Runtime + Parameters + Objects + Names),
    pass: &mut Pass,
    seen: &Observed,
    action: &Action,
) -> Came {
    match action {
        Action::Done | Action::Wait => Came::AsDecided,
        Action::Lead(change) => {
            let reason = reason(pass, seen, action);
            change.make(world, pass, &reason).await
        }
    }
}

async fn observe(
    world: &(impl Runtime + Parameters + Objects + Names),
    pass: &Pass,
    endpoints: &BTreeMap<Region, Endpoints>,
) -> Result<Observed, Error> {
    let current = pass.rows.current();
    let epoch = current.map(|current| current.epoch).unwrap_or_default();
    let to = destination(pass, epoch, endpoints).ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {} does not show the endpoints of the new writer",
            pass.run.to
        ))
    })?;
    let routes = routes::observe(world, pass, &to).await;
    Ok(Observed { epoch, routes })
}

/// Where the routes are to lead; `None` where the new writer's endpoints are not known.
fn destination(
    pass: &Pass,
    epoch: Epoch,
    endpoints: &BTreeMap<Region, Endpoints>,
) -> Option<Destination> {
    let both = |member: &Endpoints| [member.writer.clone(), member.reader.clone()];
    Some(Destination {
        epoch,
        writer: endpoints.get(&pass.run.to)?.clone(),
        members: endpoints.values().flat_map(both).collect(),
        since: pass.entered(STEP),
    })
}

/// The endpoints of every member: the target's as RDS shows them now, the others' as they were last known.
async fn endpoints(
    world: &(impl Ledger + Runtime + Topologies),
    pass: &Pass,
) -> Result<BTreeMap<Region, Endpoints>, Error> {
    let run = &pass.run;
    let known = world.known(world.region(), run.name()).await?;
    let mut endpoints = known.map(|known| known.endpoints).unwrap_or_default();
    if let Some(member) = run.plan.members().get(&run.to)
        && let Some(cluster) = world
            .topology(run.plan.kind())
            .cluster(world, &run.to, &member.identifier)
            .await?
    {
        let found = Endpoints {
            writer: cluster.endpoint,
            reader: cluster.reader_endpoint,
            port: cluster.port,
        };
        endpoints.insert(run.to.clone(), found);
    }
    Ok(endpoints)
}

/// What this step would be refused at the routes, were the writer moved now. A planned move asks before it begins.
///
/// # Errors
/// `Unavailable`, `Denied` where RDS does not tell.
pub async fn refusals(
    world: &(impl Ledger + Runtime + Topologies + Parameters + Objects + Names),
    pass: &Pass,
) -> Result<Vec<String>, Error> {
    let endpoints = endpoints(world, pass).await?;
    let Some(to) = destination(pass, pass.rows.next_epoch(), &endpoints) else {
        return Ok(Vec::new());
    };
    Ok(routes::refusals(world, pass, &to).await)
}

/// What should be put right of the plan's routes although nothing stands in the way of a move.
pub async fn warnings(
    world: &(impl Ledger + Runtime + Topologies + Objects),
    pass: &Pass,
) -> Vec<String> {
    if !pass.run.plan.has_switch() {
        return Vec::new();
    }
    // What RDS does not tell stands in the way by itself.
    let endpoints = endpoints(world, pass).await.unwrap_or_default();
    let to = destination(pass, pass.rows.next_epoch(), &endpoints);
    match to {
        Some(to) => routes::health_switch::warnings(world, pass, &to).await,
        None => Vec::new(),
    }
}

/// Decides what one pass does: what was not tried yet, then what was tried in vain.
///
/// # Errors
/// `UnexpectedTopology` where anything carries a later epoch: this run is over. When nothing is left to do, what could not be led over.
pub fn next_action(seen: &Observed) -> Result<Action, Error> {
    let Observed { epoch, routes } = seen;
    if let Some(later) = routes.all(*epoch).find_map(|route| route.later) {
        return Err(later);
    }
    let untried = seen.change(None);
    if let Some(change) = untried.or_else(|| seen.change(Some(&Stands::Again))) {
        return Ok(Action::Lead(change));
    }
    if seen.is_waiting() {
        return Ok(Action::Wait);
    }
    told(&seen.failures()).map_or(Ok(Action::Done), Err)
}

impl Observed {
    /// The first change of a route that stands so.
    fn change(&self, stands: Option<&Stands>) -> Option<Change> {
        let mut routes = self.routes.all(self.epoch);
        routes.find_map(|route| route.change.filter(|_| route.stands == stands))
    }

    /// Whether something is on its way, or is tried again soon.
    fn is_waiting(&self) -> bool {
        let waits = |route: Route<'_>| match route.change {
            Some(_) => route.stands == Some(&Stands::Rests),
            None => route.is_on_its_way,
        };
        self.routes.is_throttled || self.routes.all(self.epoch).any(waits)
    }

    /// Everything that could not be led over, or not be looked at.
    fn failures(&self) -> Vec<Error> {
        self.routes.failures(self.epoch)
    }
}

/// What a step that has nothing left to do answers of what it could not lead over: all of it in one sentence. While some of it was
/// only silent the whole is looked at once more.
fn told(failed: &[Error]) -> Option<Error> {
    let (first, others) = failed.split_first()?;
    if others.is_empty() {
        return Some(first.clone());
    }
    let each: Vec<_> = failed.iter().map(ToString::to_string).collect();
    let words = format!(
        "{} of the plan's names and parameters could not be led to the writer: {}",
        failed.len(),
        each.join("; ")
    );
    let is_silent = |why: &Error| matches!(why, Error::Unavailable(_));
    Some(if failed.iter().any(is_silent) {
        Error::Unavailable(words)
    } else {
        Error::NotReady(words)
    })
}

fn reason(pass: &Pass, seen: &Observed, action: &Action) -> String {
    let what = what(pass, seen, action);
    match told(&seen.failures()) {
        // Who tries it is told all of it at once.
        Some(why) if pass.dry_run => format!("{what}; then it would be refused: {why}"),
        Some(_) | None => what,
    }
}

fn what(pass: &Pass, seen: &Observed, action: &Action) -> String {
    let (to, epoch) = (&pass.run.to, seen.epoch);
    match action {
        Action::Done => {
            let missed = seen.routes.missed(epoch);
            let missed = missed.iter().map(|says| format!("; {says}"));
            format!(
                "every record points to {to} in epoch {epoch}, in sync{}",
                missed.collect::<String>()
            )
        }
        Action::Wait if seen.routes.is_throttled => {
            "Route 53 takes no more calls of this account just now; it is asked again".into()
        }
        Action::Wait if seen.routes.all(epoch).any(|route| route.is_on_its_way) => {
            "the change is not in sync yet".into()
        }
        Action::Wait => "what was not answered is tried again".into(),
        Action::Lead(change) => {
            let points = pass.says("points", "would point");
            format!("{points} {} to {to} in epoch {epoch}", change.what())
        }
    }
}

#[cfg(test)]
mod tests;
