//! Reads the repository as data, for cross-checks between its parts and for drills held as tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests wait for processes and read their environment"
)]

pub mod browser;
pub mod drill;
pub mod filled;
pub mod imports;
pub mod machine;
pub mod policy;
pub mod printed;
pub mod processes;
pub mod prose;
pub mod repository;
pub mod template;
pub mod world;
