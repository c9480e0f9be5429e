//! Opens a run: takes the plan's lease in every member Region that the run does not leave, in sorted order, or none.
//! A run that opens again re-enters its own lease and record.

use serde::Serialize;

use super::{Describe, Here, Ledger, OpenInput, Plans, plan};
use crate::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    ledger::{Claim, Rows, Run, update},
    plan::{Mode, Plan},
    steps::{Output, Progress, SILENCE},
    topology::{Role, role},
};

/// What the pass answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Opened {
    #[serde(flatten)]
    output: Output<Observed>,
    run: Handle,
    /// Whether the target is promoted already, so that the run starts at proving it.
    resume: bool,
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

pub(super) async fn run(
    world: &(impl Ledger + Here + Describe + Plans),
    input: &OpenInput,
) -> Result<Opened, Error> {
    let plan = plan(world, &input.plan).await?;
    admissible(&plan, input, world.region())?;
    let leased = lease(world, &plan, input).await?;
    match record(world, &plan, input, &leased).await {
        Ok(opened) => Ok(opened),
        Err(why) => {
            give_back(world, &plan, &input.run_id, &leased).await;
            Err(why)
        }
    }
}

/// What can be refused before anything is touched.
fn admissible(plan: &Plan, input: &OpenInput, here: &Region) -> Result<(), Error> {
    let mut faults = Vec::new();
    for (field, region) in [
        ("from_region", &input.from_region),
        ("target_region", &input.target_region),
    ] {
        if !plan.members.contains_key(region) {
            faults.push(format!(
                "{field} is {region}, which is not a member of plan {}",
                plan.plan
            ));
        }
    }
    if input.from_region == input.target_region {
        faults.push(format!(
            "from_region and target_region are both {}",
            input.from_region
        ));
    }
    if input.target_region != *here {
        faults.push(format!(
            "target_region is {}; start the run in that Region, this is {here}",
            input.target_region
        ));
    }
    if !faults.is_empty() {
        return Err(Error::InvalidRequest(faults.join("; ")));
    }
    let unplanned = &plan.unplanned;
    if unplanned.region_down != Mode::Automatic && unplanned.writer_down != Mode::Automatic {
        return Err(Error::RunRefused(
            "neither unplanned.region_down nor unplanned.writer_down is automatic; this version carries out no other mode"
                .into(),
        ));
    }
    Ok(())
}

/// Takes the leases. The one in the Region that is left is taken by confirm-outage, beside evidence that waits for that
/// Region anyway: here it would cost a dead Region's time-out.
async fn lease(
    world: &(impl Ledger + Here),
    plan: &Plan,
    input: &OpenInput,
) -> Result<Vec<Region>, Error> {
    let claim = Claim {
        run_id: input.run_id.clone(),
        kind: input.kind,
        incident: input.incident.clone(),
        from: input.from_region.clone(),
        to: input.target_region.clone(),
    };
    let now = world.now();
    let mut leased = Vec::new();
    for region in plan
        .members
        .keys()
        .filter(|region| **region != input.from_region)
    {
        match update(world, region, &plan.plan, |row| row.claim(&claim, now)).await {
            Ok(_) => leased.push(region.clone()),
            Err(why) => {
                give_back(world, plan, &input.run_id, &leased).await;
                return Err(why);
            }
        }
    }
    Ok(leased)
}

async fn give_back(world: &impl Ledger, plan: &Plan, run_id: &RunId, leased: &[Region]) {
    for region in leased {
        super::release::release(world, region, &plan.plan, run_id).await;
    }
}

async fn record(
    world: &(impl Ledger + Here + Describe),
    plan: &Plan,
    input: &OpenInput,
    leased: &[Region],
) -> Result<Opened, Error> {
    let here = world.region();
    let rows = Rows::read(world, leased, &plan.plan).await?;
    crate::guard::writer(&rows, &input.from_region, &input.target_region)?;
    let current = rows.current().cloned();
    let epoch = current
        .as_ref()
        .map(|current| current.epoch)
        .unwrap_or_default();
    // Only what comes after the promotion is left to be done: a new run by hand does it, a late suspicion does not.
    let proven = current.is_some_and(|current| current.writer == input.target_region);
    if proven && input.incident.is_some() {
        return Err(Error::RunRefused(format!(
            "{} already is the writer of plan {} (epoch {epoch})",
            input.target_region, plan.plan
        )));
    }
    if proven {
        not_overtaken(world, plan, input, epoch).await?;
    }
    let resume = proven || is_promoted(world, plan, &rows, &input.target_region).await?;
    let earlier = world.run(here, &plan.plan, &input.run_id).await?;
    if earlier.as_ref().is_some_and(|run| run.closed.is_some()) {
        return Err(Error::RunRefused(format!(
            "run {} is closed; start a new one",
            input.run_id
        )));
    }
    let mut run = earlier.unwrap_or_else(|| new_run(plan, input, epoch, leased, world.now()));
    let reason = format!(
        "holds plan {} at epoch {epoch}, revision {}",
        plan.plan, run.plan.revision
    );
    run.note(world.now(), super::STEP, "open", &reason);
    world.put_run(here, &run).await?;
    tracing::info!(plan = %plan.plan, run_id = %input.run_id, %epoch, resume, "a run opened");
    Ok(Opened {
        output: Output {
            progress: Progress::Done,
            wait_seconds: 0,
            action: "open",
            reason,
            observed: Observed {
                revision: run.plan.revision,
                leased: leased.to_vec(),
                epoch,
            },
        },
        run: Handle {
            plan: plan.plan.clone(),
            run_id: input.run_id.clone(),
            from_region: input.from_region.clone(),
            target_region: input.target_region.clone(),
            epoch,
        },
        resume,
    })
}

/// A Region that was parted may take itself for the writer still: a later run left it without writing here.
async fn not_overtaken(
    world: &impl Ledger,
    plan: &Plan,
    input: &OpenInput,
    epoch: Epoch,
) -> Result<(), Error> {
    let region = &input.from_region;
    match tokio::time::timeout(SILENCE, world.row(region, &plan.plan)).await {
        Ok(Ok(row)) if row.epoch() > epoch => Err(Error::UnexpectedTopology(format!(
            "the ledger of {region} holds epoch {} of plan {}, this Region's {epoch}; look which member is the writer",
            row.epoch(),
            plan.plan
        ))),
        _ => Ok(()),
    }
}

/// Whether an open intent to the target has already been carried out: RDS shows that it follows nobody and is ready.
async fn is_promoted(
    world: &impl Describe,
    plan: &Plan,
    rows: &Rows,
    target: &Region,
) -> Result<bool, Error> {
    let Some(intent) = rows.intent().filter(|intent| intent.to == *target) else {
        return Ok(false);
    };
    let Some(member) = plan.members.get(target) else {
        return Ok(false);
    };
    let Some(cluster) = world.cluster(target, &member.cluster).await? else {
        return Ok(false);
    };
    let global = match &intent.global_cluster {
        Some(global) => world.global_cluster(target, global).await?,
        None => None,
    };
    let role = role(global.as_ref(), &cluster);
    Ok(matches!(role, Role::Primary | Role::Standalone) && cluster.is_ready())
}

fn new_run(
    plan: &Plan,
    input: &OpenInput,
    epoch: Epoch,
    leased: &[Region],
    now: jiff::Timestamp,
) -> Run {
    Run {
        run_id: input.run_id.clone(),
        kind: input.kind,
        plan: plan.clone(),
        incident: input.incident.clone(),
        from: input.from_region.clone(),
        to: input.target_region.clone(),
        epoch,
        opened_at: now,
        leased: leased.iter().cloned().collect(),
        confirmed: None,
        strategy: None,
        held: None,
        proof: None,
        dns_changes: Default::default(),
        restarts: Default::default(),
        timeline: Vec::new(),
        closed: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::RunKind;

    fn plan() -> Plan {
        crate::plan::read(&crate::steps::fake::plan_document().to_string()).unwrap()
    }

    fn input(from: &str, target: &str) -> OpenInput {
        OpenInput {
            kind: RunKind::UnplannedFailover,
            plan: "orders".into(),
            incident: None,
            run_id: "a".into(),
            from_region: from.into(),
            target_region: target.into(),
        }
    }

    fn refusal(plan: &Plan, input: &OpenInput) -> Error {
        admissible(plan, input, &"us-east-1".into()).unwrap_err()
    }

    #[test]
    fn a_run_from_one_member_to_this_regions_member_is_admitted() {
        assert_eq!(
            admissible(
                &plan(),
                &input("us-west-2", "us-east-1"),
                &"us-east-1".into()
            ),
            Ok(())
        );
    }

    #[test]
    fn every_wrong_region_is_named_at_once() {
        let why = refusal(&plan(), &input("eu-west-1", "eu-west-2")).to_string();
        for part in [
            "from_region is eu-west-1",
            "target_region is eu-west-2",
            "start the run in that Region",
        ] {
            assert!(why.contains(part), "{why} lacks {part}");
        }
    }

    #[test]
    fn a_plan_without_any_mode_that_is_carried_out_is_refused() {
        let mut plan = plan();
        plan.unplanned.writer_down = Mode::Approval;
        assert!(admissible(&plan, &input("us-west-2", "us-east-1"), &"us-east-1".into()).is_ok());
        plan.unplanned.region_down = Mode::Observe;
        let why = refusal(&plan, &input("us-west-2", "us-east-1"));
        assert!(
            why.name() == "RunRefused" && why.to_string().contains("writer_down"),
            "{why}"
        );
    }
}
