//! No database: every effect has already happened.

use std::net::SocketAddr;

use crate::{
    model::{ClusterKey, Effect},
    storage::{Storage, StorageError},
};

/// A storage for simulations that only look at the control plane.
#[derive(Debug, Default)]
pub(crate) struct Memory;

impl Storage for Memory {
    async fn carry_out(&self, _effect: Effect) -> Result<(), StorageError> {
        Ok(())
    }

    async fn lose_region(&self, _region: &str) {}

    async fn return_region(&self, _region: &str) {}

    async fn crash(&self, _cluster: &ClusterKey) {}

    async fn revive(&self, _cluster: &ClusterKey) -> Result<(), StorageError> {
        Ok(())
    }

    fn set_replication(&self, _region: &str, _flows: bool) {}

    fn backend(&self, _cluster: &ClusterKey) -> Option<SocketAddr> {
        None
    }

    async fn delay_replay(
        &self,
        _standby: &ClusterKey,
        _delay: std::time::Duration,
    ) -> Result<(), StorageError> {
        Ok(())
    }

    async fn behind_bytes(&self, _standby: &ClusterKey) -> Option<u64> {
        None
    }

    async fn stop(&self) {}
}
