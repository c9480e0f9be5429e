//! Lists what a deposed writer took and the proven one never had: rows of the plan's tables, as files, and beats. After the
//! fence, so that nothing more is taken, and before the deposed cluster is retired. It changes no database.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Here, Input, Output, Pass, Progress, by_hand, fence_writer::Standing, fence_writer::standing,
    read,
};
use crate::{
    Error,
    beat::Beats,
    domain::{Epoch, PlanName, Region, seconds_between},
    ledger::{Current, Known, Ledger, Rows},
    notify::{Message, Notify, tell},
    plan::KeyedTable,
    sql::{Place, compare::Stretch},
    topology::{Cluster, Describe},
};

/// The step's name in timelines and logs.
pub const STEP: &str = "loss_ledger";

/// How long one pass compares.
pub const STRETCH: Duration = Duration::from_secs(15);

/// What has been found so far of what a deposed cluster alone has: the `loss/<cluster>` item of its Region's ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// The deposed cluster.
    pub cluster: String,
    /// The epoch of the writer that it is compared with.
    pub epoch: Epoch,
    /// When that began.
    pub begun_at: Timestamp,
    /// The plan's tables, in their order.
    pub tables: Vec<TableLoss>,
    /// The beats of each vantage; `None` when nothing tells what the writer had when it was promoted.
    pub beats: Option<Vec<LostBeats>>,
    /// Why nobody can know what was lost.
    pub unknown: Option<String>,
    /// Where the summary lies, once everything is compared.
    pub summary: Option<String>,
}

/// What has been found of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableLoss {
    /// The table and its key.
    #[serde(flatten)]
    pub table: KeyedTable,
    /// The last key that was compared.
    pub after: Option<Vec<String>>,
    /// Rows that are read at once.
    pub rows_at_once: u32,
    /// Rows that were compared.
    pub compared: u64,
    /// Rows that the writer lacks.
    pub only_here: u64,
    /// Rows that are otherwise on the writer.
    pub differs: u64,
    /// Columns that were not compared.
    pub left_out: Vec<String>,
    /// The files with the rows that were found.
    pub files: Vec<String>,
    /// Whether the table's end was reached.
    pub is_done: bool,
}

/// The beats of one vantage that the writer never had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LostBeats {
    /// The vantage.
    pub vantage: Region,
    /// How many.
    pub count: u64,
    /// Seconds between the last beat that the writer had and the last one of all.
    pub seconds: f64,
}

impl Losses {
    fn of(cluster: &str, epoch: Epoch, tables: &[KeyedTable], now: Timestamp) -> Self {
        let tables = tables.iter().map(|table| TableLoss {
            table: table.clone(),
            after: None,
            rows_at_once: crate::sql::compare::ROWS,
            compared: 0,
            only_here: 0,
            differs: 0,
            left_out: Vec::new(),
            files: Vec::new(),
            is_done: false,
        });
        Self {
            cluster: cluster.to_owned(),
            epoch,
            begun_at: now,
            tables: tables.collect(),
            beats: None,
            unknown: None,
            summary: None,
        }
    }

    /// Whether everything was compared and the summary is written.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.summary.is_some()
    }

    /// One sentence for people.
    fn told(&self) -> String {
        if let Some(why) = &self.unknown {
            return format!("what {} alone had is unknown: {why}", self.cluster);
        }
        let sum = |of: fn(&TableLoss) -> u64| self.tables.iter().map(of).sum::<u64>();
        let beats = match &self.beats {
            None => "the lost beats are unknown".to_owned(),
            Some(beats) => {
                let lost = beats.iter().map(|beat| beat.count).sum::<u64>();
                let seconds = beats.iter().map(|beat| beat.seconds).fold(0.0, f64::max);
                format!("{lost} beat(s) of {seconds:.1} s are lost")
            }
        };
        format!(
            "{} row(s) are only in {} and {} differ there, of {} in {} table(s); {beats}",
            sum(|table| table.only_here),
            self.cluster,
            sum(|table| table.differs),
            sum(|table| table.compared),
            self.tables.len()
        )
    }
}

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
    let given = payload
        .as_object_mut()
        .and_then(|object| object.remove("cluster"));
    let cluster = match given {
        None | Some(Value::Null) => None,
        Some(Value::String(cluster)) if !cluster.is_empty() => Some(cluster),
        Some(given) => {
            return Err(Error::InvalidRequest(format!(
                "cluster is {given}; write the identifier of a cluster of this Region"
            )));
        }
    };
    let output = run(world, &read(payload)?, cluster.as_deref()).await?;
    serde_json::to_value(output)
        .map_err(|why| Error::InvalidRequest(format!("the answer cannot be written: {why}")))
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
    let (mut observed, found) = observe(world, &known, &rows, &current, cluster).await?;
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

async fn observe(
    world: &impl World,
    known: &Known,
    rows: &Rows,
    current: &Current,
    named: Option<&str>,
) -> Result<(Observed, Option<Cluster>), Error> {
    let (here, plan) = (world.region(), &known.plan);
    let (standing, found) = match named {
        None => {
            let (standing, found) = standing(world, plan, rows).await?;
            (Some(standing), found)
        }
        Some(named) => (None, Some(restored(world, known, current, named).await?)),
    };
    let member = plan.members.get(here).map(|member| member.cluster.clone());
    let cluster = named.map_or_else(|| member.unwrap_or_default(), str::to_owned);
    let losses = world.losses(&plan.plan, &cluster).await?;
    let observed = Observed {
        standing,
        writer: current.writer.clone(),
        epoch: current.epoch,
        fenced: rows.0.get(here).and_then(|row| row.fenced),
        losses: losses.filter(|losses| losses.epoch == current.epoch),
        cluster,
    };
    Ok((observed, found))
}

/// A cluster that was named by hand: it must be there, available, and no member of a global cluster.
async fn restored(
    world: &impl World,
    known: &Known,
    current: &Current,
    named: &str,
) -> Result<Cluster, Error> {
    let here = world.region();
    let is_writer = known.plan.members.get(here).is_some_and(|member| {
        current.writer == *here && member.cluster.eq_ignore_ascii_case(named)
    });
    if is_writer {
        return Err(Error::InvalidRequest(format!(
            "cluster is {named:?}, which is the writer; name one that was restored from a snapshot"
        )));
    }
    let found = world.cluster(here, named).await?.ok_or_else(|| {
        Error::InvalidRequest(format!(
            "cluster is {named:?}, and RDS in {here} knows none of that name"
        ))
    })?;
    if let Some(global) = &found.global_cluster {
        return Err(Error::InvalidRequest(format!(
            "cluster is {named:?}, a member of global cluster {global}; name one that stands alone"
        )));
    }
    if !found.is_ready() {
        return Err(Error::NotReady(format!(
            "cluster {named} is {}; it needs an instance that is available",
            found.status
        )));
    }
    Ok(found)
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
            summarize(world, known, &mut losses).await?
        }
        Action::Compare(index) => {
            let (pair, _) = pair(world, known, current, found.as_ref()).await?;
            let table = losses.tables.get_mut(*index);
            let table = table.ok_or_else(|| {
                Error::UnexpectedTopology("the plan's tables changed under the run".into())
            })?;
            let stretch = world.stretch(known, &pair, table).await?;
            let folder = folder(plan.plan.as_str(), &observed.cluster, current.epoch);
            note(world, &folder, table, stretch).await?
        }
        Action::Summarize => {
            let (_, held) = pair(world, known, current, found.as_ref()).await?;
            losses.beats = beats(world, known, current, &held).await?;
            summarize(world, known, &mut losses).await?
        }
    };
    world.put_losses(&plan.plan, &losses).await?;
    observed.losses = Some(losses);
    Ok(said)
}

/// Both databases' addresses, once they have said that they are what they are taken for.
async fn pair(
    world: &impl World,
    known: &Known,
    current: &Current,
    deposed: Option<&Cluster>,
) -> Result<(Pair, Held), Error> {
    let gone = || Error::UnexpectedTopology("the cluster is gone".into());
    let deposed = deposed.ok_or_else(gone)?;
    let writer = known.endpoints.get(&current.writer).ok_or_else(|| {
        Error::NotReady(format!(
            "no endpoint of the member in {} is known: no probe has seen it yet",
            current.writer
        ))
    })?;
    let place = |host: &str, port: u16| Place {
        host: host.to_owned(),
        port,
        database: known.plan.database.name.clone(),
    };
    let pair = Pair {
        deposed: place(&deposed.endpoint, deposed.port),
        writer: place(&writer.writer, writer.port),
    };
    let held = world.held(known, &pair).await?;
    if held.writer != Some(current.epoch) {
        return Err(Error::UnexpectedTopology(format!(
            "the database at {} holds epoch {}, and the writer of epoch {} was expected there",
            pair.writer.host,
            told(held.writer),
            current.epoch
        )));
    }
    if held.deposed.is_none_or(|epoch| epoch >= current.epoch) {
        return Err(Error::UnexpectedTopology(format!(
            "the database at {} holds epoch {}, so that it was not deposed by epoch {}",
            pair.deposed.host,
            told(held.deposed),
            current.epoch
        )));
    }
    Ok((pair, held))
}

fn told(epoch: Option<Epoch>) -> String {
    epoch.map_or_else(|| "none".into(), |epoch| epoch.to_string())
}

fn folder(plan: &str, cluster: &str, epoch: Epoch) -> String {
    format!("{plan}/{cluster}-{epoch}")
}

/// Keeps what a stretch found, first as files and then in the table's account: a pass that dies between the two writes the
/// same files again.
async fn note(
    world: &impl World,
    folder: &str,
    table: &mut TableLoss,
    stretch: Stretch,
) -> Result<String, Error> {
    for (kind, found) in [
        ("only-here", &stretch.only_here),
        ("differs", &stretch.differs),
    ] {
        if found.count > 0 {
            let name = format!(
                "{folder}/{}/{kind}-{:012}.csv",
                table.table.table, table.compared
            );
            table
                .files
                .push(world.keep(&name, found.csv.clone()).await?);
        }
    }
    table.is_done = stretch.after.is_none();
    table.after = stretch.after;
    table.rows_at_once = stretch.rows;
    table.compared += stretch.compared;
    table.only_here += stretch.only_here.count;
    table.differs += stretch.differs.count;
    table.left_out = stretch.left_out;
    Ok(format!(
        "{}: {} row(s) compared, {} only here, {} differ{}",
        table.table.table,
        table.compared,
        table.only_here,
        table.differs,
        if table.is_done {
            ""
        } else {
            ", and more to come"
        }
    ))
}

/// The beats that the writer did not hold when it was promoted. Its own record of that is in its Region's ledger.
async fn beats(
    world: &impl World,
    known: &Known,
    current: &Current,
    held: &Held,
) -> Result<Option<Vec<LostBeats>>, Error> {
    let run = world
        .run(&current.writer, &known.plan.plan, &current.run_id)
        .await?;
    let Some(before) = run.and_then(|run| run.held) else {
        return Ok(None);
    };
    let lost = held.beats.iter().filter_map(|(vantage, last)| {
        let had = before.get(vantage)?;
        Some(LostBeats {
            vantage: vantage.clone(),
            count: last.seq.saturating_sub(had.seq),
            seconds: seconds_between(had.at, last.at).max(0.0),
        })
    });
    Ok(Some(lost.collect()))
}

async fn summarize(
    world: &impl World,
    known: &Known,
    losses: &mut Losses,
) -> Result<String, Error> {
    let plan = &known.plan;
    let content = serde_json::to_vec_pretty(&losses)
        .map_err(|why| Error::InvalidRequest(format!("the summary cannot be written: {why}")))?;
    let folder = folder(plan.plan.as_str(), &losses.cluster, losses.epoch);
    let place = world
        .keep(&format!("{folder}/summary.json"), content)
        .await?;
    let said = losses.told();
    let message = Message {
        what: format!("the loss ledger of {} is written", losses.cluster),
        evidence: format!("{said}; the files are beside {place}"),
        execution: None,
        next: "look through the files and put back what belongs on the writer".into(),
    };
    losses.summary = Some(place);
    tell(world, plan, &message).await;
    Ok(said)
}

#[cfg(test)]
mod tests;
