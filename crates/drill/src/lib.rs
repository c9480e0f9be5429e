//! The drill: loses a Region on one machine and proves that the database comes back.
#![allow(
    clippy::disallowed_methods,
    reason = "the drill is the world around the functions: it waits, reads clocks and the environment"
)]

pub mod bench;
pub mod certificates;
pub mod client;
pub mod dns;
pub mod emulator;
pub mod front_door;
pub mod functions;
pub mod profile;
pub mod report;
pub mod report_html;
pub mod roads;
pub mod runs;
pub mod scenario;
pub mod timeline;
pub mod world;
