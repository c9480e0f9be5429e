//! What goes wrong with bytes and processes.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why something could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The machine's own disk.
    #[error("cannot {what} {path}: {source}")]
    Disk {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder that should be empty.
    #[error("the folder {folder} is not empty: name one that is, or that is not there yet")]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// A block that a snapshot consists of is not in its Region's store.
    #[error("the block {digest} is not in the store {folder}")]
    Missing {
        /// The block.
        digest: String,
        /// The store.
        folder: PathBuf,
    },
    /// A host's processes could not be held.
    #[error("the processes of {instance} do not stop: {why}")]
    NotHeld {
        /// The host.
        instance: String,
        /// Why.
        why: String,
    },
    /// The simulator would hold itself.
    #[error("the simulator is one of the processes of {instance}: name those of the host alone")]
    Own {
        /// The host.
        instance: String,
    },
    /// There is no such process.
    #[error("there is no process {pid}, which should be one of {instance}")]
    NoProcess {
        /// The process.
        pid: i32,
        /// The host.
        instance: String,
    },
}

impl StorageError {
    /// What an error of the system is, at this place.
    pub(crate) fn at(what: &'static str, path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Disk {
            what,
            path: path.clone(),
            source,
        }
    }
}
