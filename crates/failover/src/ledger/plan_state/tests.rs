//! The transitions of a plan's state, each with its refusals.

use super::*;
use crate::{Error, domain::Incident};

mod brought_down;
mod fences;
mod leases;
mod readiness;
mod stops;
mod told;
mod writers;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn current(epoch: u64, writer: &str) -> Current {
    Current {
        epoch: Epoch(epoch),
        writer: writer.into(),
        global_cluster: Some("orders-global-1".into()),
        run_id: "adopt".into(),
        proven_at: at(0),
        unplanned: false,
        acknowledged_at: None,
    }
}

fn row() -> PlanState {
    PlanState {
        current: Some(current(7, "us-west-2")),
        ..PlanState::new("orders".into())
    }
}

fn claim(run_id: &str) -> Claim {
    Claim {
        run_id: run_id.into(),
        kind: RunKind::UnplannedFailover,
        incident: Some(Incident {
            plan: "orders".into(),
            epoch: Epoch(7),
        }),
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    }
}

fn held(run_id: &str) -> PlanState {
    row().claim(&claim(run_id), at(0)).unwrap()
}

fn intent(run_id: &str, epoch: u64) -> Intent {
    Intent {
        epoch: Epoch(epoch),
        from: "us-west-2".into(),
        to: "us-east-1".into(),
        global_cluster: None,
        run_id: run_id.into(),
        written_at: at(1),
    }
}

fn refused(result: Result<PlanState, Error>) -> bool {
    matches!(result, Err(Error::RunRefused(_)))
}
