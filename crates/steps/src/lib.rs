//! The steps. One pass of a step observes, decides by a pure function, and changes at most one thing.

pub mod approval_page;
pub mod call_hook;
mod came_back;
pub mod carried_out;
pub mod confirm_outage;
pub mod dns_flip;
pub mod ecs_restart;
pub mod fence_writer;
pub mod health_probe;
pub mod loss_ledger;
pub mod of_plan;
pub mod promotion;
pub mod readiness;
pub mod rebuilding;
pub mod recovery_ledger;
pub mod rivals;
pub mod routes;
pub mod services;
pub mod standing;
pub mod start;
pub mod warm;
