//! MariaDB and MySQL, the only place that speaks their SQL: connections that verify the server, and what the probe and the fence ask
//! over them. Where the two differ is in [`flavour`]; MySQL's half is held against documented answers only.

mod connect;
pub mod fence;
mod flavour;
mod losses;
mod probe;
mod random;
mod setup;
mod why;

pub use connect::{Client, Connector};
pub use flavour::Flavour;
pub use losses::lost;
pub use probe::Session;
pub use random::random;
pub use setup::setup;
pub use why::Why;
