//! Sparse files: only what was written is read, copied and kept.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use rustix::{
    fs::{SeekFrom, ioctl_ficlone, seek},
    io::Errno,
};

use crate::{model::BLOCK_BYTES, storage::error::StorageError};

/// The parts of a file that hold data, as beginnings and ends.
fn extents(file: &File) -> io::Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        match seek(file, SeekFrom::Data(at)) {
            Ok(begin) => {
                let end = seek(file, SeekFrom::Hole(begin))?;
                found.push((begin, end));
                at = end;
            }
            // Nothing more.
            Err(Errno::NXIO) => return Ok(found),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The indices of the blocks that hold data.
pub(crate) fn blocks_with_data(file: &File) -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for (begin, end) in extents(file)? {
        let first = begin / BLOCK_BYTES;
        let last = end.div_ceil(BLOCK_BYTES);
        found.extend((first..last).filter_map(|index| u32::try_from(index).ok()));
    }
    found.dedup();
    Ok(found)
}

/// A block. What lies behind the end of the file is zeros.
pub(crate) fn read_block(file: &File, index: u32) -> io::Result<Vec<u8>> {
    let length = usize::try_from(BLOCK_BYTES).unwrap_or(usize::MAX);
    let mut block = vec![0; length];
    let offset = u64::from(index) * BLOCK_BYTES;
    let mut filled = 0;
    while filled < length {
        let at = offset + u64::try_from(filled).unwrap_or(u64::MAX);
        match file.read_at(&mut block[filled..], at)? {
            0 => break,
            more => filled += more,
        }
    }
    Ok(block)
}

/// Copies a file as it is: at once where the file system can, else what holds data.
pub(crate) fn copy(path: &Path, from: &File, target: &Path) -> Result<(), StorageError> {
    let failed = StorageError::at("copy", path);
    let to = File::create_new(target).map_err(StorageError::at("make", target))?;
    if ioctl_ficlone(&to, from).is_ok() {
        return Ok(());
    }
    let length = from.metadata().map_err(&failed)?.len();
    to.set_len(length).map_err(&failed)?;
    let block = usize::try_from(BLOCK_BYTES).unwrap_or(usize::MAX);
    let mut buffer = vec![0; block];
    for (begin, end) in extents(from).map_err(&failed)? {
        let mut at = begin;
        while at < end {
            let left = usize::try_from(end - at).unwrap_or(block).min(block);
            let read = from.read_at(&mut buffer[..left], at).map_err(&failed)?;
            if read == 0 {
                break;
            }
            to.write_all_at(&buffer[..read], at).map_err(&failed)?;
            at += u64::try_from(read).unwrap_or(u64::MAX);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_found_and_all_of_it_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("a"), folder.path().join("b"));
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        file.set_len(64 * BLOCK_BYTES).unwrap();
        file.write_all_at(b"first", 3).unwrap();
        file.write_all_at(b"across", 9 * BLOCK_BYTES - 3).unwrap();
        file.write_all_at(b"last", 64 * BLOCK_BYTES - 4).unwrap();
        assert_eq!(blocks_with_data(&file).unwrap(), [0, 8, 9, 63]);

        copy(&path, &file, &target).unwrap();
        let copied = File::open(&target).unwrap();
        for index in 0..64 {
            assert_eq!(
                read_block(&copied, index).unwrap(),
                read_block(&file, index).unwrap()
            );
        }
        assert_eq!(blocks_with_data(&copied).unwrap(), [0, 8, 9, 63]);
    }

    #[test]
    fn a_file_that_ends_early_ends_in_zeros() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"short").unwrap();
        let block = read_block(&File::open(&path).unwrap(), 0).unwrap();
        assert_eq!(block.len(), 512 * 1024);
        assert!(block.starts_with(b"short\0"));
    }
}
