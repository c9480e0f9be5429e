//! Gathers the evidence about a suspected writer and gives the verdict; in the witness Region, says what it reaches.

use aurora_global::AuroraGlobal;
use aws::function::{Ended, serve};
use steps::confirm_outage;

fn main() -> Ended {
    serve(async |aws, payload, _| confirm_outage::handle(aws, &AuroraGlobal, payload).await)
}
