//! The functions, as the repository's `crates/functions` lists them.

use std::{fs, path::Path};

use serde::Deserialize;
use serde_json::Value;

use crate::world::Trouble;

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name, which is its folder's.
    pub name: String,
    /// An event that makes it read the plan and the ledger.
    pub first_event: Value,
}

/// What a function's `function.json` says for drills.
#[derive(Deserialize)]
struct Said {
    first_event: Value,
}

/// Every function, in alphabetical order.
///
/// # Errors
/// When the folder or a function's `function.json` cannot be read.
pub fn all(root: &Path) -> Result<Vec<Function>, Trouble> {
    let folder = root.join("crates/functions");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|why| format!("{}: {why}", folder.display()))? {
        let entry = entry?;
        let file = entry.path().join("function.json");
        if !file.is_file() {
            continue;
        }
        let unreadable = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        let text = fs::read_to_string(&file).map_err(|why| unreadable(&why))?;
        let said: Said = serde_json::from_str(&text).map_err(|why| unreadable(&why))?;
        found.push(Function {
            name: entry.file_name().to_string_lossy().into_owned(),
            first_event: said.first_event,
        });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}
