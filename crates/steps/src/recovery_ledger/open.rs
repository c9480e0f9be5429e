//! Opens a run: takes the plan's lease in every member Region that the run does not leave, in sorted order, or none. Where the
//! target is promoted already, those that are silent are left out.
//! A run that opens again re-enters its own lease and record.

mod dry;
mod lease;
mod record;
mod resume;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Approval, Asked, FailbackInput, OpenInput, ask::is_near, messages, opening::Opening,
    opening::admissible, plan, plan_in_an_outage,
};
use failover::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    ledger::RunKind,
    pass::Output,
    plan::{Phase, Plan},
    ports::{Ledger, Parameters, People, Runtime},
    switches::Switches,
    topologies::Topologies,
    topology::names::{Names, Retire},
};

use lease::{Held, counts_on_all, lease};
use record::record;
pub(super) use resume::ADOPTED;

/// What the pass answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Opened {
    #[serde(flatten)]
    output: Output<Observed>,
    run: Handle,
    /// Whether the target is promoted already, so that the run starts at proving it.
    resume: bool,
    /// What a failback is to do, with everything that its input left out.
    failback: Option<FailbackOptions>,
    /// The phases for which the plan names a function of its own: a machine calls none for the others.
    hooks: Vec<Phase>,
}

/// What a failback is to do, by the words of its machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct FailbackOptions {
    retire: Retire,
    names: Names,
    rehearse: bool,
    approval: Approval,
    not_before: Timestamp,
    approval_seconds: u64,
}

impl FailbackOptions {
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

/// The options of a run that is a failback.
///
/// # Errors
/// `InvalidRequest` for a name that cannot be given, and a window that is too far away.
fn failback_options(
    plan: &Plan,
    input: Option<&FailbackInput>,
    now: Timestamp,
) -> Result<Option<FailbackOptions>, Error> {
    let Some(input) = input else {
        return Ok(None);
    };
    input.names.check()?;
    if let Some(until) = input.not_before {
        is_near(until, now)?;
    }
    Ok(Some(FailbackOptions::of(input, plan)))
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
    world: &(impl Ledger + Runtime + Topologies + Parameters + People),
    input: &OpenInput,
) -> Result<Opened, Error> {
    let kind = input.kind;
    let asked = Asked::read(kind, input.input.clone())?;
    let (plan, switches) = plan_and_switches(world, kind, &asked.plan).await;
    let plan = plan?;
    let failback = failback_options(&plan, asked.failback.as_ref(), world.now())?;
    let opening = Opening::of(world, &plan, input, &asked).await;
    let opening = &opening.map_err(|why| counts_on_all(kind, why))?;
    admissible(&plan, opening, world.region())?;
    let admitted = admit(kind, &switches?, &plan.plan);
    let opened = if opening.dry_run {
        Box::pin(dry::run(world, &plan, opening, admitted)).await?
    } else {
        lease_and_record(world, &plan, opening, admitted).await?
    };
    Ok(Opened { failback, ..opened })
}

/// The plan that a run of this kind goes by, and what may keep it from acting, read at once.
async fn plan_and_switches(
    world: &(impl Ledger + Runtime + Parameters),
    kind: RunKind,
    name: &PlanName,
) -> (Result<Plan, Error>, Result<Switches, Error>) {
    let read = async {
        match kind {
            RunKind::UnplannedFailover => plan_in_an_outage(world, name).await,
            RunKind::PlannedFailover | RunKind::Failback => plan(world, name).await,
        }
    };
    futures::future::join(Box::pin(read), world.switches(name)).await
}

fn admit(kind: RunKind, switches: &Switches, plan: &PlanName) -> Result<(), Error> {
    match kind {
        RunKind::UnplannedFailover => switches.admit(plan),
        RunKind::PlannedFailover | RunKind::Failback => switches.admit_planned(plan),
    }
}

async fn lease_and_record(
    world: &(impl Ledger + Runtime + Topologies + People),
    plan: &Plan,
    input: &Opening,
    admitted: Result<(), Error>,
) -> Result<Opened, Error> {
    if let Err(why) = admitted {
        messages::refused(world, plan, input, "switch", &why).await;
        return Err(why);
    }
    let held = lease(world, plan, input).await;
    let held = held.map_err(|why| counts_on_all(input.kind, why))?;
    let recorded = record(world, plan, input, &held).await;
    if recorded.is_err() {
        lease::give_back(world, plan, input, &held.leased).await;
    }
    recorded
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
        hooks: plan.named_hooks().map(|(phase, _)| phase).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        failover::plan::read(&failover::testing::plan_document().to_string()).unwrap()
    }

    #[test]
    fn a_failbacks_input_is_read_whole_and_a_wrong_word_in_it_named() {
        let read = |input: serde_json::Value| failover::pass::read::<FailbackInput>(input);
        let given = read(serde_json::json!({"plan": "orders"})).unwrap();
        let options = FailbackOptions::of(&given, &plan());
        assert_eq!(
            (options.retire, options.rehearse, options.approval),
            (Retire::Rename, false, Approval::Ask)
        );
        assert_eq!(options.approval_seconds, 3_600);
        let named = serde_json::json!({"plan": "orders", "names": {"global_cluster": "gdb1-restored-node"}});
        let options = FailbackOptions::of(&read(named).unwrap(), &plan());
        let name = options.names.global_cluster;
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
