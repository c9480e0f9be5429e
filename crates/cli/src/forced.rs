//! `failover --force`: a promotion that needs no evidence, and all that follows it, in the order of the forced failover.

use failover::{
    domain::{Epoch, PlanName, Region},
    installation::named,
    plan::{Plan, TopologyKind, function_of},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    account::Said,
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    passes::{Call, Came, until_done},
    ready::{Way, targets, way},
    survey::{PATIENCE, Survey, patiently},
    would::Would,
};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The plan.
    pub plan: &'a PlanName,
    /// The Region that takes over.
    pub to: &'a Region,
    /// The epoch at which the plan stands, as it was typed.
    pub epoch: Option<u64>,
    /// Promotes past an old writer that answers.
    pub abandon_living_writer: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Forced {
    plan: PlanName,
    from: Region,
    to: Region,
    /// The epoch at which the plan stands now.
    epoch: Epoch,
    steps: Vec<Step>,
}

/// One step of it.
#[derive(Debug, Serialize)]
struct Step {
    region: Region,
    function: String,
    operation: Option<String>,
    done: bool,
    says: String,
}

/// What is left, who takes over, and where the plan stands.
#[derive(Debug)]
struct Move<'a> {
    wanted: Wanted<'a>,
    from: Region,
    epoch: Epoch,
    kind: TopologyKind,
    /// Whether the Region that is left gives no answer.
    from_is_silent: bool,
    /// Whether the plan has more than two members, so that the one that is left has to be named.
    names_left: bool,
    /// Whether the writer that takes over is proven already.
    is_proven: bool,
}

/// Forces the failover of a plan to a Region.
pub async fn run(desk: &Desk<'_>, wanted: Wanted<'_>, consent: Consent) -> Answer {
    let survey = match desk.survey(wanted.plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let moving = match Move::of(&survey, wanted) {
        Ok(moving) => moving,
        Err(why) => return why,
    };
    let would = moving.would(desk).await;
    if consent.dry_run {
        return would.answer(desk);
    }
    if let Err(why) = would.stands(desk) {
        return why;
    }
    let what = moving.what();
    let agreed = desk
        .terminal
        .confirm(consent.yes, (&what, wanted.plan.as_str()))
        .await;
    if let Err(why) = agreed {
        return why;
    }
    moving.carry_out(desk).await
}

impl<'a> Move<'a> {
    fn of(survey: &Survey, wanted: Wanted<'a>) -> Result<Self, Answer> {
        let (writer, others) = targets(survey, None)?;
        let is_proven = writer == *wanted.to;
        if !is_proven {
            targets(survey, Some(wanted.to))?;
        }
        let from = match others.as_slice() {
            _ if !is_proven => writer,
            [other] => other.clone(),
            _ => last_left(survey, wanted.to)?,
        };
        let epoch = survey.rows().proven_epoch();
        is_meant(wanted, epoch)?;
        Ok(Self {
            from_is_silent: survey.is_silent(&from),
            names_left: others.len() > 1,
            kind: survey.plan.as_ref().map(Plan::kind).unwrap_or_default(),
            wanted,
            from,
            epoch,
            is_proven,
        })
    }

    fn what(&self) -> String {
        let Wanted { plan, to, .. } = self.wanted;
        let from = &self.from;
        if self.is_proven {
            return format!(
                "what follows the proof of the writer of plan {plan} in {to} is about to be done"
            );
        }
        format!(
            "the member of plan {plan} in {to} is about to be promoted by force, and what {from} alone has is lost"
        )
    }

    fn promotion(&self) -> Call {
        let Wanted { plan, to, .. } = self.wanted;
        let function = function_of(self.kind.runs().promote_by);
        let mut call = Call::forced(to, (&function, None), (plan, self.epoch));
        call.payload["accept_data_loss"] = true.into();
        if self.wanted.abandon_living_writer {
            call.payload["abandon_living_writer"] = true.into();
        }
        if self.names_left {
            call.payload["from_region"] = json!(self.from);
        }
        call
    }

    /// What the promotion would do or be refused with.
    async fn would(&self, desk: &Desk<'_>) -> Would {
        let Wanted { plan, to, .. } = self.wanted;
        if self.is_proven {
            let says = format!("the writer in {to} is proven, and what follows that would be done");
            return Would::of(plan, (&self.from, to), Way::ready("forced_failover", says));
        }
        let mut call = self.promotion();
        call.payload["dry_run"] = true.into();
        let said = desk
            .account
            .ask(to, &named(&call.function), &call.payload)
            .await;
        let is_refused =
            matches!(&said, Ok(Said::Answer(answer)) if answer.get("refusal").is_some());
        let mut found: Way = way("forced_failover", said);
        if is_refused {
            found.warnings.push(format!(
                "where both Regions answer, the planned move loses nothing: aurora-failover switchover {plan} --to {to}"
            ));
        }
        Would::of(plan, (&self.from, to), found)
    }

    /// Every step, in its order. Nothing follows a promotion or a proof that did not come about.
    async fn carry_out(self, desk: &Desk<'_>) -> Answer {
        let Wanted { plan, to, .. } = self.wanted;
        let mut forced = Forced {
            plan: plan.clone(),
            from: self.from.clone(),
            to: to.clone(),
            epoch: self.epoch,
            steps: Vec::new(),
        };
        if !self.is_proven {
            let proof = Call::forced(to, ("health-probe", Some("prove")), (plan, self.epoch));
            for call in [self.promotion(), proof] {
                if let Err(why) = forced.make(desk, &call, self.epoch).await {
                    return forced.stopped(desk, &call, &why, self.epoch);
                }
            }
            forced.epoch = self.proven(desk).await;
        }
        let at = forced.epoch;
        for call in self.following(at) {
            let is_of_left = call.region == self.from;
            if is_of_left && self.from_is_silent {
                forced.leave(desk, &call, "the Region is silent");
                continue;
            }
            // What was proven is led over although one of these is refused: each is told at the end.
            let _ = forced.make(desk, &call, at).await;
        }
        forced.answer(desk)
    }

    /// The epoch under which the writer was proven just now: the next one, where none was withdrawn.
    async fn proven(&self, desk: &Desk<'_>) -> Epoch {
        let Wanted { plan, to, .. } = self.wanted;
        let row = patiently(to, PATIENCE, desk.account.row(to, plan)).await;
        row.map_or(self.epoch.next(), |row| row.proven_epoch())
    }

    /// The calls behind the proof.
    fn following(&self, at: Epoch) -> Vec<Call> {
        let Wanted { plan, to, .. } = self.wanted;
        let of = |region: &Region, function: &str, operation: Option<&str>| {
            Call::forced(region, (function, operation), (plan, at))
        };
        let fence = of(&self.from, "fence-writer", Some("fence"));
        // Names wait for the logins that a stop took: locks travel to a replica.
        let opening = self.kind.runs().opening.map(function_of);
        let opening = opening.map(|function| of(to, &function, None));
        let rest = [
            of(to, "dns-flip", None),
            of(to, "ecs-restart", None),
            of(to, "health-probe", Some("verify")),
            of(&self.from, "loss-ledger", None),
        ];
        std::iter::once(fence).chain(opening).chain(rest).collect()
    }
}

impl Forced {
    /// Makes a call until it is done. Whoever interrupts is told where it stands.
    async fn make(&mut self, desk: &Desk<'_>, call: &Call, at: Epoch) -> Result<(), String> {
        desk.terminal.stands(format!(
            "it stood at {}; go on with {}",
            call.name(),
            self.again(at)
        ));
        let (done, says) = match until_done(desk, call).await {
            Came::Done(answer) => {
                let reason = answer["reason"].as_str().unwrap_or_default();
                (true, reason.to_owned())
            }
            Came::Refused(why) | Came::Silent(why) => (false, why),
        };
        if !done {
            desk.terminal.say(&format!("  {}: {says}", call.name()));
        }
        self.note(call, done, says.clone());
        if done { Ok(()) } else { Err(says) }
    }

    fn leave(&mut self, desk: &Desk<'_>, call: &Call, why: &str) {
        desk.terminal.say(&format!("  {}: {why}", call.name()));
        self.note(call, false, why.to_owned());
    }

    fn note(&mut self, call: &Call, done: bool, says: String) {
        self.steps.push(Step {
            region: call.region.clone(),
            function: call.function.clone(),
            operation: call.payload["operation"].as_str().map(str::to_owned),
            done,
            says,
        });
    }

    /// The command that goes on with it. Once the writer is proven the plan stands at the next epoch.
    fn again(&self, at: Epoch) -> String {
        format!(
            "aurora-failover failover {} --to {} --force --epoch {at}",
            self.plan, self.to
        )
    }

    fn stopped(self, desk: &Desk<'_>, call: &Call, why: &str, at: Epoch) -> Answer {
        let mut answer = Answer::new(desk.output, &self, String::new, Ending::NotWell);
        answer.complaints.push(format!(
            "{} came to no end: {why}; once that is put right, go on with {}",
            call.name(),
            self.again(at)
        ));
        answer
    }

    fn answer(&self, desk: &Desk<'_>) -> Answer {
        let left: Vec<_> = self.steps.iter().filter(|step| !step.done).collect();
        let ending = if left.is_empty() {
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
        answer
    }

    /// What is left, with the command for it.
    fn left(&self, step: &Step) -> String {
        let plan = &self.plan;
        let next = match step.function.as_str() {
            "fence-writer" => format!(
                "its schedule fences it within a minute after it answers, or aurora-failover fence {plan} does"
            ),
            "loss-ledger" => {
                format!("list what it alone has with aurora-failover losses {plan} --list")
            }
            _ => format!("go on with {}", self.again(self.epoch)),
        };
        format!(
            "{} in {}: {}; {next}",
            step.function, step.region, step.says
        )
    }
}

/// The Region that the last run to this one left.
fn last_left(survey: &Survey, to: &Region) -> Result<Region, Answer> {
    let runs = survey.runs().filter(|run| run.to == *to && run.from != *to);
    let last = runs.max_by_key(|run| run.opened_at);
    last.map(|run| run.from.clone()).ok_or_else(|| {
        let why = format!(
            "--to is {to}, which has the writer of plan {} already, and no run has moved it there; choose another Region",
            survey.name
        );
        Answer::none(Ending::Misused, why)
    })
}

/// That whoever forces it means the epoch at which the plan stands.
fn is_meant(wanted: Wanted<'_>, epoch: Epoch) -> Result<(), Answer> {
    let plan = wanted.plan;
    let why = match wanted.epoch {
        Some(typed) if typed == epoch.0 => return Ok(()),
        Some(typed) => format!(
            "--epoch is {typed}, and plan {plan} stands at epoch {epoch}; write --epoch {epoch} if you mean the writer of today"
        ),
        None => format!(
            "--epoch is missing, and plan {plan} stands at epoch {epoch}; write --epoch {epoch} if you mean the writer of today"
        ),
    };
    Err(Answer::none(Ending::Misused, why))
}

#[cfg(test)]
mod tests;
