//! Points the plan's records at the writer: parameters first, which need no other Region, then one zone a pass, one transactional batch that deletes exactly what was read
//! and creates what should be, the epoch's TXT record with it: DNS never goes back. A record that is right stays. What cannot be led
//! over hides nothing else, and is named at the end.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use serde::Serialize;

use failover::{
    Error,
    domain::{Epoch, Region, seconds_between},
    ledger::{DnsChange, Endpoints, Run},
    pass::{
        Input, Output, Pass,
        frame::{self, Act, Came, Step, Then},
        wait_seconds,
    },
    plan::DnsRecord,
    ports::{Batch, Heard, Here, Ledger, Members, Names, Parameters, People, Record},
};

mod parameters;
mod unled;

pub use parameters::Seen;
pub use unled::Stands;

/// The step's name in timelines and logs.
pub const STEP: &str = "dns_flip";

/// The label of the TXT record beside a name that holds the epoch it was last pointed in.
pub const EPOCH_LABEL: &str = "_aurora-failover-epoch";

/// A change whose id was never seen counts as in sync after this many seconds: Route 53 says 60 at most, generally.
const IN_SYNC_SECONDS: f64 = 60.0;

/// A Route 53 that has not answered for so long is silent, not throttled; throttling is an answer.
const ROUTE53_SILENCE: Duration = Duration::from_secs(3);
/// After so many seconds in this step the run goes on without a Route 53, or an SSM elsewhere, that is silent: services wait behind it.
const WITHOUT_SECONDS: f64 = 6.0;

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
    /// How it stands where it could not be changed.
    pub stands: Option<Stands>,
}

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The epoch that the records are to carry.
    pub epoch: Epoch,
    /// The endpoint parameters.
    pub parameters: Vec<Seen>,
    /// The zones; not looked at by a run while a parameter has to be tried first.
    pub zones: Vec<Zone>,
    /// Whether Route 53 took no more calls before everything was looked at.
    pub is_throttled: bool,
    /// Why others could not be looked at.
    #[serde(skip)]
    pub failed: Vec<Error>,
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

/// The step.
#[derive(Debug)]
pub struct DnsFlip;

/// One pass.
///
/// # Errors
/// The guards' refusals; `UnexpectedTopology` for a later epoch, at once; when nothing is left to do, what could not be led over: by
/// its own name where it is one thing, else `NotReady`, or `Unavailable` while something was only silent.
pub async fn run(
    world: &(impl Ledger + Here + Members + Parameters + Names + People),
    input: &Input,
) -> Result<Output<Observed>, Error> {
    frame::run(&DnsFlip, world, input).await
}

impl<W: Ledger + Here + Members + Parameters + Names + People> Step<W> for DnsFlip {
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

    fn reasons(&self, seen: &Observed) -> Vec<String> {
        failures(seen).iter().map(ToString::to_string).collect()
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
        Ok(lead(world, pass, seen, action).await)
    }

    fn wait_seconds(&self, pass: &Pass) -> u64 {
        polite_seconds(pass)
    }
}

/// Does it. What fails is noted, and hides nothing else.
async fn lead(
    world: &(impl Here + Parameters + Names),
    pass: &mut Pass,
    seen: &Observed,
    action: &Action,
) -> Came {
    match action {
        Action::Done | Action::Wait => Came::AsDecided,
        Action::Put(seen) => parameters::put(world, pass, seen).await,
        Action::Change(zone, batch) => {
            let reason = reason(pass, seen, action);
            change(world, pass, (zone, batch), &reason).await
        }
    }
}

async fn observe(
    world: &(impl Ledger + Here + Members + Parameters + Names),
    pass: &Pass,
) -> Result<Observed, Error> {
    let endpoints = endpoints(world, pass).await?;
    look(world, pass, &endpoints).await
}

async fn look(
    world: &(impl Here + Parameters + Names),
    pass: &Pass,
    endpoints: &BTreeMap<Region, Endpoints>,
) -> Result<Observed, Error> {
    let run = &pass.run;
    let epoch = pass
        .rows
        .current()
        .map(|current| current.epoch)
        .unwrap_or_default();
    let target = endpoints.get(&run.to).ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {} does not show the endpoints of the new writer",
            run.to
        ))
    })?;
    let observed = parameters::observe(world, pass, epoch, endpoints, target).await;
    let (parameters, failed) = observed;
    // Route 53's control plane may be down with the Region that is lost: what needs none comes first.
    let comes_first = |seen: &Seen| seen.is_wrong() && seen.stands.is_none();
    let looked = if !pass.dry_run && parameters.iter().any(comes_first) {
        Looked::default()
    } else {
        zones(world, pass, endpoints, target).await
    };
    Ok(Observed {
        epoch,
        parameters,
        zones: looked.zones,
        is_throttled: looked.is_throttled,
        failed: [failed, looked.failed].concat(),
    })
}

/// Asks for a change. One that was throttled was not made, so nothing is on its way.
async fn change(
    world: &(impl Here + Names),
    pass: &mut Pass,
    (zone, batch): (&str, &Batch),
    reason: &str,
) -> Came {
    let comment = format!("aurora-failover {} {reason}", pass.run.name());
    let called = called(zone);
    match world.change(zone, batch, &comment).await {
        Ok(Heard::Said(id)) => {
            let change = DnsChange {
                id: Some(id),
                at: pass.now,
            };
            pass.run.dns_changes.insert(zone.to_owned(), change);
            unled::forget(&mut pass.run, &[&called]);
            Came::AsDecided
        }
        Ok(Heard::Throttled(why)) => {
            pass.run.dns_changes.remove(zone);
            Came::NotNow(format!("{why}; it is asked for again"))
        }
        Err(why) => {
            if why.is_answer() {
                pass.run.dns_changes.remove(zone);
            }
            unled::note(&mut pass.run, (&called, &called), world.now(), &why)
        }
    }
}

/// What sentences call a zone.
fn called(zone: &str) -> String {
    format!("zone {zone}")
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
    if seconds < WITHOUT_SECONDS {
        return Error::Unavailable(what);
    }
    Error::NotReady(format!(
        "{what}, and the run came here {seconds:.0} s ago; it goes on, point the names at the writer when Route 53 is back"
    ))
}

/// Why a look at Route 53 came to nothing.
#[derive(Debug)]
enum Nothing {
    /// It did not answer, and will not answer the next look either.
    Silent(Error),
    /// It refused this one.
    Refused(Error),
}

impl Nothing {
    fn why(self) -> Error {
        match self {
            Self::Silent(why) | Self::Refused(why) => why,
        }
    }
}

/// What Route 53 answers, unless it is silent. Each call has its own time: a plan may have many names.
async fn answered<T>(
    world: &impl Here,
    pass: &Pass,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Nothing> {
    match tokio::time::timeout(ROUTE53_SILENCE, call).await {
        Ok(Err(why @ Error::Unavailable(_))) => Err(Nothing::Silent(why)),
        Ok(answer) => answer.map_err(Nothing::Refused),
        Err(_) => {
            let why = silent(seconds_between(pass.entered(STEP), world.now()));
            Err(Nothing::Silent(why))
        }
    }
}

/// What a pass saw of Route 53.
#[derive(Debug, Default)]
struct Looked {
    zones: Vec<Zone>,
    is_throttled: bool,
    failed: Vec<Error>,
}

/// The zones, as far as Route 53 let them be looked at, and why not further. After a change nothing but that change is asked
/// about, until it is in sync.
async fn zones(
    world: &(impl Here + Names),
    pass: &Pass,
    endpoints: &BTreeMap<Region, Endpoints>,
    target: &Endpoints,
) -> Looked {
    let run = &pass.run;
    let mut looked = Looked::default();
    for record in &run.plan.dns {
        let DnsRecord::Cname {
            hosted_zone,
            name: record_name,
            ..
        } = record
        else {
            continue;
        };
        let known = looked.zones.iter().position(|zone| zone.id == *hosted_zone);
        if known.is_none() {
            let in_sync = match synced(world, pass, hosted_zone).await {
                Ok(Heard::Said(in_sync)) => in_sync,
                Ok(Heard::Throttled(_)) => {
                    looked.is_throttled = true;
                    return looked;
                }
                Err(Nothing::Silent(why)) => {
                    looked.failed.push(why);
                    return looked;
                }
                Err(Nothing::Refused(why)) => {
                    looked.failed.push(why);
                    None
                }
            };
            looked.zones.push(Zone {
                id: hosted_zone.clone(),
                names: Vec::new(),
                in_sync,
                stands: unled::stands(run, &[&called(hosted_zone)], pass.now),
            });
        }
        let index = known.unwrap_or(looked.zones.len() - 1);
        let Some(zone) = looked.zones.get_mut(index) else {
            continue;
        };
        if zone.in_sync == Some(false) && is_followed(run, hosted_zone) {
            continue;
        }
        match name(world, pass, record, (endpoints, target)).await {
            Ok(Heard::Said(name)) => zone.names.extend(name),
            // Half a zone makes no batch of its own.
            Ok(Heard::Throttled(_)) => {
                looked.zones.remove(index);
                looked.is_throttled = true;
                return looked;
            }
            Err(Nothing::Silent(why)) => {
                looked.zones.remove(index);
                looked.failed.push(why);
                return looked;
            }
            Err(Nothing::Refused(why)) => looked.failed.push(named(record_name, &why)),
        }
    }
    looked
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
async fn synced(
    world: &(impl Here + Names),
    pass: &Pass,
    zone: &str,
) -> Result<Heard<Option<bool>>, Nothing> {
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
    world: &(impl Here + Names),
    pass: &Pass,
    record: &DnsRecord,
    (endpoints, target): (&BTreeMap<Region, Endpoints>, &Endpoints),
) -> Result<Heard<Option<Name>>, Nothing> {
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
        values: vec![target.of(*endpoint).to_owned()],
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
    world: &(impl Ledger + Here + Members),
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
///
/// # Errors
/// `Unavailable`, `Denied` where RDS does not tell.
pub async fn refusals(
    world: &(impl Ledger + Here + Members + Parameters + Names),
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
            Err(why) => Some(why.why().to_string()),
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
    let refused = name.later(epoch).err();
    let refused = refused.or_else(|| add(&mut Batch::default(), name, epoch).err());
    refused.map(|why| why.to_string())
}

/// Decides what one pass does: what was not tried yet, then what was tried in vain.
///
/// # Errors
/// `UnexpectedTopology` where anything carries a later epoch: this run is over. When nothing is left to do, what could not be led over.
pub fn next_action(observed: &Observed) -> Result<Action, Error> {
    let Observed {
        epoch,
        parameters,
        zones,
        ..
    } = observed;
    parameters.iter().try_for_each(Seen::later)?;
    let mut names = zones.iter().flat_map(|zone| &zone.names);
    names.try_for_each(|name| name.later(*epoch))?;
    let put = |stands: Option<&Stands>| {
        let mut wrong = parameters.iter().filter(|seen| seen.is_wrong());
        let found = wrong.find(|seen| seen.stands.as_ref() == stands)?;
        Some(Action::Put(found.clone()))
    };
    let change = |stands: Option<&Stands>| {
        let mut wrong = zones.iter().filter(|zone| zone.is_wrong(*epoch));
        let found = wrong.find(|zone| zone.stands.as_ref() == stands)?;
        Some(Action::Change(found.id.clone(), found.batch(*epoch)))
    };
    let again = Some(&Stands::Again);
    let next = put(None).or_else(|| change(None));
    if let Some(action) = next.or_else(|| put(again)).or_else(|| change(again)) {
        return Ok(action);
    }
    if is_waiting(observed) {
        return Ok(Action::Wait);
    }
    unled::told(&failures(observed)).map_or(Ok(Action::Done), Err)
}

/// Whether something is on its way, or is tried again soon.
fn is_waiting(observed: &Observed) -> bool {
    let rests = |stands: &Option<Stands>| *stands == Some(Stands::Rests);
    let mut parameters = observed.parameters.iter();
    let mut zones = observed.zones.iter();
    observed.is_throttled
        || parameters.any(|seen| seen.is_wrong() && rests(&seen.stands))
        || zones.any(|zone| {
            if zone.is_wrong(observed.epoch) {
                rests(&zone.stands)
            } else {
                zone.in_sync == Some(false)
            }
        })
}

/// Everything that could not be led over, or not be looked at.
fn failures(observed: &Observed) -> Vec<Error> {
    let parameters = observed.parameters.iter().filter_map(Seen::refused);
    let zones = observed.zones.iter();
    let zones = zones.flat_map(|zone| zone.refused(observed.epoch));
    let failed = observed.failed.iter().cloned();
    failed.chain(parameters).chain(zones).collect()
}

impl Zone {
    /// What its names need, as far as they can be led over.
    fn batch(&self, epoch: Epoch) -> Batch {
        let mut batch = Batch::default();
        for name in &self.names {
            // What keeps one back is told by `refused`.
            let _ = add(&mut batch, name, epoch);
        }
        batch
    }

    fn is_wrong(&self, epoch: Epoch) -> bool {
        self.batch(epoch) != Batch::default()
    }

    /// Why it, or some of its names, are not led over.
    fn refused(&self, epoch: Epoch) -> Vec<Error> {
        let names = self.names.iter();
        let names = names.filter_map(|name| add(&mut Batch::default(), name, epoch).err());
        let given_up = match &self.stands {
            Some(Stands::GivenUp(why)) if self.is_wrong(epoch) => Some(Error::NotReady(format!(
                "{} could not be changed: {why}",
                called(&self.id)
            ))),
            Some(_) | None => None,
        };
        names.chain(given_up).collect()
    }
}

impl Name {
    /// Another run has moved on: DNS never goes back, and this run does nothing more.
    fn later(&self, epoch: Epoch) -> Result<(), Error> {
        let held = self.txt.as_ref().and_then(epoch_of);
        match held.filter(|held| *held > epoch) {
            None => Ok(()),
            Some(held) => Err(Error::UnexpectedTopology(format!(
                "{} was pointed in epoch {held}, this run is in {epoch}; it stays as it is",
                self.wanted.name
            ))),
        }
    }
}

/// Adds what a name needs to the zone's batch.
fn add(batch: &mut Batch, name: &Name, epoch: Epoch) -> Result<(), Error> {
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
    let what = what(pass, seen, action);
    match unled::told(&failures(seen)) {
        // Who tries it is told all of it at once.
        Some(why) if pass.dry_run => format!("{what}; then it would be refused: {why}"),
        Some(_) | None => what,
    }
}

fn what(pass: &Pass, seen: &Observed, action: &Action) -> String {
    let (to, epoch) = (&pass.run.to, seen.epoch);
    let points = pass.says("points", "would point");
    match action {
        Action::Done => format!("every record points to {to} in epoch {epoch}, in sync"),
        Action::Wait if seen.is_throttled => {
            "Route 53 takes no more calls of this account just now; it is asked again".into()
        }
        Action::Wait if seen.zones.iter().any(|zone| zone.in_sync == Some(false)) => {
            "the change is not in sync yet".into()
        }
        Action::Wait => "what was not answered is tried again".into(),
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
