//! What the tests of several steps share.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    beat::Write,
    domain::Epoch,
    evidence::{Evidence, HomeVantage, Progress, Rds, Verdict, Witness},
    ledger::{Confirmed, Run, RunKind},
};

/// A plan that has nothing wrong with it.
pub(crate) fn plan_document() -> Value {
    json!({
        "plan": "orders", "revision": 3,
        "topology": {"kind": "aurora_global", "global_cluster": "orders-global-1"},
        "home_region": "us-west-2",
        "members": {"us-west-2": {"cluster": "orders-west"}, "us-east-1": {"cluster": "orders-east"}},
        "witness_region": "us-east-2",
        "database": {"name": "orders", "admin_secret": "orders/admin",
            "probe": {"user": "failover_probe", "auth": {"kind": "secret", "secret": "orders/probe"}}},
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3},
        "unplanned": {"region_down": "automatic", "writer_down": "automatic", "strategy": "auto", "max_lost_seconds": 30},
        "dns": [{"kind": "cname", "hosted_zone": "Z0EXAMPLE", "name": "writer.orders.internal", "endpoint": "writer",
            "ttl_seconds": 5, "accept_route53_risk": true}],
        "ecs": {"us-east-1": [{"cluster": "orders", "services": ["api", {"service": "worker", "takeover_count": 2}]}]}
    })
}

/// A run of that plan from us-west-2 to us-east-1, freshly opened.
pub(crate) fn run() -> Run {
    Run {
        run_id: "a".into(),
        kind: RunKind::UnplannedFailover,
        plan: crate::plan::read(&plan_document().to_string()).unwrap(),
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
        epoch: Epoch(7),
        opened_at: jiff::Timestamp::UNIX_EPOCH,
        leased: ["us-east-1".into()].into(),
        execution: None,
        handed_over_by: None,
        behind: None,
        approved_at: None,
        hand_over: None,
        confirmed: None,
        strategy: None,
        held: None,
        proof: None,
        dns_changes: Default::default(),
        restarts: Default::default(),
        timeline: Vec::new(),
        closed: None,
    }
}

/// What a confirmation of that run found.
pub(crate) fn confirmed(verdict: Verdict) -> Confirmed {
    Confirmed {
        verdict,
        evidence: evidence(Timestamp::UNIX_EPOCH),
        loss: None,
        acknowledged: Default::default(),
        alive_at: None,
        approved: false,
    }
}

/// Evidence that the Region of that run's writer is gone.
pub(crate) fn evidence(gathered_at: Timestamp) -> Evidence {
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
        gathered_at,
    }
}
