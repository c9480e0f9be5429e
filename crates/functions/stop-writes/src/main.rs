//! Stops a living writer before its replica is promoted, one pass per invocation, and gives back on schedule what nobody goes on with.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use failover::ledger::RunKind;
use rds_replica::stop_writes;
use steps::start;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| {
            let pass = async |payload| stop_writes::handle(aws, payload).await;
            start::or(aws, RunKind::PlannedFailover, payload, pass).await
        },
    )
}
