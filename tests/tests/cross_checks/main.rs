//! The parts of the repository agree with each other: code, state machines, templates.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod alarms;
mod application;
mod bounds;
mod code;
mod cost;
mod dashboard;
mod deploy_guide;
mod deploying;
mod documents;
mod examples;
mod exports;
mod failback;
mod failures;
mod faults;
mod function_alarms;
mod game_day;
mod generated;
mod imports;
mod installations;
mod lists;
mod machines;
mod messages;
mod metrics;
mod names;
mod network;
mod ownership;
mod payloads;
mod permissions;
mod ports;
mod refusals;
mod release;
mod rights;
mod roles;
mod runbook;
mod sizes;
mod templates;
mod warm;
