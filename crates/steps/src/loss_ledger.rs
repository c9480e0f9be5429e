//! Lists what a deposed writer took and the proven one never had: rows of the plan's tables, as files, and beats. After the
//! fence, so that nothing more is taken, and before the deposed cluster is retired. It changes no database.

mod account;
mod comparing;
mod databases;
mod files;
mod observe;
mod unlisted;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::standing::Standing;
use failover::{
    Error,
    domain::{Epoch, Region},
    guard::not_adopted,
    json::shown,
    ledger::{Current, KeptPlan, Losses},
    pass::{
        Input, Output, Pass, answer, by_hand,
        frame::{self, Acting, Came, Step, Then},
        read, take,
    },
    ports::{Comparison, Ledger, People, Runtime},
    topologies::Topologies,
    topology::{Cluster, names::is_identifier},
};

pub use account::Account;
pub use unlisted::unlisted;

/// The step's name in timelines and logs.
pub const STEP: &str = "loss_ledger";

/// How long after its beginning a pass reads on. It ends [`LATE`](failover::ports::LATE) after that at the latest, which leaves
/// its function a fifth of its minute to keep what was found.
pub const READING: Duration = Duration::from_secs(35);

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The cluster that is compared.
    pub cluster: String,
    /// What RDS calls it for good, where it is there.
    pub resource_id: Option<String>,
    /// Where this Region's member stands; `None` for another cluster, named by hand.
    pub standing: Option<Standing>,
    /// The Region of the proven writer.
    pub writer: Region,
    /// Its epoch.
    pub epoch: Epoch,
    /// The fence of this epoch that the ledger says this Region's member stands under.
    pub fenced_at: Option<Timestamp>,
    /// The Region that the writer left by a switchover, where this Region's member has nothing alone that could be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_from: Option<Region>,
    /// Where what was retired of this Region's member is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// Why nobody can connect to the deposed cluster.
    #[serde(rename = "shut", skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<String>,
    /// What had been found before this pass, under this epoch and this fence; an answer tells the sums alone.
    #[serde(serialize_with = "sums")]
    pub losses: Option<Losses>,
}

#[expect(clippy::ref_option, reason = "serde hands the field over by reference")]
fn sums<S: serde::Serializer>(losses: &Option<Losses>, to: S) -> Result<S::Ok, S::Error> {
    losses.as_ref().map(Account::from).serialize(to)
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// There is nothing to compare, or everything is.
    Done(String),
    /// Note that nobody can know what was lost.
    Unknown(String),
    /// Compare a batch of the table with this number.
    Compare(usize),
    /// Compare the beats and write the summary.
    Summarize,
}

impl Action {
    /// Files bear the name of what is in them: written twice, they are the same.
    const fn acting(&self) -> Acting {
        match self {
            Self::Done(_) => Acting::of("none", Then::Done),
            Self::Unknown(_) => Acting::of("unknown", Then::Done),
            Self::Compare(_) => Acting::of("compare", Then::Again(0)),
            Self::Summarize => Acting::of("summarize", Then::Done),
        }
    }
}

/// The step, of this Region's member or of another cluster here.
#[derive(Debug)]
pub struct LossLedger<'a> {
    /// The identifier of another cluster.
    pub cluster: Option<&'a str>,
}

/// What a pass saw, and what it needs to act.
#[derive(Debug, Serialize)]
pub struct Observation {
    #[serde(flatten)]
    seen: Observed,
    #[serde(skip)]
    known: KeptPlan,
    #[serde(skip)]
    current: Current,
    #[serde(skip)]
    found: Option<Cluster>,
}

/// One invocation: what every step takes, and `cluster`, by hand, for one that was restored from a snapshot.
///
/// # Errors
/// As [`run`]; `InvalidRequest` for a payload that is not understood.
pub async fn handle(
    world: &(impl Ledger + Runtime + Topologies + People + Comparison),
    payload: Value,
) -> Result<Value, Error> {
    let (cluster, input) = asked(payload)?;
    answer(run(world, &input, cluster.as_deref()).await?)
}

/// The cluster that somebody named, and the input of every step.
pub fn asked(mut payload: Value) -> Result<(Option<String>, Input), Error> {
    let cluster: Option<String> = take(&mut payload, "cluster")?;
    if let Some(cluster) = cluster.as_ref().filter(|cluster| !is_identifier(cluster)) {
        return Err(Error::InvalidRequest(format!(
            "cluster is {}; write the identifier of a cluster of this Region",
            shown(&Value::from(cluster.as_str()))
        )));
    }
    Ok((cluster, read(payload)?))
}

impl Observed {
    /// Whether every table that an account is of was read to its end.
    fn is_compared(&self, tables: usize) -> bool {
        let losses = self.losses.as_ref();
        losses.is_some_and(|losses| {
            tables > 0
                && losses.unknown.is_none()
                && losses.tables.iter().all(|table| table.is_done)
        })
    }
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` while nobody can connect to the deposed writer, or it is not fenced.
pub fn next_action(observed: &Observed, tables: usize) -> Result<Action, Error> {
    let Observed { cluster, epoch, .. } = observed;
    if let Some(losses) = observed.losses.as_ref().filter(|found| found.is_complete()) {
        return Ok(Action::Done(losses.told()));
    }
    if observed.standing == Some(Standing::Deposed)
        && let Some(why) = &observed.unreachable
    {
        return Err(Error::NotReady(why.clone()));
    }
    if let Some(from) = &observed.planned_from {
        return Ok(Action::Done(format!(
            "the writer moved from {from} to {} as planned, by which no row is lost",
            observed.writer
        )));
    }
    match observed.standing {
        Some(Standing::Endorsed) => Ok(Action::Done(
            "this Region has the writer, or is about to have it".into(),
        )),
        Some(Standing::FollowsDeposed) => Ok(Action::Done(
            "it still follows a deposed writer and has nothing of its own to list; the rebuild takes it out first, and the run after that lists what it took since".into(),
        )),
        Some(Standing::Gone | Standing::Follows) if observed.is_compared(tables) => {
            Ok(Action::Summarize)
        }
        Some(Standing::Gone | Standing::Follows) => Ok(Action::Unknown(cannot_be_known(observed))),
        Some(Standing::Deposed) if observed.fenced_at.is_none() => Err(Error::NotReady(format!(
            "{cluster} is not fenced under epoch {epoch}, so that it may still take rows; invoke fence-writer first"
        ))),
        Some(Standing::Deposed) | None => Ok(unfinished(observed, tables)),
    }
}

/// Why nobody can know what a member that has gone or follows again had alone, and where it may still be found.
fn cannot_be_known(observed: &Observed) -> String {
    let Observed {
        kept,
        standing,
        writer,
        cluster,
        ..
    } = observed;
    match kept {
        Some(kept) => kept.clone(),
        None if *standing == Some(Standing::Gone) =>
            "there is no cluster of that name any more; restore its final snapshot and name the restored cluster".into(),
        None => format!(
            "it follows {writer} again, so RDS has replaced its volume; where it kept that as a snapshot, rds:unplanned-global-failover-{cluster}-…, restore it and name the restored cluster"
        ),
    }
}

/// The first table that was not read to its end; the summary after the last one.
fn unfinished(observed: &Observed, tables: usize) -> Action {
    let losses = observed.losses.as_ref();
    let is_done = |index: &usize| {
        let table = losses.and_then(|losses| losses.tables.get(*index));
        table.is_some_and(|table| table.is_done)
    };
    let mut tables = 0..tables;
    let first = tables.find(|index| !is_done(index));
    first.map_or(Action::Summarize, Action::Compare)
}

/// One pass, of this Region's member or of another cluster here.
///
/// # Errors
/// The guards' refusals; `NotReady` for what the plan or a human has to put right, `UnexpectedTopology` where a database is not
/// the one that it is taken for, `Unavailable`.
pub async fn run(
    world: &(impl Ledger + Runtime + Topologies + People + Comparison),
    input: &Input,
    cluster: Option<&str>,
) -> Result<Output<Observation>, Error> {
    frame::run(&LossLedger { cluster }, world, input).await
}

impl<W: Ledger + Runtime + Topologies + People + Comparison> Step<W> for LossLedger<'_> {
    const NAME: &'static str = STEP;
    type Observed = Observation;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observation, Error> {
        let known = by_hand::known(world, &Input::of(pass.run.name().clone())).await?;
        // A run keeps the plan that it opened with.
        let known = KeptPlan {
            plan: pass.run.plan.clone(),
            ..known
        };
        let current = pass.rows.current();
        let current = current.ok_or_else(|| not_adopted(pass.run.name()))?.clone();
        let (seen, found) =
            observe::observe(world, &known, &pass.rows, &current, self.cluster).await?;
        Ok(Observation {
            seen,
            known,
            current,
            found,
        })
    }

    fn next_action(&self, pass: &Pass, observed: &Observation) -> Result<Action, Error> {
        next_action(&observed.seen, pass.run.plan.loss_ledger.len())
    }

    fn reason(&self, _: &Pass, observed: &Observation, action: &Action) -> String {
        reason(&observed.known, &observed.seen, action)
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        observed: &mut Observation,
        action: &Action,
    ) -> Result<Came, Error> {
        let said = comparing::carry_out(world, pass.now, observed, action).await;
        said.map(Came::So)
    }
}

fn reason(known: &KeptPlan, observed: &Observed, action: &Action) -> String {
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

#[cfg(test)]
mod tests;
