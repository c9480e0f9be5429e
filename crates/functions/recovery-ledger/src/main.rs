//! Opens and closes runs, adopts a writer, and keeps the other functions awake.

use aws::function::{Ended, serve_and_wake};
use by_kind::ByKind;
use steps::recovery_ledger;

/// Every other function, as `build.rs` finds it.
const OTHERS: &str = env!("OTHER_FUNCTIONS");

fn main() -> Ended {
    let others: Vec<_> = OTHERS.split(' ').collect();
    serve_and_wake(
        env!("CARGO_BIN_NAME"),
        ByKind::of,
        &others,
        async |aws, payload, _| recovery_ledger::handle(aws, payload).await,
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_other_function_is_kept_awake() {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let entries = std::fs::read_dir(beside).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut others: Vec<_> = names.filter(|name| name != "recovery-ledger").collect();
        others.sort();
        assert_eq!(super::OTHERS, others.join(" "));
    }
}
