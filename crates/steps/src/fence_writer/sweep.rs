//! What the schedule does once a minute: every plan that this Region knows is fenced where its member here was deposed.

use futures::future::join_all;
use serde::Serialize;

use super::{
    Action, FENCED, OBSERVING, STEP, SWEEP,
    fencing::{Ended, fence},
    messages::{tell_fenced, tell_unfenced},
    next_action,
    observe::{note_open, observe},
    patience,
    words::some,
};
use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::{KeptPlan, PlanState, Rows},
    metric::{self, Counted},
    pass::by_hand,
    ports::{Fence, Ledger, Parameters, People, Runtime},
    switches::Switches,
    topologies::Topologies,
};

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

/// Every plan that this Region knows, all at once. One plan's fault keeps no other from being fenced, and is counted.
///
/// # Errors
/// The first fault's, with the names of all plans that could not be swept: an answer would hide it from whoever counts errors.
pub(super) async fn sweep(
    world: &(impl Ledger + Runtime + Topologies + Parameters + People + Fence),
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
    all_swept(join_all(sweeps).await)
}

/// What became of all plans, or the first fault with the names of all that have one.
fn all_swept(swept: Vec<Result<Swept, (&PlanName, Error)>>) -> Result<Vec<Swept>, Error> {
    let of = swept.len();
    let (mut done, mut faults) = (Vec::new(), Vec::new());
    for swept in swept {
        match swept {
            Ok(swept) => done.push(swept),
            Err(fault) => faults.push(fault),
        }
    }
    let Some((_, first)) = faults.first() else {
        return Ok(done);
    };
    let each = faults.iter();
    let each: Vec<_> = each
        .map(|(plan, why)| format!("{plan}: {}: {why}", why.name()))
        .collect();
    Err(first.reworded(format!(
        "{} of {of} plan(s) could not be swept: {}",
        each.len(),
        some(each.iter())
    )))
}

async fn sweep_one(
    world: &(impl Ledger + Runtime + Topologies + Parameters + People + Fence),
    plans: &[KeptPlan],
    known: &KeptPlan,
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
    world: &(impl Ledger + Runtime),
    plans: &[KeptPlan],
    known: &KeptPlan,
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
fn is_succeeded(here: &Region, ours: &PlanState, other: &PlanState) -> bool {
    let both = ours.current.as_ref().zip(other.current.as_ref());
    both.is_some_and(|(ours, other)| other.writer == *here && other.proven_at > ours.proven_at)
}

/// Whether another plan has the same cluster in a Region.
fn shares_member(here: &Region, known: &KeptPlan, other: &KeptPlan) -> bool {
    let cluster = |of: &KeptPlan| {
        of.plan
            .members()
            .get(here)
            .map(|member| member.identifier.clone())
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
    world: &(impl Ledger + Runtime + Topologies + Parameters + People + Fence),
    known: &KeptPlan,
) -> Result<Swept, Error> {
    let rows = Rows(by_hand::reachable(world, known).await?);
    let switches = world.switches(&known.plan.plan).await;
    let swept = sweep_member(world, known, &rows, switches).await;
    let (action, reason) = match swept {
        Ok(swept) => swept,
        // People were told of it by itself.
        Err(Trouble::CameBack(said)) => return Err(Error::NotReady(said)),
        Err(Trouble::Unfenced(why)) => {
            tell_unfenced(world, known, &rows, &why).await;
            return Err(why);
        }
    };
    if action == Action::Fence {
        tracing::warn!(plan = %known.plan.plan, step = STEP, action = action.acting().name, reason, "pass");
    }
    Ok(Swept {
        plan: known.plan.plan.clone(),
        action: action.acting().name,
        reason,
    })
}

/// What keeps a member from being fenced.
enum Trouble {
    /// It is not fenced, of which people have to know.
    Unfenced(Error),
    /// Somebody whose login stays comes back.
    CameBack(String),
}

impl From<Error> for Trouble {
    fn from(why: Error) -> Self {
        Self::Unfenced(why)
    }
}

/// Fences the member where it has to be; what was done, and why.
async fn sweep_member(
    world: &(impl Ledger + Runtime + Topologies + Parameters + People + Fence),
    known: &KeptPlan,
    rows: &Rows,
    switches: Result<Switches, Error>,
) -> Result<(Action, String), Trouble> {
    let observed = observe(world, known, rows).await?;
    let action = match next_action(&observed) {
        // It would stay so at every sweep: people are told once, and it is theirs.
        Err(why) if !known.plan.has_heart() => {
            tell_unfenced(world, known, rows, &why).await;
            let done = Action::Done("nothing shuts it, and people are told once");
            return Ok((done, why.to_string()));
        }
        decided => decided?,
    };
    note_login(world, known, rows).await;
    match action {
        Action::Fence => {
            note_open(world, known, &observed).await?;
            if switches?.is_on() {
                return Err(held(world).into());
            }
            match fence(world, known, &observed).await? {
                Ended::Fenced(said) => Ok((action, said)),
                Ended::CameBack(said) => Err(Trouble::CameBack(said)),
            }
        }
        Action::Done(why) => {
            if why == FENCED {
                tell_fenced(world, known, rows, &observed).await;
            }
            Ok((action, why.to_owned()))
        }
    }
}

/// While the writer is here, every ten minutes: once it is deposed, its secret may be rotated away from the password that it
/// keeps, and the note says which version that is.
async fn note_login(world: &(impl Runtime + Fence), known: &KeptPlan, rows: &Rows) {
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
        && known.plan.has_heart()
        && let Err(why) =
            patience::in_time(world, OBSERVING, "the login", world.log_in(known)).await
    {
        tracing::warn!(plan = %known.plan.plan, step = STEP, %why, "the administrator could not log in at the writer");
    }
}

/// A switch keeps the fence from acting, and nobody from knowing that two writers are open.
fn held(world: &impl Runtime) -> Error {
    Error::NotReady(format!(
        "the kill or maintenance switch is on, which keeps the fence in {} from acting; switch it off, or shut the doors by hand",
        world.region()
    ))
}

#[cfg(test)]
pub(super) mod tests;
