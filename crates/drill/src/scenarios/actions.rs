//! What several scenarios do to the world.

pub(crate) mod by_hand;
pub(crate) mod failback;
pub(crate) mod health_switch;
pub(crate) mod last_bytes;
pub(crate) mod loss_ledger;
pub(crate) mod made_anew;
pub(crate) mod misconfigured;
pub(crate) mod network;
pub(crate) mod replication;
pub(crate) mod route53;
pub(crate) mod stacks;
pub(crate) mod stale_client;
pub(crate) mod suspicion;
pub(crate) mod upstream;
pub(crate) mod workload;
pub(crate) mod writer_away;
