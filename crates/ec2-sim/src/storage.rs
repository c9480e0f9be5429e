//! Real bytes: volumes are sparse files, snapshots are blocks that each Region keeps once.
//!
//! Layout of the folder: `<region>/volumes/<volume>.img`, `<region>/blocks/<digest>`, `<region>/cut/<snapshot>`.

mod error;
mod hosts;
mod sparse;
mod store;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};

pub use error::StorageError;
use hosts::Hosts;
use store::Store;

use crate::model::{BLOCK_BYTES, Blocks, Digest, Done, Effect, bytes_of};

/// A writer may hold a volume's lock for this long before a snapshot of it fails.
const LOCK_LIMIT: Duration = Duration::from_secs(5);
const LOCK_POLL: Duration = Duration::from_millis(1);

/// Where bytes lie.
#[derive(Debug)]
pub struct Storage {
    folder: PathBuf,
    /// By Region.
    stores: Mutex<BTreeMap<String, Store>>,
    /// Bytes moved between Regions, by source and destination. Counted where they are moved.
    moved: Mutex<BTreeMap<(String, String), u64>>,
    hosts: Hosts,
    /// Only one is made at a time: the end of one would let go whom another one holds.
    cutting: Mutex<()>,
}

impl Storage {
    /// Takes an empty folder, or makes one.
    ///
    /// # Errors
    /// Where it holds something or cannot be made.
    pub fn prepare(folder: &Path) -> Result<Self, StorageError> {
        let failed = StorageError::at("prepare", folder);
        fs::create_dir_all(folder).map_err(&failed)?;
        // What processes are told must not depend on where they run.
        let folder = folder.canonicalize().map_err(&failed)?;
        if fs::read_dir(&folder).map_err(&failed)?.next().is_some() {
            return Err(StorageError::NotEmpty { folder });
        }
        Ok(Self {
            folder,
            stores: Mutex::default(),
            moved: Mutex::default(),
            hosts: Hosts::default(),
            cutting: Mutex::default(),
        })
    }

    /// The file of a volume.
    pub fn path(&self, region: &str, volume: &str) -> PathBuf {
        self.place(region, "volumes").join(format!("{volume}.img"))
    }

    fn place(&self, region: &str, kind: &str) -> PathBuf {
        self.folder.join(region).join(kind)
    }

    fn stores(&self) -> MutexGuard<'_, BTreeMap<String, Store>> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_store<T>(&self, region: &str, act: impl FnOnce(&mut Store) -> T) -> T {
        let place = self.place(region, "blocks");
        let mut stores = self.stores();
        act(stores
            .entry(region.to_owned())
            .or_insert_with(|| Store::new(place)))
    }

    /// Carries out what the model asks for. The caller keeps the order, where there is one.
    ///
    /// # Errors
    /// Where the machine's own disk or processes fail, or a block is missing that should be there.
    pub fn carry_out(&self, effect: &Effect) -> Result<Done, StorageError> {
        match effect {
            Effect::MakeVolume {
                region,
                volume,
                bytes,
                blocks,
            } => self.make_volume(region, volume, *bytes, blocks)?,
            Effect::RemoveVolume { region, volume } => {
                let path = self.path(region, volume);
                fs::remove_file(&path).map_err(StorageError::at("remove", &path))?;
            }
            Effect::Cut {
                region,
                instance,
                snapshots,
            } => self.cut(region, instance, snapshots)?,
            Effect::Store { region, snapshot } => {
                return self.store(region, snapshot).map(Done::Stored);
            }
            Effect::Copy {
                from,
                to,
                snapshot,
                blocks,
                moved,
            } => {
                for digest in moved.values() {
                    self.move_block(from, to, digest.as_ref())?;
                }
                self.with_store(to, |store| store.hold(snapshot, blocks.clone()))?;
            }
            Effect::Release { region, snapshot } => {
                self.with_store(region, |store| store.release(snapshot))?;
            }
            Effect::Halt { instance, at_once } => self.hosts.halt(instance, *at_once),
        }
        Ok(Done::Done)
    }

    fn make_volume(
        &self,
        region: &str,
        volume: &str,
        bytes: u64,
        blocks: &Blocks,
    ) -> Result<(), StorageError> {
        let path = self.path(region, volume);
        let failed = StorageError::at("write", &path);
        fs::create_dir_all(self.place(region, "volumes")).map_err(&failed)?;
        let file = File::create_new(&path).map_err(&failed)?;
        file.set_len(bytes).map_err(&failed)?;
        for (index, digest) in blocks.iter() {
            let block = self.with_store(region, |store| store.get(&digest))?;
            let offset = u64::from(index) * BLOCK_BYTES;
            file.write_all_at(&block, offset).map_err(&failed)?;
        }
        Ok(())
    }

    /// Copies the volumes' files while nothing writes to them.
    fn cut(
        &self,
        region: &str,
        instance: &str,
        snapshots: &[(String, String)],
    ) -> Result<(), StorageError> {
        let _alone = self.cutting.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = self.place(region, "cut");
        fs::create_dir_all(&folder).map_err(StorageError::at("make", &folder))?;
        let mut files = Vec::with_capacity(snapshots.len());
        for (snapshot, volume) in snapshots {
            let path = self.path(region, volume);
            let file = File::open(&path).map_err(StorageError::at("open", &path))?;
            files.push((folder.join(snapshot), path, file));
        }
        // Locks first: a process that is held could not give its own back.
        for (_, path, file) in &files {
            lock(path, file)?;
        }
        let held = self.hosts.hold(instance)?;
        let copied = files
            .iter()
            .try_for_each(|(target, path, file)| sparse::copy(path, file, target));
        drop(held);
        // The locks end with the files.
        drop(files);
        copied
    }

    /// Puts what was cut into the store.
    fn store(&self, region: &str, snapshot: &str) -> Result<Blocks, StorageError> {
        let path = self.place(region, "cut").join(snapshot);
        let failed = StorageError::at("read", &path);
        let file = File::open(&path).map_err(&failed)?;
        let mut found = BTreeMap::new();
        for index in sparse::blocks_with_data(&file).map_err(&failed)? {
            let block = sparse::read_block(&file, index).map_err(&failed)?;
            if block.iter().all(|byte| *byte == 0) {
                continue;
            }
            let digest = digest_of(&block);
            self.with_store(region, |store| store.put(&digest, &block))?;
            found.insert(index, digest);
        }
        let blocks = Blocks::new(found);
        self.with_store(region, |store| store.hold(snapshot, blocks.clone()))?;
        fs::remove_file(&path).map_err(StorageError::at("remove", &path))?;
        Ok(blocks)
    }

    /// Moves a block, or the word that it is zeros now, and counts it.
    fn move_block(
        &self,
        from: &str,
        to: &str,
        digest: Option<&Digest>,
    ) -> Result<(), StorageError> {
        if let Some(digest) = digest {
            let block = self.with_store(from, |store| store.get(digest))?;
            self.with_store(to, |store| store.put(digest, &block))?;
        }
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        *moved.entry((from.to_owned(), to.to_owned())).or_default() += BLOCK_BYTES;
        Ok(())
    }

    /// Bytes moved between Regions so far, by source and destination.
    pub fn moved(&self) -> BTreeMap<(String, String), u64> {
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.clone()
    }

    /// The bytes of the blocks that a Region keeps, each counted once.
    pub fn kept(&self, region: &str) -> u64 {
        bytes_of(self.with_store(region, |store| store.len()))
    }

    /// A block of a volume's file.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read_block(
        &self,
        region: &str,
        volume: &str,
        index: u32,
    ) -> Result<Vec<u8>, StorageError> {
        let path = self.path(region, volume);
        let failed = StorageError::at("read", &path);
        let file = File::open(&path).map_err(&failed)?;
        sparse::read_block(&file, index).map_err(&failed)
    }

    /// Says which processes are a host's. They are held while its volumes are copied, and ended when it stops.
    ///
    /// # Errors
    /// Where one of them is not there.
    pub fn set_processes(&self, instance: &str, pids: &[i32]) -> Result<(), StorageError> {
        self.hosts.set(instance, pids)
    }
}

/// The digest of a block.
pub fn digest_of(block: &[u8]) -> Digest {
    Digest(Sha256::digest(block).into())
}

/// Waits for a volume's lock. A host that takes it shared around each write is never cut within one.
fn lock(path: &Path, file: &File) -> Result<(), StorageError> {
    let until = Instant::now() + LOCK_LIMIT;
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < until => {
                std::thread::sleep(LOCK_POLL);
            }
            Err(error) => return Err(StorageError::at("lock", path)(error.into())),
        }
    }
}
