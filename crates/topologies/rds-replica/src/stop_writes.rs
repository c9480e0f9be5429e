//! Stops the writer that a planned move leaves, and shows that the replica holds every row that was acknowledged to anybody. The row of
//! the Region that is left bears the stop before the database does. What goes wrong gives the logins back and ends the run: writes go
//! on where they were. It promotes nothing.

use failover::{
    Error,
    domain::PlanName,
    ledger::Rows,
    pass::{
        Input, Output, Pass, answer, by_hand,
        frame::{self, Acting, Came, Step, Then},
        read,
    },
    plan::Plan,
    ports::{Functions, Ledger, Names, Objects, Parameters, People, Runtime, Secrets, Services},
    topologies::Topologies,
};
use serde::Serialize;
use serde_json::{Value, json};
use steps::{
    carried_out,
    readiness::schedule::{self, Schedule},
};

use crate::members::{
    Instance, Members, Stops,
    stops::{Asked, Stands},
};

mod backups;
mod carry_out;
mod look;
mod ready;
mod services;
mod sweep;
pub(crate) mod there;
mod words;
mod written;

pub use backups::{BackupKind, NewestBackup};
pub use sweep::Swept;
pub use written::Written;

/// The step's name in timelines and logs.
pub const STEP: &str = "stop_writes";
/// What the record of a run says of the stop's being written down. It says so before: a run writes one stop.
const WRITE: &str = "write_stop";
/// What it says of the call that stops, and of the one that opens.
const STOP: &str = "stop";
const OPEN: &str = "open";
/// What it says where the stop was given up.
const GIVE_BACK: &str = "give_back";
/// How often the doors are shut that a look found open, until the move is given up.
const SHUT_MAX: u32 = 3;

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The replica, as its own Region shows it.
    pub target: Instance,
    /// How far the stop has been written down.
    pub written: Written,
    /// Seconds since then, where it stands.
    pub seconds: Option<f64>,
    /// How often the writer was asked to stop.
    #[serde(skip)]
    pub asked: u32,
    /// How the writer stands, where it tells.
    pub writer: Option<Stands>,
    /// Why it does not, where it does not.
    pub untold: Option<String>,
    /// How far the writer had written when every door was first seen shut under the mark, in bytes of its log; `None` while one is open.
    pub position: Option<i64>,
    /// How far the replica has replayed.
    pub replayed: Option<i64>,
    /// The services of the Region that is left which are brought to none first, with what each has, while it has not begun. Then those that
    /// do not have it again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Why one of them could not be brought to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The newest backup of the writer that lies in another Region, while it has not begun; `None` where none is known.
    pub newest_backup: Option<NewestBackup>,
    /// Every reason against it, while it has not begun.
    pub not_ready: Vec<String>,
    /// What stands in no way of it and should be put right all the same, while it has not begun.
    pub warnings: Vec<String>,
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The writer is stopped and the replica holds all it has written, or nothing is left to be stopped.
    Done(String),
    /// Something is under way.
    Wait(String),
    /// Write the stop down.
    Write,
    /// Stop the writer.
    Stop,
    /// Withdraw the stop, and let the applications in again.
    GiveBack(String),
    /// Let them in once more: the stop is withdrawn, and its mark stands.
    Open,
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done(_) => Acting::of("none", Then::Done),
            Self::Wait(_) => Acting::of("wait", Then::Waits),
            Self::Write => Acting::calling_out(WRITE, Then::Again(0)),
            Self::Stop => Acting::calling_out(STOP, Then::Again(0)),
            Self::GiveBack(_) => Acting::of(GIVE_BACK, Then::Again(0)),
            Self::Open => Acting::calling_out(OPEN, Then::Again(1)),
        }
    }
}

/// What the function takes beside a pass of a run.
const SWEEP: &str = "sweep";

/// How plans are looked at on schedule: whoever was left is found by the look itself.
const READINESS: Schedule = Schedule {
    step: STEP,
    is_due: |_| None,
    begins: WRITE,
};

/// One invocation: a pass of a run, what another Region asks of this one's writer, the schedules' looks for stops that nobody gives
/// back and whether the writer could be moved here, or a human's word to give one back.
///
/// # Errors
/// As [`run`]; `InvalidRequest` for a payload that is not understood; of the schedule the first plan's fault.
pub async fn handle(
    world: &(
         impl Ledger
         + Runtime
         + Members
         + Stops
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
    match payload.get("operation").and_then(Value::as_str) {
        Some(SWEEP) if payload == json!({"operation": SWEEP}) => answer(sweep::sweep(world).await?),
        Some("give_back") => answer(sweep::by_hand(world, &read(payload)?).await?),
        Some("stop" | "look" | "position" | "open") => {
            answer(there::answer(world, &read::<Asked>(payload)?).await?)
        }
        _ if payload == schedule::request() => {
            let look = async |plan: &PlanName, limit| {
                let input = Input {
                    dry_run: true,
                    ..Input::of(plan.clone())
                };
                // A fence tells a member that a move has left from one that somebody promoted past this tool.
                let row = world.row(world.region(), plan).await;
                let is_left = row.is_ok_and(|row| row.fence_under(row.proven_epoch()).is_some());
                let looks = (Box::pin(run(world, &input)), limit);
                schedule::found(world, READINESS, looks, |shown| seen(shown, is_left)).await
            };
            answer(schedule::sweep(world, READINESS, look).await?)
        }
        _ => answer(Box::pin(run(world, &read(payload)?)).await?),
    }
}

/// What the schedule's look is to note, or why no move to here is to be thought of yet.
fn seen(observed: Observed, is_left: bool) -> Result<Vec<String>, String> {
    if observed.target.source.is_some() || !is_left {
        return Ok(observed.warnings);
    }
    Err(format!(
        "{} follows nobody since a move has left it, and is to be made a replica again first",
        observed.target.identifier
    ))
}

/// The step.
#[derive(Debug)]
pub struct StopWrites;

/// One pass.
///
/// # Errors
/// `NotReady` with every reason against it, before anything was changed or after the stop was given back; the guards' refusals.
pub async fn run(
    world: &(
         impl Ledger
         + Runtime
         + Members
         + Stops
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
    if input.force.is_some() {
        by_hand::is_consistent(input)?;
        return Err(Error::InvalidRequest(
            "force is given, and a writer is stopped by a run only, which opens it again; leave force out, and start the machine replica-switchover".into(),
        ));
    }
    frame::run(&StopWrites, world, input).await
}

impl<
    W: Ledger
        + Runtime
        + Members
        + Stops
        + Topologies
        + Parameters
        + Functions
        + Names
        + Objects
        + Services
        + Secrets
        + People,
> Step<W> for StopWrites
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
        look::observe(world, pass).await
    }

    /// Once the writer may be stopped nothing but its end or its opening ends a loop.
    fn outlasts_silence(&self, pass: &Pass) -> bool {
        Written::of(pass).may_be_stopped()
    }

    fn next_action(&self, pass: &Pass, seen: &Observed) -> Result<Action, Error> {
        next_action(pass, seen)
    }

    fn reason(&self, pass: &Pass, seen: &Observed, action: &Action) -> String {
        words::reason(pass, seen, action)
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
        carry_out::act(world, pass, seen, action).await
    }

    /// Writes are out meanwhile; and no loop is over before a stop is given back that stood too long.
    fn wait_seconds(&self, _: &Pass) -> u64 {
        1
    }
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` with every reason against it, or once the stop was given back; `UnexpectedTopology` for a target that follows nobody.
pub fn next_action(pass: &Pass, observed: &Observed) -> Result<Action, Error> {
    let target = &observed.target;
    match &observed.written {
        Written::Promoting => Ok(Action::Done(
            "the promotion has begun, and goes forward".into(),
        )),
        Written::Withdrawn => withdrawn(pass, observed),
        _ if target.source.is_none() => Err(Error::UnexpectedTopology(format!(
            "{} is a replica of nothing, and no ledger says that it was promoted; open the plan anew around the instance that writes",
            target.identifier
        ))),
        Written::Nothing if observed.not_ready.is_empty() => Ok(Action::Write),
        Written::Nothing => Err(Error::NotReady(format!(
            "{} reason(s) against it: {}",
            observed.not_ready.len(),
            observed.not_ready.join("; ")
        ))),
        Written::InPart => Ok(Action::Write),
        Written::Everywhere => Ok(stopping(pass, observed)),
    }
}

/// The stop is written, and stands until it is given up or the replica holds everything.
fn stopping(pass: &Pass, observed: &Observed) -> Action {
    // Writes are out meanwhile.
    let most = pass.run.plan.topology.stop_seconds();
    let late = observed.seconds.is_none_or(|seconds| seconds > most);
    let Some(writer) = &observed.writer else {
        let why = observed.untold.as_deref().unwrap_or("no answer");
        return if late {
            Action::GiveBack(format!(
                "the writer's Region did not tell for {most:.0} s how the writer stands: {why}"
            ))
        } else {
            Action::Wait(format!(
                "the writer's Region does not tell how the writer stands: {why}"
            ))
        };
    };
    if !observed
        .target
        .follows(&pass.run.from, written::left(&pass.run))
    {
        return Action::GiveBack(format!(
            "{} does not follow the writer any more",
            observed.target.identifier
        ));
    }
    let is_stopped = writer.bears(&written::token(&pass.run));
    if late {
        return Action::GiveBack(words::late(pass, observed));
    }
    if is_stopped && writer.open.is_empty() {
        return match (observed.position, observed.replayed) {
            (Some(position), Some(replayed)) if replayed >= position => Action::Done(format!(
                "the writer is stopped at position {position}, and {} has replayed {replayed}: no acknowledged row is lost",
                observed.target.identifier
            )),
            _ => Action::Wait(words::behind(observed)),
        };
    }
    // Logins are taken behind the services alone, so that writes go on here.
    if let Some(why) = &observed.refused {
        return Action::GiveBack(format!(
            "a service of {} is not brought to none: {why}",
            pass.run.from
        ));
    }
    if observed.asked >= SHUT_MAX {
        let open = writer.open.join("; ");
        return Action::GiveBack(if is_stopped {
            format!("a door of the writer stays open: {open}")
        } else {
            words::unmarked(&pass.run, writer)
        });
    }
    Action::Stop
}

/// The stop is withdrawn: what is left is to see its mark gone.
fn withdrawn(pass: &Pass, observed: &Observed) -> Result<Action, Error> {
    let is_left = observed
        .writer
        .as_ref()
        .is_some_and(|writer| writer.bears(&written::token(&pass.run)));
    let lacks = observed.writer.is_some() && !observed.services.is_empty();
    if (is_left || lacks) && observed.asked < 2 * SHUT_MAX {
        return Ok(Action::Open);
    }
    let opened = match (&observed.writer, is_left) {
        (Some(_), false) => "its writer is open again",
        (Some(_), true) | (None, _) => {
            "whether its writer is open again was not seen; the schedule in its Region opens it, within two minutes where the others answer it"
        }
    };
    let lacking = words::lacking(observed, &pass.run.from);
    let why = words::given_back(&pass.run);
    if observed.asked == 0 && !is_left {
        return Err(Error::NotReady(format!(
            "the stop of plan {} was not written down whole, or withdrawn before anything was stopped; nothing was promoted: {why}",
            pass.run.name()
        )));
    }
    Err(Error::NotReady(format!(
        "the stop of plan {} was given back, {opened}, and nothing was promoted{lacking}: {why}",
        pass.run.name()
    )))
}

#[cfg(test)]
mod tests;
