//! Lists what a deposed writer took and nobody else has, before it is retired; first thing after the fence in a failback.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use steps::loss_ledger;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| loss_ledger::handle(aws, payload).await,
    )
}
