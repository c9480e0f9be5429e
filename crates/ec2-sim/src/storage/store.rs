//! The blocks of a Region's snapshots, each kept once, for as long as a snapshot has it.

use std::{collections::BTreeMap, fs, path::PathBuf};

use crate::{
    model::{Blocks, Digest},
    storage::error::StorageError,
};

/// A Region's blocks.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    /// What each snapshot consists of.
    held: BTreeMap<String, Blocks>,
    /// How many times a block is part of a snapshot.
    uses: BTreeMap<Digest, usize>,
}

impl Store {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            held: BTreeMap::new(),
            uses: BTreeMap::new(),
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.to_string())
    }

    /// How many blocks are kept.
    pub(crate) fn len(&self) -> usize {
        self.uses.len()
    }

    /// Keeps a block, which a snapshot is about to hold.
    pub(crate) fn put(&mut self, digest: &Digest, block: &[u8]) -> Result<(), StorageError> {
        let path = self.path(digest);
        if path.exists() {
            return Ok(());
        }
        let failed = StorageError::at("write", &path);
        fs::create_dir_all(&self.folder).map_err(&failed)?;
        fs::write(&path, block).map_err(&failed)
    }

    pub(crate) fn get(&self, digest: &Digest) -> Result<Vec<u8>, StorageError> {
        let path = self.path(digest);
        if !path.exists() {
            return Err(self.missing(digest));
        }
        fs::read(&path).map_err(StorageError::at("read", &path))
    }

    fn missing(&self, digest: &Digest) -> StorageError {
        StorageError::Missing {
            digest: digest.to_string(),
            folder: self.folder.clone(),
        }
    }

    /// Lets a snapshot have these blocks, all of which must be there.
    pub(crate) fn hold(&mut self, snapshot: &str, blocks: Blocks) -> Result<(), StorageError> {
        if let Some((_, lost)) = blocks
            .iter()
            .find(|(_, digest)| !self.path(digest).exists())
        {
            return Err(self.missing(&lost));
        }
        for (_, digest) in blocks.iter() {
            *self.uses.entry(digest).or_default() += 1;
        }
        self.held.insert(snapshot.to_owned(), blocks);
        Ok(())
    }

    /// Forgets a snapshot, and the blocks that no other one has. One that was never held had none.
    pub(crate) fn release(&mut self, snapshot: &str) -> Result<(), StorageError> {
        let blocks = self.held.remove(snapshot).unwrap_or_default();
        for (_, digest) in blocks.iter() {
            let uses = self.uses.entry(digest).or_default();
            *uses = uses.saturating_sub(1);
            if *uses == 0 {
                self.uses.remove(&digest);
                let path = self.path(&digest);
                fs::remove_file(&path).map_err(StorageError::at("remove", &path))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(of: &[(u32, u8)]) -> Blocks {
        let blocks = of.iter().map(|(index, byte)| (*index, Digest([*byte; 32])));
        Blocks::new(blocks.collect())
    }

    #[test]
    fn a_block_is_kept_once_and_for_as_long_as_a_snapshot_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(folder.path().join("blocks"));
        for byte in 1..=2 {
            store.put(&Digest([byte; 32]), &[byte]).unwrap();
        }
        store.hold("snap-1", map(&[(0, 1), (5, 1)])).unwrap();
        store.hold("snap-2", map(&[(0, 1), (1, 2)])).unwrap();
        assert_eq!(store.len(), 2);

        store.release("snap-1").unwrap();
        assert_eq!(store.get(&Digest([1; 32])).unwrap(), [1]);
        store.release("snap-2").unwrap();
        assert_eq!(store.len(), 0);
        assert_eq!(
            fs::read_dir(folder.path().join("blocks")).unwrap().count(),
            0
        );
    }

    #[test]
    fn no_snapshot_has_a_block_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(folder.path().join("blocks"));
        let refused = store.hold("snap-1", map(&[(0, 1)])).unwrap_err();
        assert!(matches!(refused, StorageError::Missing { .. }), "{refused}");
    }
}
