//! The operator's tool `aurora-failover`: it asks what operators may ask anyway, changes nothing, and works with a Region dead.

pub mod account;
pub mod arguments;
mod attention;
pub mod ending;
#[cfg(test)]
mod fake;
pub mod plan_check;
pub mod ready;
mod run_summary;
pub mod status;
pub mod survey;
mod table;
mod words;

pub use run_summary::RunSummary;
