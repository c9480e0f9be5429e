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
    let run = &pass.run;
    let others = run.leased.iter().filter(|region| **region != run.to);
    let regions: Vec<_> = [&run.to].into_iter().chain(others).collect();
    let mut seen = Vec::new();
    for record in &run.plan.dns {
        let DnsRecord::Ssm {
            parameter,
            endpoint,
        } = record
        else {
            continue;
        };
        let wanted = Parameter {
            value: endpoint.of(target).to_owned(),
            epoch: Some(epoch),
        };
        for region in &regions {
            let held = match world.parameter(region, parameter).await {
                // What is left may have fallen silent: nobody starts a task there now.
                Err(Error::Unavailable(_)) if **region == run.from => continue,
                held => held?,
            };
            seen.push(Seen {
                region: (*region).clone(),
                name: parameter.clone(),
                held,
                wanted: wanted.clone(),
                members: endpoints
                    .values()
                    .flat_map(|e| [e.writer.clone(), e.reader.clone()])
                    .collect(),
            });
        }
    }
    Ok(seen)
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
