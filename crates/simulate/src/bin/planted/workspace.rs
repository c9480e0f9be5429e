//! The copy of the product that bugs are planted in: the crates that the simulation needs, and none of AWS's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use simulate::planted::{Caught, Planted};

/// The crates that are copied.
const CRATES: [&str; 5] = [
    "crates/failover",
    "crates/machines",
    "crates/simulate",
    "crates/steps",
    "crates/topologies/aurora-global",
];
/// How the copy is built: soon, and fast enough to play.
const PROFILE: &str = "\n[profile.planted]\ninherits = \"dev\"\ndebug = false\nincremental = true\nopt-level = 0\n\n[profile.planted.package.\"*\"]\nopt-level = 2\n";

/// The copy.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Copies what is needed. What is the same already stays, so that it is not built again.
    pub(crate) fn copy(root: &Path) -> Result<Self, String> {
        let to = root.join("target/planted");
        for name in CRATES {
            copy(&root.join(name), &to.join(name))?;
        }
        for name in ["Cargo.lock", "rust-toolchain.toml"] {
            copy(&root.join(name), &to.join(name))?;
        }
        let manifest = read(&root.join("Cargo.toml"))?;
        let members = manifest.lines().map(|line| {
            if line.starts_with("members = ") {
                MEMBERS
            } else {
                line
            }
        });
        let manifest = members.collect::<Vec<_>>().join("\n") + PROFILE;
        write(&to.join("Cargo.toml"), &manifest)?;
        for name in WITH_AWS {
            let manifest = without_aws(&read(&root.join(name))?);
            write(&to.join(name), &manifest)?;
        }
        let root = fs::canonicalize(&to).map_err(|why| format!("{}: {why}", to.display()))?;
        Ok(Self { root })
    }

    /// Builds it.
    pub(crate) fn build(&self) -> Result<(), String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", "target")
            // What a bug leaves unused is of no interest.
            .env("RUSTFLAGS", "-Awarnings")
            .args(["build", "--quiet", "--offline", "--profile", "planted"])
            .args(["--package", "simulate", "--bin", "planted"])
            .status();
        match built {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err("it does not build".into()),
            Err(why) => Err(format!("cargo cannot be started: {why}")),
        }
    }

    /// Puts a bug in; the source as it was before.
    pub(crate) fn plant(&self, bug: &Planted) -> Result<String, String> {
        let file = self.root.join(&bug.file);
        let before = read(&file)?;
        write(&file, &bug.put_into(&before)?)?;
        Ok(before)
    }

    /// Takes it out again.
    pub(crate) fn restore(&self, bug: &Planted, before: &str) -> Result<(), String> {
        write(&self.root.join(&bug.file), before)
    }

    /// What was found of a bug, where it is listed as it was then.
    pub(crate) fn known(&self, bug: &Planted) -> Option<Option<Caught>> {
        let text = read(&self.found(bug)).ok()?;
        let (listed, caught): (Planted, _) = serde_json::from_str(&text).ok()?;
        (listed == *bug).then_some(caught)
    }

    /// Keeps what was found of a bug.
    pub(crate) fn keep(&self, bug: &Planted, caught: &Option<Caught>) -> Result<(), String> {
        let text = serde_json::to_string_pretty(&(bug, caught));
        write(&self.found(bug), &text.map_err(|why| why.to_string())?)
    }

    fn found(&self, bug: &Planted) -> PathBuf {
        self.root.join("found").join(format!("{}.json", bug.id))
    }

    /// Plays its cases until one breaks a rule.
    pub(crate) fn play(&self, bug: &Planted, first: usize) -> Result<Option<Caught>, String> {
        let played = Command::new(self.root.join("target/planted/planted"))
            .current_dir(&self.root)
            .args(["play", &bug.id, &first.to_string()])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|why| why.to_string())?;
        serde_json::from_slice(&played.stdout)
            .map_err(|why| format!("what it played is not understood: {why}"))
    }
}

/// The members of the copy.
const MEMBERS: &str = "members = [\"crates/*\", \"crates/topologies/*\"]";

/// The manifests that name what only the adapter needs.
const WITH_AWS: [&str; 2] = [
    "crates/simulate/Cargo.toml",
    "crates/topologies/aurora-global/Cargo.toml",
];

/// A manifest without what only the adapter needs, and without the feature that asks for it.
fn without_aws(manifest: &str) -> String {
    let mut kept = Vec::new();
    let mut is_dropped = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_dropped = ["[features]", "[dev-dependencies]", "[[test]]"].contains(&line);
        }
        let is_of_the_adapter = line.starts_with("aws") || line.contains("optional = true");
        if !is_dropped && !is_of_the_adapter {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|why| format!("{}: {why}", file.display()))
}

/// Writes a file where it is another one.
fn write(file: &Path, text: &str) -> Result<(), String> {
    if read(file).is_ok_and(|known| known == text) {
        return Ok(());
    }
    let said = |why: std::io::Error| format!("{}: {why}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(said)?;
    }
    fs::write(file, text).map_err(said)
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    if !from.is_dir() {
        // Those are written by themselves.
        if WITH_AWS.iter().any(|manifest| to.ends_with(manifest)) {
            return Ok(());
        }
        return write(to, &read(from)?);
    }
    let said = |why: std::io::Error| format!("{}: {why}", from.display());
    let mut known = Vec::new();
    for entry in fs::read_dir(from).map_err(said)? {
        let name = entry.map_err(said)?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
        known.push(name);
    }
    // What was taken away in the product is none of the copy's either.
    for entry in fs::read_dir(to).map_err(said)? {
        let name = entry.map_err(said)?.file_name();
        let gone = to.join(&name);
        if !known.contains(&name) && gone.is_file() {
            fs::remove_file(gone).map_err(said)?;
        }
    }
    Ok(())
}
