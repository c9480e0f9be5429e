//! Starts a run by the function that it is about, which knows its machine, and looks at it until its end.

use std::time::{Duration, Instant};

use failover::{
    domain::{PlanName, Region, RunId},
    ledger::{Entry, Outcome, Run},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    account::Said,
    consent::Watching,
    desk::Desk,
    ending::{Answer, Ending},
    follow::{Came, Watched, again, follow},
    run::outcome,
};

/// How often a start is asked for: a call that was not answered finds the run that it started.
const STARTS: usize = 3;
/// For how long it is asked for again. Later the run may be over, and the same call would start another one.
const STARTING: Duration = Duration::from_secs(20);

/// What is started.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) plan: &'a PlanName,
    /// Where the run acts.
    pub(crate) region: &'a Region,
    /// The function's full name.
    pub(crate) function: String,
    /// The machine's input.
    pub(crate) input: Value,
}

/// What came of the run.
#[derive(Debug, Serialize)]
struct Ran {
    plan: PlanName,
    region: Region,
    run_id: RunId,
    execution: String,
    /// Nothing where its end was not seen.
    outcome: Option<&'static str>,
    rto_seconds: Option<f64>,
    rpo_seconds: Option<f64>,
    left: Vec<String>,
    timeline: Vec<Entry>,
}

/// Starts the run and looks at it.
pub(crate) async fn start(desk: &Desk<'_>, start: Start<'_>, watching: Watching) -> Answer {
    let execution = match asked_for(desk, &start).await {
        Ok(execution) => execution,
        Err(why) => return why,
    };
    let run_id = RunId::from(execution.rsplit(':').next().unwrap_or_default());
    let look = again(&run_id);
    desk.terminal.stands(format!(
        "run {run_id} goes on in {}; look again with {look}",
        start.region
    ));
    desk.terminal.say(&format!(
        "run {run_id} in {}; Ctrl-C leaves it running",
        start.region
    ));
    let mut ran = Ran {
        plan: start.plan.clone(),
        region: start.region.clone(),
        run_id,
        execution,
        outcome: None,
        rto_seconds: None,
        rpo_seconds: None,
        left: Vec::new(),
        timeline: Vec::new(),
    };
    if watching.no_wait {
        let table = || format!("look at it with {look}\n");
        return Answer::new(desk.output, &ran, table, Ending::Well);
    }
    let watched = Watched {
        plan: start.plan,
        run_id: &ran.run_id,
        region: start.region,
        execution: &ran.execution,
    };
    let limit = Duration::from_secs(u64::from(watching.wait) * 60);
    let came = follow(desk, &watched, limit).await;
    let (ending, complaint) = match &came {
        Came::Closed(run) => (ending(run), None),
        Came::Refused(why) => {
            let why = format!("run {} ended before it held the plan: {why}", ran.run_id);
            (Ending::NotWell, Some(why))
        }
        Came::Open(why) => {
            let why = format!(
                "the execution of run {} has ended ({why}) and its record was not seen closed, so that the writer may have moved; look with \
                 aurora-failover status {}",
                ran.run_id, start.plan
            );
            (Ending::Unknown, Some(why))
        }
        Came::GoesOn(why) => {
            let why = format!("run {} goes on: {why}; look again with {look}", ran.run_id);
            (Ending::Unknown, Some(why))
        }
    };
    let table = ran.take_in(came);
    let mut answer = Answer::new(desk.output, &ran, || table, ending);
    answer.complaints.extend(complaint);
    answer
}

impl Ran {
    /// Takes in what came of it; answers that for people.
    fn take_in(&mut self, came: Came) -> String {
        let Came::Closed(run) = came else {
            return String::new();
        };
        let mut text = outcome(run.closed.as_ref());
        if let Some(closed) = &run.closed {
            self.outcome = Some(closed.outcome.name());
            self.rto_seconds = closed.rto_seconds;
            self.rpo_seconds = closed.rpo.as_ref().map(|lost| lost.seconds);
            self.left.clone_from(&closed.left);
            text.extend(closed.left.iter().map(|left| format!("  ! {left}\n")));
        }
        self.timeline.clone_from(&run.timeline);
        text
    }
}

/// What the exit code says of a run that is closed.
fn ending(run: &Run) -> Ending {
    let closed = run.closed.as_ref();
    match closed.map(|closed| closed.outcome) {
        Some(Outcome::Succeeded | Outcome::Rebuilt) => Ending::Well,
        Some(Outcome::StoodDown | Outcome::HandedOver | Outcome::Aborted | Outcome::Failed) => {
            Ending::NotWell
        }
        None => Ending::Unknown,
    }
}

/// Has the run started; answers the ARN of its execution.
async fn asked_for(desk: &Desk<'_>, start: &Start<'_>) -> Result<String, Answer> {
    let mut input = start.input.clone();
    input["start"] = true.into();
    let (region, function) = (start.region, &start.function);
    let mut untold = String::new();
    let begun = Instant::now();
    for asked in 0..STARTS {
        if asked > 0 && begun.elapsed() >= STARTING {
            break;
        }
        match desk.account.call(region, function, &input).await {
            Ok(Said::Answer(answer)) => {
                let execution = answer["execution"].as_str().map(str::to_owned);
                return execution.ok_or_else(|| {
                    let why = format!("{function} in {region} answers {answer}, which names no execution; deploy one version everywhere");
                    Answer::none(Ending::Unknown, why)
                });
            }
            Ok(Said::Failure { name, why }) if Said::is_final(&name) => {
                let why = format!("no run was started: {why}");
                return Err(Answer::none(Ending::NotWell, why));
            }
            Ok(Said::Failure { why, .. }) => untold = why,
            Err(why) if why.is_answer() => {
                let why = format!("no run was started: {why}");
                return Err(Answer::none(Ending::Unknown, why));
            }
            Err(why) => untold = why.to_string(),
        }
    }
    let why = format!(
        "nobody can tell whether the run was started: {untold}; look with aurora-failover status {} before you type the command again",
        start.plan
    );
    Err(Answer::none(Ending::Unknown, why))
}
