//! The repository's files and packages.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Its root.
pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.canonicalize().unwrap()
}

/// A file's text, by its path from the root.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// Every Rust file below a folder, by its path from the root, in alphabetical order; never none.
pub fn sources(folder: &str) -> Vec<String> {
    files(folder, "rs")
}

/// Every Markdown file below a folder, likewise.
pub fn documents(folder: &str) -> Vec<String> {
    files(folder, "md")
}

/// Every Markdown file at the root itself, likewise.
pub fn documents_at_the_root() -> Vec<String> {
    let entries = fs::read_dir(root()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<_> = names.filter(|name| name.ends_with(".md")).collect();
    assert!(!found.is_empty(), "the root holds no document");
    found.sort();
    found
}

/// Every name that a function of the repository's Rust and Python has, those of its tests among them.
pub fn test_names() -> BTreeSet<String> {
    let rust = ["crates", "tests"].into_iter().flat_map(sources);
    let python = ["ec2-sim", "rds-sim"].map(|name| format!("crates/{name}/tests/conformance.py"));
    let mut names = BTreeSet::new();
    for file in rust.chain(python) {
        for line in text(&file).lines() {
            let line = line.trim_start();
            let line = line.strip_prefix("async ").unwrap_or(line);
            let after = line.strip_prefix("fn ").or(line.strip_prefix("def "));
            if let Some((name, _)) = after.and_then(|rest| rest.split_once('(')) {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// Every file below a folder whose name ends so, by its path from the root, in alphabetical order; never none.
pub fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|why| panic!("{folder:?}: {why}")) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == ending)
            {
                let path = path.strip_prefix(root()).unwrap();
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds no .{ending} file");
    found.sort();
    found
}

/// The folder of the functions: what lies here is a function, and there is no other list of them.
pub const FUNCTIONS: &str = "crates/functions/";

/// One crate of the workspace.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, as a path from the root.
    pub folder: String,
    /// What it needs to run: neither what its tests nor what its build needs.
    pub dependencies: Vec<String>,
}

impl Package {
    /// Whether it is a Lambda function.
    pub fn is_function(&self) -> bool {
        self.folder.starts_with(FUNCTIONS)
    }

    /// What a function's folder says of it beyond its code.
    pub fn said(&self) -> Value {
        serde_json::from_str(&text(&format!("{}/function.json", self.folder))).unwrap()
    }

    /// Whether it depends on a crate.
    pub fn needs(&self, name: &str) -> bool {
        self.dependencies.iter().any(|needed| needed == name)
    }

    /// Its name as Rust's modules have it: `dns_flip`.
    pub fn module(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Its name as states and logical ids have it: `DnsFlip`.
    pub fn pascal(&self) -> String {
        let word = |word: &str| word[..1].to_uppercase() + &word[1..];
        self.name.split('-').map(word).collect()
    }
}

/// Every crate of the workspace.
pub fn packages() -> Vec<Package> {
    let answer = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(answer.status.success(), "cargo metadata: {answer:?}");
    let metadata: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let folder = |package: &Value| {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let folder = manifest.parent().unwrap().strip_prefix(root()).unwrap();
        folder.to_str().unwrap().to_owned()
    };
    let package = |package: &Value| Package {
        name: package["name"].as_str().unwrap().to_owned(),
        folder: folder(package),
        dependencies: package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
            .collect(),
    };
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(package)
        .collect()
}

/// The crates that are Lambda functions; never none.
pub fn functions() -> Vec<Package> {
    let found: Vec<_> = packages()
        .into_iter()
        .filter(Package::is_function)
        .collect();
    assert!(!found.is_empty(), "the workspace has no Lambda function");
    found
}
