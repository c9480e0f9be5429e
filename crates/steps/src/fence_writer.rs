//! Fences a deposed writer: once another member is proven as the writer without it, the old one takes no application's
//! writes any more. On a schedule in every member Region, and first in a failback. Never on the writer, nor on one to be.

mod access;
mod by_operators;
mod fencing;
mod forwarding;
mod hint;
mod messages;
mod observe;
mod patience;
mod sweep;
mod words;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use access::{AccessCounts, what_is_open};
pub use forwarding::Forwarded;
pub use hint::{Heard, Hint};
pub use patience::{FENCING, OBSERVING, SWEEP, in_time};
pub use sweep::{Swept, sweep_plan};

use fencing::{Ended, fence};
use observe::{note_open, observe};

use super::{of_plan::OfPlan, standing::Standing};
use failover::{
    Error,
    domain::{Epoch, Region},
    ledger::KeptPlan,
    metric::Counted,
    pass::{
        Input, Output, Pass, answer, by_hand,
        frame::{self, Acting, Came, Step, Then},
        operation,
    },
    plan::{LeftByHand, TopologyKind},
    ports::{Fence, Ledger, Parameters, People, Runtime},
    topologies::Topologies,
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
    #[serde(rename = "doors")]
    pub access: Option<AccessCounts>,
    /// What of other instances may bring writes to a deposed member.
    #[serde(skip_serializing_if = "Forwarded::is_nothing")]
    pub forwarded: Forwarded,
    /// Why nobody can connect to a deposed member.
    #[serde(rename = "shut", skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<String>,
    /// The deposed member, where RDS shows that it follows nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alone: Option<String>,
    /// The plan's topology.
    #[serde(skip)]
    pub kind: TopologyKind,
}

/// What a pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing has to be fenced, or everything is.
    Done(&'static str),
    /// Shut the doors.
    Fence,
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done(_) => Acting::of("none", Then::Done),
            Self::Fence => Acting::calling_out("fence", Then::Later),
        }
    }
}

/// Why nothing is done where everything was shut.
const FENCED: &str = "it is fenced";

/// The step.
#[derive(Debug)]
pub struct FenceWriter;

/// What a pass of a run saw, and of which plan.
#[derive(Debug, Serialize)]
pub struct Observation {
    #[serde(flatten)]
    seen: Observed,
    #[serde(skip)]
    known: KeptPlan,
}

/// One invocation.
///
/// # Errors
/// Every name but `EvidenceStale` and `DataLossTooLarge`.
pub async fn handle(
    world: &(impl Ledger + Runtime + Topologies + Parameters + People + Fence),
    payload: Value,
) -> Result<Value, Error> {
    match operation::<Request>(payload)? {
        Request::Sweep {} => answer(sweep::sweep(world).await?),
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
    if let Some(why) = needs_no_fence(observed.standing, observed.kind) {
        return Ok(Action::Done(why));
    }
    let is_fenced = observed.fenced == Some(observed.epoch);
    match (&observed.unreachable, &observed.access) {
        (Some(_), _) if is_fenced => {
            Ok(Action::Done("it was fenced, and nobody can connect to it"))
        }
        (Some(why), _) => Err(Error::NotReady(why.clone())),
        (None, None) => Err(Error::Unavailable(
            "the deposed writer's database was not looked at".into(),
        )),
        (None, Some(access)) => of_database(observed, access, is_fenced),
    }
}

/// Why a member that stands so is not to be fenced.
const fn needs_no_fence(standing: Standing, kind: TopologyKind) -> Option<&'static str> {
    match standing {
        Standing::Endorsed => Some("this Region has the writer, or is about to have it"),
        Standing::Gone => Some("there is no cluster to fence"),
        Standing::Follows => Some("it follows the writer"),
        Standing::FollowsDeposed => Some(kind.of_deposed().follower),
        Standing::Deposed => None,
    }
}

/// What the database of a member that RDS shows as deposed leads to.
fn of_database(
    observed: &Observed,
    doors: &AccessCounts,
    is_fenced: bool,
) -> Result<Action, Error> {
    if doors.in_recovery {
        return Ok(Action::Done("its database is a standby's"));
    }
    let epoch = doors.epoch.ok_or_else(|| Error::NotReady(
        "the database has no aurora_failover.epoch, so that nothing tells whether it was deposed; fence it by hand".into(),
    ))?;
    if epoch == observed.epoch && observed.alone.is_some() {
        return Err(Error::NotReady(left_by_hand(observed)));
    }
    if epoch >= observed.epoch {
        return Ok(Action::Done("its database has followed the proven writer"));
    }
    if !(doors.is_shut() && observed.forwarded.on.is_empty() && is_fenced) {
        return Ok(Action::Fence);
    }
    match &observed.forwarded.unseen {
        None => Ok(Action::Done(FENCED)),
        Some(why) => Err(Error::Unavailable(why.clone())),
    }
}

/// It followed the proven writer until somebody took it out: no epoch tells the two apart, and its logins are those of today's
/// applications.
fn left_by_hand(observed: &Observed) -> String {
    let Observed {
        alone,
        epoch,
        writer,
        ..
    } = observed;
    let alone = alone.as_deref().unwrap_or("the member");
    let LeftByHand {
        belongs,
        done,
        next,
        ..
    } = observed.kind.of_deposed();
    format!(
        "{alone} {belongs}, takes writes, and holds epoch {epoch} like the writer in {writer}: somebody {done} it, and what it has \
         taken since is in no list; stop what writes there, {next}"
    )
}

/// One pass of a run, or by hand.
///
/// # Errors
/// The guards' refusals, `NotReady` for a login that cannot be taken away, `Unavailable`.
pub async fn run(
    world: &(impl Ledger + Runtime + Topologies + People + Fence),
    input: &Input,
) -> Result<Output<Observation>, Error> {
    frame::run(&FenceWriter, world, input).await
}

impl<W: Ledger + Runtime + Topologies + People + Fence> Step<W> for FenceWriter {
    const NAME: &'static str = STEP;
    type Observed = Observation;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observation, Error> {
        let plan = pass.run.name().clone();
        let known = by_hand::known(world, &Input::of(plan)).await?;
        let seen = observe(world, &known, &pass.rows).await?;
        Ok(Observation { seen, known })
    }

    fn next_action(&self, _: &Pass, observed: &Observation) -> Result<Action, Error> {
        next_action(&observed.seen)
    }

    fn reason(&self, _: &Pass, observed: &Observation, action: &Action) -> String {
        reason(&observed.seen, *action)
    }

    async fn act(
        &self,
        world: &W,
        _: &mut Pass,
        observed: &mut Observation,
        action: &Action,
    ) -> Result<Came, Error> {
        if *action != Action::Fence {
            return Ok(Came::AsDecided);
        }
        note_open(world, &observed.known, &observed.seen).await?;
        match fence(world, &observed.known, &observed.seen).await? {
            Ended::Fenced(said) => Ok(Came::So(said)),
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

#[cfg(test)]
mod tests;
