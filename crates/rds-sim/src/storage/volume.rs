//! Folders and files of databases: copied, removed, written.

use std::path::Path;

use crate::storage::StorageError;

/// Copies a folder with all that is in it.
pub(crate) async fn copy(from: &Path, to: &Path) -> Result<(), StorageError> {
    let doing = format!("copying {} to {}", from.display(), to.display());
    let (from, to) = (from.to_owned(), to.to_owned());
    let copied = tokio::task::spawn_blocking(move || copy_folder(&from, &to)).await;
    copied
        .map_err(|error| StorageError::Failed(format!("{doing}: {error}")))?
        .map_err(StorageError::io(doing))
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// Removes a folder, if it is there.
pub(crate) async fn remove(folder: &Path) -> Result<(), StorageError> {
    gone(tokio::fs::remove_dir_all(folder).await, folder)
}

/// Removes a file, if it is there.
pub(crate) async fn remove_file(file: &Path) -> Result<(), StorageError> {
    gone(tokio::fs::remove_file(file).await, file)
}

fn gone(removed: std::io::Result<()>, what: &Path) -> Result<(), StorageError> {
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StorageError::io(
            format!("removing {}", what.display()),
        )(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a file.
pub(crate) async fn write(path: &Path, text: &str) -> Result<(), StorageError> {
    tokio::fs::write(path, text)
        .await
        .map_err(StorageError::io(format!("writing {}", path.display())))
}
