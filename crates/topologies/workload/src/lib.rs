//! A whole workload as a topology: what runs in a recovery Region after a disaster comes home, by snapshots and backups. Nothing of home
//! is deleted before its successor works.

#[cfg(feature = "aws")]
mod aws;
pub mod databases;
pub mod hosts;
pub mod jobs;
pub mod kinds;
pub mod pass;
pub mod phase;
pub mod plan;
pub mod records;
pub mod row;
pub mod run;
pub mod tables;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod verbs;
