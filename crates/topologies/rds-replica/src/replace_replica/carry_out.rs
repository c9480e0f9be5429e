//! The one thing that a pass does, and what came of it.

use failover::{
    Error,
    domain::{Epoch, Region},
    installation::named,
    ledger::RunKind,
    notify::{Message, Severity, tell},
    pass::{Pass, frame::Came},
    ports::{Ledger, People, Runtime},
    topology::{Accepted, Blueprint, Shape, names::Retire},
};
use steps::rebuilding::{self, Retired};

use super::{Action, Observed, Place, STEP, complete::lacks, harmless};
use crate::members::{Makes, makes::Call};

/// The stack that allows what takes away. It is there for the time of a failback or of a planned move only.
const STACK: &str = "rds-replica-failback";

/// Does the one thing.
pub(super) async fn act(
    world: &(impl Ledger + Runtime + Makes + People),
    pass: &mut Pass,
    observed: &Observed,
    (action, retire): (&Action, Retire),
) -> Result<Came, Error> {
    let known = pass.run.refusal.take();
    match action {
        Action::Wait(_) | Action::Outlast(_) | Action::Fence(_) => {}
        Action::Done => succeed(world, pass, observed).await,
        Action::Remember(region) => {
            remember(world, pass, observed, region).await?;
            tell_move(world, pass, observed).await;
        }
        Action::Call(region, call) => {
            harmless(observed, region, call, retire)?;
            pass.run.refusal = known;
            let made = world.call(region, call).await;
            if matches!(made, Ok(Accepted::Yes) | Err(Error::Unavailable(_)))
                && let Some(message) = unlisted(pass, observed, (region, call))
            {
                tell(world, &pass.run.plan, &message).await;
            }
            if let Call::Complete { .. } = call {
                note_completion(world, pass, (observed, region), &made).await;
            }
            let made = match made {
                Ok(accepted) => Ok(accepted),
                Err(Error::Denied(said)) => Err(denied(observed, call, &said)),
                // What RDS does not take of it is told at the end.
                Err(Error::InvalidRequest(said) | Error::NotReady(said))
                    if matches!(call, Call::Complete { .. }) =>
                {
                    return Ok(Came::NotNow(format!("RDS refuses that {call}: {said}")));
                }
                Err(why) => Err(why),
            };
            return rebuilding::called(pass, &call.to_string(), observed.shown(), made);
        }
    }
    // What is under way ends a refusal, and a pass that waits is not recorded otherwise.
    if known.is_some() {
        world.put_run(world.region(), &pass.run).await?;
    }
    Ok(Came::AsDecided)
}

/// Notes that a replica was given what it could not be made with, or may have been; and that RDS will not take it, where it says so.
async fn note_completion(
    world: &impl Ledger,
    pass: &Pass,
    (observed, region): (&Observed, &Region),
    made: &Result<Accepted, Error>,
) {
    let known = observed
        .member(region)
        .and_then(|seen| seen.blueprint.clone());
    let Some(mut known) = known else {
        return;
    };
    match made {
        Ok(Accepted::Yes) => {
            known.completions += 1;
            known.completed_at = Some(pass.now);
        }
        // It may have been taken. What RDS throttles it answers so, too: for how long it is asked again, the run's patience says.
        Err(Error::Unavailable(_)) => known.completed_at = Some(pass.now),
        Err(Error::InvalidRequest(_) | Error::NotReady(_)) => known.completions = u32::MAX,
        Ok(Accepted::NotNow(_) | Accepted::Throttled(_)) | Err(_) => return,
    }
    let put = world.put_blueprint(pass.run.name(), region, &known);
    if let Err(why) = put.await {
        tracing::warn!(%region, %why, "not noted; a replica may be completed once more");
    }
}

/// People are told that a planned move is over before what protects it again begins, which may take hours.
async fn tell_move(world: &(impl Runtime + People), pass: &Pass, observed: &Observed) {
    let begins = pass.run.timeline.iter().all(|entry| entry.step != STEP);
    if pass.run.kind != RunKind::PlannedFailover || !begins {
        return;
    }
    let (writer, region) = (&observed.writer.identifier, &observed.writer_region);
    let message = Message {
        severity: Severity::Notice,
        what: format!("{region} has the writer, and is to be protected again"),
        evidence: format!(
            "{writer} in {region} takes writes under epoch {}. The other members are made replicas of it now, which may take hours. Until \
             then none of them can take over.",
            observed.epoch
        ),
        next: "Nothing. You are told when it is over.".into(),
        ..Message::default()
    };
    tell(world, &pass.run.plan, &message).await;
}

/// What people are told of a call that retires a member of another Region before anybody listed what only it has. A member that was left
/// as planned has nothing of its own.
fn unlisted(pass: &Pass, observed: &Observed, (region, call): (&Region, &Call)) -> Option<Message> {
    let Call::Rename { instance, to } = call else {
        return None;
    };
    let member = observed.member(region)?;
    let may_have = observed.unplanned && member.place == Place::Alone;
    let is_told = may_have && member.unlisted.is_some() && *region != observed.acting;
    let retired = Retired {
        region,
        name: instance,
        to,
        snapshot: &member.snapshot_name,
        epoch: observed.epoch,
    };
    is_told.then(|| rebuilding::unlisted(&pass.run.plan, &observed.acting, retired))
}

/// A call that this function may not make: which action it lacks, and what gives it.
fn denied(observed: &Observed, call: &Call, said: &str) -> Error {
    let modifies = matches!(call, Call::Complete { .. });
    let given = if call.takes_away() || modifies {
        let stack = named(STACK);
        format!("deploy the stack {stack} there, which allows that")
    } else {
        "compare its role with the parameters of the stacks".to_owned()
    };
    Error::Denied(format!(
        "replace-replica in {} may not call rds:{} ({said}); {given}, and start again",
        observed.acting,
        call.operation()
    ))
}

async fn remember(
    world: &impl Ledger,
    pass: &Pass,
    observed: &Observed,
    region: &Region,
) -> Result<(), Error> {
    let member = observed.member(region);
    let Some(shape) = member.and_then(|seen| seen.worth_keeping()) else {
        return Ok(());
    };
    // What an earlier run has still to give it is no loss of its own.
    let noted = world.blueprint(pass.run.name(), region).await?;
    let noted = noted.filter(|noted| noted.succeeded_at.is_none());
    let shape = noted.and_then(|noted| lacks(&noted, shape)).map_or_else(
        || shape.clone(),
        |given| Shape {
            backup_retention_days: given.backup_retention_days,
            backup_window: given.backup_window,
            maintenance_window: given.maintenance_window,
            ..shape.clone()
        },
    );
    let blueprint = Blueprint::of(shape, None, epoch(pass), pass.now);
    world
        .put_blueprint(pass.run.name(), region, &blueprint)
        .await
}

/// What each successor is from now on counts. Without the mark a later run goes by what was retired, and the schedule that keeps members
/// sets it yet.
async fn succeed(world: &impl Ledger, pass: &Pass, observed: &Observed) {
    for member in &observed.members {
        let both = member.blueprint.as_ref().zip(member.shape.as_ref());
        let Some(marked) = both.and_then(|(retired, live)| retired.succeeded(live, pass.now))
        else {
            continue;
        };
        let put = world.put_blueprint(pass.run.name(), &member.region, &marked);
        if let Err(why) = put.await {
            tracing::warn!(region = %member.region, %why, "a succession is not noted yet");
        }
    }
}

fn epoch(pass: &Pass) -> Epoch {
    let current = pass.rows.current();
    current.map(|current| current.epoch).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{members::tests::plan, replace_replica::tests::small_rds::deposed};
    use failover::{
        ledger::{Rows, Run},
        testing::example,
    };

    #[tokio::test]
    async fn a_move_that_is_over_is_told_as_its_example_shows() {
        let books = example::books();
        let mut run = Run {
            kind: RunKind::PlannedFailover,
            plan: plan(),
            timeline: Vec::new(),
            ..example::run()
        };
        run.plan.notify = example::plan().notify;
        let pass = Pass {
            run,
            rows: Rows(books.rows()),
            now: example::sent(),
            dry_run: false,
        };
        tell_move(&books, &pass, &deposed()).await;
        example::is_told("protected-again", &books);
    }
}
