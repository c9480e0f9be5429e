//! By which way the standby would be promoted, and when people have their word about a detach.

use jiff::Timestamp;

use crate::detach_and_promote::gives_up;
use failover::{
    evidence::Verdict,
    ledger::{Resolved, Run},
    pass::calls,
    plan::{Plan, Strategy},
    policy::{Decision, mode},
    topology::{Cluster, GlobalCluster},
};

/// Resolves `auto` from what the target's Region shows: managed where AWS would take it, else detach.
#[must_use]
pub fn resolve(plan: &Plan, target: Option<&Cluster>, global: Option<&GlobalCluster>) -> Resolved {
    let asked = plan.unplanned.strategy;
    if asked != Strategy::Auto {
        return Resolved {
            strategy: asked,
            reason: "the plan says so".into(),
        };
    }
    let detach = |reason: String| Resolved {
        strategy: Strategy::Detach,
        reason,
    };
    let (Some(target), Some(global)) = (target, global) else {
        return detach("RDS does not show the global cluster here".into());
    };
    // A patch may differ only between versions that AWS lists; whoever runs the same one needs no list.
    if target.engine_version != global.engine_version {
        return detach(format!(
            "the target runs {}, the global cluster {}: a managed failover needs the same version",
            target.engine_version, global.engine_version
        ));
    }
    if global.status != "available" || global.failover.is_some() {
        return detach(format!("the global cluster is {}", global.status));
    }
    Resolved {
        strategy: Strategy::Managed,
        reason: format!(
            "all run {} and the global cluster is available",
            target.engine_version
        ),
    }
}

/// What a decision comes to where RDS has refused the managed failover for good: the standby is detached instead. Of a Region that
/// is gone that is decided; where only the writer is down people are asked, once more than the plan's mode does.
pub(super) fn after_refusals(
    run: &mut Run,
    verdict: Verdict,
    (decision, approved): (Decision, bool),
    now: Timestamp,
) -> Decision {
    if !matches!(decision, Decision::GoOn | Decision::Ask) {
        return decision;
    }
    let Some((refused, reason)) = gives_up(run, &run.looks, now) else {
        return decision;
    };
    let since = refused.at;
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
    run: &mut Run,
    verdict: Verdict,
    (decision, approved): (Decision, bool),
    shown: Option<(Option<&Cluster>, Option<&GlobalCluster>)>,
) -> Decision {
    let leads_somewhere =
        mode(verdict, &run.plan).is_some() || matches!(decision, Decision::GoOn | Decision::Ask);
    let agreed = approved && auto_detaches(run);
    let is_open = run.strategy.is_none() || (auto_detaches(run) && !calls::any(run));
    // Where RDS did not answer, the promoting pass resolves it from its own look.
    if let Some((target, global)) = shown.filter(|_| leads_somewhere && is_open) {
        run.strategy = Some(resolve(&run.plan, target, global));
    }
    if decision == Decision::GoOn && auto_detaches(run) && !is_gone(verdict) && !agreed {
        return Decision::Ask;
    }
    decision
}

fn auto_detaches(run: &Run) -> bool {
    let resolved = run.strategy.as_ref();
    run.plan.unplanned.strategy == Strategy::Auto
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
    use super::*;

    /// RDS refused the managed failover at 10 s and at 45 s, and showed nothing else since the start.
    fn refused() -> Run {
        let mut run = failover::testing::run();
        let at = |second| Timestamp::from_second(second).unwrap();
        run.looks = run.looks.after(failover::ledger::Seen::Rest, at(0));
        for second in [10, 45] {
            run.attempt(at(second), crate::detach_and_promote::STEP, "fail_over");
            run.answered(failover::ledger::Answer::Refused(
                "not in this state".into(),
            ));
        }
        run
    }

    #[test]
    fn refusals_turn_auto_to_a_detach_from_a_dead_region_and_to_a_question_where_the_region_lives()
    {
        let now = Timestamp::from_second(50).unwrap();
        let mut dead = refused();
        let decision = after_refusals(&mut dead, Verdict::RegionDown, (Decision::GoOn, false), now);
        assert_eq!(decision, Decision::GoOn);
        let resolved = dead.strategy.unwrap();
        assert_eq!(resolved.strategy, Strategy::Detach);
        assert!(
            resolved.reason.contains("not in this state"),
            "{resolved:?}"
        );
        let mut alive = refused();
        let mut of =
            |decision| after_refusals(&mut alive, Verdict::WriterDown, (decision, false), now);
        assert_eq!(of(Decision::GoOn), Decision::Ask);
        assert_eq!(of(Decision::StandDown), Decision::StandDown);
        assert!(why_a_detach(&alive).contains("not in this state"));
        alive.approved_at = Some(now);
        let mut agreed = |covers| {
            let decision = (Decision::GoOn, covers);
            after_refusals(&mut alive, Verdict::WriterDown, decision, now)
        };
        assert_eq!(agreed(true), Decision::GoOn);
        assert_eq!(agreed(false), Decision::Ask, "to another question");
    }

    fn plan() -> Plan {
        failover::plan::read(&failover::testing::plan_document().to_string()).unwrap()
    }

    fn cluster(engine_version: &str) -> Cluster {
        Cluster {
            engine_version: engine_version.into(),
            ..failover::testing::cluster(&[])
        }
    }

    fn global(status: &str) -> GlobalCluster {
        GlobalCluster {
            identifier: "orders-global-1".into(),
            resource_id: None,
            settings: Default::default(),
            status: status.into(),
            engine_version: "16.4".into(),
            members: Vec::new(),
            failover: None,
        }
    }

    #[test]
    fn auto_is_managed_where_versions_agree_and_detach_elsewhere() {
        let plan = plan();
        let resolved = |target: Option<&Cluster>, global: Option<&GlobalCluster>| {
            resolve(&plan, target, global).strategy
        };
        assert_eq!(
            resolved(Some(&cluster("16.4")), Some(&global("available"))),
            Strategy::Managed
        );
        assert_eq!(
            resolved(Some(&cluster("16.3")), Some(&global("available"))),
            Strategy::Detach
        );
        assert_eq!(
            resolved(Some(&cluster("16.4")), Some(&global("upgrading"))),
            Strategy::Detach
        );
        assert_eq!(resolved(Some(&cluster("16.4")), None), Strategy::Detach);
    }

    #[test]
    fn auto_detaches_unasked_only_from_a_region_that_is_gone_and_forgets_a_status_that_passed() {
        let (target, calm, busy) = (cluster("16.4"), global("available"), global("modifying"));
        let look = |run: &mut Run, verdict, approved, global| {
            let shown = Some((Some(&target), Some(global)));
            let decision = by_which_way(run, verdict, (Decision::GoOn, approved), shown);
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
        detach.plan.unplanned.strategy = Strategy::Detach;
        let of = look(&mut detach, down, false, &busy);
        assert_eq!(of, (Decision::GoOn, Strategy::Detach), "the plan says so");
        let mut unseen = fresh();
        let of = by_which_way(&mut unseen, down, (Decision::GoOn, false), None);
        assert_eq!((of, unseen.strategy), (Decision::GoOn, None));
    }
}
