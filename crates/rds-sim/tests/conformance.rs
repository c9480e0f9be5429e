//! boto3 and the AWS CLI, unmodified, against the simulator: `conformance.py` says what must come out.

mod support;

use std::path::Path;

use rds_sim::{Durations, Simulator, SimulatorConfig};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_and_the_aws_cli_find_the_rds_that_they_know() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let programs = root.join("../../.tools/venv/bin");
    let python = programs.join("python");
    assert!(
        python.is_file(),
        "{} is missing: run `make setup`",
        python.display()
    );
    // Long enough that what is only seen on the way is seen, also by a slow machine.
    let durations = Durations {
        create_cluster_ms: 400,
        promote_ms: 1_500,
        switchover_ms: 600,
        managed_failover_ms: 600,
        delete_ms: 600,
        endpoint_ms: 400,
        failover_cluster_ms: 400,
        modify_ms: 300,
        ..support::quick()
    };
    let simulator = Simulator::start(SimulatorConfig {
        durations,
        ..SimulatorConfig::default()
    })
    .await
    .unwrap();
    let output = Command::new(python)
        .arg(root.join("tests/conformance.py"))
        .arg(format!("http://{}", simulator.address()))
        .arg(programs.join("aws"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    simulator.stop().await;
    let text = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{why}");
    assert!(text.contains("command_line"), "{text}");
}
