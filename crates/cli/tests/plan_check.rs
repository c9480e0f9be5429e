//! `plan check` as it is typed: everything that it prints, and how it ends.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What is typed after `plan check`, and the exit code. What is printed stands in `tests/printed/<name>.txt`.
const TYPED: [(&str, &[&str], i32); 14] = [
    ("good", &["good.json"], 0),
    ("duplicate-key", &["duplicate-key.json"], 1),
    ("unknown-key", &["unknown-key.json"], 1),
    ("out-of-range", &["out-of-range.json"], 1),
    ("wrong-type", &["wrong-type.json"], 1),
    ("many-faults", &["many-faults.json"], 1),
    ("former-form", &["former-form.json"], 1),
    ("no-comma", &["no-comma.json"], 1),
    ("no-text", &["no-text.json"], 1),
    ("empty", &["empty.json"], 1),
    ("list", &["list.json"], 1),
    ("missing", &["missing.json"], 3),
    (
        "several",
        &[
            "good.json",
            "out-of-range.json",
            "missing.json",
            "empty.json",
        ],
        3,
    ),
    (
        "several-as-json",
        &[
            "--output",
            "json",
            "good.json",
            "many-faults.json",
            "missing.json",
        ],
        3,
    ),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

/// The tool among the plans of the tests, without a Region or credentials.
fn tool() -> Command {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_aurora-failover"));
    tool.current_dir(folder("plans")).env_clear();
    tool
}

#[test]
fn every_file_is_judged_as_its_golden_output_says() {
    for (name, files, code) in TYPED {
        let ended = tool().args(["plan", "check"]).args(files).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(ended.stdout), text(ended.stderr));
        let printed = format!("{out}--- to standard error\n{err}");
        let golden = folder("printed").join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &printed).unwrap();
        }
        assert_eq!(printed, fs::read_to_string(&golden).unwrap(), "{name}");
        assert_eq!(ended.status.code(), Some(code), "{name}");
    }
}

#[test]
fn a_plan_is_read_from_standard_input_too() {
    let mut child = tool()
        .args(["plan", "check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let plan = fs::read(folder("plans").join("good.json")).unwrap();
    child.stdin.take().unwrap().write_all(&plan).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(ended.stdout).unwrap(),
        "-: no fault in plan orders, revision 3\n"
    );
}

#[test]
fn what_is_typed_wrong_ends_with_2() {
    for words in [&["plan", "check"][..], &["dance"], &["status", "a b"]] {
        let ended = tool().args(words).output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn a_region_that_nobody_names_is_asked_for() {
    // No file of a profile, and no machine of AWS that would tell.
    let ended = tool()
        .args(["status", "orders"])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert!(err.contains("no Region is known"), "{err}");
    assert_eq!((err.lines().count(), ended.status.code()), (1, Some(2)));
}

#[test]
fn without_credentials_it_says_how_to_get_some() {
    let ended = tool()
        .args(["status", "orders", "--regions", "us-east-1"])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert!(err.contains("there are no AWS credentials"), "{err}");
    assert_eq!((err.lines().count(), ended.status.code()), (1, Some(3)));
}
