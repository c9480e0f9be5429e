//! The adapter, against a script of RDS's own words and against the simulated RDS.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod rds;
#[allow(
    dead_code,
    reason = "the adapters of every service are tested by one script"
)]
#[path = "../../../../aws/tests/adapters/replay.rs"]
mod replay;
mod simulated;
