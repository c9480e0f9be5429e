//! `failover --force`: a promotion that needs no evidence, and all that follows it, in the order of the forced failover.

mod steps;

use failover::{
    domain::{Epoch, PlanName, Region},
    installation::named,
    plan::{Plan, TopologyKind, function_of},
};
use futures::future::join;
use serde_json::json;

use crate::{
    account::Said,
    clock::pause,
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    failover::last_left,
    passes::Call,
    ready::{Way, targets, way},
    survey::{PATIENCE, Survey, patiently},
    would::Would,
};
use steps::{Forced, Step};

/// How often the epoch behind a proof is read before nobody can tell it.
const LOOKS: usize = 5;

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
    /// A human saw that the promoted writer takes writes, where no heart beats that would show it.
    pub writer_takes_writes: bool,
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
    /// Whether heartbeats prove a writer. Otherwise a human's word does.
    has_heart: bool,
    /// Whether a switch keeps the schedule from fencing what is deposed.
    is_paused: bool,
    /// The plan, where it is known.
    known: Option<Plan>,
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
    let what = moving.what();
    if let Err(why) = would.agreed(desk, (&what, consent)).await {
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
        let from = if is_proven {
            last_left(survey, (wanted.to, &others))?
        } else {
            writer
        };
        let epoch = survey.rows().proven_epoch();
        is_meant(wanted, epoch)?;
        let plan = survey.plan.as_ref();
        let has_heart = plan.is_none_or(Plan::has_heart);
        can_be_said(survey, wanted, has_heart || is_proven)?;
        let mut switches = survey
            .regions
            .values()
            .filter_map(|entry| entry.switches.as_ref());
        Ok(Self {
            has_heart,
            is_paused: switches
                .any(|switches| switches.kill.is_some() || switches.maintenance.is_some()),
            from_is_silent: survey.is_silent(&from),
            names_left: others.len() > 1,
            kind: survey.plan.as_ref().map(Plan::kind).unwrap_or_default(),
            known: survey.plan.clone(),
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
                "nothing is promoted, for {to} has the writer of plan {plan} already: what follows its proof is about to be done, and its \
                 services are restarted"
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
            let says = format!(
                "nothing would be promoted, for the writer in {to} is proven: what follows that would be done, and services be restarted"
            );
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
        let mut forced = Forced {
            plan: self.wanted.plan.clone(),
            from: self.from.clone(),
            to: self.wanted.to.clone(),
            epoch: self.epoch,
            is_paused: self.is_paused,
            known: self.known.clone(),
            steps: Vec::new(),
        };
        if !self.is_proven
            && let Err(why) = self.promote_and_prove(desk, &mut forced).await
        {
            return forced.stopped(desk, &why);
        }
        let at = forced.epoch;
        let fence = self.call(&self.from, ("fence-writer", Some("fence")), at);
        // What is left may answer late or never, and the proven writer waits for its applications.
        let (fenced, led) = join(
            self.of_left(desk, &forced, &fence),
            self.lead_over(desk, &forced),
        )
        .await;
        forced.steps.push(fenced);
        forced.steps.extend(led);
        let losses = self.call(&self.from, ("loss-ledger", None), at);
        let listed = self.of_left(desk, &forced, &losses).await;
        forced.steps.push(listed);
        forced.answer(desk)
    }

    /// Promotes the member and has it proven, or says why that came to no end.
    async fn promote_and_prove(&self, desk: &Desk<'_>, forced: &mut Forced) -> Result<(), String> {
        forced.must(desk, &self.promotion()).await?;
        let prove = match (self.has_heart, self.wanted.writer_takes_writes) {
            (true, _) => "prove",
            (false, true) => "prove_approved",
            (false, false) => {
                return Err(format!(
                    "no heart beats in the database of plan {}, so that a human's word is its proof: commit a row at the promoted writer in \
                     {}, and say so by --writer-takes-writes",
                    forced.plan, forced.to
                ));
            }
        };
        let proof = self.call(&forced.to, ("health-probe", Some(prove)), self.epoch);
        forced.must(desk, &proof).await?;
        forced.epoch = self.proven(desk).await?;
        Ok(())
    }

    /// The epoch under which the writer was proven just now.
    async fn proven(&self, desk: &Desk<'_>) -> Result<Epoch, String> {
        let Wanted { plan, to, .. } = self.wanted;
        let mut untold = String::new();
        for _ in 0..LOOKS {
            match patiently(to, PATIENCE, desk.account.row(to, plan)).await {
                Ok(row) => return Ok(row.proven_epoch()),
                Err(why) => untold = why.to_string(),
            }
            pause(desk.pace).await;
        }
        Err(format!(
            "the writer is proven, and the epoch at which the plan stands now could not be read ({untold}): aurora-failover status {plan} \
             shows it"
        ))
    }

    fn call(&self, region: &Region, function: (&str, Option<&str>), at: Epoch) -> Call {
        Call::forced(region, function, (self.wanted.plan, at))
    }

    /// A call in the Region that is left, unless that is silent.
    async fn of_left(&self, desk: &Desk<'_>, forced: &Forced, call: &Call) -> Step {
        if self.from_is_silent {
            return Step::left(desk, call, "the Region is silent".to_owned());
        }
        forced.made(desk, call).await
    }

    /// Leads names and services over. Names wait for the logins that a stop took: locks travel to a replica.
    async fn lead_over(&self, desk: &Desk<'_>, forced: &Forced) -> Vec<Step> {
        let at = forced.epoch;
        let (mut steps, mut closed) = (Vec::new(), None);
        if let Some(opening) = self.kind.runs().opening.map(function_of) {
            let opening = self.call(&forced.to, (&opening, None), at);
            let step = forced.made(desk, &opening).await;
            closed = (!step.done).then(|| format!("{} has to be done before", step.function));
            steps.push(step);
        }
        for function in [
            ("dns-flip", None),
            ("ecs-restart", None),
            ("health-probe", Some("verify")),
        ] {
            let call = self.call(&forced.to, function, at);
            // What was proven is led over although one of these is refused: each is told at the end.
            steps.push(match &closed {
                Some(why) => Step::left(desk, &call, why.clone()),
                None => forced.made(desk, &call).await,
            });
        }
        steps
    }
}

/// That a human's word is about a promotion that was begun: before, nobody can have seen the writer take writes.
fn can_be_said(survey: &Survey, wanted: Wanted<'_>, needs_none: bool) -> Result<(), Answer> {
    if !wanted.writer_takes_writes {
        return Ok(());
    }
    let (plan, to) = (wanted.plan, wanted.to);
    let why = if needs_none {
        format!(
            "--writer-takes-writes is for a promoted writer that no heartbeats prove, and the one of plan {plan} in {to} needs no word; leave it \
             out"
        )
    } else if survey
        .rows()
        .intent()
        .is_some_and(|intent| intent.to == *to)
    {
        return Ok(());
    } else {
        format!(
            "--writer-takes-writes says that the writer of plan {plan} in {to} takes writes, and nothing was promoted there yet; leave it out, \
             and see for yourself once it is promoted"
        )
    };
    Err(Answer::none(Ending::Misused, why))
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
