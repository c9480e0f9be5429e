//! The operator's tool `aurora-failover`: it asks what operators may ask anyway, acts through functions and switches alone, and works
//! with a Region dead.

pub mod account;
pub mod acknowledge;
pub mod adopt;
pub mod approvals;
pub mod approve;
pub mod arguments;
mod attention;
mod by_hand;
pub mod carried_out;
pub mod clock;
pub mod colours;
pub mod consent;
pub mod desk;
pub mod doctor;
pub mod download;
pub mod ending;
pub mod failback;
pub mod failover;
#[cfg(test)]
mod fake;
pub mod false_alarm;
pub mod fence;
mod follow;
pub mod forced;
pub mod history;
pub mod losses;
pub mod messages;
mod passes;
pub mod pause;
pub mod plan_check;
pub mod plan_init;
pub mod plan_put;
pub mod plan_show;
pub mod printed;
pub mod ready;
pub mod run;
mod run_summary;
pub mod set_up;
mod started;
pub mod status;
pub mod survey;
pub mod switchover;
pub mod table;
pub mod terminal;
pub mod watch;
mod words;
mod workloads;
mod would;

pub use run_summary::RunSummary;
