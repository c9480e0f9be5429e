//! What a verdict leads to, how the standby would be promoted, and how both are said.

use super::Decision;
use crate::{
    beat::Write,
    evidence::{Evidence, HomeVantage, Progress, Verdict},
    ledger::{Resolved, Run},
    plan::{Accept, Mode, Plan, Strategy},
    topology::{Cluster, GlobalCluster},
};

/// What a verdict leads to under the plan's policy.
#[must_use]
pub fn decide(verdict: Verdict, plan: &Plan) -> Decision {
    let automatic = |mode: Mode| {
        if mode == Mode::Automatic {
            Decision::GoOn
        } else {
            Decision::StandDown
        }
    };
    match verdict {
        Verdict::Draining => Decision::Wait,
        Verdict::RegionDown => automatic(plan.unplanned.region_down),
        Verdict::RegionDownUnwitnessed
            if plan.unplanned.without_witness == Some(Accept::Accept) =>
        {
            automatic(plan.unplanned.region_down)
        }
        Verdict::WriterDown => automatic(plan.unplanned.writer_down),
        Verdict::RegionDownUnwitnessed
        | Verdict::Healthy
        | Verdict::ProbeMisconfigured
        | Verdict::PathImpaired
        | Verdict::WriterRestarting
        | Verdict::WriterMoved
        | Verdict::ObserverIsolated
        | Verdict::Undetermined => Decision::StandDown,
    }
}

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

pub(super) const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "healthy",
        Verdict::ProbeMisconfigured => "probe_misconfigured",
        Verdict::PathImpaired => "path_impaired",
        Verdict::WriterRestarting => "writer_restarting",
        Verdict::WriterDown => "writer_down",
        Verdict::WriterMoved => "writer_moved",
        Verdict::ObserverIsolated => "observer_isolated",
        Verdict::RegionDown => "region_down",
        Verdict::RegionDownUnwitnessed => "region_down_unwitnessed",
        Verdict::Draining => "draining",
        Verdict::Undetermined => "undetermined",
    }
}

pub(super) fn reason(verdict: Verdict, run: &Run, evidence: &Evidence) -> String {
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
                "replication from {from} still moves; only the road from {here} to its writer is cut"
            )
        }
        Verdict::PathImpaired => {
            format!("the witness reaches {from}; the Regions {here} and {from} are parted")
        }
        Verdict::WriterRestarting => format!("RDS in {from} answers and the grace is not spent"),
        Verdict::WriterDown => {
            format!("the writer fails for its own Region {from} too, and the grace is spent")
        }
        Verdict::WriterMoved => "another member has become the writer".into(),
        Verdict::ObserverIsolated => format!("{here} cannot tell: it is cut off itself"),
        Verdict::RegionDown => {
            format!("{from} answers neither {here} nor the witness, and replication has stopped")
        }
        Verdict::RegionDownUnwitnessed => {
            format!("{from} does not answer, and the plan has no witness")
        }
        Verdict::Draining => "replication may still be draining".into(),
        Verdict::Undetermined => "the evidence is not enough to say what happened".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            instances: Vec::new(),
        }
    }

    fn global(status: &str) -> GlobalCluster {
        GlobalCluster {
            identifier: "orders-global-1".into(),
            status: status.into(),
            engine_version: "16.4".into(),
            members: Vec::new(),
            failover: None,
        }
    }

    #[test]
    fn only_a_dead_region_or_a_dead_writer_leads_on() {
        use Verdict::*;
        let plan = plan();
        for verdict in [RegionDown, WriterDown] {
            assert_eq!(decide(verdict, &plan), Decision::GoOn);
        }
        let others = [
            Healthy,
            ProbeMisconfigured,
            PathImpaired,
            WriterRestarting,
            WriterMoved,
            ObserverIsolated,
            RegionDownUnwitnessed,
            Undetermined,
        ];
        for verdict in others {
            assert_eq!(decide(verdict, &plan), Decision::StandDown, "{verdict:?}");
        }
        assert_eq!(decide(Draining, &plan), Decision::Wait);
    }

    #[test]
    fn an_unwitnessed_silence_leads_on_only_where_that_was_accepted() {
        let mut plan = plan();
        plan.unplanned.without_witness = Some(Accept::Accept);
        assert_eq!(
            decide(Verdict::RegionDownUnwitnessed, &plan),
            Decision::GoOn
        );
    }

    #[test]
    fn a_mode_other_than_automatic_does_not_lead_on() {
        let mut plan = plan();
        plan.unplanned.region_down = Mode::Approval;
        assert_eq!(decide(Verdict::RegionDown, &plan), Decision::StandDown);
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
}
