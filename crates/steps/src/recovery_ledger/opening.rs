//! A run that is about to open: where it goes, and what can be said against that before anything is touched.

use super::{Asked, OpenInput};
use failover::{
    Error,
    domain::{Incident, Region, RunId},
    guard::not_adopted,
    installation,
    ledger::RunKind,
    plan::Plan,
    ports::{self, Ledger, Runtime},
};

/// A run that is about to open, and where it goes.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub(super) kind: RunKind,
    pub(super) incident: Option<Incident>,
    pub(super) run_id: RunId,
    pub(super) execution: Option<String>,
    pub(super) handed_over_by: Option<RunId>,
    pub(super) from_region: Region,
    pub(super) target_region: Region,
    pub(super) dry_run: bool,
}

impl Opening {
    /// A run goes from the current writer to this Region where it does not say otherwise.
    pub(super) async fn of(
        world: &(impl Ledger + Runtime),
        plan: &Plan,
        input: &OpenInput,
        asked: &Asked,
    ) -> Result<Self, Error> {
        let here = world.region();
        Ok(Self {
            kind: input.kind,
            incident: asked.incident.clone(),
            run_id: input.run_id.clone(),
            execution: input.execution.clone(),
            handed_over_by: asked.handed_over_by.clone(),
            from_region: from_region(world, plan, input.kind, asked).await?,
            target_region: asked.target_region.as_ref().unwrap_or(here).clone(),
            dry_run: asked.dry_run,
        })
    }

    /// The Regions whose lease it takes before anything else. An unplanned run may do without the one it leaves.
    pub(super) fn counted_on<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = &'a Region> {
        let needs_all = self.kind != RunKind::UnplannedFailover;
        plan.members()
            .keys()
            .filter(move |region| needs_all || **region != self.from_region)
    }
}

/// The Region that a run leaves, as it was asked for or as the ledgers tell.
async fn from_region(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    kind: RunKind,
    asked: &Asked,
) -> Result<Region, Error> {
    let here = world.region();
    let found = match (&asked.from_region, kind) {
        (Some(region), _) => Ok(region.clone()),
        // The other Region may be dead: what this one knows must do.
        (None, RunKind::UnplannedFailover) => left(world, plan, [here]).await,
        // Every member's ledger: a Region that was away may not have learnt of the last move yet.
        (None, RunKind::PlannedFailover | RunKind::Failback) => {
            left(world, plan, plan.members().keys()).await
        }
    };
    match found {
        // A dry run tells that nobody adopted the plan among its reasons, whichever Region it would leave.
        Err(why @ Error::NotReady(_)) if asked.dry_run => {
            others(plan, here).next().cloned().ok_or(why)
        }
        found => found,
    }
}

fn others<'a>(plan: &'a Plan, here: &'a Region) -> impl Iterator<Item = &'a Region> {
    plan.members().keys().filter(move |region| *region != here)
}

/// The Region that a run to this one leaves: the current writer's; where that is this one already, an earlier run
/// came so far, and the only other member is what it left.
async fn left<'a>(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    asked: impl IntoIterator<Item = &'a Region>,
) -> Result<Region, Error> {
    let here = world.region();
    let rows = ports::rows(world, asked, &plan.plan).await?;
    let writer = rows.current().map(|current| current.writer.clone());
    let writer = writer.ok_or_else(|| not_adopted(&plan.plan))?;
    let mut others = others(plan, here);
    match (others.next(), others.next()) {
        _ if writer != *here => Ok(writer),
        (Some(only), None) => Ok(only.clone()),
        _ => Err(Error::InvalidRequest(format!(
            "{here} has the writer already; add from_region, the Region that it came from"
        ))),
    }
}

/// What can be refused before anything is touched.
pub(super) fn admissible(plan: &Plan, input: &Opening, here: &Region) -> Result<(), Error> {
    // A suspicion has words of its own.
    let [from, target] = match input.kind {
        RunKind::UnplannedFailover => ["writer_region", "observer_region"],
        RunKind::PlannedFailover | RunKind::Failback => ["from_region", "target_region"],
    };
    let faults = [
        another_machine(plan, input),
        stranger(plan, from, &input.from_region),
        stranger(plan, target, &input.target_region),
        (input.from_region == input.target_region)
            .then(|| format!("{from} and {target} are both {}", input.from_region)),
        (input.target_region != *here).then(|| {
            format!(
                "{target} is {}; start the run in that Region, this is {here}",
                input.target_region
            )
        }),
    ];
    let faults: Vec<_> = faults.into_iter().flatten().collect();
    if faults.is_empty() {
        return movable(plan, input.kind);
    }
    Err(Error::InvalidRequest(faults.join("; ")))
}

/// A living writer is moved only where somebody can stop it.
fn movable(plan: &Plan, kind: RunKind) -> Result<(), Error> {
    match kind {
        RunKind::UnplannedFailover => Ok(()),
        RunKind::PlannedFailover | RunKind::Failback => plan
            .movable()
            .map_err(|why| Error::RunRefused(why.to_string())),
    }
}

/// What is wrong with the machine that asks: the plan's topology has no run of this kind, or makes it by another one.
fn another_machine(plan: &Plan, input: &Opening) -> Option<String> {
    let runs = plan.kind().runs();
    let (machine, run) = match input.kind {
        RunKind::UnplannedFailover => (Some(runs.unplanned), "unplanned failover"),
        RunKind::PlannedFailover => (runs.planned, "planned failover"),
        RunKind::Failback => (runs.failback, "failback"),
    };
    let Some(machine) = machine else {
        return Some(plan.kind().has_no(run));
    };
    // arn:aws:states:<region>:<account>:execution:<machine>:<execution>
    let asking = input.execution.as_deref()?.split(':').nth(6)?;
    let wanted = installation::named(machine);
    (asking != wanted).then(|| {
        format!(
            "{asking} is not the machine of plans of the kind {}; start {wanted}",
            plan.kind().name()
        )
    })
}

/// What is wrong with a Region that the plan does not name.
fn stranger(plan: &Plan, field: &str, region: &Region) -> Option<String> {
    let members: Vec<_> = plan.members().keys().map(Region::as_str).collect();
    (!plan.members().contains_key(region)).then(|| {
        format!(
            "{field} is {region}, which is not a member of plan {}; use one of {}",
            plan.plan,
            members.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        failover::plan::read(&failover::testing::plan_document().to_string()).unwrap()
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
            dry_run: false,
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
            "writer_region is eu-west-1",
            "observer_region is eu-west-2",
            "start the run in that Region",
        ] {
            assert!(why.contains(part), "{why} lacks {part}");
        }
    }

    #[test]
    fn a_plan_without_a_heart_opens_no_planned_move_and_no_failback() {
        let document = failover::testing::sqlserver_document();
        let plan = failover::plan::read(&document.to_string()).unwrap();
        let opens = |kind| {
            let opening = Opening {
                kind,
                ..input("us-west-2", "us-east-1")
            };
            admissible(&plan, &opening, &"us-east-1".into())
        };
        assert_eq!(opens(RunKind::UnplannedFailover), Ok(()));
        for kind in [RunKind::PlannedFailover, RunKind::Failback] {
            let why = opens(kind).unwrap_err();
            assert_eq!(why.name(), "RunRefused");
            let said = "nobody can stop the writer";
            assert!(why.to_string().contains(said), "{why}");
        }
    }

    #[test]
    fn a_machine_of_another_topology_is_refused_and_the_right_one_is_named() {
        let by = |machine: &str| {
            let arn = format!("arn:aws:states:us-east-1:123456789012:execution:{machine}:orders-1");
            let opening = Opening {
                execution: Some(arn),
                ..input("us-west-2", "us-east-1")
            };
            admissible(&plan(), &opening, &"us-east-1".into())
        };
        assert_eq!(by("aurora-failover-unplanned-failover"), Ok(()));
        let why = by("aurora-failover-another-failover").unwrap_err();
        assert_eq!(why.name(), "InvalidRequest");
        let said = "start aurora-failover-unplanned-failover";
        assert!(why.to_string().contains(said), "{why}");
    }
}
