//! The steps of a forced failover: each is made until it is done, or told as left with the command for it.

use failover::{
    domain::{Epoch, PlanName, Region},
    notify::commands,
    plan::{Phase, Plan},
};
use serde::Serialize;

use crate::{
    desk::Desk,
    ending::{Answer, Ending},
    passes::{Call, Came, until_done},
};

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Forced {
    pub(super) plan: PlanName,
    pub(super) from: Region,
    pub(super) to: Region,
    /// The epoch at which the plan stands now.
    pub(super) epoch: Epoch,
    /// Whether a switch keeps the schedule from fencing what is deposed.
    #[serde(skip)]
    pub(super) is_paused: bool,
    /// The plan, where it is known.
    #[serde(skip)]
    pub(super) known: Option<Plan>,
    pub(super) steps: Vec<Step>,
}

/// One step of it.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) region: Region,
    pub(super) function: String,
    pub(super) operation: Option<String>,
    pub(super) done: bool,
    pub(super) says: String,
}

impl Step {
    /// What was not called, and why.
    pub(super) fn left(desk: &Desk<'_>, call: &Call, says: String) -> Self {
        desk.terminal.say(&format!("  {}: {says}", call.name()));
        Self::of(call, false, says)
    }

    fn of(call: &Call, done: bool, says: String) -> Self {
        Self {
            region: call.region.clone(),
            function: call.function.clone(),
            operation: call.payload["operation"].as_str().map(str::to_owned),
            done,
            says,
        }
    }
}

impl Forced {
    /// Makes a call that everything behind it needs.
    pub(super) async fn must(&mut self, desk: &Desk<'_>, call: &Call) -> Result<(), String> {
        let step = self.made(desk, call).await;
        let why = (!step.done).then(|| format!("{} came to no end: {}", call.name(), step.says));
        self.steps.push(step);
        why.map_or(Ok(()), Err)
    }

    /// Makes a call until it is done. Whoever interrupts is told where it stands.
    pub(super) async fn made(&self, desk: &Desk<'_>, call: &Call) -> Step {
        desk.terminal.stands(format!(
            "it stood at {}; go on with {}",
            call.name(),
            self.again()
        ));
        match until_done(desk, call).await {
            Came::Done(answer) => {
                let reason = answer["reason"].as_str().unwrap_or_default();
                Step::of(call, true, reason.to_owned())
            }
            Came::Refused(why) | Came::Silent(why) => Step::left(desk, call, why),
        }
    }

    /// The command that goes on with it. Once the writer is proven the plan stands at the next epoch.
    fn again(&self) -> String {
        format!(
            "aurora-failover failover {} --to {} --force --epoch {}",
            self.plan, self.to, self.epoch
        )
    }

    pub(super) fn stopped(self, desk: &Desk<'_>, why: &str) -> Answer {
        let mut answer = Answer::new(desk.output, &self, String::new, Ending::NotWell);
        answer.complaints.push(format!(
            "{why}; once that is put right, go on with {}",
            self.again()
        ));
        answer
    }

    pub(super) fn answer(&self, desk: &Desk<'_>) -> Answer {
        let left: Vec<_> = self.steps.iter().filter(|step| !step.done).collect();
        let uncalled = self.uncalled();
        let ending = if left.is_empty() && uncalled.is_empty() {
            Ending::Well
        } else {
            Ending::NotWell
        };
        let table = || {
            format!(
                "{}: the writer is in {}, epoch {}\n",
                self.plan, self.to, self.epoch
            )
        };
        let mut answer = Answer::new(desk.output, self, table, ending);
        answer.complaints = left.into_iter().map(|step| self.left(step)).collect();
        answer.complaints.extend(uncalled);
        answer
    }

    /// The plan's own functions of the phases behind the proof, each with the command that calls it: whoever forces a failover decides
    /// which of them still has a use.
    fn uncalled(&self) -> Vec<String> {
        let Some(plan) = &self.known else {
            return Vec::new();
        };
        let hooks = plan.named_hooks();
        let behind = hooks.filter(|(phase, _)| *phase != Phase::BeforePromote);
        let uncalled = behind.map(|(phase, hook)| {
            let command = commands::hook(plan, &self.to, phase, self.epoch);
            format!(
                "the hook {} ({}) was not called; where it has a use still, call it with {command}",
                phase.name(),
                hook.function
            )
        });
        uncalled.collect()
    }

    /// What is left, with the command for it.
    fn left(&self, step: &Step) -> String {
        let plan = &self.plan;
        let next = match step.function.as_str() {
            "fence-writer" => {
                let by_itself = if self.is_paused {
                    ", for a switch keeps its schedule from fencing"
                } else {
                    ", unless its schedule has done so once it answers"
                };
                format!("it may take writes: shut it with aurora-failover fence {plan}{by_itself}")
            }
            "loss-ledger" => {
                format!("list what it alone has with aurora-failover losses {plan} --list")
            }
            _ => format!("go on with {}", self.again()),
        };
        format!(
            "{} in {}: {}; {next}",
            step.function, step.region, step.says
        )
    }
}
