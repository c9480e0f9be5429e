//! Drills, held as `make drill` holds them: the built binary, the repository's templates, real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod commands;
mod failure;
mod held;
mod interruptions;
mod operators_tool;
mod policies;
mod scenarios;
