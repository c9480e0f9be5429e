//! Fences a deposed writer: once another member is proven as the writer without it, the old one takes no application's
//! writes any more. On a schedule in every member Region, and first in a failback. Never on the writer, nor on one to be.

mod by_operators;
mod hint;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use by_operators::{Rights, Unfenced};
pub use hint::{Heard, Hint};

use super::{
    Here, Input, Output, Pass, answer, by_hand,
    frame::{self, Act, Came, Step, Then},
    health_probe::OfPlan,
    read,
};
use crate::{
    Error,
    domain::{Epoch, PlanName, Region},
    ledger::{Known, Ledger, Rows, update_if},
    notify::{Message, Notify, tell},
    plan::Plan,
    sql::fence::{Doors, Shut},
    switches::Switched,
    topology::{Cluster, Describe, Role, role},
};

/// The step's name in timelines and logs.
pub const STEP: &str = "fence_writer";

/// What the function takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Request {
    /// Fences whatever is deposed here, for every plan that this Region knows.
    Sweep {},
    /// One pass of a run, or by hand.
    Fence(Input),
    /// Gives applications their way in again; for operators.
    Unfence(Input),
    /// What RDS says of its own fence after a managed failover.
    Hint(Hint),
    /// Tries on the writer here whether it could be fenced one day, and takes that back.
    Rights(OfPlan),
}

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// Where this Region's member stands.
    pub standing: Standing,
    /// The Region of the proven writer.
    pub writer: Region,
    /// Its epoch.
    pub epoch: Epoch,
    /// The epoch that the ledger says this member was fenced under.
    pub fenced: Option<Epoch>,
    /// What stands open on a deposed member's database.
    pub doors: Option<Open>,
}

/// What stands open on a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// The epoch it holds.
    pub epoch: Option<Epoch>,
    /// Roles of applications that may log in.
    pub roles: Vec<String>,
    /// Their sessions.
    pub sessions: u64,
    /// Scheduled jobs that are active.
    pub jobs: u64,
}

impl From<Doors> for Open {
    fn from(doors: Doors) -> Self {
        Self {
            in_recovery: doors.in_recovery,
            epoch: doors.epoch,
            roles: doors.roles,
            sessions: doors.sessions,
            jobs: doors.jobs,
        }
    }
}

impl Open {
    const fn is_shut(&self) -> bool {
        self.roles.is_empty() && self.sessions == 0 && self.jobs == 0
    }
}

/// Where this Region's member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// This Region has the writer, or a change of writer to it has begun.
    Endorsed,
    /// RDS shows no cluster of the plan's name here.
    Gone,
    /// It follows the writer, or RDS is bringing it back as a follower.
    Follows,
    /// It leads another global cluster or stands alone, and the writer is elsewhere.
    Deposed,
}

/// The doors of this Region's member, handled as its administrator.
pub trait Gate: Sync {
    /// Looks what stands open.
    fn doors(&self, known: &Known) -> impl Future<Output = Result<Doors, Error>> + Send;
    /// Shuts everything if the database's epoch is below `proven`, and tries a login that must be refused. `None` where the
    /// database has followed the writer of that epoch.
    fn shut(
        &self,
        known: &Known,
        proven: Epoch,
    ) -> impl Future<Output = Result<Option<Shut>, Error>> + Send;
    /// Gives back what was taken; answers the roles.
    fn reopen(&self, known: &Known) -> impl Future<Output = Result<Vec<String>, Error>> + Send;
    /// Tries what [`Gate::shut`] would do to the logins, takes it back, and answers what was refused.
    fn rights(&self, known: &Known) -> impl Future<Output = Result<Vec<String>, Error>> + Send;
}

/// Asks another Region's fence.
pub trait AskFence: Sync {
    /// What the administrator could not do if the writer in `region` had to be fenced.
    fn ask_rights(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<Rights, Error>> + Send;
}

/// Everything that this step needs.
pub trait World: Ledger + Here + Describe + Switched + Notify + Gate {}
impl<T: Ledger + Here + Describe + Switched + Notify + Gate> World for T {}

/// What a pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing has to be fenced, or everything is.
    Done(&'static str),
    /// Shut the doors.
    Fence,
}

impl Act for Action {
    fn name(&self) -> &'static str {
        match self {
            Self::Done(_) => "none",
            Self::Fence => "fence",
        }
    }

    fn then(&self) -> Then {
        match self {
            Self::Done(_) => Then::Done,
            Self::Fence => Then::Later,
        }
    }

    fn calls_out(&self) -> bool {
        *self == Self::Fence
    }
}

/// The step.
#[derive(Debug)]
pub struct FenceWriter;

/// What a pass of a run saw, and of which plan.
#[derive(Debug, Serialize)]
pub struct Looked {
    #[serde(flatten)]
    seen: Observed,
    #[serde(skip)]
    known: Known,
}

/// What became of one plan in a sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Swept {
    /// The plan.
    pub plan: PlanName,
    /// What was done.
    pub action: &'static str,
    /// Why, or what went wrong.
    pub reason: String,
}

/// One invocation.
///
/// # Errors
/// Every name but `EvidenceStale` and `DataLossTooLarge`.
pub async fn handle(world: &impl World, payload: Value) -> Result<Value, Error> {
    match read::<Request>(payload)? {
        Request::Sweep {} => answer(sweep(world).await?),
        Request::Fence(input) => answer(run(world, &input).await?),
        Request::Unfence(input) => answer(by_operators::unfence(world, &input).await?),
        Request::Hint(hint) => answer(hint::heard(world, &hint).await?),
        Request::Rights(of) => answer(by_operators::rights(world, &of.plan).await?),
    }
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` where the database does not tell its epoch, so that nobody can know whether it was deposed.
pub fn next_action(observed: &Observed) -> Result<Action, Error> {
    match observed.standing {
        Standing::Endorsed => {
            return Ok(Action::Done(
                "this Region has the writer, or is about to have it",
            ));
        }
        Standing::Gone => return Ok(Action::Done("there is no cluster to fence")),
        Standing::Follows => return Ok(Action::Done("it follows the writer")),
        Standing::Deposed => {}
    }
    let Some(doors) = &observed.doors else {
        return Err(Error::Unavailable(
            "the deposed writer's database was not looked at".into(),
        ));
    };
    if doors.in_recovery {
        return Ok(Action::Done("its database is a standby's"));
    }
    match doors.epoch {
        None => Err(Error::NotReady(
            "the database has no aurora_failover.epoch, so that nothing tells whether it was deposed; fence it by hand".into(),
        )),
        Some(epoch) if epoch >= observed.epoch => {
            Ok(Action::Done("its database has followed the proven writer"))
        }
        Some(_) if doors.is_shut() && observed.fenced == Some(observed.epoch) => {
            Ok(Action::Done("it is fenced"))
        }
        Some(_) => Ok(Action::Fence),
    }
}

/// One pass of a run, or by hand.
///
/// # Errors
/// The guards' refusals, `NotReady` for a login that cannot be taken away, `Unavailable`.
pub async fn run(world: &impl World, input: &Input) -> Result<Output<Looked>, Error> {
    frame::run(&FenceWriter, world, input).await
}

impl<W: World> Step<W> for FenceWriter {
    const NAME: &'static str = STEP;
    type Observed = Looked;
    type Action = Action;

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Looked, Error> {
        let plan = pass.run.name().clone();
        let known = by_hand::known(world, &Input::of(plan)).await?;
        let seen = observe(world, &known, &pass.rows).await?;
        Ok(Looked { seen, known })
    }

    fn next_action(&self, _: &Pass, looked: &Looked) -> Result<Action, Error> {
        next_action(&looked.seen)
    }

    fn reason(&self, _: &Pass, looked: &Looked, action: &Action) -> String {
        reason(&looked.seen, *action)
    }

    async fn act(
        &self,
        world: &W,
        _: &mut Pass,
        looked: &mut Looked,
        action: &Action,
    ) -> Result<Came, Error> {
        match action {
            Action::Done(_) => Ok(Came::AsDecided),
            Action::Fence => shut(world, &looked.known, &looked.seen).await.map(Came::So),
        }
    }
}

fn reason(seen: &Observed, action: Action) -> String {
    match action {
        Action::Done(why) => why.to_owned(),
        Action::Fence => format!(
            "would fence the deposed writer: {} is the writer of epoch {}",
            seen.writer, seen.epoch
        ),
    }
}

/// Every plan that this Region knows, all at once. One plan's fault is told beside the others.
async fn sweep(world: &impl World) -> Result<Vec<Swept>, Error> {
    let plans = world.all_known().await?;
    let swept = plans.iter().map(async |known| {
        let plan = known.plan.plan.clone();
        match Box::pin(sweep_plan(world, known)).await {
            Ok(swept) => swept,
            Err(why) => {
                tracing::error!(%plan, step = STEP, %why, "could not be swept");
                Swept {
                    plan,
                    action: "failed",
                    reason: format!("{}: {why}", why.name()),
                }
            }
        }
    });
    Ok(futures::future::join_all(swept).await)
}

/// What the schedule does for one plan. It needs no lease: what another member was proven without stays deposed until it is
/// rebuilt, and the database itself refuses to be fenced once it has followed a later writer.
///
/// # Errors
/// `NotReady` for a login that cannot be taken away, `Unavailable`.
pub async fn sweep_plan(world: &impl World, known: &Known) -> Result<Swept, Error> {
    let rows = Rows(by_hand::reachable(world, known).await?);
    let is_held = world.switches(&known.plan.plan).await?.is_on();
    let observed = observe(world, known, &rows).await?;
    let action = next_action(&observed)?;
    let mut reason = reason(&observed, action);
    if action == Action::Fence && !is_held {
        reason = shut(world, known, &observed).await?;
    }
    if action == Action::Fence {
        tracing::warn!(plan = %known.plan.plan, step = STEP, action = action.name(), reason, "pass");
    }
    Ok(Swept {
        plan: known.plan.plan.clone(),
        action: action.name(),
        reason,
    })
}

async fn observe(world: &impl World, known: &Known, rows: &Rows) -> Result<Observed, Error> {
    let current = rows.current().ok_or_else(by_hand::no_writer)?.clone();
    let (standing, _) = standing(world, &known.plan, rows).await?;
    let row = rows.0.get(world.region());
    let doors = if standing == Standing::Deposed {
        Some(world.doors(known).await?.into())
    } else {
        None
    };
    Ok(Observed {
        standing,
        writer: current.writer,
        epoch: current.epoch,
        fenced: row.and_then(|row| row.fenced),
        doors,
    })
}

/// Where this Region's member stands, and its cluster where that was asked for.
///
/// # Errors
/// `NotReady` where no ledger names a writer, `Unavailable`.
pub(super) async fn standing(
    world: &(impl Here + Describe),
    plan: &Plan,
    rows: &Rows,
) -> Result<(Standing, Option<Cluster>), Error> {
    let here = world.region();
    let current = rows.current().ok_or_else(by_hand::no_writer)?;
    let to_here = rows.intent().is_some_and(|intent| intent.to == *here);
    if current.writer == *here || to_here {
        return Ok((Standing::Endorsed, None));
    }
    let name = plan.members.get(here).map(|member| member.cluster.as_str());
    let Some(cluster) = world.cluster(here, name.unwrap_or_default()).await? else {
        return Ok((Standing::Gone, None));
    };
    let global = match &current.global_cluster {
        Some(named) => named.in_region(world, here).await?,
        None => None,
    };
    let standing = match role(global.as_ref(), &cluster) {
        Role::Standby => Standing::Follows,
        // The ledgers name another writer: what leads or stands alone here was deposed. A standby of a global cluster that is
        // past may be among them, which its database tells.
        Role::Primary | Role::Standalone | Role::Unsettled => Standing::Deposed,
    };
    Ok((standing, Some(cluster)))
}

/// Shuts the doors, notes it in this Region's ledger once nothing more stands open, and tells people.
async fn shut(world: &impl World, known: &Known, observed: &Observed) -> Result<String, Error> {
    let (here, plan) = (world.region(), &known.plan);
    let Some(done) = world.shut(known, observed.epoch).await? else {
        return Ok(format!(
            "the database in {here} has followed the writer meanwhile; it was left alone"
        ));
    };
    if !done.refused.is_empty() {
        return Err(Error::NotReady(format!(
            "{} role(s) in {here} keep their login: {}; give {} the right to alter them, or take it by hand",
            done.refused.len(),
            done.refused.join("; "),
            plan.database.admin_secret
        )));
    }
    update_if(world, here, &plan.plan, |row| {
        row.fence(Some(observed.epoch))
    })
    .await?;
    let what = format!(
        "{} role(s) lost their login, {} session(s) were ended, {} job(s) disabled",
        done.roles.len(),
        done.sessions,
        done.jobs
    );
    if !done.roles.is_empty() {
        let message = Message {
            what: format!("the deposed writer in {here} was fenced"),
            evidence: format!(
                "{} has been the writer since epoch {}; {what}",
                observed.writer, observed.epoch
            ),
            execution: None,
            next: format!(
                "bring the writer home when it suits you: start aurora-failover-failback in {here}"
            ),
        };
        tell(world, plan, &message).await;
    }
    Ok(what)
}

#[cfg(test)]
mod tests;
