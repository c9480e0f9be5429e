//! Fences a deposed writer: once another member is proven as the writer without it, the old one takes no application's
//! writes any more. On a schedule in every member Region, and first in a failback. Never on the writer, nor on one to be.

mod by_operators;
mod forwarding;
mod hint;
mod patience;
mod shut;
mod words;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use by_operators::Unfenced;
pub use forwarding::Forwarded;
pub use hint::{Heard, Hint};
pub use patience::{LOOK, SHUT, SWEEP};

use shut::{Ended, all_clear, shut, tell_unfenced};
use words::some;

use super::health_probe::OfPlan;
use failover::{
    Error,
    domain::{Epoch, PlanName, Region},
    guard::not_adopted,
    ledger::{Current, Known, Row, Rows},
    metric::{self, Counted},
    pass::{
        Input, Output, Pass, answer, by_hand,
        frame::{self, Act, Came, Step, Then},
        operation,
    },
    plan::Plan,
    ports::{Doors, Fence, Here, Ledger, Members, Parameters, People, in_region, update_if},
    topology::{Cluster, GlobalCluster, Role, is_led_by, role},
};

/// The step's name in timelines and logs.
pub const STEP: &str = Counted::Fence.step();

/// What the function takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
    /// What of other instances may bring writes to a deposed member.
    #[serde(skip_serializing_if = "Forwarded::is_nothing")]
    pub forwarded: Forwarded,
    /// Why nobody can connect to a deposed member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shut: Option<String>,
    /// The deposed member, where RDS shows that it belongs to no global cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alone: Option<String>,
}

/// What stands open on a database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// The epoch it holds.
    pub epoch: Option<Epoch>,
    /// How many roles of applications may log in.
    pub roles: usize,
    /// Their sessions, those whose kind cannot be seen among them.
    pub sessions: u64,
    /// Scheduled jobs that are active.
    pub jobs: u64,
    /// Subscriptions that are enabled.
    pub subscriptions: usize,
    /// Sessions that changes are sent to.
    pub senders: u64,
    /// Transactions that anybody may still commit.
    pub prepared: usize,
    /// What could not be looked at.
    pub unseen: usize,
    /// Who is logged in as the administrator, or is sent changes by a login that stays.
    pub as_administrator: usize,
    /// Some of all these, by name.
    pub names: String,
}

impl From<Doors> for Open {
    fn from(doors: Doors) -> Self {
        Self {
            in_recovery: doors.in_recovery,
            epoch: doors.epoch,
            roles: doors.roles.len(),
            sessions: doors.sessions,
            jobs: doors.jobs,
            subscriptions: doors.subscriptions.len(),
            senders: doors.senders,
            prepared: doors.prepared.len(),
            unseen: doors.unseen.len(),
            as_administrator: doors.as_administrator.len(),
            names: some(
                [
                    &doors.roles,
                    &doors.subscriptions,
                    &doors.prepared,
                    &doors.unseen,
                    &doors.as_administrator,
                ]
                .into_iter()
                .flatten(),
            ),
        }
    }
}

impl Open {
    /// Whether an application's row may come in. A reader of changes brings none, and what could not be looked at is not known to be
    /// open.
    const fn may_take_rows(&self) -> bool {
        self.roles > 0
            || self.sessions > 0
            || self.jobs > 0
            || self.subscriptions > 0
            || self.prepared > 0
            || self.as_administrator > 0
    }

    const fn is_shut(&self) -> bool {
        self.roles == 0
            && self.sessions == 0
            && self.jobs == 0
            && self.subscriptions == 0
            && self.senders == 0
            && self.prepared == 0
            && self.unseen == 0
            && self.as_administrator == 0
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
    /// It follows the deposed writer of a third Region, and takes nothing of its own until it leaves that one.
    FollowsDeposed,
    /// It leads another global cluster or stands alone, and the writer is elsewhere.
    Deposed,
}

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

/// Why nothing is done where everything was shut.
const FENCED: &str = "it is fenced";

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
pub async fn handle(
    world: &(impl Ledger + Here + Members + Parameters + People + Fence),
    payload: Value,
) -> Result<Value, Error> {
    match operation::<Request>(payload)? {
        Request::Sweep {} => answer(sweep(world).await?),
        Request::Fence(input) => answer(run(world, &input).await?),
        Request::Unfence(input) => answer(Box::pin(by_operators::unfence(world, &input)).await?),
        Request::Hint(hint) => answer(hint::heard(world, &hint).await?),
        Request::Rights(of) => answer(by_operators::rights(world, &of.plan).await?),
    }
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` where nobody can connect to it until somebody does something, or where the database does not tell its epoch, so
/// that nobody can know whether it was deposed.
pub fn next_action(observed: &Observed) -> Result<Action, Error> {
    match observed.standing {
        Standing::Endorsed => {
            return Ok(Action::Done(
                "this Region has the writer, or is about to have it",
            ));
        }
        Standing::Gone => return Ok(Action::Done("there is no cluster to fence")),
        Standing::Follows => return Ok(Action::Done("it follows the writer")),
        Standing::FollowsDeposed => {
            return Ok(Action::Done(
                "it follows a deposed writer, and is fenced once the rebuild has taken it out",
            ));
        }
        Standing::Deposed => {}
    }
    if let Some(why) = &observed.shut {
        return if observed.fenced == Some(observed.epoch) {
            Ok(Action::Done("it was fenced, and nobody can connect to it"))
        } else {
            Err(Error::NotReady(why.clone()))
        };
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
        Some(epoch) if epoch == observed.epoch && observed.alone.is_some() => {
            Err(Error::NotReady(left_by_hand(observed)))
        }
        Some(epoch) if epoch >= observed.epoch => {
            Ok(Action::Done("its database has followed the proven writer"))
        }
        Some(_)
            if doors.is_shut()
                && observed.forwarded.on.is_empty()
                && observed.fenced == Some(observed.epoch) =>
        {
            match &observed.forwarded.unseen {
                None => Ok(Action::Done(FENCED)),
                Some(why) => Err(Error::Unavailable(why.clone())),
            }
        }
        Some(_) => Ok(Action::Fence),
    }
}

/// It followed the proven writer until somebody took it out of the global cluster: no epoch tells the two apart, and its logins are
/// those of today's applications.
fn left_by_hand(observed: &Observed) -> String {
    let Observed {
        alone,
        epoch,
        writer,
        ..
    } = observed;
    let alone = alone.as_deref().unwrap_or("the member");
    format!(
        "{alone} belongs to no global cluster, takes writes, and holds epoch {epoch} like the writer in {writer}: somebody detached it, and \
         what it has taken since is in no list; stop what writes there, rename or delete that cluster by hand, and start a failback or \
         rebuild-global, which makes the member anew"
    )
}

/// One pass of a run, or by hand.
///
/// # Errors
/// The guards' refusals, `NotReady` for a login that cannot be taken away, `Unavailable`.
pub async fn run(
    world: &(impl Ledger + Here + Members + People + Fence),
    input: &Input,
) -> Result<Output<Looked>, Error> {
    frame::run(&FenceWriter, world, input).await
}

impl<W: Ledger + Here + Members + People + Fence> Step<W> for FenceWriter {
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
        if *action != Action::Fence {
            return Ok(Came::AsDecided);
        }
        note_open(world, &looked.known, &looked.seen).await?;
        match shut(world, &looked.known, &looked.seen).await? {
            Ended::Shut(said) => Ok(Came::So(said)),
            // Whoever comes back would keep the loop going until it is exhausted.
            Ended::CameBack(said) => Err(Error::NotReady(said)),
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

/// Every plan that this Region knows, all at once. One plan's fault keeps no other from being fenced, and is counted.
///
/// # Errors
/// The first fault's, with the names of all plans that could not be swept: an answer would hide it from whoever counts errors.
async fn sweep(
    world: &(impl Ledger + Here + Members + Parameters + People + Fence),
) -> Result<Vec<Swept>, Error> {
    let plans = world.all_known(world.region()).await?;
    let sweeps = plans.iter().map(async |known| {
        let plan = &known.plan.plan;
        let work = Box::pin(sweep_one(world, &plans, known));
        let swept = patience::in_time(world, SWEEP, "the sweep", work).await;
        if let Err(why) = &swept {
            tracing::error!(%plan, step = STEP, %why, "could not be swept");
            metric::failed(Counted::Fence, plan, world.now());
        }
        swept.map_err(|why| (plan, why))
    });
    let swept = futures::future::join_all(sweeps).await;
    let of = swept.len();
    let mut done = Vec::new();
    let mut faults = Vec::new();
    for swept in swept {
        match swept {
            Ok(swept) => done.push(swept),
            Err(fault) => faults.push(fault),
        }
    }
    let Some((_, first)) = faults.first() else {
        return Ok(done);
    };
    let each: Vec<_> = faults
        .iter()
        .map(|(plan, why)| format!("{plan}: {}: {why}", why.name()))
        .collect();
    Err(first.reworded(format!(
        "{} of {of} plan(s) could not be swept: {}",
        each.len(),
        some(each.iter())
    )))
}

async fn sweep_one(
    world: &(impl Ledger + Here + Members + Parameters + People + Fence),
    plans: &[Known],
    known: &Known,
) -> Result<Swept, Error> {
    match serves_another(world, plans, known).await? {
        None => sweep_plan(world, known).await,
        Some(other) => Ok(Swept {
            plan: known.plan.plan.clone(),
            action: "none",
            reason: format!("its member here is the writer of plan {other}, and is left alone"),
        }),
    }
}

/// A later plan whose writer a plan's member here is. Of a plan that was taken away its row stays, and its epochs are none of the
/// successor's.
async fn serves_another(
    world: &(impl Ledger + Here),
    plans: &[Known],
    known: &Known,
) -> Result<Option<PlanName>, Error> {
    let here = world.region();
    let others = plans.iter();
    for other in others.filter(|other| shares_member(here, known, other)) {
        let ours = world.row(here, &known.plan.plan).await?;
        let row = world.row(here, &other.plan.plan).await?;
        if is_succeeded(here, &ours, &row) {
            return Ok(Some(other.plan.plan.clone()));
        }
    }
    Ok(None)
}

/// Whether another plan's writer was proven here after a plan's own was. One that was proven before says nothing: a row that stays
/// behind must not keep the successor's deposed writer open.
fn is_succeeded(here: &Region, ours: &Row, other: &Row) -> bool {
    let both = ours.current.as_ref().zip(other.current.as_ref());
    both.is_some_and(|(ours, other)| other.writer == *here && other.proven_at > ours.proven_at)
}

/// Whether another plan has the same cluster in a Region.
fn shares_member(here: &Region, known: &Known, other: &Known) -> bool {
    let cluster = |of: &Known| {
        of.plan
            .members()
            .get(here)
            .map(|member| member.cluster.clone())
    };
    let ours = cluster(known);
    other.plan.plan != known.plan.plan && ours.is_some() && cluster(other) == ours
}

/// What the schedule does for one plan. It needs no lease: what another member was proven without stays deposed until it is
/// rebuilt, and the database itself refuses to be fenced once it has followed a later writer.
///
/// # Errors
/// `NotReady` for a login that cannot be taken away, `Unavailable`.
pub async fn sweep_plan(
    world: &(impl Ledger + Here + Members + Parameters + People + Fence),
    known: &Known,
) -> Result<Swept, Error> {
    let rows = Rows(by_hand::reachable(world, known).await?);
    let switches = world.switches(&known.plan.plan).await;
    let observed = observe(world, known, &rows).await;
    let action = observed
        .as_ref()
        .map_err(Clone::clone)
        .and_then(next_action);
    let (observed, action) = match (observed, action) {
        (Ok(observed), Ok(action)) => (observed, action),
        (_, Err(why)) | (Err(why), _) => {
            tell_unfenced(world, known, &rows, &why).await;
            return Err(why);
        }
    };
    let mut reason = reason(&observed, action);
    note_login(world, known, &rows).await;
    if action == Action::Fence {
        let shut = match note_open(world, known, &observed).await {
            Ok(()) => match &switches {
                Ok(switches) if switches.is_on() => Err(held(world)),
                Ok(_) => shut(world, known, &observed).await,
                Err(why) => Err(why.clone()),
            },
            Err(why) => Err(why),
        };
        match shut {
            Ok(Ended::Shut(said)) => reason = said,
            // People were told of it by itself.
            Ok(Ended::CameBack(said)) => return Err(Error::NotReady(said)),
            Err(why) => {
                tell_unfenced(world, known, &rows, &why).await;
                return Err(why);
            }
        }
    }
    if action == Action::Done(FENCED) {
        all_clear(world, known, &rows, &observed).await;
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

/// While the writer is here, every ten minutes: once it is deposed, its secret may be rotated away from the password that it
/// keeps, and the note says which version that is.
async fn note_login(world: &(impl Here + Fence), known: &Known, rows: &Rows) {
    let here = world.region();
    let writes_here = rows
        .current()
        .is_some_and(|current| current.writer == *here);
    let is_due = rows
        .0
        .get(here)
        .is_some_and(|row| !row.is_served_noted(world.now()));
    if writes_here
        && is_due
        && let Err(why) = patience::in_time(world, LOOK, "the login", world.log_in(known)).await
    {
        tracing::warn!(plan = %known.plan.plan, step = STEP, %why, "the administrator could not log in at the writer");
    }
}

/// A switch keeps the fence from acting, and nobody from knowing that two writers are open.
fn held(world: &impl Here) -> Error {
    Error::NotReady(format!(
        "the kill or maintenance switch is on, which keeps the fence in {} from acting; switch it off, or shut the doors by hand",
        world.region()
    ))
}

async fn observe(
    world: &(impl Here + Members + Fence),
    known: &Known,
    rows: &Rows,
) -> Result<Observed, Error> {
    let current = rows.current();
    let current = current
        .ok_or_else(|| not_adopted(&known.plan.plan))?
        .clone();
    let here = world.region();
    let (standing, cluster) = standing(world, &known.plan, rows).await?;
    let row = rows.0.get(here);
    let deposed = cluster.filter(|_| standing == Standing::Deposed);
    let shut = deposed.as_ref().and_then(|cluster| cluster.shut(here));
    let alone = deposed
        .as_ref()
        .filter(|cluster| cluster.global_cluster.is_none());
    let alone = alone.map(|cluster| format!("{} in {here}", cluster.identifier));
    let doors = match &deposed {
        Some(cluster) if shut.is_none() => {
            let what = format!("looking at the doors in {here}");
            let doors = patience::in_time(world, LOOK, &what, world.doors(known)).await;
            Some(doors.map_err(|why| cluster.explained(here, why))?.into())
        }
        Some(_) | None => None,
    };
    let forwarded = match &deposed {
        Some(cluster) if doors.is_some() => {
            Forwarded::of(here, cluster, world.forwarding(cluster).await)
        }
        Some(_) | None => Forwarded::default(),
    };
    Ok(Observed {
        standing,
        writer: current.writer,
        epoch: current.epoch,
        fenced: row.and_then(|row| row.fenced_at.and(row.fenced)),
        doors,
        forwarded,
        shut,
        alone,
    })
}

/// Where this Region's member stands, and its cluster where that was asked for.
///
/// # Errors
/// `NotReady` where no ledger names a writer, `Unavailable`.
pub(super) async fn standing(
    world: &(impl Here + Members),
    plan: &Plan,
    rows: &Rows,
) -> Result<(Standing, Option<Cluster>), Error> {
    let here = world.region();
    let current = rows.current().ok_or_else(|| not_adopted(&plan.plan))?;
    let to_here = rows.intent().is_some_and(|intent| intent.to == *here);
    if current.writer == *here || to_here {
        return Ok((Standing::Endorsed, None));
    }
    let name = plan
        .members()
        .get(here)
        .map(|member| member.cluster.as_str());
    let Some(cluster) = world.cluster(here, name.unwrap_or_default()).await? else {
        return Ok((Standing::Gone, None));
    };
    let global = match &current.global_cluster {
        Some(named) => in_region(world, here, named).await?,
        None => None,
    };
    let standing = match role(global.as_ref(), &cluster) {
        Role::Standby => Standing::Follows,
        Role::Unsettled if follows_deposed(world, plan, current, &cluster).await? => {
            Standing::FollowsDeposed
        }
        // The ledgers name another writer: what leads or stands alone here was deposed. A standby of a global cluster that is
        // past may be among them, which its database tells.
        Role::Primary | Role::Standalone | Role::Unsettled => Standing::Deposed,
    };
    Ok((standing, Some(cluster)))
}

/// Whether RDS shows that it follows another member of the plan than the proven writer: of three or more, the deposed one.
async fn follows_deposed(
    world: &(impl Here + Members),
    plan: &Plan,
    current: &Current,
    cluster: &Cluster,
) -> Result<bool, Error> {
    let here = world.region();
    let Some(own) = &cluster.global_cluster else {
        return Ok(false);
    };
    if plan.members().len() < 3 {
        return Ok(false);
    }
    let global = world.global_cluster(here, own).await?;
    Ok(global.is_some_and(|global| is_led_elsewhere(&global, plan, (here, current), cluster)))
}

/// Whether a global cluster has the cluster as a standby of a member that is neither here nor the proven writer.
fn is_led_elsewhere(
    global: &GlobalCluster,
    plan: &Plan,
    (here, current): (&Region, &Current),
    cluster: &Cluster,
) -> bool {
    let follows = role(Some(global), cluster) == Role::Standby && global.failover.is_none();
    let mut others = plan.members().iter();
    follows
        && others.any(|(region, member)| {
            region != here
                && *region != current.writer
                && is_led_by(global, region, &member.cluster)
        })
}

/// Notes that rows may have come in since this Region's member was fenced, whether or not this pass can shut it: what was listed of it
/// under that fence is not all of it.
async fn note_open(
    world: &(impl Ledger + Here),
    known: &Known,
    seen: &Observed,
) -> Result<(), Error> {
    let is_open = seen.doors.as_ref().is_some_and(Open::may_take_rows);
    if seen.fenced.is_some() && (is_open || !seen.forwarded.on.is_empty()) {
        update_if(world, world.region(), &known.plan.plan, Row::open).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
