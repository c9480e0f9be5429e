//! Carries one run forward by one call.

use std::{
    pin::pin,
    sync::OnceLock,
    task::{Context, Poll, Waker},
};

use aurora_global::{detach_and_promote, planned_failover, rebuild_global};
use failover::{
    Error,
    domain::{Epoch, RunId},
    ledger::RunKind,
    pass::{Input, Output},
    plan::{Plan, TopologyKind},
    ports::{Ledger, Runtime},
};
use machines::Passed;
use rds_replica::{open_writer, promote_replica, replace_replica, stop_writes};
use serde_json::{Value, json};
use steps::{confirm_outage, dns_flip, fence_writer, health_probe, recovery_ledger};

use crate::{
    how::How,
    lead,
    rules::Rule,
    state::{Harm, Live, PLAN, Slot, State, Step, Task, region},
    world::Seen,
};

/// The plan, and its document.
pub type Planned = (Plan, String);

/// Where a run's next step may lead.
enum Came {
    /// The pass waits for its next call.
    On,
    /// The pass ended.
    Through(Result<Value, Error>),
}

/// The state after the next call of the run in `slot`; `None` where it cannot make one.
#[must_use]
pub fn advance(state: &State, slot: usize, planned: &Planned, how: How) -> Option<State> {
    let Some(Slot::Live(live)) = state.runs.get(slot) else {
        return None;
    };
    let live = (**live).clone();
    if live.step == Step::Await {
        return None;
    }
    if !state
        .members
        .get(live.to)
        .is_some_and(|member| member.is_up)
    {
        return None;
    }
    let off = how.off;
    let of_kind = (planned.0.kind(), off);
    let is_replica = planned.0.kind() == TopologyKind::RdsReplica;
    let mut next = state.clone();
    let seen = Seen::by(&mut next, slot, &live, (&planned.0, &planned.1), how);
    let will_lose = live.loses_answer;
    let came = poll(&seen, &state.run_id(slot), &live, off);
    let log = seen.into_log();
    let Some(Slot::Live(after)) = next.runs.get_mut(slot) else {
        return None;
    };
    match came {
        Came::On => after.log = log,
        // The state machine tries again what was not answered.
        Came::Through(Err(Error::Unavailable(_))) if will_lose && !after.loses_answer => {
            after.log.clear();
        }
        Came::Through(Ok(_)) if live.step == Step::Ask => {
            after.log.clear();
            after.step = Step::Await;
        }
        Came::Through(answer) => {
            after.log.clear();
            let unheard = answer
                .as_ref()
                .is_ok_and(|answer| is_unheard(state, &live, answer));
            let ended = match &answer {
                Ok(answer) => {
                    lead::remember(after, answer);
                    lead::lead(after, Passed::Answered(answer), of_kind)
                }
                Err(why) => lead::lead(after, Passed::Failed(why.name()), of_kind),
            };
            if let Some(outcome) = ended {
                let record = after.record.take().filter(|_| is_replica);
                next.runs[slot] = Slot::Ended(outcome, record);
            }
            next.harm(Harm::OutageUnheard, unheard);
        }
    }
    Some(next)
}

/// Whether a run that has found its outage stands down behind one that waits for anything but an answer about that.
fn is_unheard(state: &State, live: &Live, answer: &Value) -> bool {
    let stands_down = live.step == Step::Confirm
        && answer["verdict"] == "region_down"
        && answer["decision"] == "stand_down";
    let record = live.record.as_ref().map(|record| &record.value);
    let behind = record.and_then(|record| record.behind.as_ref());
    stands_down
        && behind.is_some_and(|behind| {
            state.runs.iter().enumerate().any(|(slot, run)| {
                let waits = matches!(run, Slot::Live(other) if other.task == Task::Failback);
                waits && state.run_id(slot) == *behind
            })
        })
}

/// Polls the pass once; it makes one call that concerns others, and waits at the next.
fn poll(seen: &Seen<'_>, run_id: &RunId, live: &Live, off: Option<Rule>) -> Came {
    // The steps set time-outs; nothing ever waits for one here.
    static CLOCK: OnceLock<Option<tokio::runtime::Runtime>> = OnceLock::new();
    let clock = CLOCK.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().build().ok()
    });
    let _entered = clock.as_ref().map(tokio::runtime::Runtime::enter);
    let pass = pin!(pass(seen, run_id, live, off));
    match pass.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => Came::On,
        Poll::Ready(answer) => Came::Through(answer),
    }
}

/// The step's own code.
async fn pass(
    seen: &Seen<'_>,
    run_id: &RunId,
    live: &Live,
    off: Option<Rule>,
) -> Result<Value, Error> {
    let input = Input {
        run_id: Some(run_id.clone()),
        from_region: Some(region(live.from)),
        target_region: Some(region(live.to)),
        epoch: Some(Epoch(live.epoch)),
        ..Input::of(PLAN.into())
    };
    match live.step {
        Step::Open => recovery_ledger::handle(seen, open(run_id, live, off)).await,
        Step::Release => {
            let payload = json!({"operation": "release", "plan": PLAN, "run_id": run_id});
            recovery_ledger::handle(seen, payload).await
        }
        Step::Confirm => {
            let answer = confirm_outage::confirm(seen, &input, false).await?;
            let progress = answer.output.progress;
            Ok(
                json!({"progress": progress, "decision": answer.decision, "verdict": answer.verdict}),
            )
        }
        Step::StopWrites => value(stop_writes::run(seen, &input).await?),
        Step::PromoteReplica => value(promote_replica::run(seen, &input).await?),
        Step::OpenWriter => value(open_writer::run(seen, &input).await?),
        Step::ProtectAgain => {
            let step = replace_replica::ReplaceReplica::default();
            value(replace_replica::run(seen, &input, &step).await?)
        }
        Step::Promote => value(detach_and_promote::run(seen, &input).await?),
        Step::Fence => value(fence_writer::run(seen, &input).await?),
        Step::Rebuild => {
            let step = rebuild_global::RebuildGlobal::default();
            value(rebuild_global::run(seen, &input, &step).await?)
        }
        Step::Ask | Step::Await => recovery_ledger::handle(seen, ask(run_id, live)).await,
        Step::SwitchOver => value(planned_failover::run(seen, &input).await?),
        Step::Prove => value(health_probe::prove::run(seen, &input).await?),
        Step::FlipDns | Step::FlipDnsAgain => value(dns_flip::run(seen, &input).await?),
        Step::Close => recovery_ledger::handle(seen, close(run_id, live)).await,
        Step::ByHand => by_hand(seen, live).await,
    }
}

fn value<O>(output: Output<O>) -> Result<Value, Error> {
    Ok(json!({"progress": output.progress, "action": output.action}))
}

fn open(run_id: &RunId, live: &Live, off: Option<Rule>) -> Value {
    let told = live.incident.filter(|_| off != Some(Rule::PastIncident));
    let incident = told.map(|epoch| format!("{PLAN}/{epoch}"));
    let input = match live.task.kind() {
        RunKind::UnplannedFailover => json!({
            "plan": PLAN, "incident": incident, "writer_region": region(live.from), "observer_region": region(live.to),
        }),
        RunKind::PlannedFailover | RunKind::Failback => {
            json!({"plan": PLAN, "from_region": region(live.from)})
        }
    };
    json!({"operation": "open", "kind": live.task.kind(), "run_id": run_id, "input": input})
}

fn ask(run_id: &RunId, live: &Live) -> Value {
    json!({
        "operation": "ask", "plan": PLAN, "run_id": run_id, "from_region": region(live.from),
        "target_region": region(live.to), "epoch": live.epoch, "token": "a task's token",
    })
}

fn close(run_id: &RunId, live: &Live) -> Value {
    let trouble = live.trouble.iter();
    // What fails here is a function, never a human's word.
    let cause = r#"{"errorType": "", "errorMessage": ""}"#;
    let trouble =
        trouble.map(|(state, error)| json!({"state": state, "error": error, "cause": cause}));
    json!({
        "operation": "close", "plan": PLAN, "run_id": run_id, "from_region": region(live.from),
        "target_region": region(live.to), "epoch": live.epoch, "verdict": live.verdict,
        "trouble": trouble.collect::<Vec<_>>(),
    })
}

/// One pass by hand.
async fn by_hand(seen: &Seen<'_>, live: &Live) -> Result<Value, Error> {
    if live.task == Task::Adopt {
        let payload = json!({"operation": "adopt", "plan": PLAN});
        return recovery_ledger::handle(seen, payload).await;
    }
    if live.task == Task::Sweep {
        return stop_writes::handle(seen, json!({"operation": "sweep"})).await;
    }
    if live.task == Task::Fence {
        let known = seen.known(seen.region(), &PLAN.into()).await?;
        let known = known.ok_or_else(|| Error::NotReady("no probe has read the plan".into()))?;
        let swept = fence_writer::sweep_plan(seen, &known).await?;
        return Ok(json!({"action": swept.action}));
    }
    let forced = Input {
        force: Some(format!("{PLAN}@{}", live.epoch)),
        accept_data_loss: true,
        abandon_living_writer: true,
        ..Input::of(PLAN.into())
    };
    value(detach_and_promote::run(seen, &forced).await?)
}
