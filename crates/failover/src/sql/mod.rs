//! The only place that speaks SQL: connections that verify the server, and what the probe asks over them.

pub mod compare;
mod connect;
pub mod fence;
mod probe;
mod setup;
mod versions;

pub use connect::{Connector, Credentials, Place, Resolver, Why, to_write};
pub use probe::Session;
pub use setup::setup;
pub use versions::{by_whichever_serves, first_that_serves};
