//! Makes this Region the writer without losing a row: checks that everything is ready, switches over, and follows that to its
//! observed end. Every pass looks first; a switchover that RDS called off is recognised as such, and its intent withdrawn.

mod ready;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Here, Input, Output, Pass,
    confirm_outage::Ask,
    detach_and_promote::{Accepted, Written},
    dns_flip::Dns,
    ecs_restart::Ecs,
    fence_writer::AskFence,
    frame::{self, Act, Came, Step, Then},
    recovery_ledger::Plans,
};
use crate::{
    Error,
    domain::{Region, seconds_between},
    ledger::{Ledger, update, update_if},
    notify::{Message, Notify, tell},
    switches::Switched,
    topology::{Cluster, Describe, GlobalCluster, Role, is_led_by, role},
};

/// The step's name in timelines and logs.
pub const STEP: &str = "planned_failover";
/// How long a switchover that RDS took may be missing from what it shows, in seconds; then it was called off.
const UNSEEN_SECONDS: f64 = 30.0;
/// What the record of a run says of the call.
const CALLED: &str = "switch_over";

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The ledger's current global cluster, as the target's Region sees it.
    pub global: Option<GlobalCluster>,
    /// The cluster to promote.
    pub target: Cluster,
    /// How far the change of writer has been written down.
    pub written: Written,
    /// Whether the global cluster's primary is the writer that the run leaves.
    pub led_by_the_writer: bool,
    /// Seconds since RDS took this run's switchover.
    pub called_seconds: Option<f64>,
    /// Every reason against it, while it has not begun.
    pub not_ready: Vec<String>,
}

/// The call.
pub trait SwitchOver: Sync {
    /// `SwitchoverGlobalCluster`, in the current primary's Region.
    fn switch_over(
        &self,
        region: &Region,
        global_cluster: &str,
        target_arn: &str,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
}

/// A blue/green deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlueGreen {
    /// Its name.
    pub name: String,
    /// The ARN of what it is to replace.
    pub source: String,
    /// Its status, such as `AVAILABLE`.
    pub status: String,
}

/// When a secret changes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// When it rotates next; `None` where it does not.
    pub next_at: Option<Timestamp>,
    /// The Region whose copy rotates, where this one is a replica.
    pub primary_region: Option<Region>,
}

/// What is about to change the databases or their logins by itself.
pub trait Upcoming: Sync {
    /// The blue/green deployments of a Region.
    fn blue_green(
        &self,
        region: &Region,
    ) -> impl Future<Output = Result<Vec<BlueGreen>, Error>> + Send;
    /// When a secret of this Region rotates.
    fn rotation(&self, secret: &str) -> impl Future<Output = Result<Rotation, Error>> + Send;
}

/// Everything that this step needs.
pub trait World:
    Ledger
    + Here
    + Describe
    + Plans
    + Ask
    + AskFence
    + Dns
    + Ecs
    + Switched
    + Notify
    + SwitchOver
    + Upcoming
{
}
impl<
    T: Ledger
        + Here
        + Describe
        + Plans
        + Ask
        + AskFence
        + Dns
        + Ecs
        + Switched
        + Notify
        + SwitchOver
        + Upcoming,
> World for T
{
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

impl Act for Action {
    fn name(&self) -> &'static str {
        match self {
            Self::Done => "none",
            Self::Wait(_) => "wait",
            Self::WriteIntent => "write_intent",
            Self::SwitchOver => CALLED,
            Self::Withdraw => "withdraw",
        }
    }

    fn then(&self) -> Then {
        match self {
            Self::Done => Then::Done,
            Self::Wait(_) => Then::Waits,
            Self::WriteIntent | Self::Withdraw => Then::Again(0),
            Self::SwitchOver => Then::Later,
        }
    }

    fn calls_out(&self) -> bool {
        match self {
            Self::SwitchOver => true,
            Self::Done | Self::Wait(_) | Self::WriteIntent | Self::Withdraw => false,
        }
    }
}

/// The step.
#[derive(Debug)]
pub struct PlannedFailover;

/// One pass.
///
/// # Errors
/// `NotReady` with every reason against it, before anything was changed or after RDS called it off; the guards' refusals.
pub async fn run(world: &impl World, input: &Input) -> Result<Output<Observed>, Error> {
    frame::run(&PlannedFailover, world, input).await
}

impl<W: World> Step<W> for PlannedFailover {
    const NAME: &'static str = STEP;
    type Observed = Observed;
    type Action = Action;

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observed, Error> {
        observe(world, pass).await
    }

    fn next_action(&self, _: &Pass, seen: &Observed) -> Result<Action, Error> {
        next_action(seen)
    }

    fn reason(&self, pass: &Pass, seen: &Observed, action: &Action) -> String {
        reason(pass, seen, *action)
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Observed,
        action: &Action,
    ) -> Result<Came, Error> {
        match action {
            Action::Done | Action::Wait(_) => {}
            Action::WriteIntent => {
                write_intent(world, pass).await?;
                tell(world, &pass.run.plan, &news(pass, seen)).await;
            }
            Action::Withdraw => withdraw(world, pass).await?,
            Action::SwitchOver => switch_over(world, pass, seen).await?,
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

/// The target leads: that is our own work only if a ledger says so.
fn switched(observed: &Observed) -> Result<Action, Error> {
    let target = &observed.target;
    match observed.written {
        Written::Proven | Written::OwnIntent | Written::OwnIntentHere if target.is_ready() => {
            Ok(Action::Done)
        }
        Written::Proven | Written::OwnIntent | Written::OwnIntentHere => {
            Ok(Action::Wait("it leads and is not available yet"))
        }
        Written::AnotherRunsIntent => Ok(Action::WriteIntent),
        Written::Nothing => Err(Error::UnexpectedTopology(format!(
            "{} leads its global cluster, and no ledger says so; adopt it first",
            target.identifier
        ))),
    }
}

/// The target follows, and nothing is under way.
fn begin(observed: &Observed) -> Result<Action, Error> {
    if !observed.led_by_the_writer {
        return Err(Error::UnexpectedTopology(
            "RDS names another primary of the global cluster than the ledger; adopt it first"
                .into(),
        ));
    }
    match observed.called_seconds {
        Some(seconds) if seconds < UNSEEN_SECONDS => {
            return Ok(Action::Wait(
                "RDS took the switchover and does not show it yet",
            ));
        }
        // RDS ended what it had taken, and the old writer leads on.
        Some(_) if observed.written != Written::Nothing => return Ok(Action::Withdraw),
        Some(_) => {
            return Err(Error::NotReady(
                "RDS called the switchover off; the old writer leads on, and nothing was lost. Its events say why (RDS-EVENT-0186, 0187)".into(),
            ));
        }
        None => {}
    }
    if !observed.not_ready.is_empty() {
        // An intent that was written before it turned out so would block every other run.
        if observed.written == Written::OwnIntent || observed.written == Written::OwnIntentHere {
            return Ok(Action::Withdraw);
        }
        return Err(Error::NotReady(format!(
            "{} reason(s) against it: {}",
            observed.not_ready.len(),
            observed.not_ready.join("; ")
        )));
    }
    if observed.written != Written::OwnIntent {
        return Ok(Action::WriteIntent);
    }
    Ok(Action::SwitchOver)
}

async fn observe(world: &impl World, pass: &Pass) -> Result<Observed, Error> {
    let run = &pass.run;
    let identifier = pass
        .rows
        .current()
        .and_then(|current| current.global_cluster.clone())
        .ok_or_else(|| {
            Error::NotReady(format!(
                "plan {} has no global cluster; rebuild it first",
                run.name()
            ))
        })?;
    let cluster = |region: &Region| {
        let member = run.plan.members.get(region);
        member
            .map(|member| member.cluster.clone())
            .unwrap_or_default()
    };
    let (global, target) = futures::future::try_join(
        identifier.in_region(world, &run.to),
        world.cluster(&run.to, &cluster(&run.to)),
    )
    .await?;
    let target = target.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {} knows no cluster {}",
            run.to,
            cluster(&run.to)
        ))
    })?;
    let from = cluster(&run.from);
    let led = |global: &GlobalCluster| is_led_by(global, &run.from, &from);
    let called = run.timeline.iter().rev();
    let called = called
        .filter(|entry| entry.step == STEP && entry.action == CALLED)
        .map(|entry| seconds_between(entry.at, pass.now))
        .next();
    let under_way = global
        .as_ref()
        .is_some_and(|global| global.failover.is_some());
    let follows = role(global.as_ref(), &target) == Role::Standby;
    let not_ready = if follows && !under_way && called.is_none() {
        ready::reasons(world, pass, global.as_ref(), &target).await?
    } else {
        Vec::new()
    };
    Ok(Observed {
        led_by_the_writer: global.as_ref().is_some_and(led),
        written: super::detach_and_promote::written(pass),
        called_seconds: called,
        global,
        target,
        not_ready,
    })
}

fn reason(pass: &Pass, observed: &Observed, action: Action) -> String {
    let (target, from) = (&observed.target.identifier, &pass.run.from);
    match action {
        Action::Done => format!("{target} is the writer and available"),
        Action::Wait(why) => format!("{target}: {why} (status {})", observed.target.status),
        Action::WriteIntent => {
            format!("everything is ready; {target} is about to take over from {from}")
        }
        Action::SwitchOver => format!("{target} follows {from}; switching over"),
        Action::Withdraw => {
            format!("the switchover did not begin or was called off; the writer in {from} stays")
        }
    }
}

/// What RDS refuses has not begun, and what was written down is taken back; what gets no answer may have.
async fn switch_over(world: &impl World, pass: &Pass, observed: &Observed) -> Result<(), Error> {
    let global = observed.global.as_ref();
    let global = global
        .map(|global| global.identifier.as_str())
        .unwrap_or_default();
    let asked = world
        .switch_over(&pass.run.from, global, &observed.target.arn)
        .await;
    let why = match asked {
        Ok(Accepted::Yes) => return Ok(()),
        Err(why @ Error::Unavailable(_)) => return Err(why),
        Ok(Accepted::NotNow(why)) => Error::NotReady(format!("RDS would not switch over: {why}")),
        Err(why) => why,
    };
    withdraw(world, pass).await?;
    Err(why)
}

async fn withdraw(world: &impl Ledger, pass: &Pass) -> Result<(), Error> {
    for region in &pass.run.leased {
        update_if(world, region, pass.run.name(), |row| {
            row.withdraw(&pass.run.run_id)
        })
        .await?;
    }
    Ok(())
}

async fn write_intent(world: &impl Ledger, pass: &Pass) -> Result<(), Error> {
    let current = pass.rows.current();
    let intent = pass.intent(current.and_then(|current| current.global_cluster.clone()));
    for region in &pass.run.leased {
        update(world, region, pass.run.name(), |row| {
            row.intend(intent.clone())
        })
        .await?;
    }
    Ok(())
}

fn news(pass: &Pass, observed: &Observed) -> Message {
    let run = &pass.run;
    Message {
        what: format!(
            "{} takes over from {} as planned",
            observed.target.identifier, run.from
        ),
        evidence: "every check of readiness held; no acknowledged row is lost".into(),
        execution: run.execution.clone(),
        next: "nothing: writes stop for some seconds; this run tells you its end".into(),
    }
}

#[cfg(test)]
mod tests;
