//! Promotes the standby, one pass per invocation.

use aurora_global::detach_and_promote;
use aws::function::{Ended, serve};
use by_kind::ByKind;
use failover::{
    ledger::RunKind,
    pass::{answer, read},
};
use steps::start;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| {
            let pass = async |payload| answer(detach_and_promote::run(aws, &read(payload)?).await?);
            start::or(aws, RunKind::UnplannedFailover, payload, pass).await
        },
    )
}
