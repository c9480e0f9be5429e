//! Makes this Region the writer without losing a row: checks that everything is ready, switches over, and follows that to its
//! observed end. Every pass looks first. A call is noted before it is made, so that a lost answer is no lost call: its intent is
//! withdrawn only when both Regions have been quiet for a minute and the old writer commits.

mod observe;
mod ready;
mod words;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde::Serialize;
use serde_json::Value;

use crate::members::{Accepted, Members};
use failover::{
    Error,
    domain::PlanName,
    ledger::{Intent, Looks, Rows},
    notify::tell,
    pass::{
        Input, Output, Pass, answer, calls,
        frame::{self, Acting, Came, Step, Then},
        read,
    },
    plan::Plan,
    ports::{
        self, Functions, Ledger, Names, Objects, Parameters, People, Runtime, Secrets, Services,
        update,
    },
    topologies::Topologies,
    topology::{Cluster, GlobalCluster, Role, role},
};
use steps::{
    carried_out,
    promotion::IntentState,
    readiness::schedule::{self, Schedule},
};

/// The step's name in timelines and logs.
pub const STEP: &str = "planned_failover";
/// What the record of a run says of the call.
const CALLED: &str = "switch_over";

/// What the record of a run says of writing down what is about to be done.
const WRITES_INTENT: &str = "write_intent";

/// How plans are looked at on schedule.
const READINESS: Schedule = Schedule {
    step: STEP,
    is_due: |current| {
        let leads = current.global_cluster.is_some();
        (!leads).then_some("the writer leads no global cluster, and a failback is due")
    },
    begins: WRITES_INTENT,
};

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The ledger's current global cluster, as the target's Region sees it.
    pub global: Option<GlobalCluster>,
    /// The cluster to promote.
    pub target: Cluster,
    /// How far the change of writer has been written down.
    #[serde(rename = "written")]
    pub intent: IntentState,
    /// Whether the global cluster's primary is the writer that the run leaves.
    pub led_by_the_writer: bool,
    /// Whether RDS names no member or several the primary, which a call of the run may come of.
    pub is_between_writers: bool,
    /// What became of a call that may have been taken.
    pub called: Option<Called>,
    /// Every reason against it, while it has not begun.
    pub not_ready: Vec<String>,
    /// What stands in no way of it and should be put right all the same, while it has not begun.
    pub warnings: Vec<String>,
}

/// What became of a call that may have been taken: RDS shows it seconds later, and not in every Region at once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Called {
    /// What the looks at both Regions showed since, this one included.
    pub looks: Looks,
    /// Whether nothing has been seen of it for long enough, everything being available in both Regions.
    pub is_quiet: bool,
    /// Whether the Region that is left has been silent for as long.
    pub is_silent: bool,
    /// Whether the old writer commits.
    pub writer_commits: bool,
    /// Why the Region that is left does not tell, where it does not: no answer, or one that tells nothing, such as a denial.
    pub untold: Option<String>,
}

/// What a pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing is left to do.
    Done,
    /// Something is under way.
    Wait(&'static str),
    /// Write down what is about to be done.
    WriteIntent,
    /// Switch over.
    SwitchOver,
    /// Take back what was written down: RDS called the switchover off.
    Withdraw,
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            Self::Wait(_) => Acting::of("wait", Then::Waits),
            Self::WriteIntent => Acting::of(WRITES_INTENT, Then::Again(0)),
            Self::SwitchOver => Acting::calling_out(CALLED, Then::Later),
            Self::Withdraw => Acting::of("withdraw", Then::Again(0)),
        }
    }
}

/// The step.
#[derive(Debug)]
pub struct PlannedFailover;

/// One invocation: what every step takes; or `{"operation": "readiness"}`, on schedule.
///
/// # Errors
/// As [`run`]; `InvalidRequest` for a payload that is not understood; `NotReady` where what a schedule found could not be noted.
pub async fn handle(
    world: &(
         impl Ledger
         + Runtime
         + Members
         + Topologies
         + Parameters
         + Functions
         + Names
         + Objects
         + Services
         + Secrets
         + People
     ),
    payload: Value,
) -> Result<Value, Error> {
    if payload == schedule::request() {
        let look = async |plan: &PlanName, limit| {
            let input = Input {
                dry_run: true,
                ..Input::of(plan.clone())
            };
            let looks = (run(world, &input), limit);
            schedule::found(world, READINESS, looks, |seen| Ok(seen.warnings)).await
        };
        return answer(schedule::sweep(world, READINESS, look).await?);
    }
    answer(run(world, &read(payload)?).await?)
}

/// One pass.
///
/// # Errors
/// `NotReady` with every reason against it, before anything was changed or after RDS called it off; the guards' refusals.
pub async fn run(
    world: &(
         impl Ledger
         + Runtime
         + Members
         + Topologies
         + Parameters
         + Functions
         + Names
         + Objects
         + Services
         + Secrets
         + People
     ),
    input: &Input,
) -> Result<Output<Observed>, Error> {
    frame::run(&PlannedFailover, world, input).await
}

impl<
    W: Ledger
        + Runtime
        + Members
        + Topologies
        + Parameters
        + Functions
        + Names
        + Objects
        + Services
        + Secrets
        + People,
> Step<W> for PlannedFailover
{
    const NAME: &'static str = STEP;
    type Observed = Observed;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    async fn is_carried_out(&self, world: &W, plan: &Plan, rows: &Rows) -> bool {
        carried_out::shows(world, plan, rows, world.region()).await
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observed, Error> {
        observe::observe(world, pass).await
    }

    fn outlasts_silence(&self, pass: &Pass) -> bool {
        calls::outlasts_silence(&pass.run, pass.now)
    }

    fn next_action(&self, _: &Pass, seen: &Observed) -> Result<Action, Error> {
        next_action(seen)
    }

    fn reason(&self, pass: &Pass, seen: &Observed, action: &Action) -> String {
        words::reason(pass, seen, *action)
    }

    fn mark(&self, pass: &mut Pass, _: &Observed, _: &Action) {
        pass.run.looks = Looks::default();
    }

    fn reasons(&self, seen: &Observed) -> Vec<String> {
        seen.not_ready.clone()
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Observed,
        action: &Action,
    ) -> Result<Came, Error> {
        if let Some(called) = &seen.called {
            let before = std::mem::replace(&mut pass.run.looks, called.looks.clone());
            // No other action goes without a record.
            if matches!(action, Action::Wait(_)) && before != called.looks {
                world.put_run(world.region(), &pass.run).await?;
            }
        }
        match action {
            Action::Wait(_) => {}
            Action::Done => pass.run.promoted_at = pass.run.promoted_at.or(Some(pass.now)),
            Action::WriteIntent => {
                calls::inherit(world, pass).await?;
                if write_intent(world, pass).await? {
                    tell(world, &pass.run.plan, &words::takes_over(pass, seen)).await;
                }
            }
            Action::Withdraw => drop(ports::withdraw(world, &mut pass.run).await?),
            Action::SwitchOver => return switch_over(world, pass, seen).await,
        }
        Ok(Came::AsDecided)
    }
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` with every reason against it; `UnexpectedTopology` where RDS contradicts the ledgers or does something else.
pub fn next_action(observed: &Observed) -> Result<Action, Error> {
    let Observed { global, target, .. } = observed;
    let operation = global.as_ref().and_then(|global| global.failover.as_ref());
    match (role(global.as_ref(), target), operation) {
        // It needs both Regions: without the one that is left nothing comes of it, and whoever fails over needs the plan.
        (Role::Standby, Some(operation))
            if operation.to == target.arn
                && observed
                    .called
                    .as_ref()
                    .is_some_and(|called| called.is_silent) =>
        {
            Err(left_is_silent(observed.called.as_ref()))
        }
        (_, Some(operation)) if operation.to == target.arn && operation.status == "cancelling" => {
            Ok(Action::Wait("RDS is calling the switchover off"))
        }
        (_, Some(operation)) if operation.to == target.arn => {
            Ok(Action::Wait("RDS is switching over"))
        }
        (_, Some(operation)) => Err(Error::UnexpectedTopology(format!(
            "RDS is already {} to {}; wait until it has ended",
            operation.status, operation.to
        ))),
        (Role::Primary, None) => switched(observed),
        (Role::Standby, None) => begin(observed),
        (Role::Standalone | Role::Unsettled, None) => Err(Error::NotReady(format!(
            "{} is no member of the ledger's current global cluster; rebuild the global database first",
            target.identifier
        ))),
    }
}

/// RDS names no single writer while a call of the run may come about: the next look shows more, if both Regions tell.
fn between(observed: &Observed) -> Option<Action> {
    let called = observed.called.as_ref();
    let is_silent = called.is_some_and(|called| called.is_silent);
    (observed.is_between_writers && !is_silent)
        .then_some(Action::Wait("RDS names no member, or several, the writer"))
}

/// The target leads: that is our own work only if a ledger says so.
fn switched(observed: &Observed) -> Result<Action, Error> {
    let target = &observed.target;
    match observed.intent {
        IntentState::Proven | IntentState::OwnIntent | IntentState::OwnIntentHere
            if target.is_ready() =>
        {
            Ok(between(observed).unwrap_or(Action::Done))
        }
        IntentState::Proven | IntentState::OwnIntent | IntentState::OwnIntentHere => {
            Ok(Action::Wait("it leads and is not available yet"))
        }
        IntentState::AnotherRunsIntent => Ok(Action::WriteIntent),
        IntentState::Nothing => Err(Error::UnexpectedTopology(format!(
            "{} leads its global cluster, and no ledger says so; adopt it first",
            target.identifier
        ))),
    }
}

/// The target follows, and nothing is under way.
fn begin(observed: &Observed) -> Result<Action, Error> {
    if let Some(wait) = between(observed) {
        return Ok(wait);
    }
    if observed.is_between_writers {
        return Err(left_is_silent(observed.called.as_ref()));
    }
    if !observed.led_by_the_writer {
        return Err(Error::UnexpectedTopology(
            "RDS names another primary of the global cluster than the ledger; adopt it first"
                .into(),
        ));
    }
    if let Some(called) = &observed.called {
        return become_of(called, observed.intent);
    }
    if !observed.not_ready.is_empty() {
        // An intent that was written before it turned out so would block every other run.
        if observed.intent == IntentState::OwnIntent
            || observed.intent == IntentState::OwnIntentHere
        {
            return Ok(Action::Withdraw);
        }
        return Err(not_ready(&observed.not_ready));
    }
    if observed.intent != IntentState::OwnIntent {
        return Ok(Action::WriteIntent);
    }
    Ok(Action::SwitchOver)
}

fn left_is_silent(called: Option<&Called>) -> Error {
    let untold = called.and_then(|called| called.untold.as_deref());
    Error::NotReady(format!(
        "RDS may have taken the switchover, and the Region that is left has not told for a minute ({}); the change of writer and the call stay on record, and the next run to this Region takes them over",
        untold.unwrap_or("no answer")
    ))
}

/// The target follows, and a call is out that may have been taken. No answer is a state: only a minute of quiet in both Regions
/// and a writer that commits show that it was not, or that RDS ended it.
fn become_of(called: &Called, intent: IntentState) -> Result<Action, Error> {
    if intent == IntentState::Nothing {
        return Err(Error::NotReady(
            "RDS called the switchover off, or never began it; the old writer leads on, and nothing was lost. Its events say why (RDS-EVENT-0186, 0187)".into(),
        ));
    }
    if called.is_silent {
        return Err(left_is_silent(Some(called)));
    }
    if called.is_quiet && called.writer_commits {
        return Ok(Action::Withdraw);
    }
    Ok(Action::Wait(if called.is_quiet {
        "RDS shows nothing of the switchover, and the old writer does not commit"
    } else if called.looks.silent_since.is_some() {
        "the Region that is left does not tell, and RDS may have taken the switchover"
    } else {
        "RDS may have taken the switchover and does not show it yet"
    }))
}

fn not_ready(reasons: &[String]) -> Error {
    Error::NotReady(format!(
        "{} reason(s) against it: {}",
        reasons.len(),
        reasons.join("; ")
    ))
}

/// What RDS refuses has not begun, and what was written down is taken back; what gets no answer may have.
async fn switch_over(
    world: &(impl Ledger + Runtime + Members),
    pass: &mut Pass,
    observed: &Observed,
) -> Result<Came, Error> {
    let global = observed.global.as_ref();
    let global = global
        .map(|global| global.identifier.as_str())
        .unwrap_or_default();
    let asked = world
        .switch_over(&pass.run.from, global, &observed.target.arn)
        .await;
    let why = match asked {
        Ok(Accepted::Yes) => return Ok(Came::AsDecided),
        Ok(Accepted::Throttled(why)) => {
            return Ok(Came::Throttled(format!("{why}; it is asked for again")));
        }
        Err(why @ Error::Unavailable(_)) => return Err(why),
        Ok(Accepted::NotNow(why)) => Error::NotReady(format!("RDS would not switch over: {why}")),
        Err(why) => why,
    };
    // What an earlier call left open is no less open for a later one's refusal.
    let earlier = pass
        .run
        .attempts
        .split_last()
        .map_or(&[][..], |(_, earlier)| earlier);
    if !calls::any_open(&pass.run.plan.topology, earlier) {
        ports::withdraw(world, &mut pass.run).await?;
    }
    Err(why)
}

/// Writes the change of writer down wherever the run holds the plan. Whether that is news in this Region: of two passes that come in at
/// once the other one may have written it.
async fn write_intent(world: &(impl Ledger + Runtime), pass: &Pass) -> Result<bool, Error> {
    let run = &pass.run;
    let current = pass.rows.current();
    let intent = pass.intent(current.and_then(|current| current.global_cluster.clone()));
    let is_news = AtomicBool::new(true);
    for region in &run.leased {
        update(world, region, run.name(), |row| {
            if region == world.region() {
                let is_written = |open: &Intent| open.run_id == run.run_id;
                is_news.store(!row.intent.as_ref().is_some_and(is_written), Relaxed);
            }
            row.intend(intent.clone())
        })
        .await?;
    }
    Ok(is_news.into_inner())
}

#[cfg(test)]
mod tests;
