//! aurora-failover: the decisions of each step, and the adapters that carry them out.

pub mod aws;
pub mod beat;
pub mod domain;
mod error;
pub mod evidence;
pub mod guard;
pub mod json;
pub mod ledger;
pub mod metric;
pub mod notify;
pub mod patience;
pub mod plan;
pub mod policy;
pub mod sql;
pub mod steps;
pub mod switches;
pub mod topology;

pub use error::Error;
