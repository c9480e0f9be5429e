//! Endpoint parameters in SSM: tasks read them when they start, so that no control plane in another Region is needed. The
//! epoch stands in the parameter's description; both change in one call, so a parameter never goes back.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::{
    STEP, WITHOUT_SECONDS, plain,
    unled::{self, Stands},
};
use failover::{
    Error,
    domain::{Epoch, Region, seconds_between},
    ledger::Endpoints,
    pass::{Pass, frame::Came},
    plan::{DnsRecord, Endpoint},
    ports::{Here, Parameter, Parameters},
};

/// An SSM of another Region that has not answered for so long is silent.
const SSM_SILENCE: Duration = Duration::from_secs(3);

/// What a parameter of one Region holds and what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The Region.
    pub region: Region,
    /// Its name.
    pub name: String,
    /// What it holds; `None` when there is no such parameter.
    pub held: Option<Parameter>,
    /// What it should hold.
    pub wanted: Parameter,
    /// The endpoints of the plan's members that it may hold now.
    pub members: Vec<String>,
    /// How it stands where it could not be written.
    pub stands: Option<Stands>,
}

/// Reads every endpoint parameter of the plan in the Regions that the run counts on, the acting one first; and why others could
/// not be read. No Region is needed but the acting one.
pub(super) async fn observe(
    world: &(impl Here + Parameters),
    pass: &Pass,
    epoch: Epoch,
    endpoints: &BTreeMap<Region, Endpoints>,
    target: &Endpoints,
) -> (Vec<Seen>, Vec<Error>) {
    let run = &pass.run;
    let waited = seconds_between(pass.entered(STEP), world.now());
    let looks = places(pass).into_iter().map(async |place| {
        let looked = look(world, pass, place, (epoch, endpoints, target)).await;
        looked.map_err(|why| (place, why))
    });
    let (mut seen, mut failed) = (Vec::new(), Vec::new());
    for looked in futures::future::join_all(looks).await {
        match looked {
            Ok(looked) => seen.push(looked),
            // What is left may have fallen silent: nobody starts a task there now.
            Err((place, Error::Unavailable(_))) if *place.region == run.from => {}
            Err((place, why @ Error::Unavailable(_)))
                if *place.region != run.to && waited >= WITHOUT_SECONDS =>
            {
                failed.push(Error::NotReady(place.says(&why)));
            }
            Err((place, why)) => failed.push(why.reworded(place.says(&why))),
        }
    }
    (seen, failed)
}

/// What this step would be refused at each of them in `epoch`, every reason.
pub(super) async fn refusals(
    world: &impl Parameters,
    pass: &Pass,
    epoch: Epoch,
    endpoints: &BTreeMap<Region, Endpoints>,
    target: &Endpoints,
) -> Vec<String> {
    let asked = places(pass).into_iter().map(async |place| {
        match look(world, pass, place, (epoch, endpoints, target)).await {
            Ok(seen) => {
                let why = seen.later().err().or_else(|| seen.refused());
                why.map(|why| why.to_string())
            }
            Err(why) => Some(place.says(&why)),
        }
    });
    let refused = futures::future::join_all(asked).await;
    refused.into_iter().flatten().collect()
}

/// One of the plan's parameters in one Region.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    region: &'a Region,
    name: &'a str,
    endpoint: Endpoint,
}

/// Every parameter in every Region that the run counts on, the acting one first.
fn places(pass: &Pass) -> Vec<Place<'_>> {
    let run = &pass.run;
    let others = run.leased.iter().filter(|region| **region != run.to);
    let regions: Vec<_> = [&run.to].into_iter().chain(others).collect();
    let mut places = Vec::new();
    for record in &run.plan.dns {
        if let DnsRecord::Ssm {
            parameter,
            endpoint,
        } = record
        {
            places.extend(regions.iter().map(|region| Place {
                region,
                name: parameter,
                endpoint: *endpoint,
            }));
        }
    }
    places
}

impl Place<'_> {
    fn says(&self, why: &Error) -> String {
        format!("parameter {} in {}: {why}", self.name, self.region)
    }
}

async fn look(
    world: &impl Parameters,
    pass: &Pass,
    place: Place<'_>,
    (epoch, endpoints, target): (Epoch, &BTreeMap<Region, Endpoints>, &Endpoints),
) -> Result<Seen, Error> {
    let members = endpoints.values();
    let asked = world.parameter(place.region, place.name);
    // Any other Region may be silent, and must not take the time that this pass has.
    let held = if *place.region == pass.run.to {
        asked.await?
    } else {
        let late = |_| Err(Error::Unavailable("SSM is silent".into()));
        let answered = tokio::time::timeout(SSM_SILENCE, asked).await;
        answered.unwrap_or_else(late)?
    };
    let (of_region, own) = (of_region(place.region), called(place.region, place.name));
    Ok(Seen {
        region: place.region.clone(),
        name: place.name.to_owned(),
        held,
        wanted: Parameter {
            value: target.of(place.endpoint).to_owned(),
            epoch: Some(epoch),
        },
        members: members
            .flat_map(|e| [e.writer.clone(), e.reader.clone()])
            .collect(),
        stands: unled::stands(&pass.run, &[&own, &of_region], pass.now),
    })
}

/// What sentences call a parameter.
fn called(region: &Region, name: &str) -> String {
    format!("parameter {name} in {region}")
}

/// What the parameters of a Region are called together: where one is not answered, none is.
fn of_region(region: &Region) -> String {
    format!("parameters in {region}")
}

/// Writes one. What fails is noted, and the others go on.
pub(super) async fn put(world: &(impl Here + Parameters), pass: &mut Pass, seen: &Seen) -> Came {
    let (of_region, own) = (of_region(&seen.region), called(&seen.region, &seen.name));
    let put = world.put_parameter(&seen.region, &seen.name, &seen.wanted);
    match put.await {
        Ok(()) => {
            unled::forget(&mut pass.run, &[&of_region, &own]);
            Came::AsDecided
        }
        Err(why) => unled::note(&mut pass.run, (&of_region, &own), world.now(), &why),
    }
}

impl Seen {
    /// Another run has moved on: a parameter never goes back, and this run does nothing more.
    pub(super) fn later(&self) -> Result<(), Error> {
        let held = self.held.as_ref().and_then(|held| held.epoch);
        match held.filter(|held| Some(*held) > self.wanted.epoch) {
            None => Ok(()),
            Some(later) => Err(Error::UnexpectedTopology(format!(
                "{} was pointed in epoch {later}, this run is in {}; it stays as it is",
                called(&self.region, &self.name),
                self.wanted.epoch.unwrap_or_default()
            ))),
        }
    }

    /// What somebody else made of it.
    fn stranger(&self) -> Option<&str> {
        let value = &self.held.as_ref()?.value;
        let is_it = |member: &String| plain(member) == plain(value);
        (!self.members.iter().any(is_it)).then_some(value)
    }

    /// Whether it has to be written, and may be.
    pub(super) fn is_wrong(&self) -> bool {
        self.held.as_ref() != Some(&self.wanted) && self.stranger().is_none()
    }

    /// Why it is not led over.
    pub(super) fn refused(&self) -> Option<Error> {
        let own = called(&self.region, &self.name);
        if let Some(value) = self.stranger() {
            return Some(Error::UnexpectedTopology(format!(
                "{own} holds {value}, which is no member's endpoint; it stays as it is"
            )));
        }
        match &self.stands {
            Some(Stands::GivenUp(why)) if self.is_wrong() => Some(Error::NotReady(format!(
                "{own} could not be written: {why}"
            ))),
            Some(_) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{ledger::Row, testing::Books};

    fn parameter(value: &str, epoch: Option<u64>) -> Parameter {
        Parameter {
            value: value.into(),
            epoch: epoch.map(Epoch),
        }
    }

    fn seen(held: Option<Parameter>) -> Seen {
        Seen {
            region: "us-east-1".into(),
            name: "/orders/writer".into(),
            held,
            wanted: parameter("east.example", Some(8)),
            members: vec!["west.example".into(), "east.example".into()],
            stands: None,
        }
    }

    #[test]
    fn a_missing_old_or_unmarked_parameter_is_written_and_a_right_one_stays() {
        for held in [
            None,
            Some(parameter("west.example", Some(7))),
            Some(parameter("east.example", None)),
        ] {
            let wrong = seen(held);
            assert!(wrong.is_wrong() && wrong.later().is_ok());
            assert_eq!(wrong.refused(), None);
        }
        assert!(!seen(Some(parameter("east.example", Some(8)))).is_wrong());
    }

    /// Parameters of two Regions, one of which tells of none that there is.
    fn held(region: &str, name: &str) -> Result<Option<Parameter>, Error> {
        match (region, name) {
            (_, "/orders/new") => Ok(None),
            ("us-east-1", "/orders/writer") => Ok(Some(parameter("proxy.example", None))),
            ("us-east-1", _) => Ok(Some(parameter("west.example", Some(9)))),
            _ => Err(Error::Denied("AccessDenied".into())),
        }
    }

    #[tokio::test]
    async fn every_parameter_that_could_not_be_pointed_is_named_before_the_writer_moves() {
        let mut run = failover::testing::run();
        run.leased = ["us-east-1".into(), "us-west-2".into()].into();
        let record = |name: &str| DnsRecord::Ssm {
            parameter: name.into(),
            endpoint: Endpoint::Writer,
        };
        run.plan.dns = ["/orders/writer", "/orders/later", "/orders/new"]
            .map(record)
            .into();
        let pass = Pass {
            run,
            rows: failover::ledger::Rows(BTreeMap::new()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: true,
        };
        let of = |name: &str| Endpoints {
            writer: format!("{name}.example"),
            reader: format!("{name}-ro.example"),
            port: 5432,
        };
        let endpoints = BTreeMap::from([
            ("us-east-1".into(), of("east")),
            ("us-west-2".into(), of("west")),
        ]);
        let books = Books::with(&Row::new("orders".into())).holding(held);
        let found = refusals(&books, &pass, Epoch(8), &endpoints, &of("east")).await;
        assert_eq!(found.len(), 4, "{found:?}");
        for part in [
            "parameter /orders/writer in us-east-1 holds proxy.example, which is no member's endpoint",
            "parameter /orders/later in us-east-1 was pointed in epoch 9, this run is in 8",
            "parameter /orders/writer in us-west-2: ",
            "parameter /orders/later in us-west-2: ",
        ] {
            assert!(found.join("; ").contains(part), "{found:?} lacks {part}");
        }
    }

    #[test]
    fn a_later_epoch_or_a_stranger_stays_as_it_is() {
        let later = seen(Some(parameter("west.example", Some(9)))).later();
        let stranger = seen(Some(parameter("proxy.example", None)));
        assert!(!stranger.is_wrong() && stranger.later().is_ok());
        for (why, part) in [
            (later.unwrap_err(), "epoch 9"),
            (stranger.refused().unwrap(), "no member's endpoint"),
        ] {
            assert_eq!(why.name(), "UnexpectedTopology");
            assert!(why.to_string().contains(part), "{why}");
        }
    }
}
