//! Makes this Region's standby the writer while everything is well, one pass per invocation.

use aws::function::{Ended, serve};
use failover::{
    ledger::RunKind,
    pass::{answer, read},
};
use steps::{planned_failover, start};

fn main() -> Ended {
    serve(async |aws, payload, _| {
        let pass = async |payload| answer(planned_failover::run(aws, &read(payload)?).await?);
        start::or(aws, RunKind::PlannedFailover, payload, pass).await
    })
}
