//! Runs the simulator until it is interrupted.
#![allow(
    clippy::disallowed_methods,
    reason = "a test and drill tool: it keeps time and waits by itself"
)]

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use rds_sim::{Durations, Simulator, SimulatorConfig, StorageConfig};
use tokio::signal::unix::{SignalKind, signal};

/// RDS's control plane for Aurora global databases and instances with read replicas, on this machine.
///
/// It prints its address and answers until it is interrupted. boto3 and the AWS CLI drive it unmodified; the Region is taken
/// from the request's signature, so one address serves all of them.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLE)]
struct Arguments {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The folder of PostgreSQL's programs; without it there are no databases, only the control plane.
    #[arg(long, env = "RDS_SIM_PG_BIN", requires = "data")]
    postgres: Option<PathBuf>,
    /// The folder into which MariaDB's packages were unpacked; without it no instance can have that engine.
    #[arg(long, requires = "postgres")]
    mariadb: Option<PathBuf>,
    /// A folder for the databases.
    #[arg(long)]
    data: Option<PathBuf>,
    /// How long transitions last, in milliseconds, as JSON, e.g. '{"promote_ms": 30000}'; the others keep their defaults.
    #[arg(long, value_parser = durations, default_value = "{}")]
    durations: Durations,
}

const EXAMPLE: &str = "\
Example:
  cargo run -p rds-sim -- --listen 127.0.0.1:8015 &
  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
  aws rds create-global-cluster --endpoint-url http://127.0.0.1:8015 --region us-west-2 \
    --global-cluster-identifier orders-global-1 --engine aurora-postgresql
  aws rds describe-global-clusters --endpoint-url http://127.0.0.1:8015 --region us-east-1

Write --endpoint-url in every command: in us-east-1 version 1 of the AWS CLI does not read AWS_ENDPOINT_URL for RDS, and
would ask AWS itself.

With boto3: boto3.client('rds', region_name='us-west-2', endpoint_url='http://127.0.0.1:8015')";

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
            eprintln!("rds-sim: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}

fn durations(text: &str) -> Result<Durations, String> {
    serde_json::from_str(text).map_err(|why| why.to_string())
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let storage = match (arguments.postgres, arguments.data) {
        (Some(postgres), Some(data)) => StorageConfig::Servers {
            postgres,
            mariadb: arguments.mariadb,
            data,
        },
        (_, _) => StorageConfig::Memory,
    };
    let config = SimulatorConfig {
        listen: arguments.listen,
        durations: arguments.durations,
        storage,
        ..SimulatorConfig::default()
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
    simulator.stop().await;
    Ok(())
}
