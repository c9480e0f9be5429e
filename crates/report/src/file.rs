//! Writes the report's two files so that a reader sees either the old or the whole new one.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Report, html};

/// Why the report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The report could not be turned into JSON.
    #[error("the report as JSON")]
    Json(#[from] serde_json::Error),
    /// A file could not be written.
    #[error("writing {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// Writes `report.json` and `report.html` into `folder`, which is created when missing; returns both paths.
///
/// # Errors
/// When a file cannot be written.
pub fn write(report: &Report, folder: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let json = serde_json::to_string_pretty(report)? + "\n";
    let page = html::render(report);
    let paths = (folder.join("report.json"), folder.join("report.html"));
    replace(&paths.0, json.as_bytes())?;
    replace(&paths.1, page.as_bytes())?;
    Ok(paths)
}

/// Writes a page into a file, in place of what stood there.
///
/// # Errors
/// When the file cannot be written.
pub fn write_page(page: &str, file: &Path) -> Result<(), Error> {
    replace(file, page.as_bytes())
}

fn replace(path: &Path, content: &[u8]) -> Result<(), Error> {
    let part = path.with_added_extension("part");
    let written = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = fs::File::create(&part)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    written().map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::region_loss;

    #[test]
    fn both_files_are_there_whole_and_no_part_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("drill/region-loss");
        fs::create_dir_all(&target).unwrap();
        fs::write(
            target.join("report.json"),
            "an older and much longer report".repeat(9_999),
        )
        .unwrap();
        let report = region_loss();
        let (json, html) = write(&report, &target).unwrap();
        let read: Report = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
        assert_eq!(read, report);
        assert!(fs::read_to_string(html).unwrap().ends_with("</html>"));
        assert_eq!(fs::read_dir(&target).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_in_the_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("in-the-way");
        fs::write(&file, "").unwrap();
        let error = write(&region_loss(), &file).unwrap_err();
        assert!(error.to_string().contains("in-the-way"), "{error}");
    }
}
