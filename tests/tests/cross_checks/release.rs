//! What a release page carries, put together from a small repository of a test.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use tests::repository::text;

/// A stand-in for cargo-cyclonedx: a bill for each program, with a clock's time, a number of its own and the folder it ran in.
const BILLS: &str = r#"#!/bin/sh
for name in dns-flip aurora-failover; do
  echo "{\"metadata\": {\"timestamp\": \"$(date +%N)\"}, \"serialNumber\": \"$$\", \"components\": [\"$PWD\"]}" > "${name}_bin.cdx.json"
done
"#;

fn run(folder: &Path, program: &str, words: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(words).current_dir(folder).output().unwrap()
}

fn git(folder: &Path, words: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    let done = run(folder, "git", &[&who[..], words].concat());
    assert!(done.status.success(), "{done:?}");
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Every file of a folder with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_release_page_is_the_same_bytes_twice_and_is_made_of_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let tree = folder.join("tree");
    write(
        &tree.join("tools/release.py"),
        &text("tools/release.py"),
        0o755,
    );
    write(
        &tree.join("cloudformation/runs.yaml"),
        "Resources: {}\n",
        0o644,
    );
    write(&tree.join("LICENSE"), "Apache-2.0\n", 0o644);
    git(&tree, &["init", "--quiet"]);
    git(&tree, &["add", "--all"]);
    git(&tree, &["commit", "--quiet", "--message", "first"]);
    write(&folder.join("packages/dns-flip.zip"), "packed", 0o644);
    write(&folder.join("aurora-failover"), "the tool", 0o755);
    write(&folder.join("cyclonedx"), BILLS, 0o755);
    let make = |page: &str| {
        let words = [
            "tree/tools/release.py",
            "packages",
            "aurora-failover",
            "cyclonedx",
            page,
        ];
        run(folder, "python3", &words)
    };
    let made = make("first");
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(said.starts_with("6 files, "), "{said} {:?}", made.stderr);
    assert!(make("second").status.success());
    let (first, second) = (files(&folder.join("first")), files(&folder.join("second")));
    assert_eq!(first, second);
    let named: Vec<_> = first.iter().map(|(name, _)| name.as_str()).collect();
    let archive = named[2].to_owned();
    assert!(
        archive.starts_with("aurora-failover-") && archive.ends_with(".tar.gz"),
        "{named:?}"
    );
    let before = ["SHA256SUMS", "aurora-failover", &archive];
    let behind = [
        "aurora-failover.cdx.json",
        "dns-flip.cdx.json",
        "dns-flip.zip",
    ];
    assert_eq!(named, [before, behind].concat());
    let checked = run(
        &folder.join("first"),
        "sha256sum",
        &["--check", "SHA256SUMS"],
    );
    assert!(checked.status.success(), "{checked:?}");
    let packed = run(
        &folder.join("first"),
        "tar",
        &["--list", "--file", &archive],
    );
    assert_eq!(packed.stdout, b"LICENSE\ncloudformation/runs.yaml\n");
    write(&tree.join("LICENSE"), "changed\n", 0o644);
    let refused = make("third");
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(
        why.contains("this tree has changes: M LICENSE; commit or remove them"),
        "{why}"
    );
    assert!(!folder.join("third").exists());
}
