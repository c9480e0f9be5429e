//! The adapters, each against a script of the service's own words: what they ask, and what they make of every answer.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod autoscaling;
mod dynamodb;
mod ecs;
mod errors;
mod lambda;
mod links;
mod probe;
#[allow(dead_code, reason = "a topology tests its own adapter by it, too")]
mod replay;
mod round_trips;
mod route53;
mod s3;
mod sns;
mod ssm;
