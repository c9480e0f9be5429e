//! aurora-failover: the decisions of each step, and what they ask of the world. No SDK and no SQL is named here.

pub mod beat;
pub mod domain;
mod error;
pub mod evidence;
pub mod guard;
pub mod installation;
pub mod json;
pub mod ledger;
pub mod metric;
pub mod notify;
pub mod pass;
pub mod patience;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod switches;
pub mod testing;
pub mod topologies;
pub mod topology;

pub use error::Error;
