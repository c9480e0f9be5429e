//! What must happen to real bytes and real processes. The model asks for it, and is told how it ended.

use std::collections::BTreeMap;

use crate::model::blocks::{Blocks, Digest};

/// The number of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub(crate) u64);

/// What is asked of the storage. They are carried out one after the other, in the order in which they were asked, but for
/// [`Effect::Cut`] and [`Effect::Halt`], which wait for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make a volume's file, with these blocks of its Region's store.
    MakeVolume {
        /// The Region.
        region: String,
        /// The volume.
        volume: String,
        /// How long the file is.
        bytes: u64,
        /// What is in it.
        blocks: Blocks,
    },
    /// Remove a volume's file.
    RemoveVolume {
        /// The Region.
        region: String,
        /// The volume.
        volume: String,
    },
    /// Copy the files of volumes as they are at one instant. The call that asked is answered after it.
    Cut {
        /// The Region.
        region: String,
        /// The host whose processes are held meanwhile.
        instance: String,
        /// Snapshots, and the volume that each is of.
        snapshots: Vec<(String, String)>,
    },
    /// Put the blocks of what was cut into the Region's store.
    Store {
        /// The Region.
        region: String,
        /// The snapshot.
        snapshot: String,
    },
    /// Move blocks from a Region's store into another one's.
    Copy {
        /// Where from.
        from: String,
        /// Where to.
        to: String,
        /// The copy.
        snapshot: String,
        /// All that it consists of.
        blocks: Blocks,
        /// What is moved. The rest is there.
        moved: BTreeMap<u32, Option<Digest>>,
    },
    /// Forget a snapshot, and every block that no other one has.
    Release {
        /// The Region.
        region: String,
        /// The snapshot.
        snapshot: String,
    },
    /// End the processes of a host.
    Halt {
        /// The host.
        instance: String,
        /// At once, or after they were asked to end.
        at_once: bool,
    },
}

/// How it ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It is done.
    Done,
    /// It is stored, and these are its blocks.
    Stored(Blocks),
}
