//! Starts a machine of workloads, once, and looks at its run until the end.

use std::time::Duration;

use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    installation::named,
    ledger::Entry,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use workload::{plan::WorkloadPlan, run::Kind};

use super::{
    follow::{Came, Watched, follow},
    kind,
};
use crate::{
    clock::{now, pause},
    consent::Watching,
    desk::Desk,
    ending::{Answer, Ending},
};

/// How often a start is asked for: an execution of the same name and input is the same one.
const STARTS: usize = 3;

/// What is started.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) plan: &'a WorkloadPlan,
    /// The machine's own name.
    pub(crate) machine: &'static str,
    pub(crate) kind: Kind,
    /// The machine's input.
    pub(crate) input: Value,
}

/// What came of the run.
#[derive(Debug, Serialize)]
struct Ran {
    plan: PlanName,
    region: Region,
    kind: &'static str,
    execution: String,
    /// Nothing until it has opened.
    run_id: Option<RunId>,
    /// Nothing where its end was not seen.
    outcome: Option<String>,
    reason: Option<String>,
    /// Nobody measures beats of a workload.
    rto_seconds: Option<f64>,
    rpo_seconds: Option<f64>,
    timeline: Vec<Entry>,
}

/// Starts the run and looks at it.
pub(crate) async fn start(desk: &Desk<'_>, start: Start<'_>, watching: Watching) -> Answer {
    let execution = match begun(desk, &start).await {
        Ok(execution) => execution,
        Err(why) => return why,
    };
    let (plan, home) = (&start.plan.plan, &start.plan.home_region);
    let what = kind(start.kind);
    let look = format!("aurora-failover status {plan}");
    desk.terminal.stands(format!(
        "the {what} of workload {plan} goes on in {home}; look again with {look}"
    ));
    desk.terminal.say(&format!(
        "the {what} of workload {plan} in {home}; Ctrl-C leaves it running"
    ));
    let mut ran = Ran {
        plan: plan.clone(),
        region: home.clone(),
        kind: start.kind.name(),
        execution,
        run_id: None,
        outcome: None,
        reason: None,
        rto_seconds: None,
        rpo_seconds: None,
        timeline: Vec::new(),
    };
    if watching.no_wait {
        let table = || format!("look at it with {look}\n");
        return Answer::new(desk.output, &ran, table, Ending::Well);
    }
    let watched = Watched {
        plan: start.plan,
        kind: start.kind,
        execution: &ran.execution,
    };
    let limit = Duration::from_secs(u64::from(watching.wait) * 60);
    let came = follow(desk, &watched, limit).await;
    let (ending, complaint) = told(&came, (what, &look));
    let table = ran.take_in(came);
    let mut answer = Answer::new(desk.output, &ran, || table, ending);
    answer.complaints.extend(complaint);
    answer
}

/// How it ends, and why it does not end well where it has no record that says so.
pub(crate) fn told(came: &Came, (what, look): (&str, &str)) -> (Ending, Option<String>) {
    match came {
        Came::Closed(run) => {
            let outcome = run.closed.as_ref().map(|closed| closed.outcome.as_str());
            let is_well = ["succeeded", "rehearsed", "reverted"].map(Some);
            if is_well.contains(&outcome) {
                (Ending::Well, None)
            } else {
                (Ending::NotWell, None)
            }
        }
        Came::Refused(why) => {
            let why = format!("the {what} ended before it held the plan: {why}");
            (Ending::NotWell, Some(why))
        }
        Came::Open(why) => {
            let why = format!(
                "the execution of the {what} has ended ({why}) and its record was not seen closed; look with {look}"
            );
            (Ending::Unknown, Some(why))
        }
        Came::GoesOn(why) => {
            let why = format!("the {what} goes on: {why}; look again with {look}");
            (Ending::Unknown, Some(why))
        }
    }
}

impl Ran {
    /// Takes in what came of it; answers that for people.
    fn take_in(&mut self, came: Came) -> String {
        let Came::Closed(run) = came else {
            return String::new();
        };
        self.run_id = Some(run.run_id);
        self.timeline = run.timeline;
        let Some(closed) = run.closed else {
            return String::new();
        };
        let text = format!("{}: {}\n", closed.outcome, closed.reason);
        self.outcome = Some(closed.outcome);
        self.reason = Some(closed.reason);
        text
    }
}

/// Has the machine started; answers the ARN of its execution.
async fn begun(desk: &Desk<'_>, start: &Start<'_>) -> Result<String, Answer> {
    let home = &start.plan.home_region;
    let machine = machine(start.plan, start.machine)?;
    let name = name(start, now());
    let mut untold = String::new();
    for asked in 0..STARTS {
        if asked > 0 {
            pause(desk.pace).await;
        }
        let started = desk.account.start(home, &machine, (&name, &start.input));
        match started.await {
            Ok(execution) => return Ok(execution),
            Err(Error::Unavailable(why)) => untold = why,
            Err(why) => {
                let why = format!("no run was started: {why}");
                return Err(Answer::none(Ending::Unknown, why));
            }
        }
    }
    let why = format!(
        "nobody can tell whether the run was started: {untold}; look with aurora-failover status {} before you type the command again",
        start.plan.plan
    );
    Err(Answer::none(Ending::Unknown, why))
}

/// The ARN of a machine at home. Whose account that is tells the topic on which people are asked, without which no run is led to its end.
fn machine(plan: &WorkloadPlan, machine: &str) -> Result<String, Answer> {
    let home = &plan.home_region;
    let topic = plan.notify.get(home);
    let topic = topic.or_else(|| plan.notify.values().next());
    let mut parts = topic.into_iter().flat_map(|topic| topic.split(':')).skip(1);
    let (Some(partition), Some(account)) = (parts.next(), parts.nth(2)) else {
        let why = format!(
            "notify of workload {} names no topic in {home}, on which a run asks people; add one, and put the plan",
            plan.plan
        );
        return Err(Answer::none(Ending::NotWell, why));
    };
    let machine = named(machine);
    Ok(format!(
        "arn:{partition}:states:{home}:{account}:stateMachine:{machine}"
    ))
}

/// The execution's name: of 80 characters at most, as a plan's has 40.
/// Source: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>.
fn name(start: &Start<'_>, at: Timestamp) -> String {
    format!("{}-{}-{}", start.plan.plan, start.machine, at.as_second())
}
