//! boto3, unmodified, against the emulator's DynamoDB: `conformance.py` says what must come out.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::path::Path;

use testbed::emulator::{Emulator, EmulatorConfig};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_finds_tables_that_take_their_time_and_are_restored_in_another_region() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.join("../..").canonicalize().unwrap();
    let folder = tempfile::tempdir_in(root.join("target")).unwrap();
    let config = EmulatorConfig {
        root: root.clone(),
        folder: folder.path().to_owned(),
    };
    let emulator = Emulator::start(&config).await.unwrap();
    let output = Command::new(root.join(".tools/venv/bin/python"))
        .arg("-B")
        .arg(here.join("tests/tables_come_home/conformance.py"))
        .arg(format!("http://{}", emulator.address()))
        .arg(folder.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    emulator.stop().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{why}");
    assert!(text.contains("are as boto3 expects them"), "{text}");
}
