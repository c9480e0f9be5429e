//! The steps. One pass of a step observes, decides by a pure function, and changes at most one thing.

mod carried_out;
pub mod confirm_outage;
pub mod detach_and_promote;
pub mod dns_flip;
pub mod ecs_restart;
pub mod fence_writer;
pub mod health_probe;
pub mod loss_ledger;
#[cfg(test)]
mod payloads;
pub mod planned_failover;
pub mod rebuild_global;
pub mod recovery_ledger;
mod rivals;
pub mod start;
pub mod warm;
