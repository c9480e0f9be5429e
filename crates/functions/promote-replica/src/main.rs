//! Promotes the read replica, one pass per invocation.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use failover::{
    ledger::RunKind,
    pass::{answer, read},
};
use rds_replica::promote_replica;
use steps::start;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| {
            let pass = async |payload| answer(promote_replica::run(aws, &read(payload)?).await?);
            start::or(aws, RunKind::UnplannedFailover, payload, pass).await
        },
    )
}
