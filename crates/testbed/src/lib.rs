//! What is drilled, on one machine: the local AWS with the functions deployed to it, real databases, and everything between them.
#![allow(
    clippy::disallowed_methods,
    reason = "the testbed is the world around the functions: it waits, reads clocks and the environment"
)]

mod accept;
pub mod certificates;
pub mod client;
pub mod database;
pub mod dns;
pub mod emulator;
pub mod front_door;
pub mod functions;
pub mod health_checks;
pub mod profile;
pub mod roads;
pub mod shop;
mod trust;
pub mod world;
