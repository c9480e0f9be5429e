//! Maps of blocks: what a snapshot is.

use std::{collections::BTreeMap, fmt, sync::Arc};

/// How long a block is, as the EBS direct APIs have it.
pub const BLOCK_BYTES: u64 = 512 * 1024;

/// SHA-256 of a block's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A snapshot's blocks by their index. What is missing is zeros.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocks(Arc<BTreeMap<u32, Digest>>);

impl Blocks {
    /// A map of these.
    pub fn new(blocks: BTreeMap<u32, Digest>) -> Self {
        Self(Arc::new(blocks))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether all is zeros.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by their index.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Digest)> + '_ {
        self.0.iter().map(|(index, digest)| (*index, *digest))
    }

    /// The bytes of all of them.
    pub fn bytes(&self) -> u64 {
        bytes_of(self.0.len())
    }

    /// What makes this one of another: blocks that differ, and nothing where they became zeros.
    pub fn changed_since(&self, base: &Self) -> BTreeMap<u32, Option<Digest>> {
        let new = self
            .iter()
            .filter(|(index, digest)| base.0.get(index) != Some(digest))
            .map(|(index, digest)| (index, Some(digest)));
        let zeros = base
            .0
            .keys()
            .filter(|index| !self.0.contains_key(index))
            .map(|index| (*index, None));
        new.chain(zeros).collect()
    }
}

/// The bytes of so many blocks.
pub fn bytes_of(blocks: usize) -> u64 {
    u64::try_from(blocks)
        .unwrap_or(u64::MAX)
        .saturating_mul(BLOCK_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(of: &[(u32, u8)]) -> Blocks {
        Blocks::new(
            of.iter()
                .map(|(index, byte)| (*index, Digest([*byte; 32])))
                .collect(),
        )
    }

    #[test]
    fn a_change_is_a_block_that_differs_is_new_or_became_zeros() {
        let (old, new) = (
            map(&[(0, 1), (1, 1), (2, 1)]),
            map(&[(0, 1), (1, 2), (7, 3)]),
        );
        let changed = new.changed_since(&old);
        assert_eq!(
            changed.into_iter().collect::<Vec<_>>(),
            [
                (1, Some(Digest([2; 32]))),
                (2, None),
                (7, Some(Digest([3; 32])))
            ]
        );
        assert!(new.changed_since(&new).is_empty());
        assert_eq!(new.bytes(), 3 * BLOCK_BYTES);
    }
}
