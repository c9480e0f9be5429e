//! Opens a run: takes the plan's lease in every member Region that the run does not leave, in sorted order, or none.
//! A run that opens again re-enters its own lease and record.

use jiff::Timestamp;
use serde::Serialize;

use super::{Approval, Describe, FailbackInput, Here, Ledger, OpenInput, World, news, plan};
use crate::{
    Error,
    domain::{Epoch, Incident, PlanName, Region, RunId},
    ledger::{Claim, Current, Outcome, Rows, Run, RunKind, update},
    plan::Plan,
    policy,
    steps::{Output, Progress, SILENCE, rebuild_global::Retire},
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
    /// What a failback is to do, with everything that its input left out.
    failback: Option<Wish>,
}

/// What a failback is to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Wish {
    retire: Retire,
    rehearse: bool,
    approval: Approval,
    not_before: Timestamp,
    approval_seconds: u64,
}

impl Wish {
    fn of(input: &FailbackInput, plan: &Plan) -> Self {
        Self {
            retire: input.retire,
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
}

/// A run that is about to open, and where it goes.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    kind: RunKind,
    incident: Option<Incident>,
    run_id: RunId,
    pub(super) execution: Option<String>,
    handed_over_by: Option<RunId>,
    pub(super) from_region: Region,
    pub(super) target_region: Region,
}

impl Opening {
    /// A planned run goes from the current writer to this Region where it does not say otherwise.
    async fn of(
        world: &(impl Ledger + Here),
        plan: &Plan,
        input: &OpenInput,
    ) -> Result<Self, Error> {
        let here = world.region();
        let planned = input.kind != RunKind::UnplannedFailover;
        let wished = input.failback.as_ref();
        let wished = wished.and_then(|failback| failback.from_region.as_ref());
        let missing = |field: &str| Error::InvalidRequest(format!("{field} is missing; add it"));
        let target_region = match &input.target_region {
            Some(region) => region.clone(),
            None if planned => here.clone(),
            None => return Err(missing("target_region")),
        };
        let from_region = match input.from_region.as_ref().or(wished) {
            Some(region) => region.clone(),
            None if planned => left(world, plan).await?,
            None => return Err(missing("from_region")),
        };
        Ok(Self {
            kind: input.kind,
            incident: input.incident.clone(),
            run_id: input.run_id.clone(),
            execution: input.execution.clone(),
            handed_over_by: input.handed_over_by.clone(),
            from_region,
            target_region,
        })
    }

    /// The Regions whose lease it takes before anything else. An unplanned run may do without the one it leaves.
    fn counted_on<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = &'a Region> {
        let needs_all = self.kind != RunKind::UnplannedFailover;
        plan.members
            .keys()
            .filter(move |region| needs_all || **region != self.from_region)
    }
}

/// The Region that a planned run to this one leaves: the current writer's; where that is this one already, an earlier run
/// came so far, and the only other member is what it left.
async fn left(world: &(impl Ledger + Here), plan: &Plan) -> Result<Region, Error> {
    let here = world.region();
    // Every member's ledger: a Region that was away may not have learnt of the last move yet.
    let rows = Rows::read(world, plan.members.keys(), &plan.plan).await?;
    let writer = rows.current().map(|current| current.writer.clone());
    let writer = writer.ok_or_else(|| {
        Error::NotReady(format!(
            "no ledger names a writer of plan {}; run recovery-ledger with {{\"operation\": \"adopt\"}} first",
            plan.plan
        ))
    })?;
    let mut others = plan.members.keys().filter(|region| *region != here);
    match (others.next(), others.next()) {
        _ if writer != *here => Ok(writer),
        (Some(only), None) => Ok(only.clone()),
        _ => Err(Error::InvalidRequest(format!(
            "{here} has the writer already; add from_region, the Region that it came from"
        ))),
    }
}

pub(super) async fn run(world: &impl World, input: &OpenInput) -> Result<Opened, Error> {
    let (plan, switches) =
        futures::future::join(plan(world, &input.plan), world.switches(&input.plan)).await;
    let plan = plan?;
    let wish = input.failback.as_ref();
    let wish = wish.map(|failback| Wish::of(failback, &plan));
    let kind = input.kind;
    let input = &Opening::of(world, &plan, input)
        .await
        .map_err(|why| counts_on_all(kind, why))?;
    admissible(&plan, input, world.region())?;
    let switches = switches?;
    let admitted = match input.kind {
        RunKind::UnplannedFailover => switches.admit(&plan.plan),
        RunKind::PlannedFailover | RunKind::Failback => switches.admit_planned(&plan.plan),
    };
    if let Err(why) = admitted {
        news::refused(world, &plan, input, "switch", &why).await;
        return Err(why);
    }
    let held = lease(world, &plan, input)
        .await
        .map_err(|why| counts_on_all(kind, why))?;
    match record(world, &plan, input, &held).await {
        Ok(opened) => Ok(Opened {
            failback: wish,
            ..opened
        }),
        Err(why) => {
            give_back(world, &plan, &input.run_id, &held.leased).await;
            Err(why)
        }
    }
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

/// What can be refused before anything is touched.
fn admissible(plan: &Plan, input: &Opening, here: &Region) -> Result<(), Error> {
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
    Ok(())
}

/// Takes the leases. The one in the Region that is left is taken by confirm-outage, beside evidence that waits for that
/// Region anyway: here it would cost a dead Region's time-out.
async fn lease(world: &(impl Ledger + Here), plan: &Plan, input: &Opening) -> Result<Held, Error> {
    let claim = Claim {
        run_id: input.run_id.clone(),
        kind: input.kind,
        incident: input.incident.clone(),
        from: input.from_region.clone(),
        to: input.target_region.clone(),
    };
    let now = world.now();
    let mut leased = Vec::new();
    for region in input.counted_on(plan) {
        match update(world, region, &plan.plan, |row| row.claim(&claim, now)).await {
            Ok(_) => leased.push(region.clone()),
            Err(why) => {
                give_back(world, plan, &input.run_id, &leased).await;
                let behind = behind(world, plan, input).await?;
                return match (&why, behind) {
                    (Error::RunRefused(_), Some(run)) => Ok(Held {
                        leased: Vec::new(),
                        behind: Some(run),
                    }),
                    _ => Err(why),
                };
            }
        }
    }
    Ok(Held {
        leased,
        behind: None,
    })
}

/// The run that holds the plan, where it only waits for a human's answer: this one may confirm behind it, and takes the
/// plan over when its verdict needs no answer.
async fn behind(
    world: &(impl Ledger + Here),
    plan: &Plan,
    input: &Opening,
) -> Result<Option<RunId>, Error> {
    let rows = Rows::read(world, input.counted_on(plan), &plan.plan).await?;
    let now = world.now();
    let mut others = rows
        .0
        .values()
        .filter_map(|row| row.held_by_another(&input.run_id, now))
        .peekable();
    let first = others.peek().map(|lease| lease.run_id.clone());
    Ok(first.filter(|first| others.all(|lease| lease.waits_for_human && lease.run_id == *first)))
}

async fn give_back(world: &impl Ledger, plan: &Plan, run_id: &RunId, leased: &[Region]) {
    for region in leased {
        super::release::release(world, region, &plan.plan, run_id).await;
    }
}

async fn record(
    world: &impl World,
    plan: &Plan,
    input: &Opening,
    held: &Held,
) -> Result<Opened, Error> {
    let here = world.region();
    let rows = Rows::read(world, input.counted_on(plan), &plan.plan).await?;
    crate::guard::writer(&rows, &input.from_region, &input.target_region)?;
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
        output: Output {
            progress: Progress::Done,
            wait_seconds: 0,
            action: "open",
            reason,
            observed: Observed {
                revision: run.plan.revision,
                leased: held.leased.clone(),
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
        failback: None,
    })
}

/// Whether the target is promoted already, so that only what comes after that is left; where it is not, the cool-down
/// has its word.
async fn resumes(
    world: &impl World,
    plan: &Plan,
    input: &Opening,
    rows: &Rows,
    held: &Held,
) -> Result<bool, Error> {
    let current = rows.current();
    let epoch = current.map(|current| current.epoch).unwrap_or_default();
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
        something_is_left(world, plan, input, current).await?;
    }
    let resume = held.behind.is_none()
        && (proven || is_promoted(world, plan, rows, &input.target_region).await?);
    // The cool-down keeps the system from chasing outages, not people from moving the writer.
    let unplanned = input.kind == RunKind::UnplannedFailover;
    if unplanned
        && !resume
        && let Err(why) = policy::cooldown(current, plan, world.now())
    {
        news::refused(world, plan, input, "cool-down", &why).await;
        return Err(why);
    }
    Ok(resume)
}

/// A Region that was parted may take itself for the writer still: a later run left it without writing here.
async fn not_overtaken(
    world: &impl Ledger,
    plan: &Plan,
    input: &Opening,
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

/// A failback to where the writer is already has something to do only if the run that brought it there left something.
async fn something_is_left(
    world: &(impl Ledger + Here),
    plan: &Plan,
    input: &Opening,
    current: Option<&Current>,
) -> Result<(), Error> {
    let Some(current) = current.filter(|_| input.kind == RunKind::Failback) else {
        return Ok(());
    };
    let brought = world
        .run(world.region(), &plan.plan, &current.run_id)
        .await?;
    let outcome = brought.map(|run| run.closed.map(|closed| closed.outcome));
    match outcome {
        // It stopped on the way, or died.
        Some(None | Some(Outcome::Failed)) => Ok(()),
        _ => Err(Error::RunRefused(format!(
            "{} is the writer of plan {} already (epoch {}), and nothing is left to do",
            input.target_region, plan.plan, current.epoch
        ))),
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

fn new_run(plan: &Plan, input: &Opening, epoch: Epoch, held: &Held, now: Timestamp) -> Run {
    Run {
        run_id: input.run_id.clone(),
        kind: input.kind,
        plan: plan.clone(),
        incident: input.incident.clone(),
        from: input.from_region.clone(),
        to: input.target_region.clone(),
        epoch,
        opened_at: now,
        leased: held.leased.iter().cloned().collect(),
        execution: input.execution.clone(),
        handed_over_by: input.handed_over_by.clone(),
        behind: held.behind.clone(),
        approved_at: None,
        hand_over: None,
        forced: false,
        accept_data_loss: false,
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
    fn plan() -> Plan {
        crate::plan::read(&crate::steps::fake::plan_document().to_string()).unwrap()
    }

    fn input(from: &str, target: &str) -> Opening {
        Opening {
            kind: RunKind::UnplannedFailover,
            incident: None,
            run_id: "a".into(),
            execution: None,
            handed_over_by: None,
            from_region: from.into(),
            target_region: target.into(),
        }
    }

    fn refusal(plan: &Plan, input: &Opening) -> Error {
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
    fn a_failbacks_input_is_read_whole_and_a_wrong_word_in_it_named() {
        let read = |input: serde_json::Value| crate::steps::read::<FailbackInput>(input);
        let given = read(serde_json::json!({"plan": "orders"})).unwrap();
        let wish = Wish::of(&given, &plan());
        assert_eq!(
            (wish.retire, wish.rehearse, wish.approval),
            (Retire::Rename, false, Approval::Ask)
        );
        assert_eq!(wish.approval_seconds, 3_600);
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
