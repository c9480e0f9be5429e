//! A thin client of EC2: some twenty operations of its query protocol, signed, with bounded retries, and the codes of refusals kept.
//!
//! # Why not `aws-sdk-ec2`
//!
//! That crate is 1.24 million lines of Rust for more than 700 operations, and takes longer to compile than this whole workspace. A query is
//! a form, and an answer is flat XML. What is hard about talking to AWS is done by the crates that the SDKs stand on themselves: the
//! signature (`aws-sigv4`, through `aws-runtime`), retries, time-outs and connections (`aws-smithy-runtime`).
//!
//! A [`Request`] is a value, made by the functions of [`requests`], and its answer's type goes with it. [`Client::read`] and [`Client::all`]
//! try again within bounds, [`Client::once`] does not: what was cut off may have been carried out.

pub mod answers;
mod client;
mod ebs;
mod error;
mod request;
pub mod requests;

pub use client::{Answered, Client, Trouble};
pub use error::Refusal;
pub use request::{Answer, Pages, Request};

#[cfg(test)]
mod tests;
