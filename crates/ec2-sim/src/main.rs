//! Runs the simulator until it is interrupted.
#![allow(
    clippy::disallowed_methods,
    reason = "a test and drill tool: it keeps time and waits by itself"
)]

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use ec2_sim::{
    Simulator, SimulatorConfig,
    model::{Durations, Limits},
};
use tokio::signal::unix::{SignalKind, signal};

/// EC2's hosts, volumes, snapshots and copies between Regions, on this machine.
///
/// It prints its address and answers until it is interrupted. boto3 and the AWS CLI drive it unmodified. The Region is taken
/// from the request's signature, so one address serves all of them.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLE)]
struct Arguments {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// An empty folder for volumes and snapshots.
    #[arg(long)]
    data: PathBuf,
    /// How long transitions last, as JSON, e.g. '{"start_ms": 30000}'. The others keep their defaults.
    #[arg(long, value_parser = durations, default_value = "{}")]
    durations: Durations,
    /// How much of something there may be, as JSON, e.g. '{"copies_at_once": 2}'. The others keep their defaults.
    #[arg(long, value_parser = limits, default_value = "{}")]
    limits: Limits,
}

const EXAMPLE: &str = "\
Example:
  cargo run -p ec2-sim -- --listen 127.0.0.1:8016 --data /tmp/ec2 &
  curl http://127.0.0.1:8016/_control -d '{\"do\": \"plant_subnet\", \"subnet\":
    {\"id\": \"subnet-1\", \"vpc\": \"vpc-1\", \"zone\": \"us-west-2a\"}}'
  curl http://127.0.0.1:8016/_control -d '{\"do\": \"plant_host\", \"host\":
    {\"subnet\": \"subnet-1\", \"disks\": [{\"device\": \"/dev/xvda\", \"size_gib\": 8}]}}'
  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
  aws ec2 describe-instances --endpoint-url http://127.0.0.1:8016 --region us-west-2";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error
                .source()
                .map(|source| format!(": {source}"))
                .unwrap_or_default();
            eprintln!("ec2-sim: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}

fn durations(text: &str) -> Result<Durations, String> {
    serde_json::from_str(text).map_err(|why| why.to_string())
}

fn limits(text: &str) -> Result<Limits, String> {
    serde_json::from_str(text).map_err(|why| why.to_string())
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let config = SimulatorConfig {
        listen: arguments.listen,
        durations: arguments.durations,
        limits: arguments.limits,
        ..SimulatorConfig::new(arguments.data)
    };
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let simulator = Simulator::start(config).await?;
    println!("http://{}", simulator.address());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
