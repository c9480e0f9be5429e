//! Lists what a deposed writer took and the proven one never had: rows of the plan's tables, as files, and beats. After the
//! fence, so that nothing more is taken, and before the deposed cluster is retired. It changes no database.

mod account;
mod look;

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{
    Here, Input, Output, Pass, Progress, answer, by_hand, fence_writer::Standing, read, take,
};
use crate::{
    Error,
    beat::Beats,
    domain::{Epoch, PlanName, Region},
    ledger::{Current, Known, Ledger, Rows},
    notify::Notify,
    sql::{Place, compare::Stretch},
    topology::{Cluster, Describe},
};
pub use account::{Losses, LostBeats, TableLoss};

/// The step's name in timelines and logs.
pub const STEP: &str = "loss_ledger";

/// How long one pass compares.
pub const STRETCH: Duration = Duration::from_secs(15);

/// The two databases that are compared, as one Region reaches them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The deposed cluster's.
    pub deposed: Place,
    /// The proven writer's.
    pub writer: Place,
}

/// What each of the two holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The epoch of the deposed database.
    pub deposed: Option<Epoch>,
    /// Its beats.
    pub beats: Beats,
    /// The epoch of the writer's.
    pub writer: Option<Epoch>,
}

/// Both databases, read as their administrator, and where files are kept.
pub trait Compare: Sync {
    /// Reads the epochs and the deposed database's beats.
    fn held(&self, known: &Known, pair: &Pair) -> impl Future<Output = Result<Held, Error>> + Send;
    /// Compares a table for about [`STRETCH`].
    fn stretch(
        &self,
        known: &Known,
        pair: &Pair,
        table: &TableLoss,
    ) -> impl Future<Output = Result<Stretch, Error>> + Send;
    /// Keeps a file; answers where.
    fn keep(
        &self,
        name: &str,
        content: Vec<u8>,
    ) -> impl Future<Output = Result<String, Error>> + Send;
}

/// What was found, in this Region's ledger.
pub trait Found: Ledger {
    /// What has been found of a cluster.
    fn losses(
        &self,
        plan: &PlanName,
        cluster: &str,
    ) -> impl Future<Output = Result<Option<Losses>, Error>> + Send;
    /// Keeps that.
    fn put_losses(
        &self,
        plan: &PlanName,
        losses: &Losses,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The cluster that is compared.
    pub cluster: String,
    /// Where this Region's member stands; `None` for another cluster, named by hand.
    pub standing: Option<Standing>,
    /// The Region of the proven writer.
    pub writer: Region,
    /// Its epoch.
    pub epoch: Epoch,
    /// The epoch that the ledger says this Region's member was fenced under.
    pub fenced: Option<Epoch>,
    /// What had been found before this pass, under this epoch.
    pub losses: Option<Losses>,
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// There is nothing to compare, or everything is.
    Done(String),
    /// Note that nobody can know what was lost.
    Unknown(String),
    /// Compare a stretch of the table with this number.
    Compare(usize),
    /// Compare the beats and write the summary.
    Summarize,
}

impl Action {
    const fn name(&self) -> &'static str {
        match self {
            Self::Done(_) => "none",
            Self::Unknown(_) => "unknown",
            Self::Compare(_) => "compare",
            Self::Summarize => "summarize",
        }
    }
}

/// Everything that this step needs.
pub trait World: Here + Describe + Notify + Compare + Found {}
impl<T: Here + Describe + Notify + Compare + Found> World for T {}

/// One invocation: what every step takes, and `cluster`, by hand, for one that was restored from a snapshot.
///
/// # Errors
/// As [`run`]; `InvalidRequest` for a payload that is not understood.
pub async fn handle(world: &impl World, mut payload: Value) -> Result<Value, Error> {
    let cluster = take::<String>(
        &mut payload,
        "cluster",
        "the identifier of a cluster of this Region",
    )?;
    answer(run(world, &read(payload)?, cluster.as_deref()).await?)
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` while the deposed writer is not fenced.
pub fn next_action(observed: &Observed, tables: usize) -> Result<Action, Error> {
    let Observed { cluster, epoch, .. } = observed;
    if let Some(losses) = observed.losses.as_ref().filter(|found| found.is_complete()) {
        return Ok(Action::Done(losses.told()));
    }
    match observed.standing {
        Some(Standing::Endorsed) => {
            return Ok(Action::Done(
                "this Region has the writer, or is about to have it".into(),
            ));
        }
        Some(Standing::Gone) => {
            return Ok(Action::Unknown(
                "there is no cluster of that name any more; restore its final snapshot and name the restored cluster".into(),
            ));
        }
        Some(Standing::Follows) => {
            return Ok(Action::Unknown(format!(
                "it follows {} again, so RDS has replaced its volume; where it kept that as a snapshot, rds:unplanned-global-failover-{cluster}-…, restore it and name the restored cluster",
                observed.writer
            )));
        }
        Some(Standing::Deposed) if observed.fenced != Some(*epoch) => {
            return Err(Error::NotReady(format!(
                "{cluster} is not fenced under epoch {epoch}, so that it may still take rows; invoke fence-writer first"
            )));
        }
        Some(Standing::Deposed) | None => {}
    }
    let mut unfinished = 0..tables;
    let losses = observed.losses.as_ref();
    let is_done = |index: &usize| {
        let table = losses.and_then(|losses| losses.tables.get(*index));
        table.is_some_and(|table| table.is_done)
    };
    Ok(unfinished
        .find(|index| !is_done(index))
        .map_or(Action::Summarize, Action::Compare))
}

/// One pass, of this Region's member or of another cluster here.
///
/// # Errors
/// The guards' refusals; `NotReady` for what the plan or a human has to put right, `UnexpectedTopology` where a database is not
/// the one that it is taken for, `Unavailable`.
pub async fn run(
    world: &impl World,
    input: &Input,
    cluster: Option<&str>,
) -> Result<Output<Observed>, Error> {
    Box::pin(by_hand::or_forced(world, STEP, input, async |input| {
        Box::pin(pass(world, input, cluster)).await
    }))
    .await
}

async fn pass(
    world: &impl World,
    input: &Input,
    cluster: Option<&str>,
) -> Result<Output<Observed>, Error> {
    let mut pass = Pass::open(world, input).await?;
    let known = by_hand::known(world, &Input::of(pass.run.name().clone())).await?;
    // A run keeps the plan that it opened with.
    let known = Known {
        plan: pass.run.plan.clone(),
        ..known
    };
    let rows = if pass.dry_run {
        Rows(by_hand::reachable(world, &known).await?)
    } else {
        pass.rows.clone()
    };
    let current = rows.current().ok_or_else(by_hand::no_writer)?.clone();
    let (mut observed, found) = look::observe(world, &known, &rows, &current, cluster).await?;
    let action = next_action(&observed, known.plan.loss_ledger.len())?;
    let reason = if pass.dry_run {
        reason(&known, &observed, &action)
    } else {
        act(world, &known, &current, &mut observed, found, &action).await?
    };
    if !matches!(action, Action::Done(_)) {
        pass.record(world, STEP, action.name(), &reason).await?;
    }
    tracing::info!(plan = %input.plan, step = STEP, action = action.name(), reason, "pass");
    let progress = match action {
        Action::Compare(_) => Progress::Pending,
        Action::Done(_) | Action::Unknown(_) | Action::Summarize => Progress::Done,
    };
    Ok(Output {
        progress,
        wait_seconds: 0,
        action: action.name(),
        reason,
        observed,
    })
}

fn reason(known: &Known, observed: &Observed, action: &Action) -> String {
    match action {
        Action::Done(why) => why.clone(),
        Action::Unknown(why) => {
            format!(
                "would note that what {} alone had is unknown: {why}",
                observed.cluster
            )
        }
        Action::Compare(index) => {
            let table = known.plan.loss_ledger.get(*index);
            format!(
                "would compare {} of {} with the writer's, in {}",
                table.map_or("", |table| &table.table),
                observed.cluster,
                observed.writer
            )
        }
        Action::Summarize => format!(
            "would compare the beats of {} and write the summary",
            observed.cluster
        ),
    }
}

async fn act(
    world: &impl World,
    known: &Known,
    current: &Current,
    observed: &mut Observed,
    found: Option<Cluster>,
    action: &Action,
) -> Result<String, Error> {
    let plan = &known.plan;
    let fresh = || {
        Losses::of(
            &observed.cluster,
            current.epoch,
            &plan.loss_ledger,
            world.now(),
        )
    };
    let mut losses = observed.losses.clone().unwrap_or_else(fresh);
    let said = match action {
        Action::Done(why) => return Ok(why.clone()),
        Action::Unknown(why) => {
            losses.unknown = Some(why.clone());
            account::summarize(world, known, &mut losses).await?
        }
        Action::Compare(index) => {
            let (pair, _) = look::pair(world, known, current, found.as_ref()).await?;
            let table = losses.tables.get_mut(*index);
            let table = table.ok_or_else(|| {
                Error::UnexpectedTopology("the plan's tables changed under the run".into())
            })?;
            let stretch = world.stretch(known, &pair, table).await?;
            let folder = account::folder(plan.plan.as_str(), &observed.cluster, current.epoch);
            account::note(world, &folder, table, stretch).await?
        }
        Action::Summarize => {
            let (_, held) = look::pair(world, known, current, found.as_ref()).await?;
            losses.beats = look::beats(world, known, current, &held).await?;
            account::summarize(world, known, &mut losses).await?
        }
    };
    world.put_losses(&plan.plan, &losses).await?;
    observed.losses = Some(losses);
    Ok(said)
}

#[cfg(test)]
mod tests;
