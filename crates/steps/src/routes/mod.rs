//! Routes: how traffic is led to the writer. Each kind is a folder: reading it, whether it leads to the writer, the change that moves
//! it, and what that would be refused. A kind's list stands in [`Seen`], its change in [`Change`].

use jiff::Timestamp;
use serde::Serialize;

use failover::{
    Error,
    domain::{Epoch, seconds_between},
    ledger::{Endpoints, Run},
    pass::{
        Pass,
        frame::{Came, Then},
    },
    plan,
    ports::{Batch, Names, Objects, Parameters, Runtime},
};

pub mod cname;
pub mod health_switch;
pub mod ssm;
mod unled;

pub use unled::Stands;

/// After so many seconds in this step the run goes on without a Route 53, or an SSM elsewhere, that is silent: services wait behind it.
const WITHOUT_SECONDS: f64 = 6.0;

/// Where the routes are to lead.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The epoch that they are to carry.
    pub epoch: Epoch,
    /// The endpoints of the new writer.
    pub writer: Endpoints,
    /// The endpoints of the plan's members, to which a route may lead now.
    pub members: Vec<String>,
    /// Since when the run leads routes.
    pub since: Timestamp,
}

impl Destination {
    fn waited_seconds(&self, now: Timestamp) -> f64 {
        seconds_between(self.since, now)
    }
}

/// What follows in an epoch from what a pass saw of one route, or of several that change together.
#[derive(Debug)]
pub struct Route<'a> {
    /// That another run has moved on: nothing that is led goes back, and this run does nothing more.
    pub later: Option<Error>,
    /// The change that leads it to the writer; `None` where it leads there, or is somebody else's.
    pub change: Option<Change>,
    /// How it stands where it was tried in vain.
    pub stands: Option<&'a Stands>,
    /// Whether its change was taken and does not count everywhere yet.
    pub is_on_its_way: bool,
    /// Why it, or a part of it, is not led over.
    pub refused: Vec<Error>,
}

/// What a pass saw of the plan's routes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Seen {
    /// The endpoint parameters.
    pub parameters: Vec<ssm::Seen>,
    /// The switches of applications.
    pub switches: Vec<health_switch::Seen>,
    /// The zones; not looked at by a run while a parameter has to be tried first.
    pub zones: Vec<cname::Zone>,
    /// Whether Route 53 took no more calls before everything was looked at.
    pub is_throttled: bool,
    /// Why others could not be looked at.
    #[serde(skip)]
    pub failed: Vec<Error>,
}

impl Seen {
    /// Every one of them, in the order in which they are tried.
    pub fn all(&self, epoch: Epoch) -> impl Iterator<Item = Route<'_>> {
        let parameters = self.parameters.iter().map(move |seen| seen.route(epoch));
        let zones = self.zones.iter().map(move |zone| zone.route(epoch));
        let switches = self.switches.iter().map(move |seen| seen.route(epoch));
        parameters.chain(switches).chain(zones)
    }

    /// Forgets what was tried in vain and stands all the same.
    pub(crate) fn forget_written(&self, run: &mut Run, epoch: Epoch) {
        for seen in &self.switches {
            seen.forget_written(run, epoch);
        }
    }

    /// What has to be written yet although everything leads there.
    pub(crate) fn missed(&self, epoch: Epoch) -> Vec<String> {
        let each = self.switches.iter();
        each.flat_map(|seen| seen.missed(epoch)).collect()
    }

    /// Everything that could not be led over, or not be looked at.
    pub(crate) fn failures(&self, epoch: Epoch) -> Vec<Error> {
        let refused = self.all(epoch).flat_map(|route| route.refused);
        self.failed.iter().cloned().chain(refused).collect()
    }
}

/// Looks at the plan's routes.
pub(crate) async fn observe(
    world: &(impl Runtime + Parameters + Objects + Names),
    pass: &Pass,
    to: &Destination,
) -> Seen {
    let (parameters, failed) = ssm::observe(world, pass, to).await;
    let (switches, unfit) = health_switch::observe(world, pass, to).await;
    let is_first = |seen: &ssm::Seen| seen.stands.is_none() && seen.is_wrong();
    let is_first =
        parameters.iter().any(is_first) || switches.iter().any(|seen| seen.is_first(to.epoch));
    // Route 53's control plane may be down with the Region that is lost: what needs none comes first.
    let named = if !pass.dry_run && is_first {
        cname::Seen::default()
    } else {
        cname::observe(world, pass, to).await
    };
    Seen {
        parameters,
        switches,
        zones: named.zones,
        is_throttled: named.is_throttled,
        failed: [failed, unfit, named.failed].concat(),
    }
}

/// What leading them there would be refused, every reason.
pub(crate) async fn refusals(
    world: &(impl Runtime + Parameters + Objects + Names),
    pass: &Pass,
    to: &Destination,
) -> Vec<String> {
    let of_names = cname::refusals(world, pass, to);
    let of_parameters = ssm::refusals(world, pass, to);
    let of_switches = health_switch::refusals(world, pass, to);
    <[_; 3]>::from(futures::join!(of_names, of_parameters, of_switches)).concat()
}

/// Why a run has given a route of its plan up, which nothing leads to the writer any more; `None` where it has not.
pub(crate) fn given_up(run: &Run, route: &plan::Route, now: Timestamp) -> Option<String> {
    let stands = match route {
        plan::Route::Cname { hosted_zone, .. } => cname::stands(run, hosted_zone, now),
        plan::Route::Ssm { parameter, .. } => ssm::stands(run, (&run.to, parameter), now),
        plan::Route::HealthSwitch { .. } => health_switch::stands(run, route, now),
    };
    match stands? {
        Stands::GivenUp(why) => Some(why),
        Stands::Rests | Stands::Again => None,
    }
}

/// A change that leads a route to the writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Writes one parameter.
    Parameter(ssm::Seen),
    /// Writes one object.
    Object(Box<health_switch::Put>),
    /// Changes one zone.
    Zone(String, Batch),
}

impl Change {
    /// Its name in timelines, logs and answers.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Parameter(_) => "put_parameter",
            Self::Object(_) => "put_object",
            Self::Zone(..) => "change",
        }
    }

    /// What follows it.
    pub(crate) const fn then(&self) -> Then {
        match self {
            // What was written is read back at once: every second here is one without a writer for tasks that start.
            Self::Parameter(_) | Self::Object(_) => Then::Again(0),
            Self::Zone(..) => Then::Later,
        }
    }

    /// What sentences call that which it leads.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Parameter(seen) => seen.called(),
            Self::Object(put) => put.called(),
            Self::Zone(zone, batch) => cname::what(zone, batch),
        }
    }

    /// Notes in the run's record what the next pass has to know, should the answer be lost.
    pub(crate) fn mark(&self, pass: &mut Pass) {
        match self {
            Self::Parameter(_) | Self::Object(_) => {}
            Self::Zone(zone, _) => cname::mark(pass, zone),
        }
    }

    /// Asks for it. What fails is noted, and hides nothing else.
    pub(crate) async fn make(
        &self,
        world: &(impl Runtime + Parameters + Objects + Names),
        pass: &mut Pass,
        reason: &str,
    ) -> Came {
        match self {
            Self::Parameter(seen) => ssm::put(world, pass, seen).await,
            Self::Object(put) => health_switch::put(world, pass, put).await,
            Self::Zone(zone, batch) => cname::change(world, pass, (zone, batch), reason).await,
        }
    }
}

/// A host's name as it compares: without the trailing dot, in lower case.
fn plain(value: &str) -> String {
    value.trim_end_matches('.').to_ascii_lowercase()
}
