//! Makes this Region's standby the writer while everything is well, one pass per invocation, and looks on schedule whether it could.

use aurora_global::planned_failover;
use aws::function::{Ended, serve};
use by_kind::ByKind;
use failover::ledger::RunKind;
use steps::start;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| {
            let pass = async |payload| planned_failover::handle(aws, payload).await;
            start::or(aws, RunKind::PlannedFailover, payload, pass).await
        },
    )
}
