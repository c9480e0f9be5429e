//! Promotes the standby, one pass per invocation.

use aws::function::{Ended, serve};
use failover::{
    ledger::RunKind,
    pass::{answer, read},
};
use steps::{detach_and_promote, start};

fn main() -> Ended {
    serve(async |aws, payload, _| {
        let pass = async |payload| answer(detach_and_promote::run(aws, &read(payload)?).await?);
        start::or(aws, RunKind::UnplannedFailover, payload, pass).await
    })
}
