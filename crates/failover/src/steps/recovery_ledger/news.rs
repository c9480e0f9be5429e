//! What a run's opening and closing tell people.

use super::{Here, Ledger, Notify, World, open::Opening};
use crate::{
    Error,
    evidence::Verdict,
    ledger::{Closed, Outcome, Run, RunKind},
    notify::{Message, tell, tell_news},
    plan::{Mode, Plan},
    policy,
    steps::confirm_outage,
};

/// A writer is suspected; once until it commits again.
pub(super) async fn suspected(world: &impl World, run: &Run) {
    let vantage = world
        .vantage(world.region(), run.name())
        .await
        .ok()
        .flatten();
    let seen = vantage.map_or("the probe's record cannot be read".into(), |vantage| {
        format!(
            "{} failures in a row, the last: {:?}",
            vantage.failures, vantage.write
        )
    });
    let message = Message {
        what: format!("the writer in {} is suspected", run.from),
        evidence: seen,
        execution: run.execution.clone(),
        next: "nothing yet: the outage is being confirmed".into(),
    };
    tell_news(world, &run.plan, &message, |row| match row.told {
        None => row.tell("suspected"),
        Some(_) => None,
    })
    .await;
}

/// A run is refused by a switch or the cool-down; once until the writer commits again.
pub(super) async fn refused(
    world: &impl World,
    plan: &Plan,
    input: &Opening,
    by: &str,
    why: &Error,
) {
    let message = Message {
        what: format!(
            "no run from {} to {}: {by}",
            input.from_region, input.target_region
        ),
        evidence: why.to_string(),
        execution: input.execution.clone(),
        next: "look at the writer; nothing acts by itself now".into(),
    };
    tell_news(world, plan, &message, |row| {
        row.tell(&format!("refused: {by}"))
    })
    .await;
}

/// A run ended.
pub(super) async fn closed(world: &(impl Ledger + Here + Notify), run: &Run, closed: &Closed) {
    // A run behind another one that waits for an answer has nothing to say: the question has been asked.
    if run.waits_behind() {
        return;
    }
    let message = message(run, closed);
    match closed.outcome {
        Outcome::HandedOver => {}
        Outcome::Succeeded | Outcome::Rebuilt | Outcome::Failed => {
            tell(world, &run.plan, &message).await;
        }
        // The same end again is no news, and suspicion comes back every minute.
        Outcome::StoodDown | Outcome::Aborted => {
            tell_news(world, &run.plan, &message, |row| row.tell(&message.what)).await;
        }
    }
}

fn message(run: &Run, closed: &Closed) -> Message {
    let verdict = run.confirmed.as_ref().map(|confirmed| confirmed.verdict);
    let named = verdict.map_or("no verdict", confirm_outage::name);
    let observed =
        verdict.and_then(|verdict| policy::mode(verdict, &run.plan)) == Some(Mode::Observe);
    let unplanned = run.kind == RunKind::UnplannedFailover;
    let (what, next) = match closed.outcome {
        Outcome::Succeeded if unplanned => (
            format!("{} took over from {}", run.to, run.from),
            "look at what is left; when the old Region is back, start aurora-failover-failback there".to_owned(),
        ),
        Outcome::Succeeded => (
            format!("{} took over from {} as planned", run.to, run.from),
            "nothing; a retired cluster and its snapshots are yours to delete".to_owned(),
        ),
        Outcome::Rebuilt => (
            format!("the standby in {} is rebuilt; the writer stays in {}", run.to, run.from),
            "start aurora-failover-failback without rehearse when the writer is to move".to_owned(),
        ),
        Outcome::Aborted if !unplanned => (
            "stopped before anything was promoted".to_owned(),
            "put right what is named, and start it again; it goes on from what it finds".to_owned(),
        ),
        Outcome::Failed => (
            format!("the failover to {} is not complete", run.to),
            "do what is left, then start the state machine again with this plan; it goes on where this run stopped".to_owned(),
        ),
        Outcome::StoodDown if observed => (
            format!("would have failed over to {} ({named})", run.to),
            "unplanned.* is observe: decide yourself, and start a promotion by hand if it is right".to_owned(),
        ),
        Outcome::StoodDown => (
            format!("stood down ({named})"),
            verdict.map_or("look at the run", next_step).to_owned(),
        ),
        Outcome::Aborted => (
            format!("stopped before anything was promoted ({named})"),
            "look at what stopped it; the next suspicion tries again".to_owned(),
        ),
        Outcome::HandedOver => ("handed over".into(), "nothing".into()),
    };
    let mut latest_first = run.timeline.iter().rev();
    let shown = latest_first.find(|entry| match unplanned {
        true => entry.step == confirm_outage::STEP,
        false => entry.step != super::STEP,
    });
    let mut evidence = match shown {
        Some(entry) => entry.reason.clone(),
        None if unplanned => "the outage was not confirmed by this run".into(),
        None => "nothing was done".into(),
    };
    if let Some(rto) = closed.rto_seconds {
        evidence.push_str(&format!("\nRTO {rto:.1} s"));
    }
    if closed.outcome == Outcome::Succeeded {
        evidence.push_str(&rpo(closed));
    }
    for left in &closed.left {
        evidence.push_str(&format!("\nLeft: {left}"));
    }
    Message {
        what,
        evidence,
        execution: run.execution.clone(),
        next,
    }
}

/// What was counted as lost, and the most that can be.
fn rpo(closed: &Closed) -> String {
    let counted = match &closed.rpo {
        Some(loss) => format!("\nRPO {:.1} s ({} beats)", loss.seconds, loss.beats),
        None => "\nRPO unknown".into(),
    };
    let most = closed.at_most_seconds;
    most.map_or(counted.clone(), |most| {
        format!("{counted}, at most {most:.1} s")
    })
}

const fn next_step(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "nothing: the writer commits again",
        Verdict::ProbeMisconfigured => {
            "repair the probe: as long as it cannot look, an outage is not noticed"
        }
        Verdict::PathImpaired => "repair the road between the Regions; the writer itself is alive",
        Verdict::WriterRestarting => {
            "nothing yet: RDS is working on the writer, and the grace is running"
        }
        Verdict::WriterMoved => {
            "somebody moved the writer; run recovery-ledger with {\"operation\": \"adopt\"}"
        }
        Verdict::ObserverIsolated => "look at this Region's network: it is cut off from the others",
        Verdict::WriterSaturated => {
            "end idle sessions or raise max_connections: the writer lives, and takes no new session"
        }
        Verdict::WriterDown
        | Verdict::WriterDownUnconfirmed
        | Verdict::RegionDown
        | Verdict::RegionDownUnwitnessed => {
            "the next suspicion asks again, unless a human declined: then start a run by hand to go on"
        }
        Verdict::Draining | Verdict::Undetermined => {
            "look at the evidence in the run: it fits no verdict; a run started by hand looks again"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{beat::Loss, steps::fake};

    fn closed(outcome: Outcome) -> Closed {
        Closed {
            at: jiff::Timestamp::UNIX_EPOCH,
            outcome,
            left: vec!["RestartEcs: NotReady worker".into()],
            rto_seconds: Some(14.8),
            rpo: Some(Loss {
                beats: 2,
                seconds: 4.0,
            }),
            at_most_seconds: Some(9.5),
            step_seconds: Default::default(),
        }
    }

    #[test]
    fn the_end_of_a_failover_says_rto_rpo_and_what_is_left() {
        let message = message(&fake::run(), &closed(Outcome::Succeeded));
        assert_eq!(message.what, "us-east-1 took over from us-west-2");
        for part in [
            "RTO 14.8 s",
            "RPO 4.0 s (2 beats), at most 9.5 s",
            "Left: RestartEcs",
        ] {
            assert!(message.evidence.contains(part), "{}", message.evidence);
        }
    }

    #[test]
    fn observing_says_what_would_have_been_done() {
        let mut run = fake::run();
        run.plan.unplanned.region_down = Mode::Observe;
        run.confirmed = Some(fake::confirmed(Verdict::RegionDown));
        let message = message(&run, &closed(Outcome::StoodDown));
        assert_eq!(
            message.what,
            "would have failed over to us-east-1 (region_down)"
        );
    }
}
