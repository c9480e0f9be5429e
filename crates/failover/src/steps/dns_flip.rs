//! Points the plan's records at the writer: parameters first, which need no other Region, then one zone a pass, one transactional batch that deletes exactly what was read
//! and creates what should be, the epoch's TXT record with it: DNS never goes back. A record that is right stays.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use serde::Serialize;

use super::{
    Here, Input, Output, Pass,
    frame::{self, Act, Came, Step, Then},
    wait_seconds,
};
use crate::{
    Error,
    domain::{Epoch, Region, seconds_between},
    ledger::{DnsChange, Endpoints, Ledger, Run},
    notify::Notify,
    plan::DnsRecord,
    topology::Describe,
};

mod parameters;

pub use parameters::{Parameter, Parameters, Seen};

/// The step's name in timelines and logs.
pub const STEP: &str = "dns_flip";

/// The label of the TXT record beside a name that holds the epoch it was last pointed in.
pub const EPOCH_LABEL: &str = "_aurora-failover-epoch";

/// A change whose id was never seen counts as in sync after this many seconds: Route 53 says 60 at most, generally.
const IN_SYNC_SECONDS: f64 = 60.0;

/// A Route 53 that has not answered for so long is silent, not throttled; throttling is an answer.
const ROUTE53_SILENCE: Duration = Duration::from_secs(3);
/// After so many seconds in this step the run goes on without a Route 53 that is silent: services wait behind it.
const WITHOUT_ROUTE53_SECONDS: f64 = 6.0;

/// A record set with one value, as Route 53 holds it. Two are the same only if a DELETE of one would match the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Its name, without the trailing dot.
    pub name: String,
    /// `CNAME` or `TXT`; what else was found where a CNAME was asked for, such as `A` or `ALIAS`.
    pub kind: &'static str,
    /// Seconds a resolver may keep it.
    pub ttl_seconds: i64,
    /// Its values, as Route 53 writes them.
    pub values: Vec<String>,
}

/// What a name holds and what it should.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Name {
    /// The CNAME there is, or what stands there instead.
    pub cname: Option<Record>,
    /// The epoch's record there is.
    pub txt: Option<Record>,
    /// The CNAME there should be.
    pub wanted: Record,
    /// The endpoints of the plan's members that the name may point to now.
    pub members: Vec<String>,
}

/// What the pass saw of one zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Zone {
    /// The hosted zone's id.
    pub id: String,
    /// Its names; not read while a change is on its way there.
    pub names: Vec<Name>,
    /// Whether the change this run made there is in sync.
    pub in_sync: Option<bool>,
}

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The epoch that the records are to carry.
    pub epoch: Epoch,
    /// The endpoint parameters.
    pub parameters: Vec<Seen>,
    /// The zones; not looked at while a parameter is not right.
    pub zones: Vec<Zone>,
    /// Whether Route 53 took no more calls before everything was looked at.
    pub is_throttled: bool,
}

/// Route 53.
pub trait Dns: Sync {
    /// The record set of a name and type. Of a name without a CNAME, what keeps one from being made.
    fn record(
        &self,
        zone: &str,
        name: &str,
        kind: &'static str,
    ) -> impl Future<Output = Result<Heard<Option<Record>>, Error>> + Send;
    /// Deletes and creates in one transaction; answers the change's id.
    fn change(
        &self,
        zone: &str,
        batch: &Batch,
        comment: &str,
    ) -> impl Future<Output = Result<Heard<String>, Error>> + Send;
    /// Whether a change has reached every server.
    fn is_in_sync(&self, change: &str) -> impl Future<Output = Result<Heard<bool>, Error>> + Send;
}

/// What Route 53 said. It takes five calls a second of an account, whoever makes them.
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard<T> {
    /// This.
    Said(T),
    /// In these words, that others asked too much just now; nothing was changed.
    Throttled(String),
}

impl<T> Heard<T> {
    /// What was said, for whoever does not wait.
    ///
    /// # Errors
    /// `Unavailable` where others asked too much.
    pub fn said(self) -> Result<T, Error> {
        match self {
            Self::Said(said) => Ok(said),
            Self::Throttled(why) => Err(Error::Unavailable(why)),
        }
    }
}

/// What one transaction does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// What it deletes: exactly what was read.
    pub delete: Vec<Record>,
    /// What it creates.
    pub create: Vec<Record>,
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Every record is right and in sync.
    Done,
    /// A change is on its way.
    Wait,
    /// Writes one parameter.
    Put(Seen),
    /// Changes one zone.
    Change(String, Batch),
}

impl Act for Action {
    fn name(&self) -> &'static str {
        match self {
            Self::Done => "none",
            Self::Wait => "wait",
            Self::Put(_) => "put_parameter",
            Self::Change(..) => "change",
        }
    }

    fn then(&self) -> Then {
        match self {
            Self::Done => Then::Done,
            // What was written is read back at once: every second here is one without a writer for tasks that start.
            Self::Put(_) => Then::Again(0),
            Self::Wait => Then::Waits,
            Self::Change(..) => Then::Later,
        }
    }

    fn calls_out(&self) -> bool {
        match self {
            Self::Put(_) | Self::Change(..) => true,
            Self::Done | Self::Wait => false,
        }
    }
}

/// Everything that this step needs.
pub trait World: Ledger + Here + Describe + Dns + Parameters + Notify {}
impl<T: Ledger + Here + Describe + Dns + Parameters + Notify> World for T {}

/// The step.
#[derive(Debug)]
pub struct DnsFlip;

/// One pass.
///
/// # Errors
/// The guards' refusals; `UnexpectedTopology` for a record that points somewhere unexpected; `Unavailable`, `Denied`.
pub async fn run(world: &impl World, input: &Input) -> Result<Output<Observed>, Error> {
    frame::run(&DnsFlip, world, input).await
}

impl<W: World> Step<W> for DnsFlip {
    const NAME: &'static str = STEP;
    type Observed = Observed;
    type Action = Action;

    fn admit(&self, pass: &Pass) -> Result<(), Error> {
        pass.require_proven()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observed, Error> {
        observe(world, pass).await
    }

    fn next_action(&self, _: &Pass, seen: &Observed) -> Result<Action, Error> {
        next_action(seen)
    }

    fn reason(&self, pass: &Pass, seen: &Observed, action: &Action) -> String {
        reason(pass, seen, action)
    }

    /// Should the answer be lost, the next pass still knows that a change is on its way.
    fn mark(&self, pass: &mut Pass, _: &Observed, action: &Action) {
        if let Action::Change(zone, _) = action {
            let change = DnsChange {
                id: None,
                at: pass.now,
            };
            pass.run.dns_changes.insert(zone.clone(), change);
        }
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Observed,
        action: &Action,
    ) -> Result<Came, Error> {
        match action {
            Action::Done | Action::Wait => {}
            Action::Put(seen) => {
                world
                    .put_parameter(&seen.region, &seen.name, &seen.wanted)
                    .await?;
            }
            Action::Change(zone, batch) => {
                let reason = reason(pass, seen, action);
                return change(world, pass, (zone, batch), &reason).await;
            }
        }
        Ok(Came::AsDecided)
    }

    fn wait_seconds(&self, pass: &Pass) -> u64 {
        polite_seconds(pass)
    }
}

async fn observe(
    world: &(impl Ledger + Here + Describe + Dns + Parameters),
    pass: &Pass,
) -> Result<Observed, Error> {
    let run = &pass.run;
    let epoch = pass
        .rows
        .current()
        .map(|current| current.epoch)
        .unwrap_or_default();
    let endpoints = endpoints(world, pass).await?;
    let target = endpoints.get(&run.to).ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {} does not show the endpoints of the new writer",
            run.to
        ))
    })?;
    let parameters = parameters::observe(world, pass, epoch, &endpoints, target).await?;
    // Route 53's control plane may be down with the Region that is lost: what needs none comes first.
    let (zones, is_throttled) = match parameters::first_wrong(&parameters)? {
        Some(_) => (Vec::new(), false),
        None => zones(world, pass, &endpoints, target).await?,
    };
    Ok(Observed {
        epoch,
        parameters,
        zones,
        is_throttled,
    })
}

/// Asks for a change. One that was throttled was not made, so nothing is on its way.
async fn change(
    world: &impl Dns,
    pass: &mut Pass,
    (zone, batch): (&str, &Batch),
    reason: &str,
) -> Result<Came, Error> {
    let comment = format!("aurora-failover {} {reason}", pass.run.name());
    match world.change(zone, batch, &comment).await? {
        Heard::Said(id) => {
            let change = DnsChange {
                id: Some(id),
                at: pass.now,
            };
            pass.run.dns_changes.insert(zone.to_owned(), change);
            Ok(Came::AsDecided)
        }
        Heard::Throttled(why) => {
            pass.run.dns_changes.remove(zone);
            Ok(Came::NotNow(format!("{why}; it is asked for again")))
        }
    }
}

/// Seconds to the next look at Route 53: few at first, up to twenty, and other ones for every plan, so that many plans do not
/// ask at once.
fn polite_seconds(pass: &Pass) -> u64 {
    const LONGEST: u64 = 10;
    let changed = pass.run.dns_changes.values().map(|change| change.at).max();
    let since = changed.unwrap_or_else(|| pass.entered(STEP));
    let waited = wait_seconds(since, pass.now).saturating_mul(5);
    let patience = waited.min(LONGEST).max(if waited > 5 { 2 } else { 1 });
    let mut hasher = DefaultHasher::new();
    (pass.run.name(), pass.now.as_second()).hash(&mut hasher);
    patience + hasher.finish() % (patience + 1)
}

/// A silent Route 53 is asked again for a while; then the run must go on to the services.
fn silent(seconds: f64) -> Error {
    let what = format!(
        "Route 53 did not answer within {} s",
        ROUTE53_SILENCE.as_secs()
    );
    if seconds < WITHOUT_ROUTE53_SECONDS {
        return Error::Unavailable(what);
    }
    Error::NotReady(format!(
        "{what}, and the run came here {seconds:.0} s ago; it goes on, point the names at the writer when Route 53 is back"
    ))
}

/// What Route 53 answers, unless it is silent. Each call has its own time: a plan may have many names.
async fn answered<T>(
    world: &impl Here,
    pass: &Pass,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(ROUTE53_SILENCE, call).await {
        Ok(answer) => answer,
        Err(_) => Err(silent(seconds_between(pass.entered(STEP), world.now()))),
    }
}

/// The zones, as far as Route 53 let them be looked at, and whether it did. After a change nothing but that change is asked
/// about, until it is in sync.
async fn zones(
    world: &(impl Dns + Here),
    pass: &Pass,
    endpoints: &BTreeMap<Region, Endpoints>,
    target: &Endpoints,
) -> Result<(Vec<Zone>, bool), Error> {
    let run = &pass.run;
    let mut seen: Vec<Zone> = Vec::new();
    for record in &run.plan.dns {
        let DnsRecord::Cname { hosted_zone, .. } = record else {
            continue;
        };
        let zone = seen.iter().position(|zone| zone.id == *hosted_zone);
        let index = match zone {
            Some(index) => index,
            None => {
                let Heard::Said(in_sync) = synced(world, pass, hosted_zone).await? else {
                    return Ok((seen, true));
                };
                seen.push(Zone {
                    id: hosted_zone.clone(),
                    names: Vec::new(),
                    in_sync,
                });
                seen.len() - 1
            }
        };
        let Some(zone) = seen.get_mut(index) else {
            continue;
        };
        if zone.in_sync == Some(false) && is_followed(run, hosted_zone) {
            continue;
        }
        match name(world, pass, record, (endpoints, target)).await? {
            Heard::Said(name) => zone.names.extend(name),
            // Half a zone makes no batch of its own.
            Heard::Throttled(_) => {
                seen.remove(index);
                return Ok((seen, true));
            }
        }
    }
    Ok((seen, false))
}

/// Whether the change of a zone can be asked about.
fn is_followed(run: &Run, zone: &str) -> bool {
    let change = run.dns_changes.get(zone);
    change.is_some_and(|change| change.id.is_some())
}

/// Whether the change that this run made in a zone is in sync.
async fn synced(
    world: &(impl Dns + Here),
    pass: &Pass,
    zone: &str,
) -> Result<Heard<Option<bool>>, Error> {
    match pass.run.dns_changes.get(zone) {
        Some(DnsChange { id: Some(id), .. }) => {
            let heard = answered(world, pass, world.is_in_sync(id)).await?;
            Ok(match heard {
                Heard::Said(in_sync) => Heard::Said(Some(in_sync)),
                Heard::Throttled(why) => Heard::Throttled(why),
            })
        }
        Some(DnsChange { id: None, at }) => Ok(Heard::Said(Some(
            seconds_between(*at, pass.now) > IN_SYNC_SECONDS,
        ))),
        None => Ok(Heard::Said(None)),
    }
}

/// What a name holds and what it should.
async fn name(
    world: &(impl Dns + Here),
    pass: &Pass,
    record: &DnsRecord,
    (endpoints, target): (&BTreeMap<Region, Endpoints>, &Endpoints),
) -> Result<Heard<Option<Name>>, Error> {
    let DnsRecord::Cname {
        hosted_zone,
        name,
        endpoint,
        ttl_seconds,
        ..
    } = record
    else {
        return Ok(Heard::Said(None));
    };
    let txt_name = format!("{EPOCH_LABEL}.{name}");
    let records = futures::future::try_join(
        world.record(hosted_zone, name, "CNAME"),
        world.record(hosted_zone, &txt_name, "TXT"),
    );
    let (cname, txt) = match answered(world, pass, records).await? {
        (Heard::Said(cname), Heard::Said(txt)) => (cname, txt),
        (Heard::Throttled(why), _) | (_, Heard::Throttled(why)) => {
            return Ok(Heard::Throttled(why));
        }
    };
    let wanted = Record {
        name: name.clone(),
        kind: "CNAME",
        ttl_seconds: i64::from(*ttl_seconds),
        values: vec![endpoint.of(target).to_owned()],
    };
    let members = endpoints
        .values()
        .flat_map(|e| [e.writer.clone(), e.reader.clone()])
        .collect();
    Ok(Heard::Said(Some(Name {
        cname,
        txt,
        wanted,
        members,
    })))
}

/// The endpoints of every member: the target's as RDS shows them now, the others' as they were last known.
async fn endpoints(
    world: &(impl Ledger + Here + Describe),
    pass: &Pass,
) -> Result<BTreeMap<Region, Endpoints>, Error> {
    let run = &pass.run;
    let known = world.known(world.region(), run.name()).await?;
    let mut endpoints = known.map(|known| known.endpoints).unwrap_or_default();
    if let Some(member) = run.plan.members.get(&run.to)
        && let Some(cluster) = world.cluster(&run.to, &member.cluster).await?
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

/// What this step would be refused at the names and the parameters, were the writer moved now. A planned move asks before it
/// begins.
pub(super) async fn refusals(
    world: &(impl Ledger + Here + Describe + Dns + Parameters),
    pass: &Pass,
) -> Result<Vec<String>, Error> {
    let endpoints = endpoints(world, pass).await?;
    let Some(target) = endpoints.get(&pass.run.to) else {
        return Ok(Vec::new());
    };
    let epoch = pass.rows.next_epoch();
    let asked = pass.run.plan.dns.iter().map(async |record| {
        match name(world, pass, record, (&endpoints, target)).await {
            Ok(Heard::Said(name)) => stands_in_the_way(&name?, epoch),
            Ok(Heard::Throttled(why)) => Some(why),
            Err(why) => Some(why.to_string()),
        }
    });
    let (names, parameters) = futures::join!(
        futures::future::join_all(asked),
        parameters::refusals(world, pass, epoch, &endpoints, target),
    );
    Ok(names.into_iter().flatten().chain(parameters).collect())
}

/// Why a name could not be led over in `epoch`.
fn stands_in_the_way(name: &Name, epoch: Epoch) -> Option<String> {
    if name.cname.is_none() {
        return Some(format!(
            "{} does not exist in its zone; make a CNAME to the writer's endpoint",
            name.wanted.name
        ));
    }
    let refused = add(&mut Batch::default(), name, epoch).err();
    refused.map(|why| why.to_string())
}

/// Decides what one pass does.
///
/// # Errors
/// `UnexpectedTopology` when a record points elsewhere than to a member, or carries a later epoch.
pub fn next_action(observed: &Observed) -> Result<Action, Error> {
    if let Some(wrong) = parameters::first_wrong(&observed.parameters)? {
        return Ok(Action::Put(wrong.clone()));
    }
    let mut waiting = observed.is_throttled;
    for zone in &observed.zones {
        let mut batch = Batch::default();
        for name in &zone.names {
            add(&mut batch, name, observed.epoch)?;
        }
        if batch != Batch::default() {
            return Ok(Action::Change(zone.id.clone(), batch));
        }
        waiting |= zone.in_sync == Some(false);
    }
    Ok(if waiting { Action::Wait } else { Action::Done })
}

/// Adds what a name needs to the zone's batch.
fn add(batch: &mut Batch, name: &Name, epoch: Epoch) -> Result<(), Error> {
    let held = name.txt.as_ref().and_then(epoch_of);
    // Another run has moved on: DNS never goes back.
    if let Some(held) = held.filter(|held| *held > epoch) {
        return Err(Error::UnexpectedTopology(format!(
            "{} was pointed in epoch {held}, this run is in {epoch}; it stays as it is",
            name.wanted.name
        )));
    }
    if let Some(other) = name.cname.as_ref().filter(|held| held.kind != "CNAME") {
        return Err(Error::UnexpectedTopology(format!(
            "{} has a record of the type {} in its zone ({}), and no CNAME can stand beside it; delete it and make a CNAME to the writer's endpoint",
            name.wanted.name,
            other.kind,
            other.values.join(", ")
        )));
    }
    let points_to = name
        .cname
        .iter()
        .flat_map(|cname| &cname.values)
        .map(|value| plain(value));
    for value in points_to {
        if !name.members.iter().any(|member| plain(member) == value) {
            return Err(Error::UnexpectedTopology(format!(
                "{} points to {value}, which is no member's endpoint; it stays as it is",
                name.wanted.name
            )));
        }
    }
    let txt = Record {
        name: format!("{EPOCH_LABEL}.{}", name.wanted.name),
        kind: "TXT",
        ttl_seconds: name.wanted.ttl_seconds,
        values: vec![format!("\"{epoch}\"")],
    };
    let right = |held: Option<&Record>, wanted: &Record| {
        held.is_some_and(|held| {
            held.ttl_seconds == wanted.ttl_seconds && same_values(&held.values, &wanted.values)
        })
    };
    for (held, wanted) in [(&name.cname, &name.wanted), (&name.txt, &txt)] {
        if !right(held.as_ref(), wanted) {
            batch.delete.extend(held.clone());
            batch.create.push(wanted.clone());
        }
    }
    Ok(())
}

fn same_values(held: &[String], wanted: &[String]) -> bool {
    held.iter()
        .map(|value| plain(value))
        .eq(wanted.iter().map(|value| plain(value)))
}

/// A name as it compares: without the trailing dot, in lower case.
fn plain(value: &str) -> String {
    value.trim_end_matches('.').to_ascii_lowercase()
}

fn epoch_of(txt: &Record) -> Option<Epoch> {
    txt.values
        .first()?
        .trim_matches('"')
        .parse()
        .ok()
        .map(Epoch)
}

fn reason(pass: &Pass, seen: &Observed, action: &Action) -> String {
    let (to, epoch) = (&pass.run.to, seen.epoch);
    let points = pass.says("points", "would point");
    match action {
        Action::Done => format!("every record points to {to} in epoch {epoch}, in sync"),
        Action::Wait if seen.is_throttled => {
            "Route 53 takes no more calls of this account just now; it is asked again".into()
        }
        Action::Wait => "the change is not in sync yet".into(),
        Action::Put(seen) => format!(
            "{points} parameter {} in {} to {to} in epoch {epoch}",
            seen.name, seen.region
        ),
        Action::Change(zone, batch) => {
            let cnames = batch.create.iter().filter(|record| record.kind == "CNAME");
            let names: Vec<_> = cnames.map(|record| record.name.as_str()).collect();
            let what = if names.is_empty() {
                format!("the epoch of zone {zone}")
            } else {
                names.join(", ")
            };
            format!("{points} {what} to {to} in epoch {epoch}")
        }
    }
}

#[cfg(test)]
mod tests;
