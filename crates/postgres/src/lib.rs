//! PostgreSQL, the only place that speaks SQL: connections that verify the server, and what the probe, the fence and the comparison
//! ask over them.

pub mod compare;
mod connect;
pub mod fence;
mod probe;
mod setup;
mod why;

pub use connect::{Connector, to_write};
pub use probe::Session;
pub use setup::setup;
pub use why::Why;
