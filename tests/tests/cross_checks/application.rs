//! `examples/application/`: the program on real PostgreSQL.

use std::process::Command;

use tests::repository;

use crate::deploying::said;

const FOLDER: &str = "examples/application";

#[test]
fn writes_go_on_when_the_server_dies_and_another_one_stands_behind_the_same_name() {
    let root = repository::root();
    let output = Command::new(root.join(".tools/venv/bin/python"))
        .arg("-B")
        .arg(root.join("tests/tests/cross_checks/application/acceptance.py"))
        .arg(root.join(FOLDER))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", said(&output));
    assert!(text.ends_with("accepted\n"), "{text}");
}
