//! The drill: loses a Region on one machine and proves that the database comes back.
#![allow(
    clippy::disallowed_methods,
    reason = "the drill is the world around the functions: it waits, reads clocks and the environment"
)]

pub mod bench;
pub mod runs;
pub mod scenario;
pub mod scenarios;

pub use ::report::{self, timeline};
pub use ::testbed::{
    certificates, client, database, dns, emulator, front_door, functions, profile, roads, shop,
    world,
};
