//! Makes every member that does not write a read replica of the writer again, one pass per invocation.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use failover::ledger::RunKind;
use rds_replica::replace_replica;
use steps::start;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| {
            let pass = async |payload| replace_replica::handle(aws, payload).await;
            start::or(aws, RunKind::Failback, payload, pass).await
        },
    )
}
