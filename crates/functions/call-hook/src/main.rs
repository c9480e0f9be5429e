//! Calls the function of its own that a plan names before or after a phase of its runs.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use steps::call_hook;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| call_hook::handle(aws, payload).await,
    )
}
