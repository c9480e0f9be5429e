//! Points the plan's records at the writer, one pass per invocation.

use aws::function::{Ended, serve};
use failover::steps::{answer, dns_flip, read};

fn main() -> Ended {
    serve(async |aws, payload, _| answer(dns_flip::run(aws, &read(payload)?).await?))
}
