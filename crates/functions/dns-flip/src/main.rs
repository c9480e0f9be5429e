//! Points the plan's records at the writer, one pass per invocation; and every minute, writes what the objects of switches missed.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use steps::dns_flip;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| dns_flip::handle(aws, payload).await,
    )
}
