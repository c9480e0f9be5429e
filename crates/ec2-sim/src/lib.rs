//! EC2's hosts, volumes, snapshots and their copies between Regions, simulated: a pure model, an HTTP face, real files of
//! bytes beneath.
#![allow(
    clippy::disallowed_methods,
    reason = "a test and drill tool: it keeps time and waits by itself"
)]

pub mod answer;
mod clock;
mod control;
mod control_plane;
mod http;
pub mod model;
mod simulator;
pub mod storage;

pub use control::Command;
pub use simulator::{Error, Simulator, SimulatorConfig};
