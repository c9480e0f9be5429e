//! Points the plan's records at the writer, one pass per invocation.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use failover::pass::{answer, read};
use steps::dns_flip;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| answer(dns_flip::run(aws, &read(payload)?).await?),
    )
}
