//! A place to hold a drill in: the repository's parts that a drill needs, apart from those of any other drill.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use crate::repository;

/// What a drill reads, copied so that a test may change it and a stray file is noticed.
const COPIED: [&str; 4] = [
    "cloudformation",
    "crates/functions",
    "statemachine",
    "tools",
];

/// A copy of the repository in `target/drill-tests`, which stays behind to be looked at until the next test.
#[derive(Debug)]
pub struct World {
    root: PathBuf,
    /// Held as long as this lives: two tests in one place would take each other's files.
    _held: File,
}

impl World {
    /// Makes it anew.
    pub fn new(name: &str) -> Self {
        let repository = repository::root();
        let programs = repository.join("target/release");
        let functions = repository::functions().into_iter();
        for program in functions
            .map(|function| function.name)
            .chain(["drill".to_owned()])
        {
            let path = programs.join(program);
            assert!(
                path.is_file(),
                "{} is missing: run `make build`",
                path.display()
            );
        }
        let tools = repository.join(".tools/venv/.installed");
        assert!(
            tools.is_file(),
            "{} is missing: run `make setup`",
            tools.display()
        );
        let root = repository.join("target/drill-tests").join(name);
        fs::create_dir_all(root.parent().unwrap()).unwrap();
        let held = File::create(root.with_added_extension("lock")).unwrap();
        held.lock().unwrap();
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        for folder in ["target", "home", "tmp", "workplace"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        symlink(&programs, root.join("target/release")).unwrap();
        symlink(repository.join(".tools"), root.join(".tools")).unwrap();
        for folder in COPIED {
            copy(&repository.join(folder), &root.join(folder));
        }
        Self { root, _held: held }
    }

    /// Its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a scenario's files go.
    pub fn folder(&self, scenario: &str) -> PathBuf {
        self.root.join("target/drill").join(scenario)
    }

    /// The drill's command for a scenario.
    pub fn drill(&self, scenario: &str) -> Command {
        self.program(&["run", scenario])
    }

    /// The drill's program with some words. It ends with the test, whatever ends that.
    pub fn program(&self, words: &[&str]) -> Command {
        let program = self.root.join("target/release/drill");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(program);
        command
            .args(words)
            .arg("--root")
            .arg(&self.root)
            .current_dir(self.root.join("workplace"))
            .env("HOME", self.root.join("home"))
            .env("TMPDIR", self.root.join("tmp"));
        command
    }

    /// Every file outside `target` that was not there at first, a drill's home and temporary folder included.
    pub fn strays(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for folder in ["home", "tmp", "workplace"] {
            found.extend(files(&self.root.join(folder)));
        }
        let repository = repository::root();
        for folder in COPIED {
            let copied = self.root.join(folder);
            let is_new = |path: &PathBuf| {
                let original = repository
                    .join(folder)
                    .join(path.strip_prefix(&copied).unwrap());
                !original.exists()
            };
            found.extend(files(&copied).into_iter().filter(is_new));
        }
        let known = ["target", "home", "tmp", "workplace", ".tools"];
        let known: Vec<_> = known.into_iter().chain(COPIED).collect();
        let entries = fs::read_dir(&self.root).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        let is_new = |name: &String| !known.iter().any(|path| Path::new(path).starts_with(name));
        found.extend(names.filter(is_new).map(|name| self.root.join(name)));
        found
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in files(from) {
        let to = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, to).unwrap();
    }
}

/// Every file and every link below a folder; Python's byte code and installed modules are ignored as git does.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|why| panic!("{folder:?}: {why}")) {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == "__pycache__" || name == "node_modules" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}
