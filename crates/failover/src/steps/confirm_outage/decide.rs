//! What a verdict leads to, how the standby would be promoted, and how both are said.

use jiff::Timestamp;

use crate::{
    beat::{Loss, Write},
    domain::RunId,
    evidence::{Evidence, HomeVantage, Progress, Said, Verdict, Witness},
    ledger::{Declined, Resolved, Run},
    plan::{Mode, Plan, Strategy},
    policy::{Decision, mode},
    steps::{Pass, calls, detach_and_promote::gives_up},
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
    decision: Decision,
    now: Timestamp,
) -> Decision {
    if !matches!(decision, Decision::GoOn | Decision::Ask) {
        return decision;
    }
    let Some((refused, reason)) = gives_up(run, &run.looks, now) else {
        return decision;
    };
    let since = refused.at;
    let agreed = run.approved_at.is_some_and(|at| at > since);
    run.strategy = Some(Resolved {
        strategy: Strategy::Detach,
        reason,
    });
    let gone = matches!(
        verdict,
        Verdict::RegionDown | Verdict::RegionDownUnwitnessed
    );
    if !gone && !agreed {
        return Decision::Ask;
    }
    decision
}

/// A verdict's name.
#[must_use]
pub const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "healthy",
        Verdict::ProbeMisconfigured => "probe_misconfigured",
        Verdict::PathImpaired => "path_impaired",
        Verdict::WriterRestarting => "writer_restarting",
        Verdict::WriterSaturated => "writer_saturated",
        Verdict::WriterDown => "writer_down",
        Verdict::WriterDownUnconfirmed => "writer_down_unconfirmed",
        Verdict::WriterMoved => "writer_moved",
        Verdict::ObserverIsolated => "observer_isolated",
        Verdict::RegionDown => "region_down",
        Verdict::RegionDownUnwitnessed => "region_down_unwitnessed",
        Verdict::Draining => "draining",
        Verdict::Undetermined => "undetermined",
    }
}

/// A human's no to just what would be asked. A run by hand, which answers no suspicion, asks anew.
pub(super) fn declined(pass: &Pass, verdict: Verdict, decision: Decision) -> Option<Declined> {
    let asks = decision == Decision::Ask && pass.run.incident.is_some();
    let mut rows = pass.rows.0.values().filter(|_| asks);
    rows.find_map(|row| row.declined.clone().filter(|no| no.verdict == verdict))
}

/// What was found, and what that leads to where it is not plain.
pub(super) fn reason(
    verdict: Verdict,
    decision: Decision,
    run: &Run,
    evidence: &Evidence,
    (loss, at_most_seconds): (Option<&Loss>, Option<f64>),
    declined: Option<&Declined>,
) -> String {
    let found = finding(verdict, run, evidence);
    if let Some(no) = declined {
        return format!(
            "{found}; in run {} a human declined that, and nobody is asked again before the writer has committed; start a run by hand to go on",
            no.run_id
        );
    }
    let mut losing = loss.map_or("losing an unknown number of beats".to_owned(), |loss| {
        format!("losing {} beats ({:.1} s)", loss.beats, loss.seconds)
    });
    if let Some(most) = at_most_seconds {
        losing.push_str(&format!(", at most {most:.1} s of writes"));
    }
    let by = run
        .strategy
        .as_ref()
        .map_or("?", |resolved| resolved.strategy.name());
    match decision {
        Decision::HandOver => {
            let better = run.hand_over.as_ref();
            format!(
                "{found}; handing over to {}: {}",
                better.map_or("?", |better| better.to.as_str()),
                better.map_or("?", |better| better.reason.as_str())
            )
        }
        Decision::Ask => format!(
            "{found}{}; a human is asked before {} is promoted by {by}, {losing}",
            after_a_refusal(run),
            run.to
        ),
        Decision::StandDown if run.waits_behind() && mode(verdict, &run.plan).is_some() => format!(
            "{found}; run {} waits for a human's answer about that",
            run.behind.as_ref().map_or("?", RunId::as_str)
        ),
        Decision::StandDown if mode(verdict, &run.plan) == Some(Mode::Observe) => {
            format!(
                "{found}; observe: would have failed over to {} by {by}, {losing}",
                run.to
            )
        }
        Decision::GoOn | Decision::StandDown | Decision::Wait => found,
    }
}

fn after_a_refusal(run: &Run) -> String {
    let refused = run.attempts.iter().any(calls::is_refused_failover);
    let resolved = run.strategy.as_ref().filter(|_| refused);
    resolved.map_or_else(String::new, |resolved| format!("; {}", resolved.reason))
}

/// Why nothing but failing probes says that the writer is dead.
const fn unconfirmed(evidence: &Evidence) -> &'static str {
    match (evidence.said, evidence.progress) {
        (Said::Exhausted, _) => "it answers that it is out of disk or memory",
        (Said::Starting, _) => "it answers that it is starting",
        (Said::Answered, _) => {
            "it answers all the same, with an error or by letting a probe in, so that it may well be alive for whoever is connected"
        }
        (Said::Nothing, Progress::Still) if evidence.stillness_tells => {
            "RDS there does not tell whether it is working on the writer or making its only instance anew"
        }
        (Said::Nothing, Progress::Unreadable) => {
            "the local reader cannot be read, so that nothing else says so"
        }
        (
            Said::Nothing,
            Progress::Moving | Progress::Draining | Progress::Late | Progress::Still,
        ) => {
            "the local reader stands still, but nothing except beats had moved it, so that nothing else says so"
        }
    }
}

fn finding(verdict: Verdict, run: &Run, evidence: &Evidence) -> String {
    let (from, here) = (&run.from, &run.to);
    match verdict {
        Verdict::Healthy => format!("the writer in {from} commits again"),
        Verdict::ProbeMisconfigured => match &evidence.write {
            Some(Write::Misconfigured { why }) => format!("the probe is wrongly set up: {why}"),
            _ => "the probe is wrongly set up".into(),
        },
        Verdict::PathImpaired if evidence.home_vantage == HomeVantage::FreshSuccess => {
            format!(
                "the writer commits for its own Region's probe; only the road from {here} to {from} is cut"
            )
        }
        Verdict::PathImpaired if evidence.progress == Progress::Moving => {
            format!(
                "the writer in {from} committed after the failures began, and that arrived here; only the road from {here} to it is cut"
            )
        }
        Verdict::PathImpaired => {
            format!(
                "RDS or the ledger in {from} answers the witness; the Regions {here} and {from} are parted"
            )
        }
        Verdict::WriterRestarting => {
            format!("{from} answers, the writer may be restarting, and the grace is not spent")
        }
        Verdict::WriterSaturated => {
            format!(
                "the writer in {from} lives: all its connection slots are used, so that nobody new is let in"
            )
        }
        Verdict::WriterDownUnconfirmed => format!(
            "the writer fails for its own Region {from} too, and the grace is spent; {}",
            unconfirmed(evidence)
        ),
        Verdict::WriterDown => {
            format!("the writer fails for its own Region {from} too, and the grace is spent")
        }
        Verdict::WriterMoved => "another member has become the writer".into(),
        Verdict::ObserverIsolated if evidence.local_rds.answers() => format!(
            "the witness does not answer {here}, so that a lost {from} is not told from a road that is cut"
        ),
        Verdict::ObserverIsolated => format!("{here} cannot tell: it is cut off itself"),
        Verdict::RegionDown => {
            format!("{from} answers neither {here} nor the witness, and replication has stopped")
        }
        Verdict::RegionDownUnwitnessed => {
            format!("{from} does not answer, and the plan has no witness")
        }
        Verdict::Draining => "replication may still be draining".into(),
        Verdict::Undetermined
            if matches!(evidence.write, None | Some(Write::Unattempted { .. })) =>
        {
            format!("the probe in {here} did not answer, or had no login to try with")
        }
        Verdict::Undetermined if evidence.progress == Progress::Late => format!(
            "replication from {from} moved long after everything should have arrived, which is neither life nor death"
        ),
        Verdict::Undetermined if evidence.witness == Witness::ReachesOthers => format!(
            "{from} answers the witness, but neither its RDS nor its ledger does, so that nobody knows whether the writer lives"
        ),
        Verdict::Undetermined => "the evidence is not enough to say what happened".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RDS refused the managed failover at 10 s and at 45 s, and showed nothing else since the start.
    fn refused() -> Run {
        let mut run = crate::steps::fake::run();
        let at = |second| Timestamp::from_second(second).unwrap();
        run.looks = run.looks.after(crate::ledger::Seen::Rest, at(0));
        for second in [10, 45] {
            run.attempt(
                at(second),
                crate::steps::detach_and_promote::STEP,
                "fail_over",
            );
            run.answered(crate::ledger::Answer::Refused("not in this state".into()));
        }
        run
    }

    #[test]
    fn refusals_turn_auto_to_a_detach_from_a_dead_region_and_to_a_question_where_the_region_lives()
    {
        let now = Timestamp::from_second(50).unwrap();
        let mut dead = refused();
        let decision = after_refusals(&mut dead, Verdict::RegionDown, Decision::GoOn, now);
        assert_eq!(decision, Decision::GoOn);
        let resolved = dead.strategy.unwrap();
        assert_eq!(resolved.strategy, Strategy::Detach);
        assert!(
            resolved.reason.contains("not in this state"),
            "{resolved:?}"
        );
        let mut alive = refused();
        let mut of = |decision| after_refusals(&mut alive, Verdict::WriterDown, decision, now);
        assert_eq!(of(Decision::GoOn), Decision::Ask);
        assert_eq!(of(Decision::StandDown), Decision::StandDown);
        assert!(after_a_refusal(&alive).contains("not in this state"));
        alive.approved_at = Some(now);
        let agreed = after_refusals(&mut alive, Verdict::WriterDown, Decision::GoOn, now);
        assert_eq!(agreed, Decision::GoOn);
    }

    fn plan() -> Plan {
        crate::plan::read(&crate::steps::fake::plan_document().to_string()).unwrap()
    }

    fn cluster(engine_version: &str) -> Cluster {
        Cluster {
            identifier: "orders-east".into(),
            arn: "arn".into(),
            status: "available".into(),
            engine_version: engine_version.into(),
            endpoint: String::new(),
            reader_endpoint: String::new(),
            port: 5432,
            global_cluster: None,
            instances: Vec::new(),
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
    fn a_no_holds_for_the_same_verdict_of_a_suspicion_and_for_no_run_by_hand() {
        let no = Declined {
            run_id: "before".into(),
            verdict: Verdict::WriterDown,
        };
        let row = crate::ledger::Row {
            declined: Some(no.clone()),
            ..crate::ledger::Row::new("orders".into())
        };
        let mut pass = Pass {
            run: crate::steps::fake::run(),
            rows: crate::ledger::Rows([("us-east-1".into(), row)].into()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: false,
        };
        let of = |pass: &Pass, verdict| declined(pass, verdict, Decision::Ask);
        assert_eq!(of(&pass, Verdict::WriterDown), None, "a human started it");
        pass.run.incident = Some(crate::domain::Incident {
            plan: "orders".into(),
            epoch: crate::domain::Epoch(7),
        });
        assert_eq!(of(&pass, Verdict::WriterDown), Some(no));
        assert_eq!(of(&pass, Verdict::RegionDown), None, "another question");
        assert_eq!(
            declined(&pass, Verdict::WriterDown, Decision::GoOn),
            None,
            "nobody is asked"
        );
    }
}
