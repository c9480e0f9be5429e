//! Brings a whole workload home from its recovery Region, one pass per invocation.

use aws::function::{Ended, serve};
use workload::{jobs, kinds::EveryKind};

/// A workload's plan is of no topology that is asked for a writer.
struct OfNone;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        |_| OfNone,
        async |aws, payload, _| jobs::handle(aws, EveryKind, payload).await,
    )
}
