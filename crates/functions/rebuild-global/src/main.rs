//! Gives the writer's global database its other members again, one pass per invocation.

use aurora_global::rebuild_global;
use aws::function::{Ended, serve};
use by_kind::ByKind;
use failover::ledger::RunKind;
use steps::start;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| {
            let pass = async |payload| rebuild_global::handle(aws, payload).await;
            start::or(aws, RunKind::Failback, payload, pass).await
        },
    )
}
