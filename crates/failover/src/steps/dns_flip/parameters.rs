//! Endpoint parameters in SSM: tasks read them when they start, so that no control plane in another Region is needed. The
//! epoch stands in the parameter's description; both change in one call, so a parameter never goes back.

use std::collections::BTreeMap;

use serde::Serialize;

use super::plain;
use crate::{
    Error,
    domain::{Epoch, Region},
    ledger::Endpoints,
    plan::{DnsRecord, Endpoint},
    steps::Pass,
};

/// What a parameter holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// A host name.
    pub value: String,
    /// The epoch it was last pointed in; `None` when its description holds none.
    pub epoch: Option<Epoch>,
}

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
}

/// SSM's parameters.
pub trait Parameters: Sync {
    /// Reads a parameter with its epoch.
    fn parameter(
        &self,
        region: &Region,
        name: &str,
    ) -> impl Future<Output = Result<Option<Parameter>, Error>> + Send;
    /// Writes value and epoch in one call.
    fn put_parameter(
        &self,
        region: &Region,
        name: &str,
        parameter: &Parameter,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Reads every endpoint parameter of the plan in the Regions that the run counts on, the acting one first.
pub(super) async fn observe(
    world: &impl Parameters,
    pass: &Pass,
    epoch: Epoch,
    endpoints: &BTreeMap<Region, Endpoints>,
    target: &Endpoints,
) -> Result<Vec<Seen>, Error> {
    let mut seen = Vec::new();
    for place in places(pass) {
        match look(world, place, epoch, endpoints, target).await {
            // What is left may have fallen silent: nobody starts a task there now.
            Err(Error::Unavailable(_)) if *place.region == pass.run.from => {}
            looked => seen.push(looked?),
        }
    }
    Ok(seen)
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
        match look(world, place, epoch, endpoints, target).await {
            Ok(seen) => first_wrong(&[seen]).err().map(|why| why.to_string()),
            Err(why) => Some(format!(
                "parameter {} in {}: {why}",
                place.name, place.region
            )),
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

async fn look(
    world: &impl Parameters,
    place: Place<'_>,
    epoch: Epoch,
    endpoints: &BTreeMap<Region, Endpoints>,
    target: &Endpoints,
) -> Result<Seen, Error> {
    let members = endpoints.values();
    Ok(Seen {
        region: place.region.clone(),
        name: place.name.to_owned(),
        held: world.parameter(place.region, place.name).await?,
        wanted: Parameter {
            value: place.endpoint.of(target).to_owned(),
            epoch: Some(epoch),
        },
        members: members
            .flat_map(|e| [e.writer.clone(), e.reader.clone()])
            .collect(),
    })
}

/// The first parameter that is not right yet.
pub(super) fn first_wrong(seen: &[Seen]) -> Result<Option<&Seen>, Error> {
    for parameter in seen {
        let Some(held) = &parameter.held else {
            return Ok(Some(parameter));
        };
        if let Some(later) = held
            .epoch
            .filter(|held| Some(*held) > parameter.wanted.epoch)
        {
            return Err(Error::UnexpectedTopology(format!(
                "parameter {} in {} was pointed in epoch {later}, this run is in {}; it stays as it is",
                parameter.name,
                parameter.region,
                parameter.wanted.epoch.unwrap_or_default()
            )));
        }
        if !parameter
            .members
            .iter()
            .any(|member| plain(member) == plain(&held.value))
        {
            return Err(Error::UnexpectedTopology(format!(
                "parameter {} in {} holds {}, which is no member's endpoint; it stays as it is",
                parameter.name, parameter.region, held.value
            )));
        }
        if *held != parameter.wanted {
            return Ok(Some(parameter));
        }
    }
    Ok(None)
}

impl Endpoint {
    /// This endpoint of a member.
    #[must_use]
    pub fn of(self, endpoints: &Endpoints) -> &str {
        match self {
            Self::Writer => &endpoints.writer,
            Self::Reader => &endpoints.reader,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        }
    }

    #[test]
    fn a_missing_old_or_unmarked_parameter_is_written_and_a_right_one_stays() {
        for held in [
            None,
            Some(parameter("west.example", Some(7))),
            Some(parameter("east.example", None)),
        ] {
            assert!(first_wrong(&[seen(held)]).unwrap().is_some());
        }
        let right = seen(Some(parameter("east.example", Some(8))));
        assert_eq!(first_wrong(&[right]), Ok(None));
    }

    /// Parameters of two Regions, one of which is silent.
    struct Held;

    impl Parameters for Held {
        async fn parameter(&self, region: &Region, name: &str) -> Result<Option<Parameter>, Error> {
            match (region.as_str(), name) {
                (_, "/orders/new") => Ok(None),
                ("us-east-1", "/orders/writer") => Ok(Some(parameter("proxy.example", None))),
                ("us-east-1", _) => Ok(Some(parameter("west.example", Some(9)))),
                _ => Err(Error::Denied("AccessDenied".into())),
            }
        }

        async fn put_parameter(&self, _: &Region, _: &str, _: &Parameter) -> Result<(), Error> {
            Err(Error::Denied("nothing is changed before a move".into()))
        }
    }

    #[tokio::test]
    async fn every_parameter_that_could_not_be_pointed_is_named_before_the_writer_moves() {
        let mut run = crate::steps::fake::run();
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
            rows: crate::ledger::Rows(BTreeMap::new()),
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
        let found = refusals(&Held, &pass, Epoch(8), &endpoints, &of("east")).await;
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
        for (held, part) in [
            (parameter("west.example", Some(9)), "epoch 9"),
            (parameter("proxy.example", None), "no member's endpoint"),
        ] {
            let why = first_wrong(&[seen(Some(held))]).unwrap_err();
            assert_eq!(why.name(), "UnexpectedTopology");
            assert!(why.to_string().contains(part), "{why}");
        }
    }
}
