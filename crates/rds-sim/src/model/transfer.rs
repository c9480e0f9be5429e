//! What a copy of a snapshot takes along.

use crate::model::key::ClusterKey;

const GIB: u64 = 1 << 30;

/// What a copy of a snapshot takes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The earlier snapshot in its Region since which it has what changed; nothing where it is full.
    pub since: Option<ClusterKey>,
    /// The bytes that were copied. Nothing before the copy is done.
    ///
    /// With databases beneath, the storage counts the blocks that differ. Without them nothing is ever written, so a full copy
    /// counts the allocated storage, and one of what changed counts 0.
    pub bytes: Option<u64>,
}

impl Transfer {
    pub(crate) const fn since(since: Option<ClusterKey>) -> Self {
        Self { since, bytes: None }
    }

    /// It is done; where the storage counted nothing, the allocated storage is what is known.
    pub(crate) fn done(&mut self, storage_gib: u32) {
        let full = u64::from(storage_gib).saturating_mul(GIB);
        let unless_counted = if self.since.is_some() { 0 } else { full };
        self.bytes.get_or_insert(unless_counted);
    }
}
