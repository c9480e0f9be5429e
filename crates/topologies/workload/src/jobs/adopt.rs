//! Writes down which Region serves, as a human says it and as it is seen to run. Rerunning it changes nothing.

use failover::{
    Error,
    domain::{Epoch, Region},
    ledger::{Current, PlanState, Rows},
    ports,
};
use futures::stream::{self, StreamExt};
use serde::Serialize;

use super::{AdoptInput, World};
use crate::{kinds::Serving, pass::AT_ONCE, plan::WorkloadPlan};

/// Who the ledgers say has proven what was adopted.
const BY: &str = "adopt";

/// What adopting answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Adopted {
    action: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "failover::pass::is_false")]
    dry_run: bool,
    serves: Region,
    epoch: Epoch,
}

pub(super) async fn run<W: World, V: Serving<W>>(
    world: &W,
    verbs: V,
    input: &AdoptInput,
) -> Result<Adopted, Error> {
    let plan = world.workload_plan(world.region(), &input.plan).await?;
    if !plan.regions().contains(&&input.serves) {
        return Err(Error::InvalidRequest(format!(
            "serves is {}, and plan {} has {} and {}; name one of them",
            input.serves, input.plan, plan.home_region, plan.recovery_region
        )));
    }
    world
        .switches(&input.plan)
        .await?
        .admit_planned(&input.plan)?;
    let rows = ports::rows(world, plan.regions(), &input.plan).await?;
    let now = world.now();
    let current = next(&rows, input, now)?;
    if current.run_id.as_str() != BY || rows.proven_epoch() >= current.epoch {
        heal(world, &plan, &current, input.dry_run).await?;
        let reason = format!(
            "{} serves already, at epoch {}",
            current.writer, current.epoch
        );
        return Ok(adopted("none", reason, input, &current));
    }
    runs_there(world, verbs, &plan, &input.serves).await?;
    heal(world, &plan, &current, input.dry_run).await?;
    let says = if input.dry_run {
        "would serve"
    } else {
        "serves"
    };
    let reason = format!(
        "{} {says} plan {} at epoch {}: all of its {} resource(s) there run",
        input.serves,
        input.plan,
        current.epoch,
        plan.resources.len()
    );
    tracing::info!(plan = %input.plan, serves = %input.serves, epoch = %current.epoch, dry_run = input.dry_run, "adopted");
    Ok(adopted("adopt", reason, input, &current))
}

/// Who is to be current: whoever is, where that is the same Region, or the Region that serves, under the next epoch.
fn next(rows: &Rows, input: &AdoptInput, now: jiff::Timestamp) -> Result<Current, Error> {
    let plan = &input.plan;
    let held = rows.0.values().find_map(|row| row.live_lease(now));
    if let Some(lease) = held {
        return Err(Error::RunRefused(format!(
            "run {} holds plan {plan} until {}; wait for its end",
            lease.run_id, lease.expires_at
        )));
    }
    if let Some(intent) = rows.intent() {
        return Err(Error::RunRefused(format!(
            "run {} has begun to move plan {plan} to {} and came to no end; start revert-home to undo that",
            intent.run_id, intent.to
        )));
    }
    match rows.current() {
        Some(current) if current.writer == input.serves => return Ok(current.clone()),
        Some(current) if input.from_epoch != Some(current.epoch) => {
            return Err(Error::RunRefused(format!(
                "serves is {}, and the ledgers of plan {plan} say that {} serves at epoch {}; say \"from_epoch\": {} where people have moved the business since",
                input.serves, current.writer, current.epoch, current.epoch
            )));
        }
        Some(_) | None => {}
    }
    Ok(Current {
        epoch: rows.next_epoch(),
        writer: input.serves.clone(),
        global_cluster: None,
        run_id: BY.into(),
        proven_at: now,
        unplanned: false,
        acknowledged_at: None,
    })
}

/// Refuses a Region where any of the plan's resources is missing or does not run.
async fn runs_there<W: World, V: Serving<W>>(
    world: &W,
    verbs: V,
    plan: &WorkloadPlan,
    region: &Region,
) -> Result<(), Error> {
    let resources = plan.resources.iter();
    let looks: Vec<_> = resources
        .map(|resource| {
            let is_home = *region == plan.home_region;
            let called = if is_home {
                resource.home()
            } else {
                resource.recovery()
            };
            async move {
                let missing = verbs.missing(world, resource, (region, called)).await?;
                Ok(missing.map(|why| format!("{}: {why}", resource.name())))
            }
        })
        .collect();
    let looked: Vec<Result<Option<String>, Error>> =
        stream::iter(looks).buffered(AT_ONCE).collect().await;
    let looked = looked.into_iter().collect::<Result<Vec<_>, Error>>()?;
    let missing: Vec<_> = looked.into_iter().flatten().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::NotReady(format!(
        "{region} cannot serve plan {}: {}; start what is missing, or say which Region serves",
        plan.plan,
        missing.join("; ")
    )))
}

/// Lets both rows know.
async fn heal<W: World>(
    world: &W,
    plan: &WorkloadPlan,
    current: &Current,
    dry_run: bool,
) -> Result<(), Error> {
    if dry_run {
        return Ok(());
    }
    for region in plan.regions() {
        let learn = |row: &PlanState| row.learn(current);
        ports::update_if(world, region, &plan.plan, learn).await?;
    }
    Ok(())
}

fn adopted(action: &'static str, reason: String, input: &AdoptInput, current: &Current) -> Adopted {
    Adopted {
        action,
        reason,
        dry_run: input.dry_run,
        serves: current.writer.clone(),
        epoch: current.epoch,
    }
}
