//! Opens a run: takes the plan's lease in every member Region that the run does not leave, in sorted order, or none. Where the
//! target is promoted already, those that are silent are left out.
//! A run that opens again re-enters its own lease and record.

mod dry;
mod opening;
mod resume;

use jiff::Timestamp;
use serde::Serialize;

use super::{Approval, Asked, FailbackInput, OpenInput, news, plan, plan_in_an_outage};
use crate::carried_out;
use failover::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    ledger::{Claim, Rows, Run, RunKind},
    pass::{Output, briefly},
    plan::Plan,
    ports::{self, Here, Ledger, Members, Parameters, People, update},
    topology::names::{Names, Retire},
};

pub(super) use opening::Opening;
use opening::admissible;
pub(super) use resume::ADOPTED;
use resume::resumes;

/// What the pass answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Opened {
    #[serde(flatten)]
    output: Output<Observed>,
    run: Handle,
    /// Whether the target is promoted already, so that the run starts at proving it.
    resume: bool,
    /// What a failback is to do, with everything that its input left out.
    failback: Option<Wish>,
}

/// What a failback is to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Wish {
    retire: Retire,
    names: Names,
    rehearse: bool,
    approval: Approval,
    not_before: Timestamp,
    approval_seconds: u64,
}

impl Wish {
    fn of(input: &FailbackInput, plan: &Plan) -> Self {
        Self {
            retire: input.retire,
            names: input.names.clone(),
            rehearse: input.rehearse,
            approval: input.approval,
            not_before: input.not_before.unwrap_or(Timestamp::UNIX_EPOCH),
            approval_seconds: plan.unplanned.approval_minutes.saturating_mul(60),
        }
    }
}

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Observed {
    revision: u64,
    leased: Vec<Region>,
    epoch: Epoch,
}

/// What every later step is called with.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Handle {
    plan: PlanName,
    run_id: RunId,
    from_region: Region,
    target_region: Region,
    epoch: Epoch,
}

/// What a run holds of the plan when it opens.
struct Held {
    /// The Regions whose lease it took; none when it is behind another run.
    leased: Vec<Region>,
    /// The run that holds the plan while it waits for a human's answer.
    behind: Option<RunId>,
    /// Whether RDS shows that the change of writer to the target is carried out: then silent Regions were left out.
    carried_out: bool,
}

pub(super) async fn run(
    world: &(impl Ledger + Here + Members + Parameters + People),
    input: &OpenInput,
) -> Result<Opened, Error> {
    let (kind, asked) = (input.kind, Asked::read(input.kind, input.input.clone())?);
    let read = async {
        match kind {
            RunKind::UnplannedFailover => plan_in_an_outage(world, &asked.plan).await,
            RunKind::PlannedFailover | RunKind::Failback => plan(world, &asked.plan).await,
        }
    };
    let switches = world.switches(&asked.plan);
    let (plan, switches) = futures::future::join(Box::pin(read), switches).await;
    let plan = plan?;
    if let Some(failback) = &asked.failback {
        failback.names.check()?;
        if let Some(until) = failback.not_before {
            super::ask::is_near(until, world.now())?;
        }
    }
    let wish = asked.failback.as_ref();
    let wish = wish.map(|failback| Wish::of(failback, &plan));
    let input = &Opening::of(world, &plan, input, &asked)
        .await
        .map_err(|why| counts_on_all(kind, why))?;
    admissible(&plan, input, world.region())?;
    let switches = switches?;
    let admitted = match kind {
        RunKind::UnplannedFailover => switches.admit(&plan.plan),
        RunKind::PlannedFailover | RunKind::Failback => switches.admit_planned(&plan.plan),
    };
    let opened = if input.dry_run {
        Box::pin(dry::run(world, &plan, input, admitted)).await?
    } else {
        if let Err(why) = admitted {
            news::refused(world, &plan, input, "switch", &why).await;
            return Err(why);
        }
        lease_and_record(world, &plan, input).await?
    };
    Ok(Opened {
        failback: wish,
        ..opened
    })
}

async fn lease_and_record(
    world: &(impl Ledger + Here + Members + People),
    plan: &Plan,
    input: &Opening,
) -> Result<Opened, Error> {
    let held = lease(world, plan, input)
        .await
        .map_err(|why| counts_on_all(input.kind, why))?;
    let recorded = record(world, plan, input, &held).await;
    if recorded.is_err() {
        give_back(world, plan, input, &held.leased).await;
    }
    recorded
}

/// Says of a silent Region why that stops a planned run.
fn counts_on_all(kind: RunKind, why: Error) -> Error {
    match (kind, why) {
        (RunKind::PlannedFailover | RunKind::Failback, Error::Unavailable(why)) => {
            Error::Unavailable(format!(
                "every member Region must answer before the writer is moved by plan, and one does not ({why}); start again when it is back"
            ))
        }
        (_, why) => why,
    }
}

fn claim(input: &Opening) -> Claim {
    Claim {
        run_id: input.run_id.clone(),
        kind: input.kind,
        incident: input.incident.clone(),
        from: input.from_region.clone(),
        to: input.target_region.clone(),
    }
}

/// Takes the leases. The one in the Region that is left is taken by confirm-outage, beside evidence that waits for that
/// Region anyway: here it would cost a dead Region's time-out. Behind a promotion that RDS shows, no other Region holds the run
/// up by being silent.
async fn lease(
    world: &(impl Ledger + Here + Members),
    plan: &Plan,
    input: &Opening,
) -> Result<Held, Error> {
    let claim = claim(input);
    let (here, now) = (world.region(), world.now());
    let mut carried_out = false;
    let mut leased = Vec::new();
    for region in input.counted_on(plan) {
        let claimed = update(world, region, &plan.plan, |row| row.claim(&claim, now));
        let claimed = match carried_out && region != here {
            true => briefly(region, claimed).await,
            false => claimed.await,
        };
        if let Err(Error::Unavailable(why)) = &claimed
            && region != here
        {
            carried_out = carried_out || is_carried_out(world, plan, input).await?;
            if carried_out {
                tracing::warn!(%region, why, "the target is promoted; this Region is left out");
                continue;
            }
        }
        match claimed {
            Ok(_) => leased.push(region.clone()),
            Err(why) => {
                give_back(world, plan, input, &leased).await;
                let rows = ports::rows(world, input.counted_on(plan), &plan.plan).await?;
                let behind = behind(&rows, input, now);
                return match (&why, behind) {
                    (Error::RunRefused(_), Some(run)) => Ok(Held {
                        leased: Vec::new(),
                        behind: Some(run),
                        carried_out: false,
                    }),
                    _ => Err(why),
                };
            }
        }
    }
    Ok(Held {
        leased,
        behind: None,
        carried_out,
    })
}

/// Whether RDS shows that the change of writer which this Region's ledger holds open is carried out.
async fn is_carried_out(
    world: &(impl Ledger + Here + Members),
    plan: &Plan,
    input: &Opening,
) -> Result<bool, Error> {
    let here = world.region();
    let own = ports::rows(world, [here], &plan.plan).await?;
    Ok(*here == input.target_region && carried_out::shows(world, plan, &own, here).await)
}

/// The run that holds the plan, where it only waits for a human's answer: this one may confirm behind it, and takes the
/// plan over when its verdict needs no answer.
fn behind(rows: &Rows, input: &Opening, now: Timestamp) -> Option<RunId> {
    let mut others = rows
        .0
        .values()
        .filter_map(|row| row.held_by_another(&input.run_id, now))
        .peekable();
    let first = others.peek().map(|lease| lease.run_id.clone());
    first.filter(|first| others.all(|lease| lease.waits_for_human && lease.run_id == *first))
}

/// The leases are taken one after the other: another run may have superseded this one in the first while it took the last. Both
/// would hold a part and go on.
fn holds_all(rows: &Rows, run_id: &RunId, now: Timestamp) -> Result<(), Error> {
    let mut lost = rows.0.iter().filter_map(|(region, row)| {
        let other = row.held_by_another(run_id, now)?;
        Some((region, &other.run_id))
    });
    match lost.next() {
        None => Ok(()),
        Some((region, other)) => Err(Error::RunRefused(format!(
            "run {other} took the plan over in {region} while this one opened; it goes on there"
        ))),
    }
}

async fn give_back(world: &impl Ledger, plan: &Plan, input: &Opening, leased: &[Region]) {
    let run = (&input.run_id, &input.target_region);
    for region in leased {
        super::release::release(world, region, &plan.plan, run).await;
    }
}

async fn record(
    world: &(impl Ledger + Here + Members + People),
    plan: &Plan,
    input: &Opening,
    held: &Held,
) -> Result<Opened, Error> {
    let here = world.region();
    let rows = match held.behind {
        None => {
            let rows = ports::rows(world, &held.leased, &plan.plan).await?;
            holds_all(&rows, &input.run_id, world.now())?;
            rows
        }
        Some(_) => ports::rows(world, input.counted_on(plan), &plan.plan).await?,
    };
    failover::guard::writer(&rows, &input.from_region, &input.target_region)?;
    let epoch = rows
        .current()
        .map(|current| current.epoch)
        .unwrap_or_default();
    let resume = resumes(world, plan, input, &rows, held).await?;
    let earlier = world.run(here, &plan.plan, &input.run_id).await?;
    if earlier.as_ref().is_some_and(|run| run.closed.is_some()) {
        return Err(Error::RunRefused(format!(
            "run {} is closed; start a new one",
            input.run_id
        )));
    }
    let mut run = earlier.unwrap_or_else(|| new_run(plan, input, epoch, held, world.now()));
    let reason = match &held.behind {
        None => format!(
            "holds plan {} at epoch {epoch}, revision {}",
            plan.plan, run.plan.revision
        ),
        Some(other) => format!("confirms behind run {other}, which waits for a human's answer"),
    };
    run.note(world.now(), super::STEP, "open", &reason);
    if resume {
        run.promoted_at = run.promoted_at.or(Some(world.now()));
    }
    let suspected = async {
        let unplanned = input.kind == RunKind::UnplannedFailover;
        if unplanned && !resume && held.behind.is_none() {
            news::suspected(world, &run).await;
        }
    };
    let (put, ()) = futures::future::join(world.put_run(here, &run), suspected).await;
    put?;
    tracing::info!(plan = %plan.plan, run_id = %input.run_id, %epoch, resume, "a run opened");
    Ok(Opened {
        resume,
        ..opened(plan, input, (epoch, held), reason)
    })
}

/// What opening answers of a run that has nothing to resume.
fn opened(plan: &Plan, input: &Opening, (epoch, held): (Epoch, &Held), reason: String) -> Opened {
    Opened {
        output: Output::done(
            "open",
            reason,
            Observed {
                revision: plan.revision,
                leased: held.leased.clone(),
                epoch,
            },
        ),
        run: Handle {
            plan: plan.plan.clone(),
            run_id: input.run_id.clone(),
            from_region: input.from_region.clone(),
            target_region: input.target_region.clone(),
            epoch,
        },
        resume: false,
        failback: None,
    }
}

fn new_run(plan: &Plan, input: &Opening, epoch: Epoch, held: &Held, now: Timestamp) -> Run {
    Run {
        leased: held.leased.iter().cloned().collect(),
        execution: input.execution.clone(),
        handed_over_by: input.handed_over_by.clone(),
        behind: held.behind.clone(),
        ..Run::opened(claim(input), plan.clone(), epoch, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        failover::plan::read(&failover::testing::plan_document().to_string()).unwrap()
    }

    #[test]
    fn a_run_that_was_superseded_in_one_region_while_it_took_another_does_not_open() {
        let now = Timestamp::UNIX_EPOCH;
        let leased = |run_id: &str| {
            let claim = Claim {
                run_id: run_id.into(),
                kind: RunKind::UnplannedFailover,
                incident: None,
                from: "us-west-2".into(),
                to: "us-east-1".into(),
            };
            let row = failover::testing::row("us-west-2", 1);
            row.claim(&claim, now).unwrap()
        };
        let rows = |of: [&str; 2]| {
            let regions = ["eu-west-1", "us-east-1"].map(Region::from);
            Rows(regions.into_iter().zip(of.map(leased)).collect())
        };
        let mine = "mine".into();
        assert_eq!(holds_all(&rows(["mine", "mine"]), &mine, now), Ok(()));
        for (of, region) in [
            (["another", "mine"], "eu-west-1"),
            (["mine", "another"], "us-east-1"),
        ] {
            let why = holds_all(&rows(of), &mine, now).unwrap_err();
            let said = format!(
                "run another took the plan over in {region} while this one opened; it goes on there"
            );
            assert_eq!(why, Error::RunRefused(said));
        }
    }

    #[test]
    fn a_failbacks_input_is_read_whole_and_a_wrong_word_in_it_named() {
        let read = |input: serde_json::Value| failover::pass::read::<FailbackInput>(input);
        let given = read(serde_json::json!({"plan": "orders"})).unwrap();
        let wish = Wish::of(&given, &plan());
        assert_eq!(
            (wish.retire, wish.rehearse, wish.approval),
            (Retire::Rename, false, Approval::Ask)
        );
        assert_eq!(wish.approval_seconds, 3_600);
        let named = serde_json::json!({"plan": "orders", "names": {"global_cluster": "gdb1-restored-node"}});
        let wish = Wish::of(&read(named).unwrap(), &plan());
        let name = wish.names.global_cluster;
        assert_eq!(name.as_deref(), Some("gdb1-restored-node"));
        for (field, value) in [
            ("rehearsal", serde_json::json!(true)),
            ("retire", serde_json::json!("shred")),
            ("not_before", serde_json::json!("tomorrow")),
        ] {
            let mut input = serde_json::json!({"plan": "orders"});
            input[field] = value;
            let why = read(input).unwrap_err();
            assert!(
                why.name() == "InvalidRequest" && why.to_string().contains(field),
                "{why}"
            );
        }
    }
}
