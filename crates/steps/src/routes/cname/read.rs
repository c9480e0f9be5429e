//! Reading the names: a zone's change first, and its records once that is in sync.

use super::{
    Zone,
    name::{Name, txt_name},
    pace::{Nothing, answered},
};
use crate::routes::Destination;
use failover::{
    Error,
    domain::seconds_between,
    ledger::{DnsChange, Run},
    pass::Pass,
    plan::{Endpoint, Plan, Route},
    ports::{Heard, Names, Record, Runtime},
};

/// A change whose id was never seen counts as in sync after this many seconds: Route 53 says 60 at most, generally.
const IN_SYNC_SECONDS: f64 = 60.0;

/// A name of the plan.
#[derive(Debug, Clone, Copy)]
struct Planned<'a> {
    zone: &'a str,
    name: &'a str,
    endpoint: Endpoint,
    ttl_seconds: u32,
}

/// The plan's names.
fn planned(plan: &Plan) -> impl Iterator<Item = Planned<'_>> {
    plan.routes.iter().filter_map(|record| match record {
        Route::Cname {
            hosted_zone,
            name,
            endpoint,
            ttl_seconds,
            ..
        } => Some(Planned {
            zone: hosted_zone,
            name,
            endpoint: *endpoint,
            ttl_seconds: *ttl_seconds,
        }),
        Route::Ssm { .. } | Route::HealthSwitch { .. } => None,
    })
}

/// What a pass saw of Route 53.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) zones: Vec<Zone>,
    pub(crate) is_throttled: bool,
    pub(crate) failed: Vec<Error>,
}

/// The zones, as far as Route 53 let them be looked at, and why not further. After a change nothing but that change is asked
/// about, until it is in sync.
pub(crate) async fn observe(world: &(impl Runtime + Names), pass: &Pass, to: &Destination) -> Seen {
    let mut seen = Seen::default();
    for planned in planned(&pass.run.plan) {
        match seen.add(world, pass, planned, to).await {
            Ok(()) => {}
            Err(Nothing::Refused(why)) => seen.failed.push(named(planned.name, &why)),
            Err(Nothing::Silent(why)) => {
                seen.failed.push(why);
                break;
            }
            Err(Nothing::Throttled(_)) => {
                seen.is_throttled = true;
                break;
            }
        }
    }
    seen
}

impl Seen {
    /// Adds a name, and its zone where that is new.
    async fn add(
        &mut self,
        world: &(impl Runtime + Names),
        pass: &Pass,
        planned: Planned<'_>,
        to: &Destination,
    ) -> Result<(), Nothing> {
        let index = self.zone(world, pass, planned.zone, to).await?;
        let Some(zone) = self.zones.get_mut(index) else {
            return Ok(());
        };
        if zone.in_sync == Some(false) && is_followed(&pass.run, planned.zone) {
            return Ok(());
        }
        match name(world, planned, to).await {
            Ok(name) => zone.names.push(name),
            Err(refused @ Nothing::Refused(_)) => return Err(refused),
            Err(over) => {
                // Half a zone makes no batch of its own.
                self.zones.remove(index);
                return Err(over);
            }
        }
        Ok(())
    }

    /// The place of a zone in the list, to which it is added where it is new.
    async fn zone(
        &mut self,
        world: &(impl Runtime + Names),
        pass: &Pass,
        id: &str,
        to: &Destination,
    ) -> Result<usize, Nothing> {
        if let Some(known) = self.zones.iter().position(|zone| zone.id == id) {
            return Ok(known);
        }
        let in_sync = match is_in_sync(world, pass, id, to).await {
            Err(Nothing::Refused(why)) => {
                self.failed.push(why);
                None
            }
            heard => heard?,
        };
        self.zones.push(Zone {
            id: id.to_owned(),
            names: Vec::new(),
            in_sync,
            stands: super::stands(&pass.run, id, pass.now),
        });
        Ok(self.zones.len() - 1)
    }
}

/// A refusal, with the name that it is about.
fn named(name: &str, why: &Error) -> Error {
    let said = why.to_string();
    if said.contains(name) {
        return why.clone();
    }
    why.reworded(format!("{name}: {said}"))
}

/// Whether the change of a zone can be asked about.
fn is_followed(run: &Run, zone: &str) -> bool {
    let change = run.dns_changes.get(zone);
    change.is_some_and(|change| change.id.is_some())
}

/// Whether the change that this run made in a zone is in sync.
async fn is_in_sync(
    world: &(impl Runtime + Names),
    pass: &Pass,
    zone: &str,
    to: &Destination,
) -> Result<Option<bool>, Nothing> {
    match pass.run.dns_changes.get(zone) {
        Some(DnsChange { id: Some(id), .. }) => {
            answered(world, to, world.is_in_sync(id)).await.map(Some)
        }
        Some(DnsChange { id: None, at }) => {
            Ok(Some(seconds_between(*at, pass.now) > IN_SYNC_SECONDS))
        }
        None => Ok(None),
    }
}

/// What a name holds and what it should.
async fn name(
    world: &(impl Runtime + Names),
    planned: Planned<'_>,
    to: &Destination,
) -> Result<Name, Nothing> {
    let (cname, txt) = answered(world, to, both(world, planned)).await?;
    Ok(Name {
        cname,
        txt,
        wanted: Record {
            name: planned.name.to_owned(),
            kind: "CNAME",
            ttl_seconds: i64::from(planned.ttl_seconds),
            values: vec![to.writer.of(planned.endpoint).to_owned()],
        },
        members: to.members.clone(),
    })
}

/// The record of a name and that of its epoch.
async fn both(
    world: &impl Names,
    planned: Planned<'_>,
) -> Result<Heard<(Option<Record>, Option<Record>)>, Error> {
    let txt_name = txt_name(planned.name);
    let cname = world.record(planned.zone, planned.name, "CNAME");
    let txt = world.record(planned.zone, &txt_name, "TXT");
    Ok(match futures::future::try_join(cname, txt).await? {
        (Heard::Said(cname), Heard::Said(txt)) => Heard::Said((cname, txt)),
        (Heard::Throttled(why), _) | (_, Heard::Throttled(why)) => Heard::Throttled(why),
    })
}

/// What leading the names there would be refused, every reason.
pub(in crate::routes) async fn refusals(
    world: &(impl Runtime + Names),
    pass: &Pass,
    to: &Destination,
) -> Vec<String> {
    let asked = planned(&pass.run.plan).map(async |planned| match name(world, planned, to).await {
        Ok(name) => name.stands_in_the_way(to.epoch),
        Err(nothing) => Some(nothing.why()),
    });
    let refused = futures::future::join_all(asked).await;
    refused.into_iter().flatten().collect()
}
