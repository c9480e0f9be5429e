//! By which way the standby is promoted where the plan leaves that open.

use failover::{
    ledger::Resolved,
    plan::{Plan, Strategy},
    topology::{Cluster, Group},
};

/// Resolves `auto` from what the target's Region shows: managed where AWS would take it, else detach.
#[must_use]
pub fn resolve(plan: &Plan, target: Option<&Cluster>, group: Option<&Group>) -> Resolved {
    if let Some(strategy @ (Strategy::Managed | Strategy::Detach)) = plan.topology.strategy() {
        return Resolved {
            strategy,
            reason: "the plan says so".into(),
        };
    }
    let detach = |reason: String| Resolved {
        strategy: Strategy::Detach,
        reason,
    };
    let (Some(target), Some(global)) = (target, group) else {
        return detach("RDS does not show the global cluster here".into());
    };
    // A patch may differ only between versions that AWS lists; whoever runs the same one needs no list.
    if target.engine_version != global.engine_version {
        return detach(format!(
            "the target runs {}, the global cluster {}: a managed failover needs the same version",
            target.engine_version, global.engine_version
        ));
    }
    if global.status != "available" || global.operation.is_some() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        failover::plan::read(&failover::testing::plan_document().to_string()).unwrap()
    }

    fn cluster(engine_version: &str) -> Cluster {
        Cluster {
            engine_version: engine_version.into(),
            ..failover::testing::cluster(&[])
        }
    }

    fn global(status: &str) -> Group {
        Group {
            named: "orders-global-1".into(),
            status: status.into(),
            engine_version: "16.4".into(),
            members: Vec::new(),
            operation: None,
        }
    }

    #[test]
    fn auto_is_managed_where_versions_agree_and_detach_elsewhere() {
        let plan = plan();
        let resolved = |target: Option<&Cluster>, global: Option<&Group>| {
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
