//! Runs the simulator until it is interrupted.
#![allow(
    clippy::disallowed_methods,
    reason = "a test and drill tool: it keeps time and waits by itself"
)]

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use aurora_sim::{Durations, Simulator, SimulatorConfig, StorageConfig};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

/// RDS's control plane for Aurora global databases, on this machine.
///
/// Point a client at it with AWS_ENDPOINT_URL_RDS; the Region is taken from the request's signature.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The folder of PostgreSQL's programs; without it there are no databases, only the control plane.
    #[arg(long, env = "AURORA_SIM_PG_BIN", requires = "data")]
    postgres: Option<PathBuf>,
    /// A folder for the databases.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Milliseconds that a detached cluster is promoting.
    #[arg(long, default_value_t = Durations::default().promote_ms)]
    promote_ms: u64,
}

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
            eprintln!("aurora-sim: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let storage = match (arguments.postgres, arguments.data) {
        (Some(binaries), Some(data)) => StorageConfig::Postgres { binaries, data },
        (_, _) => StorageConfig::Memory,
    };
    let durations = Durations {
        promote_ms: arguments.promote_ms,
        ..Durations::default()
    };
    let config = SimulatorConfig {
        listen: arguments.listen,
        durations,
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
