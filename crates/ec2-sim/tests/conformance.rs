//! boto3 and the AWS CLI, unmodified, against the simulator: `conformance.py` says what must come out.

use std::{path::Path, process::Command};

use ec2_sim::{
    Simulator, SimulatorConfig,
    model::{Durations, Limits},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_and_the_aws_cli_find_the_ec2_that_they_know() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let programs = root.join("../../.tools/venv/bin");
    let python = programs.join("python");
    assert!(
        python.is_file(),
        "{} is missing: run `make setup`",
        python.display()
    );
    let folder = tempfile::tempdir().unwrap();
    let config = SimulatorConfig {
        durations: Durations {
            start_ms: 200,
            stop_ms: 200,
            status_checks_ms: 200,
            ..Durations::default()
        },
        limits: Limits {
            snapshot_spacing_ms: 0,
            ..Limits::default()
        },
        ..SimulatorConfig::new(folder.path().join("data"))
    };
    let simulator = Simulator::start(config).await.unwrap();
    let mut command = Command::new(python);
    command
        .arg(root.join("tests/conformance.py"))
        .arg(format!("http://{}", simulator.address()))
        .arg(programs.join("aws"))
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{why}");
    assert!(text.contains("understood by boto3"), "{text}");
}
