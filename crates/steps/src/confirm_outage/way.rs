//! By which way the standby would be promoted, and when people have their word about a detach.

use jiff::Timestamp;

use failover::{
    evidence::Verdict,
    ledger::{Resolved, Run},
    pass::calls,
    plan::Strategy,
    policy::{Decision, mode},
    topologies::Strategies,
    topology::{Cluster, Group},
};

/// What a decision comes to where RDS has refused the managed failover for good: the standby is detached instead. Of a Region that
/// is gone that is decided; where only the writer is down people are asked, once more than the plan's mode does.
pub(super) fn after_refusals(
    topology: &impl Strategies,
    run: &mut Run,
    verdict: Verdict,
    (decision, approved): (Decision, bool),
    now: Timestamp,
) -> Decision {
    if !matches!(decision, Decision::GoOn | Decision::Ask) {
        return decision;
    }
    let Some((since, reason)) = topology.gives_up(run, now) else {
        return decision;
    };
    let agreed = approved && run.approved_at.is_some_and(|at| at > since);
    run.strategy = Some(Resolved {
        strategy: Strategy::Detach,
        reason,
    });
    if !is_gone(verdict) && !agreed {
        return Decision::Ask;
    }
    decision
}

/// Resolves how to promote, and asks people before `auto` detaches from a Region that is not gone, unless they agreed to a question
/// that named the detach. What a look shows may pass, so a detach is resolved anew until something was asked for.
pub(super) fn by_which_way(
    topology: &impl Strategies,
    run: &mut Run,
    verdict: Verdict,
    (decision, approved): (Decision, bool),
    shown: Option<(Option<&Cluster>, Option<&Group>)>,
) -> Decision {
    let leads_somewhere =
        mode(verdict, &run.plan).is_some() || matches!(decision, Decision::GoOn | Decision::Ask);
    let agreed = approved && auto_detaches(run);
    let is_open = run.strategy.is_none() || (auto_detaches(run) && !calls::any(run));
    // Where RDS did not answer, the promoting pass resolves it from its own look.
    if let Some((target, group)) = shown.filter(|_| leads_somewhere && is_open) {
        run.strategy = Some(topology.resolve(&run.plan, target, group));
    }
    if decision == Decision::GoOn && auto_detaches(run) && !is_gone(verdict) && !agreed {
        return Decision::Ask;
    }
    decision
}

fn auto_detaches(run: &Run) -> bool {
    let resolved = run.strategy.as_ref();
    run.plan.topology.strategy() == Strategy::Auto
        && resolved.is_some_and(|resolved| resolved.strategy == Strategy::Detach)
}

/// Whether the verdict is that nothing of the Region is there.
#[must_use]
pub const fn is_gone(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::RegionDown | Verdict::RegionDownUnwitnessed
    )
}

/// Why it is to be a detach, where `auto` chose that.
pub(super) fn why_a_detach(run: &Run) -> String {
    let resolved = run.strategy.as_ref().filter(|_| auto_detaches(run));
    resolved.map_or_else(String::new, |resolved| format!("; {}", resolved.reason))
}

#[cfg(test)]
mod tests {
    use failover::{ledger::Answer, plan::Plan};

    use super::*;

    /// A topology that detaches from what is not available, and gives up what was refused.
    struct Two;

    impl Strategies for Two {
        fn resolve(&self, plan: &Plan, _: Option<&Cluster>, group: Option<&Group>) -> Resolved {
            let status = group.map_or("unknown", |group| group.status.as_str());
            let auto = match status {
                "available" => Strategy::Managed,
                _ => Strategy::Detach,
            };
            let asked = plan.topology.strategy();
            Resolved {
                strategy: if asked == Strategy::Auto { auto } else { asked },
                reason: status.to_owned(),
            }
        }

        fn gives_up(&self, run: &Run, _: Timestamp) -> Option<(Timestamp, String)> {
            let last = run.attempts.last()?;
            match &last.answer {
                Some(Answer::Refused(words)) => Some((last.at, words.clone())),
                Some(Answer::Taken) | None => None,
            }
        }
    }

    fn group(status: &str) -> Group {
        Group {
            named: "orders-global-1".into(),
            status: status.into(),
            engine_version: "16.4".into(),
            members: Vec::new(),
            operation: None,
        }
    }

    /// The call that promotes was refused at 45 s.
    fn refused() -> Run {
        let mut run = failover::testing::run();
        let at = Timestamp::from_second(45).unwrap();
        run.attempt(at, "the step that promotes", "promote");
        run.answered(Answer::Refused("not in this state".into()));
        run
    }

    #[test]
    fn refusals_turn_auto_to_a_detach_from_a_dead_region_and_to_a_question_where_the_region_lives()
    {
        let now = Timestamp::from_second(50).unwrap();
        let mut dead = refused();
        let unasked = (Decision::GoOn, false);
        let decision = after_refusals(&Two, &mut dead, Verdict::RegionDown, unasked, now);
        assert_eq!(decision, Decision::GoOn);
        let resolved = dead.strategy.unwrap();
        assert_eq!(resolved.strategy, Strategy::Detach);
        assert!(
            resolved.reason.contains("not in this state"),
            "{resolved:?}"
        );
        let mut alive = refused();
        let down = Verdict::WriterDown;
        let mut of = |decision| after_refusals(&Two, &mut alive, down, (decision, false), now);
        assert_eq!(of(Decision::GoOn), Decision::Ask);
        assert_eq!(of(Decision::StandDown), Decision::StandDown);
        assert!(why_a_detach(&alive).contains("not in this state"));
        alive.approved_at = Some(now);
        let mut agreed = |covers| {
            let decision = (Decision::GoOn, covers);
            after_refusals(&Two, &mut alive, down, decision, now)
        };
        assert_eq!(agreed(true), Decision::GoOn);
        assert_eq!(agreed(false), Decision::Ask, "to another question");
    }

    #[test]
    fn auto_detaches_unasked_only_from_a_region_that_is_gone_and_forgets_a_status_that_passed() {
        let target = failover::testing::cluster(&[]);
        let (calm, busy) = (group("available"), group("modifying"));
        let look = |run: &mut Run, verdict, approved, group| {
            let shown = Some((Some(&target), Some(group)));
            let decision = by_which_way(&Two, run, verdict, (Decision::GoOn, approved), shown);
            (decision, run.strategy.as_ref().unwrap().strategy)
        };
        let fresh = failover::testing::run;
        let down = Verdict::WriterDown;
        assert_eq!(
            look(&mut fresh(), Verdict::RegionDown, false, &busy),
            (Decision::GoOn, Strategy::Detach)
        );
        let mut run = fresh();
        let of = look(&mut run, down, false, &busy);
        assert_eq!(of, (Decision::Ask, Strategy::Detach));
        assert!(why_a_detach(&run).contains("modifying"));
        let of = look(&mut run.clone(), down, true, &busy);
        assert_eq!(of, (Decision::GoOn, Strategy::Detach), "people agreed");
        let of = look(&mut run, down, false, &calm);
        assert_eq!(of, (Decision::GoOn, Strategy::Managed), "it has passed");
        let of = look(&mut run, down, false, &busy);
        assert_eq!(of, (Decision::GoOn, Strategy::Managed), "RDS may refuse it");
        let of = look(&mut fresh(), down, true, &busy);
        assert_eq!(of.0, Decision::Ask, "the question named no detach");
        let mut detach = fresh();
        *detach.plan.topology.strategy_mut() = Strategy::Detach;
        let of = look(&mut detach, down, false, &busy);
        assert_eq!(of, (Decision::GoOn, Strategy::Detach), "the plan says so");
        let mut unseen = fresh();
        let of = by_which_way(&Two, &mut unseen, down, (Decision::GoOn, false), None);
        assert_eq!((of, unseen.strategy), (Decision::GoOn, None));
    }
}
