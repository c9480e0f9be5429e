//! By which way the standby would be promoted, and when people have their word about a detach.

use jiff::Timestamp;

use failover::{
    evidence::Verdict,
    ledger::{Resolved, Run},
    pass::calls,
    policy::{Decision, mode},
    topologies::Topology,
    topology::{Cluster, Group},
};

/// What a decision comes to where the way that was tried leads nowhere: another one is taken instead. Of a Region that
/// is gone that is decided; where only the writer is down people are asked, once more than the plan's mode does.
pub(super) fn after_refusals<W>(
    topology: impl Topology<W>,
    run: &mut Run,
    verdict: Verdict,
    (decision, approved): (Decision, bool),
    now: Timestamp,
) -> Decision {
    if !matches!(decision, Decision::GoOn | Decision::Ask) {
        return decision;
    }
    let Some((since, left)) = topology.gives_up(run, now) else {
        return decision;
    };
    let agreed = approved && run.approved_at.is_some_and(|at| at > since);
    run.strategy = Some(left);
    if !is_gone(verdict) && !agreed {
        return Decision::Ask;
    }
    decision
}

/// Resolves how to promote, and asks people about a way of which they have their word while the Region is not gone, unless they agreed
/// to a question that named it. What a look shows may pass, so such a way is resolved anew until something was asked for.
pub(super) fn by_which_way<W>(
    topology: impl Topology<W>,
    run: &mut Run,
    verdict: Verdict,
    (decision, approved): (Decision, bool),
    shown: Option<(Option<&Cluster>, Option<&Group>)>,
) -> Decision {
    let leads_somewhere =
        mode(verdict, &run.plan).is_some() || matches!(decision, Decision::GoOn | Decision::Ask);
    let agreed = approved && way_to_ask_about(topology, run).is_some();
    let is_open =
        run.strategy.is_none() || (way_to_ask_about(topology, run).is_some() && !calls::any(run));
    // Where RDS did not answer, the promoting pass resolves it from its own look.
    if let Some((target, group)) = shown.filter(|_| leads_somewhere && is_open) {
        run.strategy = topology.resolve(&run.plan, target, group);
    }
    let asks = way_to_ask_about(topology, run).is_some();
    if decision == Decision::GoOn && asks && !is_gone(verdict) && !agreed {
        return Decision::Ask;
    }
    decision
}

fn way_to_ask_about<W>(topology: impl Topology<W>, run: &Run) -> Option<&Resolved> {
    let resolved = run.strategy.as_ref();
    resolved.filter(|way| topology.asks_people(&run.plan, way))
}

/// Whether the verdict is that nothing of the Region is there.
#[must_use]
pub const fn is_gone(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::RegionDown | Verdict::RegionDownUnwitnessed
    )
}

/// Why it is to be the way that people have their word about.
pub(super) fn why_that_way<W>(topology: impl Topology<W>, run: &Run) -> String {
    let way = way_to_ask_about(topology, run);
    way.map_or_else(String::new, |way| format!("; {}", way.reason))
}

#[cfg(test)]
mod tests {
    use failover::{ledger::Answer, plan::Strategy, testing::topologies::Detaches};

    use super::*;

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
        let decision = after_refusals(Detaches, &mut dead, Verdict::RegionDown, unasked, now);
        assert_eq!(decision, Decision::GoOn);
        let resolved = dead.strategy.unwrap();
        assert_eq!(resolved.strategy, Strategy::Detach);
        assert!(
            resolved.reason.contains("not in this state"),
            "{resolved:?}"
        );
        let mut alive = refused();
        let down = Verdict::WriterDown;
        let mut of = |decision| after_refusals(Detaches, &mut alive, down, (decision, false), now);
        assert_eq!(of(Decision::GoOn), Decision::Ask);
        assert_eq!(of(Decision::StandDown), Decision::StandDown);
        assert!(why_that_way(Detaches, &alive).contains("not in this state"));
        alive.approved_at = Some(now);
        let mut agreed = |covers| {
            let decision = (Decision::GoOn, covers);
            after_refusals(Detaches, &mut alive, down, decision, now)
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
            let decision = by_which_way(Detaches, run, verdict, (Decision::GoOn, approved), shown);
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
        assert!(why_that_way(Detaches, &run).contains("modifying"));
        let of = look(&mut run.clone(), down, true, &busy);
        assert_eq!(of, (Decision::GoOn, Strategy::Detach), "people agreed");
        let of = look(&mut run, down, false, &calm);
        assert_eq!(of, (Decision::GoOn, Strategy::Managed), "it has passed");
        let of = look(&mut run, down, false, &busy);
        assert_eq!(of, (Decision::GoOn, Strategy::Managed), "RDS may refuse it");
        let of = look(&mut fresh(), down, true, &busy);
        assert_eq!(of.0, Decision::Ask, "the question named no detach");
        let mut detach = fresh();
        *detach.plan.topology.strategy_mut().unwrap() = Strategy::Detach;
        let of = look(&mut detach, down, false, &busy);
        assert_eq!(of, (Decision::GoOn, Strategy::Detach), "the plan says so");
        let mut unseen = fresh();
        let of = by_which_way(Detaches, &mut unseen, down, (Decision::GoOn, false), None);
        assert_eq!((of, unseen.strategy), (Decision::GoOn, None));
    }
}
