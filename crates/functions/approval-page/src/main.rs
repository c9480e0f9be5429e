//! Shows people the question behind a link, asks once more, and gives their answer to the run.

use aws::function::{Ended, serve};
use by_kind::ByKind;
use steps::approval_page;

fn main() -> Ended {
    serve(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        async |aws, payload, _| approval_page::handle(aws, payload).await,
    )
}
