//! Gives the writer's global database its other members again, pass by pass, from whatever state it finds. After a managed
//! failover RDS does most of it; after a detach the deposed cluster is kept by a snapshot, retired, and made anew. The
//! observed writer is never touched.

mod call;
mod decide;
mod look;
mod shape;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use call::{Blueprints, Build, Call, harmless};
pub use decide::next_action;
pub use shape::{Blueprint, EndpointShape, InstanceShape, Shape, Snapshot};

use super::{
    Here, Input, Output, Pass, answer,
    confirm_outage::Ask,
    detach_and_promote::Accepted,
    frame::{self, Act, Came, Step, Then},
    loss_ledger::Found,
    read, take,
};
use crate::{
    Error,
    domain::{Epoch, Region},
    ledger::update,
    notify::Notify,
    topology::{Cluster, Describe, GlobalCluster, Named},
};

/// The step's name in timelines and logs.
pub const STEP: &str = "rebuild_global";

/// What becomes of a deposed cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retire {
    /// It stays, as `<name>-retired-<date>-<epoch>`.
    #[default]
    Rename,
    /// It is deleted; its final snapshot and its automated backups stay.
    Delete,
}

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The Region that the pass runs in.
    pub acting: Region,
    /// The proven writer's Region.
    pub writer_region: Region,
    /// Its epoch.
    pub epoch: Epoch,
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
    /// An identifier that the next global cluster can have.
    pub free_global: Option<String>,
    /// The other members, the one to move home to last.
    pub members: Vec<SeenMember>,
    /// Whether the loss ledger of this Region's member is complete under this epoch.
    pub is_loss_listed: bool,
    /// Why the members, complete, are not to be relied on yet.
    pub lag: Option<String>,
    /// Today, for names.
    pub date: String,
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
    /// Whether it was fenced under the current epoch.
    pub is_fenced: bool,
    /// What was retired under the current epoch.
    pub blueprint: Option<Blueprint>,
    /// The final snapshot's name.
    pub snapshot_name: String,
    /// The final snapshot.
    pub snapshot: Option<Snapshot>,
    /// What a managed failover kept of it.
    pub unplanned: Option<String>,
    /// The name of the copy of that.
    pub copy_name: String,
    /// That copy.
    pub copy: Option<Snapshot>,
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Every member follows the writer.
    Done,
    /// Something is under way.
    Wait(String),
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
            Self::Fence(_) => "await_fence",
            Self::Remember(_) => "remember",
            Self::Record(_) => "record",
            Self::Call(_, call) => call.name(),
        }
    }

    fn then(&self) -> Then {
        match self {
            Self::Done => Then::Done,
            Self::Remember(_) | Self::Record(_) => Then::Again(0),
            Self::Wait(_) | Self::Fence(_) => Then::Waits,
            Self::Call(..) => Then::Later,
        }
    }

    fn calls_out(&self) -> bool {
        match self {
            Self::Call(..) => true,
            Self::Done | Self::Wait(_) | Self::Fence(_) | Self::Remember(_) | Self::Record(_) => {
                false
            }
        }
    }
}

/// The step.
#[derive(Debug)]
pub struct RebuildGlobal {
    /// What becomes of a deposed cluster.
    pub retire: Retire,
}

/// Everything that this step needs.
pub trait World: Here + Describe + Ask + Notify + Build + Blueprints + Found {}
impl<T: Here + Describe + Ask + Notify + Build + Blueprints + Found> World for T {}

/// One invocation: what every step takes, and `retire`.
///
/// # Errors
/// As [`run`]; `InvalidRequest` for a payload that is not understood.
pub async fn handle(world: &impl World, mut payload: Value) -> Result<Value, Error> {
    let retire = take(&mut payload, "retire", "\"rename\" or \"delete\"")?.unwrap_or_default();
    answer(run(world, &read(payload)?, retire).await?)
}

/// One pass.
///
/// # Errors
/// `NotReady` for what a human has to put right, `UnexpectedTopology` where RDS contradicts the ledgers, the guards'
/// refusals.
pub async fn run(
    world: &impl World,
    input: &Input,
    retire: Retire,
) -> Result<Output<Observed>, Error> {
    frame::run(&RebuildGlobal { retire }, world, input).await
}

impl<W: World> Step<W> for RebuildGlobal {
    const NAME: &'static str = STEP;
    type Observed = Observed;
    type Action = Action;

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observed, Error> {
        look::observe(world, pass).await
    }

    fn next_action(&self, _: &Pass, seen: &Observed) -> Result<Action, Error> {
        let action = next_action(seen, self.retire)?;
        if let Action::Fence(region) = &action
            && *region == seen.acting
        {
            return Err(Error::NotReady(format!(
                "the deposed member in {region} is not fenced; invoke fence-writer there first"
            )));
        }
        Ok(action)
    }

    fn reason(&self, pass: &Pass, seen: &Observed, action: &Action) -> String {
        reason(pass, seen, action)
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Observed,
        action: &Action,
    ) -> Result<Came, Error> {
        act(world, pass, seen, action, self.retire).await
    }

    fn since(&self, pass: &Pass) -> Timestamp {
        since(pass)
    }
}

/// When this pass's work began to be waited for: when the last call was made.
fn since(pass: &Pass) -> Timestamp {
    let last = pass.run.timeline.last();
    last.map_or(pass.now, |entry| entry.at)
}

fn reason(pass: &Pass, observed: &Observed, action: &Action) -> String {
    let writer = &observed.writer.identifier;
    match action {
        Action::Done => format!("every member follows {writer}"),
        Action::Wait(why) => why.clone(),
        Action::Fence(region) => format!(
            "the deposed member in {region} is not fenced yet; its Region's schedule does that within a minute"
        ),
        Action::Remember(region) => format!(
            "what the member in {region} is made of {} kept, to be made again",
            pass.says("is", "would be")
        ),
        Action::Record(global) => format!(
            "{writer} leads {global}, which the ledgers {} from now on",
            pass.says("name", "would name")
        ),
        Action::Call(region, call) if pass.dry_run => format!(
            "{writer} is the writer; the next call in {region} would be {}, by which {call}",
            call.name()
        ),
        Action::Call(region, call) => format!("{writer} is the writer; in {region} {call}"),
    }
}

/// Does the one thing.
async fn act(
    world: &impl World,
    pass: &Pass,
    observed: &Observed,
    action: &Action,
    retire: Retire,
) -> Result<Came, Error> {
    match action {
        Action::Done | Action::Wait(_) | Action::Fence(_) => {}
        Action::Remember(region) => {
            let member = observed.members.iter().find(|seen| seen.region == *region);
            if let Some(shape) = member.and_then(|seen| seen.cluster.clone()) {
                let blueprint = Blueprint {
                    shape,
                    epoch: epoch(pass),
                    seen_at: pass.now,
                };
                world
                    .put_blueprint(pass.run.name(), region, &blueprint)
                    .await?;
            }
        }
        Action::Record(global) => record(world, pass, global).await?,
        Action::Call(region, call) => {
            harmless(observed, region, call, retire)?;
            if let Accepted::NotNow(why) = world.call(region, call).await? {
                return Ok(Came::NotNow(format!(
                    "in {region} RDS would not {} yet: {why}",
                    call.name()
                )));
            }
        }
    }
    Ok(Came::AsDecided)
}

fn epoch(pass: &Pass) -> Epoch {
    let current = pass.rows.current();
    current.map(|current| current.epoch).unwrap_or_default()
}

/// Every run after this one finds the standby in the global cluster that the ledgers name.
async fn record(world: &impl World, pass: &Pass, global: &Named) -> Result<(), Error> {
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
