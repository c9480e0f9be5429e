//! Once a minute, while all is calm: whether everything is there that a verdict and a failover would need. It is measured and
//! counted, and nothing is changed, told or decided: alarms and the dashboard are made of it. A survey that is missing is news, too.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde::Serialize;

use super::TIMEOUT;
use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::KeptPlan,
    metric::{self, Counted, Metric},
    plan::{self, Phase, Plan},
    ports::{Functions, Ledger, Parameters, People, ReachInput, ReachOutput, Runtime, within},
};

pub use seen::OLD;
use seen::Seen;

mod seen;

/// The value of the dimension `Step` in what is measured over all plans.
pub const STEP: &str = "survey";

/// What a survey found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Surveyed {
    /// One entry per plan.
    pub plans: Vec<SurveyedPlan>,
}

/// What a survey found of one plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SurveyedPlan {
    /// The plan.
    pub plan: PlanName,
    /// The Region of its proven writer, as this Region's ledger has it.
    pub writer: Option<Region>,
    /// Seconds since the last beat of the member Region whose probe had one committed longest ago.
    pub beat_age_seconds: Option<f64>,
    /// How far this Region's standby was behind.
    pub replication_lag_ms: Option<u64>,
    /// What is missing that a failover needs.
    pub gaps: Vec<String>,
}

/// What the witness of each Region answered.
type Witnesses = BTreeMap<Region, Result<(), Error>>;

/// Every plan of this Region, all at once.
///
/// # Errors
/// `Unavailable` when the Region's own ledger does not answer.
pub(super) async fn survey(
    world: &(impl Ledger + Runtime + Parameters + Functions + People),
) -> Result<Surveyed, Error> {
    let plans = plans(world).await?;
    if !plans.iter().any(Plan::has_heart) {
        // The survey was made, and no beat is missing.
        metric::put(&[(&metric::BEAT_AGE, 0.0)], &[("Step", STEP)], world.now());
    }
    let witnesses = ask_witnesses(world, &plans).await;
    let surveys = plans
        .iter()
        .map(|plan| survey_plan(world, plan, &witnesses));
    Ok(Surveyed {
        plans: join_all(surveys).await,
    })
}

/// The plans that the probe watches: those that it knows and whose parameter is there, as that says now, or as it was known where
/// that is wrong. Where the parameters cannot be read, all that it knows.
async fn plans(world: &(impl Ledger + Runtime + Parameters)) -> Result<Vec<Plan>, Error> {
    let known = world.all_known(world.region()).await?;
    let documents = within(world, TIMEOUT, world.plans()).await.ok();
    let documents = documents.map(|all| all.into_iter().collect());
    Ok(watched(known, documents.as_ref(), world.region()))
}

/// The known plans of a Region as their documents say, as far as those could be read.
fn watched(
    known: Vec<KeptPlan>,
    documents: Option<&BTreeMap<PlanName, String>>,
    here: &Region,
) -> Vec<Plan> {
    let plans = known.into_iter().filter_map(|known| {
        let Some(documents) = documents else {
            return Some(known.plan);
        };
        let document = documents.get(&known.plan.plan)?;
        Some(plan::read_named(&known.plan.plan, document).unwrap_or(known.plan))
    });
    plans
        .filter(|plan| plan.members().contains_key(here))
        .collect()
}

/// Asks each witness once, whether it hears this Region, which is there.
async fn ask_witnesses(world: &(impl Runtime + Functions), plans: &[Plan]) -> Witnesses {
    let here = world.region();
    let asked: BTreeMap<_, _> = plans
        .iter()
        .filter_map(|plan| {
            let input = ReachInput {
                plan: plan.plan.clone(),
                region: here.clone(),
                cluster: plan.members().get(here)?.identifier.clone(),
                kind: plan.kind(),
            };
            Some((plan.witness_region.clone()?, input))
        })
        .collect();
    let answers = asked.into_iter().map(async |(witness, input)| {
        let heard = world.hears(&witness, &input).await;
        (witness, heard.and_then(hears))
    });
    join_all(answers).await.into_iter().collect()
}

fn hears(answer: ReachOutput) -> Result<(), Error> {
    if answer.reaches {
        return Ok(());
    }
    Err(Error::NotReady(format!(
        "it does not hear this Region: {}",
        answer.reason
    )))
}

async fn survey_plan(
    world: &(impl Ledger + Runtime + Parameters + Functions + People),
    plan: &Plan,
    witnesses: &Witnesses,
) -> SurveyedPlan {
    let seen = look(world, plan, witnesses).await;
    let now = world.now();
    let (writer, gaps) = (seen.writer().cloned(), seen.gaps(plan, now));
    let surveyed = SurveyedPlan {
        plan: plan.plan.clone(),
        writer,
        beat_age_seconds: seen.beat_age(now).filter(|_| plan.has_heart()),
        replication_lag_ms: seen.lag_ms(world.region(), now),
        gaps,
    };
    measure(&surveyed, now);
    count(plan, &seen, now);
    if !surveyed.gaps.is_empty() {
        let gaps = surveyed.gaps.join(". ");
        tracing::warn!(plan = %plan.plan, step = STEP, gaps, "not protected");
    }
    surveyed
}

/// What everybody answers about one plan, each under the same short time-out.
async fn look(
    world: &(impl Ledger + Runtime + Parameters + Functions + People),
    plan: &Plan,
    witnesses: &Witnesses,
) -> Seen {
    let (here, name) = (world.region(), &plan.plan);
    let members = plan.members().keys();
    let vantages = members.map(async |region| {
        let read = within(world, TIMEOUT, world.vantage(region, name)).await;
        (region.clone(), read)
    });
    let topic = async {
        let topic = plan.notify.get(here)?;
        Some(within(world, TIMEOUT, world.topic(here, topic)).await)
    };
    let (row, vantages, switches, topic, hooks) = tokio::join!(
        within(world, TIMEOUT, world.row(here, name)),
        join_all(vantages),
        within(world, TIMEOUT, world.switches(name)),
        topic,
        hooks(world, plan)
    );
    let witness = plan.witness_region.as_ref();
    Seen {
        row,
        vantages: vantages.into_iter().collect(),
        switches,
        witness: witness.and_then(|witness| witnesses.get(witness).cloned()),
        topic,
        hooks,
    }
}

/// What is wrong with the functions of its own that the plan names, each looked at once as it is in this Region. What nobody shows is no
/// gap: a run calls a function without asking what Lambda says of it.
async fn hooks(world: &(impl Runtime + Functions), plan: &Plan) -> Vec<(Phase, Error)> {
    let functions: BTreeSet<_> = plan.named_hooks().map(|(_, hook)| &hook.function).collect();
    let looks = functions.into_iter().map(async |function| {
        let looked = within(world, TIMEOUT, world.look_at_hook(function)).await;
        (function, looked)
    });
    let looked: BTreeMap<_, _> = join_all(looks).await.into_iter().collect();
    let found = plan.named_hooks().filter_map(|(phase, hook)| {
        let why = looked.get(&hook.function)?.as_ref().err()?;
        matches!(why, Error::NotReady(_)).then(|| (phase, why.clone()))
    });
    found.collect()
}

/// Measures what is measured every minute.
fn measure(surveyed: &SurveyedPlan, now: jiff::Timestamp) {
    let mut measured: Vec<(&Metric, f64)> = Vec::new();
    if let Some(age) = surveyed.beat_age_seconds {
        measured.push((&metric::BEAT_AGE, age));
    }
    if let Some(lag) = surveyed.replication_lag_ms {
        measured.push((
            &metric::REPLICATION_LAG,
            f64::from(u32::try_from(lag).unwrap_or(u32::MAX)),
        ));
    }
    let is_protected = f64::from(u8::from(surveyed.gaps.is_empty()));
    measured.push((&metric::PROTECTED, is_protected));
    let mut members = vec![("Plan", surveyed.plan.as_str()), ("Step", STEP)];
    if let Some(writer) = &surveyed.writer {
        measured.push((&metric::WRITES, 1.0));
        members.push(("Writer", writer.as_str()));
    }
    metric::put(&measured, &members, now);
}

/// Counts what has an alarm of its own.
fn count(plan: &Plan, seen: &Seen, now: jiff::Timestamp) {
    let failed = [
        (Counted::Witness, &seen.witness),
        (Counted::Topic, &seen.topic),
    ];
    for (counted, answer) in failed {
        if let Some(Err(why)) = answer {
            tracing::error!(plan = %plan.plan, step = counted.step(), %why, "does not serve");
            metric::failed(counted, &plan.plan, now);
        }
    }
    if seen.switch_on().is_some() {
        let members = [("Plan", plan.plan.as_str()), ("Step", STEP)];
        metric::put(&[(&metric::SWITCH_ON, 1.0)], &members, now);
    }
}

#[cfg(test)]
mod tests;
