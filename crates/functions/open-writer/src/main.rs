//! Gives applications their logins back on the proven writer, one pass per invocation.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use failover::pass::{answer, read};
use rds_replica::open_writer;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| answer(open_writer::run(aws, &read(payload)?).await?),
    )
}
