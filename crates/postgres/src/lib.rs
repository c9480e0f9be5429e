//! PostgreSQL, the only place that speaks SQL: connections that verify the server, and what the probe, the fence and the comparison
//! ask over them.

pub mod compare;
mod connect;
pub mod fence;
mod probe;
mod setup;

pub use connect::{Connector, Resolver, Why, to_write};
pub use probe::Session;
pub use setup::setup;
