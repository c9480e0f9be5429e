//! Restarts the plan's services, one pass per invocation.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use steps::ecs_restart;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| ecs_restart::handle(aws, payload).await,
    )
}
