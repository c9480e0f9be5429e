//! A plan, its run, and what belongs to them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    beat::Write,
    domain::Epoch,
    evidence::{Evidence, HomeVantage, Progress, Rds, Said, Verdict, Witness},
    ledger::{Claim, Closed, Confirmed, Current, Outcome, PlanState, Run, RunKind},
    topology::{Cluster, Instance},
};

/// The standby of that plan as RDS shows it, with instances of these statuses; the first one leads.
pub fn cluster(statuses: &[&str]) -> Cluster {
    let instances = statuses.iter().enumerate();
    let instances = instances.map(|(number, status)| Instance {
        identifier: format!("orders-east-{}", number + 1),
        status: (*status).into(),
        is_writer: number == 0,
    });
    Cluster {
        identifier: "orders-east".into(),
        arn: "arn".into(),
        resource_id: None,
        status: "available".into(),
        engine_version: "16.4".into(),
        endpoint: String::new(),
        reader_endpoint: String::new(),
        port: 5432,
        global_cluster: None,
        instances: instances.collect(),
    }
}

/// A plan that has nothing wrong with it.
pub fn plan_document() -> Value {
    json!({
        "plan": "orders", "revision": 3,
        "topology": {"kind": "aurora_global", "global_cluster": "orders-global-1", "strategy": "auto",
            "members": {"us-west-2": {"cluster": "orders-west"}, "us-east-1": {"cluster": "orders-east"}}},
        "home_region": "us-west-2",
        "witness_region": "us-east-2",
        "database": {"engine": "postgres", "name": "orders", "admin_secret": "orders/admin",
            "probe": {"user": "failover_probe", "auth": {"kind": "secret", "secret": "orders/probe"}}},
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3},
        "unplanned": {"region_down": "automatic", "writer_down": "automatic", "max_lost_seconds": 30},
        "routes": [{"kind": "cname", "hosted_zone": "Z0EXAMPLE", "name": "writer.orders.internal", "endpoint": "writer",
            "ttl_seconds": 5, "accept_route53_risk": true}],
        "services": [{"kind": "ecs", "region": "us-east-1", "cluster": "orders",
            "services": ["api", {"service": "worker", "takeover_count": 2}]}]
    })
}

/// A plan of SQL Server that has nothing wrong with it.
pub fn sqlserver_document() -> Value {
    let mut document = plan_document();
    document["topology"] = json!({"kind": "rds_replica", "members": {
        "us-west-2": {"instance": "orders-west"}, "us-east-1": {"instance": "orders-east"}}});
    document["database"] = json!({"engine": "sqlserver", "name": "orders"});
    document["unplanned"] = json!({"region_down": "approval", "writer_down": "approval", "max_lost_seconds": 30,
        "unknown_loss": "accept"});
    document["notify"] = json!({"us-west-2": "arn:aws:sns:us-west-2:123456789012:orders-alerts",
        "us-east-1": "arn:aws:sns:us-east-1:123456789012:orders-alerts"});
    document
}

/// A run of that plan from us-west-2 to us-east-1, freshly opened.
pub fn run() -> Run {
    let claim = Claim {
        run_id: "a".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    let plan = crate::plan::read(&plan_document().to_string()).unwrap();
    Run {
        leased: ["us-east-1".into()].into(),
        ..Run::opened(claim, plan, Epoch(7), Timestamp::UNIX_EPOCH)
    }
}

/// The row of a plan whose writer somebody adopted in a Region.
pub fn row(writer: &str, epoch: u64) -> PlanState {
    let current = Current {
        epoch: Epoch(epoch),
        writer: writer.into(),
        global_cluster: None,
        run_id: "adopt".into(),
        proven_at: Timestamp::UNIX_EPOCH,
        unplanned: false,
        acknowledged_at: None,
    };
    PlanState {
        current: Some(current),
        ..PlanState::new("orders".into())
    }
}

/// How a run ends that left nothing.
pub fn closed(outcome: Outcome) -> Closed {
    Closed {
        at: Timestamp::UNIX_EPOCH,
        outcome,
        left: Vec::new(),
        rto_seconds: None,
        rpo: None,
        at_most_seconds: None,
        came_back_until: None,
        is_heard_again: false,
        step_seconds: Default::default(),
    }
}

/// What a confirmation of that run found.
pub fn confirmed(verdict: Verdict) -> Confirmed {
    Confirmed {
        verdict,
        evidence: evidence(Timestamp::UNIX_EPOCH),
        loss: None,
        acknowledged: Default::default(),
        alive_at: None,
        maybe_alive_at: None,
        outage_since: None,
        writes_until: None,
        approved: false,
        by_hand: false,
    }
}

/// Evidence that the Region of that run's writer is gone.
pub fn evidence(gathered_at: Timestamp) -> Evidence {
    let silent = || Rds::Silent {
        why: "timed out".into(),
    };
    Evidence {
        write: Some(Write::Failed {
            why: "timed out".into(),
        }),
        progress: Progress::Still,
        local_rds: Rds::Status {
            cluster: "available".into(),
            instances: Vec::new(),
        },
        writer_rds: silent(),
        writer_ledger_answers: false,
        home_vantage: HomeVantage::Unknown,
        witness: Witness::DoesNotReach,
        failing_since: Some(Timestamp::UNIX_EPOCH),
        grace_since: None,
        said: Said::Nothing,
        stillness_tells: true,
        gathered_at,
    }
}
