//! Gathers the evidence about a suspected writer and gives the verdict; in the witness Region, says what it reaches.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use steps::confirm_outage;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| confirm_outage::handle(aws, payload).await,
    )
}
