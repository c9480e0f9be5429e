//! Watches the writers of every plan in this Region; on request takes a fresh look, proves, verifies or sets up.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use steps::health_probe;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, deadline| health_probe::handle(aws, payload, deadline).await,
    )
}
