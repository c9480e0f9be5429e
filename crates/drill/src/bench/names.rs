//! How long the names of many plans take to be led over at once: the packaged dns-flip, one process for each plan, before a
//! Route 53 that takes five calls a second of an account.

use std::{collections::HashMap, fmt, path::Path, sync::Arc, time::Duration};

use failover::{
    domain::Epoch,
    ledger::{Claim, Endpoints, KeptPlan, Run, RunKind},
    plan::Plan,
};
use rds_sim::{Simulator, SimulatorConfig};
use serde_json::json;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::{
    account::Account,
    function::{Function, Surroundings},
    median,
    stand_ins::{at_once, serve},
};
use crate::{
    certificates::Certificates,
    profile::{HOME, PLAN, Profile, STANDBY},
    report,
    world::{self, Trouble},
};

/// How many plans there are.
const PLANS: [usize; 2] = [10, 50];
/// Calls that Route 53 takes of an account in a second.
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>.
const CALLS_PER_SECOND: u32 = 5;
/// The run that leads them.
const RUN: &str = "bench";
/// The passes that the state machine makes at most.
const PASSES_MAX: u32 = 120;

/// What came of one number of plans.
#[derive(Debug, Clone, PartialEq)]
struct Case {
    plans: usize,
    /// Seconds until each plan's name led to the new writer, as far as it did.
    led: Vec<f64>,
    /// Seconds until each plan's step was done, in sync, as far as it was.
    done: Vec<f64>,
    passes: u32,
    calls: u32,
    throttled: u32,
}

/// What came of every case.
#[derive(Debug, Clone, PartialEq)]
pub struct Names {
    cases: Vec<Case>,
}

/// Leads the names over with the function that is at this path; `folder` is the bench's own.
///
/// # Errors
/// When something does not come up.
pub async fn measure(dns_flip: &Path, folder: &Path) -> Result<Names, Trouble> {
    let profile = Profile::usual("detach");
    let simulator = Simulator::start(SimulatorConfig {
        durations: profile.simulator,
        ..SimulatorConfig::default()
    })
    .await?;
    let endpoints = world::members(&simulator, &profile).await?;
    let certificates = Certificates::create(folder)?;
    let mut names = Names { cases: Vec::new() };
    for plans in PLANS {
        let plans = (0..plans).map(|number| plan(&profile, number));
        let plans = plans.collect::<Result<Vec<_>, _>>()?;
        let case = led_over(dns_flip, plans, &endpoints, (&simulator, &certificates)).await?;
        eprintln!("{case}");
        names.cases.push(case);
    }
    simulator.stop().await;
    Ok(names)
}

async fn led_over(
    dns_flip: &Path,
    plans: Vec<Plan>,
    endpoints: &HashMap<String, world::Endpoints>,
    (simulator, certificates): (&Simulator, &Certificates),
) -> Result<Case, Trouble> {
    let account = Account::new(plans.clone(), STANDBY, [].into(), CALLS_PER_SECOND);
    let of = |region: &str| endpoints.get(region).map(|found| found.writer.as_str());
    let (west, east) = (
        of(HOME).ok_or("no writer")?,
        of(STANDBY).ok_or("no standby")?,
    );
    for plan in &plans {
        let known = KeptPlan {
            plan: plan.clone(),
            endpoints: endpoints
                .iter()
                .map(|(region, found)| {
                    let endpoints = Endpoints {
                        writer: found.writer.clone(),
                        reader: found.reader.clone(),
                        port: found.port,
                    };
                    (region.as_str().into(), endpoints)
                })
                .collect(),
        };
        account.knows(STANDBY, &known);
        account.points(&name(plan), west);
        account.is_run(STANDBY, &run(plan))?;
    }
    let account = Arc::new(account);
    let answers = Arc::clone(&account);
    let tls = TlsAcceptor::from(certificates.server(&["127.0.0.1"])?);
    let answers = move |asked| at_once(answers.answer(&asked));
    let (aws, _aws) = serve(Some(tls), Arc::new(answers)).await?;
    let before = Surroundings {
        aws,
        rds: simulator.address(),
        trusted: certificates.bundle(),
        resolver: None,
        quota: None,
    };
    let began = Instant::now();
    let each = plans.iter().map(async |plan| {
        let mut function = Function::start(dns_flip, &before).await?;
        let led = passes(&mut function, (plan, &account), (began, east)).await;
        function.end().await?;
        Ok::<_, Trouble>(led)
    });
    let each = futures::future::try_join_all(each).await?;
    let (calls, throttled) = account.asked_route53();
    Ok(Case {
        plans: plans.len(),
        led: each.iter().filter_map(|led| led.led).collect(),
        done: each.iter().filter_map(|led| led.done).collect(),
        passes: each.iter().map(|led| led.passes).max().unwrap_or_default(),
        calls,
        throttled,
    })
}

#[derive(Default)]
struct Led {
    led: Option<f64>,
    done: Option<f64>,
    passes: u32,
}

/// Calls the step again until it is done, as its state machine does.
async fn passes(
    function: &mut Function,
    (plan, account): (&Plan, &Account),
    (began, to): (Instant, &str),
) -> Led {
    let mut seen = Led::default();
    let pass = json!({"plan": plan.plan, "run_id": RUN, "from_region": HOME, "target_region": STANDBY, "epoch": 1});
    while seen.passes < PASSES_MAX {
        seen.passes += 1;
        function.invoke(&pass);
        let answer = function.answer().await;
        let leads = account.leads_to(&name(plan)).is_some_and(|now| now == to);
        if leads && seen.led.is_none() {
            seen.led = Some(began.elapsed().as_secs_f64());
        }
        match answer {
            Ok(answer) if answer["progress"] == "done" => {
                seen.done = Some(began.elapsed().as_secs_f64());
                return seen;
            }
            Ok(answer) => {
                let wait = answer["wait_seconds"].as_u64().unwrap_or(1);
                tokio::time::sleep(Duration::from_secs(wait)).await;
            }
            Err(why) => {
                tracing::warn!(plan = %plan.plan, why, "a pass failed");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    seen
}

/// A run whose target is proven as the writer: its names are what comes next.
fn run(plan: &Plan) -> Run {
    let claim = Claim {
        run_id: RUN.into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: HOME.into(),
        to: STANDBY.into(),
    };
    Run {
        leased: [HOME.into(), STANDBY.into()].into(),
        ..Run::opened(claim, plan.clone(), Epoch(1), jiff::Timestamp::now())
    }
}

fn name(plan: &Plan) -> String {
    format!("writer.{}.orders.internal", plan.plan)
}

/// A plan with one name of its own on the members that all share.
fn plan(profile: &Profile, number: usize) -> Result<Plan, Trouble> {
    let mut document = profile.plan(PLAN, "Z0EXAMPLE");
    let plan = format!("bench-{number:03}");
    document["plan"] = plan.clone().into();
    let record = document["routes"][0].clone();
    document["routes"] = json!([record]);
    document["routes"][0]["name"] = format!("writer.{plan}.orders.internal").into();
    document["services"] = json!([]);
    Ok(failover::plan::read(&document.to_string())?)
}

impl Case {
    fn is_led(&self) -> bool {
        self.led.len() == self.plans && self.done.len() == self.plans
    }
}

impl Names {
    /// Pass when every name of every case was led over within the machine's passes.
    #[must_use]
    pub fn verdict(&self) -> report::Verdict {
        if !self.cases.is_empty() && self.cases.iter().all(Case::is_led) {
            report::Verdict::Pass
        } else {
            report::Verdict::Fail
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.1}"));
        let middle = |of: &[f64]| known(median(of.iter().copied().map(Some)));
        let most = |of: &[f64]| known(of.iter().copied().max_by(f64::total_cmp));
        write!(
            f,
            "{:>5} {:>6} {:>9} {:>9} {:>10} {:>10} {:>7} {:>6} {:>10}",
            self.plans,
            self.led.len(),
            middle(&self.led),
            most(&self.led),
            middle(&self.done),
            most(&self.done),
            self.passes,
            self.calls,
            self.throttled
        )
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "names: one of each plan, all at once, {CALLS_PER_SECOND} calls of Route 53 a second, a change in sync after 30 s;"
        )?;
        writeln!(
            f,
            "seconds until it leads to the new writer, and until that is in sync"
        )?;
        write!(
            f,
            "{:>5} {:>6} {:>9} {:>9} {:>10} {:>10} {:>7} {:>6} {:>10}",
            "plans",
            "led",
            "led med",
            "led max",
            "sync med",
            "sync max",
            "passes",
            "calls",
            "throttled"
        )?;
        for case in &self.cases {
            write!(f, "\n{case}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
