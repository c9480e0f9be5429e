//! Gives the writer's global database its other members again, pass by pass, from whatever state it finds. After a managed
//! failover RDS does most of it; after a detach the deposed cluster is kept by a snapshot, retired, and made anew. The
//! observed writer is never touched.

mod complete;
mod decide;
mod differences;
mod harmless;
mod keep;
mod kept;
mod led;
mod look;
mod retire;
mod rights;
mod unfinished;
mod unfit;
mod unlisted;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use decide::next_action;
pub use differences::between as differences;
pub use harmless::harmless;
pub use keep::{keep_member, sweep};
pub use kept::is_default_group;
pub use kept::{CLUSTER, ENDPOINT, GLOBAL, INSTANCE, Input as SdkInput};
pub use rights::TAKES_AWAY;

use failover::{
    Error,
    domain::{Epoch, Region},
    notify::tell,
    pass::{
        Input, Output, Pass, answer,
        frame::{self, Act, Came, Step, Then},
        read, take, wait_seconds_up_to,
    },
    patience::{Refusal, Shown, Trouble},
    ports::{Accepted, Fence, Functions, Here, Ledger, Members, Parameters, People, update},
    topology::{
        Blueprint, Call, Cluster, GlobalCluster, Healthy, Named, Shape, Snapshot,
        names::{Names, Retire},
        status,
    },
};

/// The step's name in timelines and logs.
pub const STEP: &str = "rebuild_global";
/// The longest that a pass asks to wait for the next one, in seconds: a rebuild may take a day.
pub const WAIT_SECONDS_MAX: u64 = 120;

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The Region that the pass runs in.
    pub acting: Region,
    /// What its kill switch says, while it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub killed: Option<String>,
    /// The proven writer's Region.
    pub writer_region: Region,
    /// Its epoch.
    pub epoch: Epoch,
    /// When that was proven.
    pub proven_at: Timestamp,
    /// Its cluster.
    pub writer: Cluster,
    /// The global cluster that the writer leads.
    pub leads: Option<GlobalCluster>,
    /// The one that the ledgers name.
    pub recorded_global: Option<Named>,
    /// The deposed writer's global cluster, while it exists.
    pub past: Option<GlobalCluster>,
    /// The Region whose RDS shows that one.
    pub past_region: Region,
    /// The identifier that was asked for, for the next global cluster.
    pub wished_global: Option<String>,
    /// The identifier that it can have.
    pub next_global: NextGlobal,
    /// The other members, the one to move home to last.
    pub members: Vec<SeenMember>,
    /// Why the members, complete, are not to be relied on yet.
    pub lag: Option<String>,
    /// In a dry run while the writer leads a global cluster: what creating the next one, or making a member of today again,
    /// would be refused one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<String>,
    /// In a dry run, what no rebuilt member is given, by the call that could give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<BTreeMap<&'static str, Vec<String>>>,
}

/// The identifier of the next global cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextGlobal {
    /// The writer leads one.
    NotNeeded,
    /// RDS in every member's Region answers that there is none of this name.
    Free(String),
    /// The deposed one bears it, and gives it up once it is deleted.
    AfterPast(String),
    /// It is taken.
    Taken {
        /// The identifier.
        name: String,
        /// The Region that shows who bears it.
        region: Region,
        /// Why that stays.
        why: String,
    },
    /// This function may not so much as look whether it is free, and so could not create it.
    Denied {
        /// The identifier.
        name: String,
        /// What RDS says.
        why: String,
    },
    /// None of those that were tried is free.
    None,
}

impl NextGlobal {
    /// What creating it would be refused, where this function's role does not reach it.
    #[must_use]
    pub fn denied(&self, wished: Option<&str>) -> Option<String> {
        let Self::Denied { name, why } = self else {
            return None;
        };
        let source = match wished {
            Some(_) => format!("names.global_cluster is {name}"),
            None => format!("the next global cluster is {name}"),
        };
        Some(format!(
            "{source}, which this function may not create ({why}); add its ARN to GlobalClusterArns of the stacks, or choose another as names.global_cluster"
        ))
    }
}

/// A member that does not write, as the plan names it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeenMember {
    /// Its Region.
    pub region: Region,
    /// The name that the plan gives its cluster.
    pub name: String,
    /// The cluster of that name.
    pub cluster: Option<Shape>,
    /// The fence of the current epoch that it stands under.
    pub fenced_at: Option<Timestamp>,
    /// Why it may have what nothing lists.
    pub unlisted: Option<String>,
    /// What was retired under the current epoch.
    pub blueprint: Option<Blueprint>,
    /// What it was when it was last healthy and in its right role.
    pub healthy: Option<Healthy>,
    /// Why it could not be made again: parameter groups that the writer's version does not take, and what the role of this
    /// function does not reach.
    pub unfit: Vec<String>,
    /// The final snapshot's name.
    pub snapshot_name: String,
    /// The final snapshot.
    pub snapshot: Option<Snapshot>,
    /// What a managed failover kept of it.
    pub unplanned: Option<Snapshot>,
    /// The name of the copy of that.
    pub copy_name: String,
    /// That copy.
    pub copy: Option<Snapshot>,
}

/// What a pass sees: all of it, or that somebody did not answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Seen {
    /// All of it.
    All(Box<Observed>),
    /// Nothing.
    Silent {
        /// Who did not answer.
        silent: String,
    },
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Every member follows the writer.
    Done,
    /// Something is under way.
    Wait(String),
    /// Somebody did not answer.
    Outlast(String),
    /// The deposed member of a Region has to be fenced first.
    Fence(Region),
    /// Keep what a member is made of.
    Remember(Region),
    /// Write the writer's global cluster into the ledgers.
    Record(Named),
    /// Make a call in a Region.
    Call(Region, Call),
}

impl Act for Action {
    fn name(&self) -> &'static str {
        match self {
            Self::Done => "none",
            Self::Wait(_) => "wait",
            Self::Outlast(_) => "outlast",
            Self::Fence(_) => "await_fence",
            Self::Remember(_) => "remember",
            Self::Record(_) => "record",
            Self::Call(_, call) => call.name(),
        }
    }

    fn then(&self) -> Then {
        match self {
            Self::Done => Then::Done,
            Self::Wait(_) | Self::Fence(_) => Then::Waits,
            Self::Remember(_) | Self::Record(_) => Then::Again(0),
            Self::Outlast(_) => Then::Again(PAUSE_SECONDS),
            Self::Call(..) => Then::Later,
        }
    }

    fn calls_out(&self) -> bool {
        matches!(self, Self::Call(..))
    }
}

/// How long a Region that does not answer is left alone, in seconds.
const PAUSE_SECONDS: u64 = 20;

/// The step.
#[derive(Debug, Clone, Default)]
pub struct RebuildGlobal {
    /// What becomes of a deposed cluster.
    pub retire: Retire,
    /// Names that somebody chose for what is made.
    pub names: Names,
}

/// What the schedule sends.
#[must_use]
pub fn keep_request() -> Value {
    serde_json::json!({"operation": "keep"})
}

/// One invocation: what every step takes, with `retire` and `names`; or `{"operation": "keep"}`, on schedule.
///
/// # Errors
/// As [`run`]; `InvalidRequest` for a payload that is not understood.
pub async fn handle(
    world: &(impl Ledger + Here + Members + Parameters + Functions + People + Fence),
    payload: Value,
) -> Result<Value, Error> {
    if payload == keep_request() {
        return answer(sweep(world).await?);
    }
    let (step, input) = asked(payload)?;
    answer(run(world, &input, &step).await?)
}

/// What the rebuild goes by, and the input of every step.
///
/// # Errors
/// `InvalidRequest` for a payload that is not understood.
pub fn asked(mut payload: Value) -> Result<(RebuildGlobal, Input), Error> {
    let retire = take(&mut payload, "retire")?.unwrap_or_default();
    let names: Names = take(&mut payload, "names")?.unwrap_or_default();
    names.check()?;
    Ok((RebuildGlobal { retire, names }, read(payload)?))
}

/// One pass.
///
/// # Errors
/// `NotReady` for what a human has to put right, `UnexpectedTopology` where RDS contradicts the ledgers, the guards'
/// refusals.
pub async fn run(
    world: &(impl Ledger + Here + Members + Parameters + Functions + People),
    input: &Input,
    step: &RebuildGlobal,
) -> Result<Output<Seen>, Error> {
    frame::run(step, world, input).await
}

impl<W: Ledger + Here + Members + Parameters + Functions + People> Step<W> for RebuildGlobal {
    const NAME: &'static str = STEP;
    type Observed = Seen;
    type Action = Action;

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Seen, Error> {
        match look::observe(world, pass, &self.names).await {
            Ok(observed) => Ok(Seen::All(Box::new(observed))),
            // A run that lasts hours outlasts minutes of silence. Whoever asks by hand is told.
            Err(Error::Unavailable(silent)) if !pass.dry_run && !pass.run.forced => {
                Ok(Seen::Silent { silent })
            }
            Err(why) => Err(why),
        }
    }

    fn next_action(&self, _: &Pass, seen: &Seen) -> Result<Action, Error> {
        match seen {
            Seen::All(observed) => {
                let action = next_action(observed, self.retire)?;
                if let Action::Fence(region) = &action
                    && *region == observed.acting
                {
                    return Err(Error::NotReady(format!(
                        "the deposed member in {region} is not fenced; invoke fence-writer there first"
                    )));
                }
                Ok(action)
            }
            Seen::Silent { silent } => Ok(Action::Outlast(silent.clone())),
        }
    }

    fn reason(&self, pass: &Pass, seen: &Seen, action: &Action) -> String {
        match seen {
            Seen::All(observed) => reason(observed, action, pass.dry_run),
            Seen::Silent { silent } => silent.clone(),
        }
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Seen,
        action: &Action,
    ) -> Result<Came, Error> {
        match seen {
            Seen::All(observed) => act(world, pass, observed, (action, self.retire)).await,
            Seen::Silent { silent } => {
                refused(
                    pass,
                    "RDS and the ledgers are looked at",
                    (Trouble::Silent, silent),
                    Shown::AtRest,
                )?;
                Ok(Came::AsDecided)
            }
        }
    }

    /// Since the last call was made.
    fn wait_seconds(&self, pass: &Pass) -> u64 {
        let last = pass.run.timeline.last();
        let since = last.map_or(pass.now, |entry| entry.at);
        wait_seconds_up_to(WAIT_SECONDS_MAX, since, pass.now)
    }
}

impl Observed {
    /// Whether a snapshot was taken in this incident, or is being taken; one of an earlier incident is another.
    #[must_use]
    pub fn is_of_this_incident(&self, snapshot: &Snapshot) -> bool {
        look::is_since(self.proven_at, snapshot) != Some(false)
    }

    /// Whether anything shown is being made, changed or deleted.
    fn shown(&self) -> Shown {
        let global = |global: &Option<GlobalCluster>| {
            let global = global.as_ref();
            global.is_some_and(|global| global.status != "available" || global.failover.is_some())
        };
        let snapshot = |snapshot: &Option<Snapshot>| {
            let snapshot = snapshot.as_ref();
            snapshot.is_some_and(|snapshot| snapshot.status == "creating")
        };
        let member = |member: &SeenMember| {
            let shape = member.cluster.as_ref();
            shape.is_some_and(Shape::is_changing)
                || snapshot(&member.snapshot)
                || snapshot(&member.copy)
        };
        let is_under_way = !self.writer.is_ready()
            || global(&self.leads)
            || global(&self.past)
            || self.members.iter().any(member);
        if is_under_way {
            Shown::UnderWay
        } else {
            Shown::AtRest
        }
    }
}

impl SeenMember {
    /// What is to be made again: what was retired, else what is there and whole, else what it was when it was last healthy.
    #[must_use]
    pub fn wanted(&self) -> Option<&Shape> {
        let retired = self.blueprint.as_ref().map(|retired| &retired.shape);
        retired.or_else(|| self.worth_keeping())
    }

    /// What is to be kept of a member that is about to be retired. After hours of an outage what is there may be less than what
    /// was there.
    fn worth_keeping(&self) -> Option<&Shape> {
        let healthy = self.healthy.as_ref().map(|healthy| &healthy.newest.shape);
        match &self.cluster {
            Some(live) if live.is_whole() && !live.is_half_retired() => Some(live),
            Some(live) => {
                let same = healthy.filter(|healthy| healthy.resource_id == live.resource_id);
                Some(same.unwrap_or(live))
            }
            None => healthy,
        }
    }
}

fn reason(observed: &Observed, action: &Action, is_dry: bool) -> String {
    let writer = &observed.writer.identifier;
    match action {
        Action::Done => done(observed),
        Action::Wait(why) | Action::Outlast(why) => why.clone(),
        Action::Fence(region) => format!(
            "the deposed member in {region} is not fenced yet; its Region's schedule does that within a minute"
        ),
        Action::Remember(region) => remembered(observed, region, is_dry),
        Action::Record(global) => format!(
            "{writer} leads {global}, which the ledgers {} from now on",
            if is_dry { "would name" } else { "name" }
        ),
        Action::Call(region, call) if is_dry => format!(
            "{writer} is the writer; the next call in {region} would be {}, by which {call}",
            call.name()
        ),
        Action::Call(region, call) => format!("{writer} is the writer; in {region} {call}"),
    }
}

/// What is said before anything is taken away: what no successor will have.
fn remembered(observed: &Observed, region: &Region, is_dry: bool) -> String {
    let mut said = format!(
        "what the member in {region} is made of {} kept, to be made again",
        if is_dry { "would be" } else { "is" }
    );
    let member = observed.members.iter().find(|seen| seen.region == *region);
    if let Some(shape) = member.and_then(SeenMember::wanted) {
        for beyond in &shape.beyond {
            said.push_str(&format!(". Its successor will not have {beyond}"));
        }
        said.push_str(&format!(
            ". Its successor has another resource id than {}: policies that name it, as for rds-db:connect, need a pattern",
            shape.resource_id
        ));
    }
    said
}

/// What is said at the end: what is not as it was.
fn done(observed: &Observed) -> String {
    let mut said = format!("every member follows {}", observed.writer.identifier);
    if let Some(left) = decide::left(observed) {
        said.push_str(&format!(
            ". The empty global cluster {} is left, since it has deletion protection",
            left.identifier
        ));
    }
    for member in &observed.members {
        let (Some(retired), Some(shape)) = (&member.blueprint, &member.cluster) else {
            continue;
        };
        let differ = differences::between(&retired.shape, shape);
        if !differ.is_empty() {
            said.push_str(&format!(
                ". Of {} this is not as it was: {}",
                shape.identifier,
                differ.join(", ")
            ));
        }
        let beyond = retired.shape.beyond.iter();
        for gone in beyond.filter(|has| !shape.beyond.contains(has)) {
            said.push_str(&format!(". {} no longer has {gone}", shape.identifier));
        }
    }
    said
}

/// Does the one thing.
async fn act(
    world: &(impl Ledger + Here + Members + People),
    pass: &mut Pass,
    observed: &Observed,
    (action, retire): (&Action, Retire),
) -> Result<Came, Error> {
    let known = pass.run.refusal.take();
    match action {
        Action::Wait(_) | Action::Outlast(_) | Action::Fence(_) => {}
        Action::Done => succeed(world, pass, observed).await,
        Action::Remember(region) => remember(world, pass, observed, region).await?,
        Action::Record(global) => record(world, pass, global).await?,
        Action::Call(region, call) => {
            harmless(observed, region, call, retire)?;
            pass.run.refusal = known;
            let made = world.call(region, call).await;
            if matches!(made, Ok(Accepted::Yes) | Err(Error::Unavailable(_)))
                && let Some(message) = unlisted::message(&pass.run.plan, observed, (region, call))
            {
                tell(world, &pass.run.plan, &message).await;
            }
            return called(pass, observed, call, made);
        }
    }
    // What is under way ends a refusal, and a pass that waits is not recorded otherwise.
    if known.is_some() {
        world.put_run(world.region(), &pass.run).await?;
    }
    Ok(Came::AsDecided)
}

/// What came of a call: RDS's words are in the reason from the first refusal on.
fn called(
    pass: &mut Pass,
    observed: &Observed,
    call: &Call,
    made: Result<Accepted, Error>,
) -> Result<Came, Error> {
    let asked = call.to_string();
    match made {
        Ok(Accepted::Yes) => {
            pass.run.refusal = None;
            Ok(Came::AsDecided)
        }
        Ok(Accepted::NotNow(said)) => {
            refused(pass, &asked, (Trouble::State, &said), observed.shown())?;
            Ok(Came::NotNow(format!(
                "RDS would not yet that {asked}: {said}"
            )))
        }
        Ok(Accepted::Throttled(said)) => {
            refused(pass, &asked, (Trouble::Silent, &said), observed.shown())?;
            Ok(Came::Throttled(said))
        }
        // It may have been taken: the next pass looks.
        Err(Error::Unavailable(said)) if !pass.run.forced => {
            refused(pass, &asked, (Trouble::Silent, &said), observed.shown())?;
            Ok(Came::Unknown(format!(
                "nobody answered that {asked}: {said}"
            )))
        }
        Err(Error::Denied(said)) => Err(rights::denied(observed, call, &said)),
        Err(why) => Err(why),
    }
}

fn refused(
    pass: &mut Pass,
    asked: &str,
    trouble: (Trouble, &str),
    shown: Shown,
) -> Result<(), Error> {
    let known = pass.run.refusal.take();
    pass.run.refusal = Refusal::after(known.as_ref(), asked, trouble, shown, pass.now)?;
    Ok(())
}

async fn remember(
    world: &impl Ledger,
    pass: &Pass,
    observed: &Observed,
    region: &Region,
) -> Result<(), Error> {
    let member = observed.members.iter().find(|seen| seen.region == *region);
    let Some((member, shape)) = member.and_then(|seen| Some((seen, seen.worth_keeping()?))) else {
        return Ok(());
    };
    let noted = world.blueprint(pass.run.name(), region).await?;
    let healthy = member.healthy.as_ref();
    let shape = unfinished::finished(noted.as_ref(), shape, healthy);
    let mut blueprint = Blueprint::of(shape, observed.past.as_ref(), epoch(pass), pass.now);
    if blueprint.global.is_none() {
        blueprint.global = healthy.and_then(|healthy| healthy.newest.global.clone());
    }
    world
        .put_blueprint(pass.run.name(), region, &blueprint)
        .await
}

/// What each successor is from now on counts. Without the mark a later rebuild goes by what was retired, and the schedule that
/// keeps members sets it yet.
async fn succeed(world: &impl Ledger, pass: &Pass, observed: &Observed) {
    for (region, blueprint) in successions(observed, pass.now) {
        let marked = world.put_blueprint(pass.run.name(), region, &blueprint);
        if let Err(why) = marked.await {
            tracing::warn!(%region, %why, "a succession is not noted yet");
        }
    }
}

/// The records that successors stand for, with their mark.
fn successions(observed: &Observed, now: Timestamp) -> Vec<(&Region, Blueprint)> {
    let members = observed.members.iter();
    let marked = members.filter_map(|member| {
        let (retired, live) = (member.blueprint.as_ref()?, member.cluster.as_ref()?);
        Some((&member.region, retired.succeeded(live, now)?))
    });
    marked.collect()
}

fn epoch(pass: &Pass) -> Epoch {
    let current = pass.rows.current();
    current.map(|current| current.epoch).unwrap_or_default()
}

/// Every run after this one finds the standby in the global cluster that the ledgers name.
async fn record(world: &impl Ledger, pass: &Pass, global: &Named) -> Result<(), Error> {
    let epoch = epoch(pass);
    for region in &pass.run.leased {
        update(world, region, pass.run.name(), |row| {
            row.lead(&pass.run.run_id, epoch, global)
        })
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
