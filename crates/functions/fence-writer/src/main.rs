//! Fences this Region's member where another one is proven as the writer; every minute, and first in a failback.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use steps::fence_writer;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| fence_writer::handle(aws, payload).await,
    )
}
