//! What one volume has that another one has not, counted in blocks as a disk's snapshots are.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use crate::storage::StorageError;

/// A disk's snapshots keep blocks of this size.
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-accessing-snapshot.html>.
const BLOCK: u64 = 512 * 1_024;

/// The bytes of a folder's files in blocks that those of an earlier one do not have; all of them without an earlier one.
pub(crate) async fn count(folder: &Path, since: Option<&Path>) -> Result<u64, StorageError> {
    let doing = format!("counting the blocks of {}", folder.display());
    let (folder, since) = (folder.to_owned(), since.map(Path::to_owned));
    let counted = tokio::task::spawn_blocking(move || in_folder(&folder, since)).await;
    counted
        .map_err(|error| StorageError::Failed(format!("{doing}: {error}")))?
        .map_err(StorageError::io(doing))
}

fn in_folder(folder: &Path, since: Option<PathBuf>) -> std::io::Result<u64> {
    let mut bytes = 0_u64;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let before = since.as_ref().map(|since| since.join(entry.file_name()));
        let more = if entry.file_type()?.is_dir() {
            in_folder(&entry.path(), before)?
        } else {
            in_file(&entry.path(), before.filter(|file| file.is_file()))?
        };
        bytes = bytes.saturating_add(more);
    }
    Ok(bytes)
}

fn in_file(file: &Path, since: Option<PathBuf>) -> std::io::Result<u64> {
    let mut file = File::open(file)?;
    let mut since = since.map(File::open).transpose()?;
    let mut bytes = 0_u64;
    // Ends: a file that is copied grows no more.
    loop {
        let block = next_block(&mut file)?;
        if block.is_empty() {
            return Ok(bytes);
        }
        let before = since.as_mut().map(next_block).transpose()?;
        if before.as_ref() != Some(&block) {
            bytes = bytes.saturating_add(u64::try_from(block.len()).unwrap_or(BLOCK));
        }
    }
}

fn next_block(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut block = Vec::new();
    file.take(BLOCK).read_to_end(&mut block)?;
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
        folder
    }

    #[tokio::test]
    async fn without_an_earlier_one_every_byte_counts_and_with_it_the_blocks_that_differ() {
        let block = 512 * 1_024;
        let before = written(&[("base/1", vec![1; 3 * block]), ("same", vec![7; 10])]);
        let mut changed = vec![1; 3 * block];
        changed[block + 5] = 2;
        let after = written(&[
            ("base/1", changed),
            ("same", vec![7; 10]),
            ("base/2", vec![3; 100]),
        ]);
        let all = count(after.path(), None).await.unwrap();
        assert_eq!(all, 3 * 524_288 + 10 + 100);
        let since = count(after.path(), Some(before.path())).await.unwrap();
        assert_eq!(since, 524_288 + 100, "one block, and the new file");
        assert_eq!(count(after.path(), Some(after.path())).await.unwrap(), 0);
        let gone = before.path().join("nothing");
        assert_eq!(count(after.path(), Some(&gone)).await.unwrap(), all);
    }
}
