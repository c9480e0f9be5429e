//! What belongs to a step beside the resources: the change of Region, the services, and the rounds of copies.

use failover::Error;
use jiff::Timestamp;

use super::super::{Round, Step, World, epoch, next_round, order, revert, rights, services};
use crate::{
    pass::{Pass, put, rows_of},
    phase::Phase,
    row::{Row, State},
    run::Kind,
};

/// How a step stands after what belongs to it beside the resources.
pub(super) enum Beside {
    /// Nothing of it is left to do.
    AtRest,
    /// The resources wait for this.
    Waits(String),
    /// The next round of copies begins then.
    Until(Timestamp),
    /// It ends with this, once the resources have said what they refuse.
    Against(Vec<String>),
}

/// What has to be so before a step is entered: once it is, the run cannot give back what it had suspended, or stops the business.
///
/// # Errors
/// `NotReady` that says what is not; `Unavailable` where nobody could look.
pub(super) async fn may_begin<W: World>(world: &W, pass: &Pass, step: Step) -> Result<(), Error> {
    if pass.run.entered.contains_key(&step.phase()) {
        return Ok(());
    }
    match step {
        Step::Suspend => match rights::missing(world, &pass.run.plan).await? {
            Some(why) => Err(Error::NotReady(why)),
            None => Ok(()),
        },
        Step::CutOver => is_quiet(world, pass).await,
        Step::Prepare
        | Step::Sync
        | Step::Rehearse
        | Step::TakeAway
        | Step::LastSync
        | Step::Verify
        | Step::Retire
        | Step::Conclude
        | Step::GiveBack
        | Step::Revert => Ok(()),
    }
}

/// Whether the plan's services where the run comes from still stand at none. A Region that is silent as a whole is not looked at: its
/// ledger may be silent from here on, too.
///
/// # Errors
/// `NotReady` that names each that somebody has raised; `Unavailable` where nobody could look.
pub(super) async fn is_quiet<W: World>(world: &W, pass: &Pass) -> Result<(), Error> {
    let region = &pass.run.from;
    let looked = services::still_up(world, &pass.run.plan, region).await;
    let up = match looked {
        Err(Error::Unavailable(why)) if !pass.ledgers.0.contains_key(region) => {
            tracing::warn!(%region, why, "it is silent as a whole, and nobody sees whether somebody has raised a service there");
            return Ok(());
        }
        looked => looked?,
    };
    if up.is_empty() {
        return Ok(());
    }
    Err(Error::NotReady(format!(
        "{}; what was copied may lack what that has written, so find out who raised it, and start the run again",
        up.join("; ")
    )))
}

/// The same, where silence lets the resources wait.
async fn quiet<W: World>(world: &W, pass: &Pass) -> Result<Beside, Error> {
    match is_quiet(world, pass).await {
        Ok(()) => Ok(Beside::AtRest),
        Err(Error::Unavailable(why)) => Ok(Beside::Waits(format!(
            "nobody sees whether the services still stand at none: {why}"
        ))),
        Err(why) => Err(why),
    }
}

/// What belongs to a step beside the resources, before their turn.
pub(super) async fn beside<W: World>(
    world: &W,
    pass: &mut Pass,
    step: Step,
) -> Result<Beside, Error> {
    if pass.dry_run && !matches!(step, Step::Prepare | Step::Sync) {
        return Ok(Beside::AtRest);
    }
    match step {
        Step::Prepare => against(world, pass).await,
        Step::Sync => round_is_due(world, pass).await,
        Step::Suspend => {
            let taken = epoch::intend(world, pass).await?;
            tracing::info!(run_id = %pass.run.run_id, epoch = %taken, "intended");
            let region = pass.run.from.clone();
            Ok(rests(services::down(world, pass, &region).await?))
        }
        Step::LastSync => quiet(world, pass).await,
        Step::Verify => lit(world, pass).await,
        Step::Retire | Step::Conclude => {
            let proven = epoch::prove(world, pass).await?;
            tracing::info!(run_id = %pass.run.run_id, epoch = %proven, "home serves");
            Ok(Beside::AtRest)
        }
        Step::Revert => going_back(world, pass).await,
        Step::Rehearse | Step::TakeAway | Step::CutOver | Step::GiveBack => Ok(Beside::AtRest),
    }
}

fn rests(waits: Option<String>) -> Beside {
    waits.map_or(Beside::AtRest, Beside::Waits)
}

/// Every reason against a run that is not one resource's. A rehearsal replaces nothing, and needs no destructive rights.
async fn against<W: World>(world: &W, pass: &Pass) -> Result<Beside, Error> {
    let plan = &pass.run.plan;
    let mut reasons = services::reasons(world, plan, &plan.recovery_region).await?;
    if pass.run.kind == Kind::RestoreHome {
        reasons.extend(rights::missing(world, plan).await?);
    }
    Ok(match reasons.is_empty() {
        true => Beside::AtRest,
        false => Beside::Against(reasons),
    })
}

/// People must see the business work before they say so. What is lit may write from then on, which is kept first.
async fn lit<W: World>(world: &W, pass: &mut Pass) -> Result<Beside, Error> {
    let home = pass.run.plan.home_region.clone();
    if !services::note_lit(world, pass, &home).await? {
        return Ok(Beside::Waits("another pass has written first".into()));
    }
    services::lights(world, &pass.run.plan, (&home, true)).await?;
    Ok(Beside::AtRest)
}

/// A run that goes back from a home that serves stops the business there first, under the next epoch.
async fn going_back<W: World>(world: &W, pass: &mut Pass) -> Result<Beside, Error> {
    revert::seed(world, &pass.run).await?;
    pass.rows = rows_of(world, &pass.run).await?;
    let home = pass.run.plan.home_region.clone();
    if revert::has_flipped(&pass.run.plan, &pass.ledgers).is_none() {
        return Ok(Beside::AtRest);
    }
    epoch::intend(world, pass).await?;
    Ok(rests(services::down(world, pass, &home).await?))
}

/// What the Conclude of a run has to say of a Retire that came to no end: nothing of it keeps home unprotected.
pub(super) fn not_retired(pass: &mut Pass) {
    if pass.run.left.contains_key(&Phase::Retire) {
        return;
    }
    let rows = pass.resources().into_iter();
    let open = rows.filter(|row| row.phase != Phase::Retire || row.state != State::Done);
    let said: Vec<_> = open
        .map(|row| match row.reason.is_empty() {
            true => row.resource,
            false => format!("{} ({})", row.resource, row.reason),
        })
        .collect();
    let said = match said.is_empty() {
        true => "nothing that is a resource of the plan".to_owned(),
        false => said.join(", "),
    };
    let step = Step::Retire.name();
    pass.run.note(pass.now, step, order::LEFT_OVER, &said);
}

/// Whether a round of copies is under way or due. One that is over lets the next begin once its minutes have passed.
async fn round_is_due<W: World>(world: &W, pass: &mut Pass) -> Result<Beside, Error> {
    let rows = pass.resources();
    let is_done = |row: &Row| row.phase == Phase::Sync && row.state == State::Done;
    if !rows.iter().all(is_done) {
        return Ok(Beside::AtRest);
    }
    match next_round(&pass.run, &rows, pass.now) {
        Round::Enough(_) => Ok(Beside::AtRest),
        Round::Again(due) if due > pass.now => Ok(Beside::Until(due)),
        Round::Again(_) => {
            if !pass.dry_run {
                anew(world, pass, Phase::Sync).await?;
            }
            Ok(Beside::AtRest)
        }
    }
}

/// Lets every resource enter a phase anew: the next round of copies, or the other half of a rehearsal.
pub(super) async fn anew<W: World>(world: &W, pass: &mut Pass, phase: Phase) -> Result<(), Error> {
    for mut row in pass.resources() {
        row.again(phase);
        row.round_began = (phase == Phase::Sync).then_some(pass.now);
        row.updated_at = pass.now;
        if !put(world, &pass.run, &mut row).await? {
            return Err(Error::Unavailable(format!(
                "another pass has written the row of {} meanwhile; the next one looks again",
                row.resource
            )));
        }
        pass.rows.insert(row.resource.clone(), row);
    }
    Ok(())
}
