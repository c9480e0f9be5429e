//! The whole system on a virtual clock: the steps' own code and the machines' own values, under every fault, with the truth known.
//!
//! A [`case`] says what happens and which calls go wrong. [`play`](play::play) lets the system settle, lets that happen, and judges
//! it by what only the simulation knows. One seed decides everything: no real time passes, and nothing runs at once.

pub mod api;
pub mod application;
pub mod caller;
pub mod case;
pub mod clock;
pub mod database;
pub mod deployed;
pub mod draw;
mod events;
pub mod execution;
pub mod executions;
pub mod fault;
mod first;
pub mod functions;
mod judge;
mod judge_changes;
mod judge_losses;
mod meddling;
mod physics;
pub mod planted;
pub mod play;
pub mod rds;
mod rested;
pub mod shared;
pub mod shrink;
pub mod state;
pub mod switch;
pub mod systematic;
pub mod tally;
pub mod theirs;
pub mod truth;
#[cfg(feature = "adapters")]
mod wire;
pub mod world;
