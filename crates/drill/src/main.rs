//! Holds a drill: `drill run [SCENARIO]`.

use std::{path::PathBuf, process::ExitCode};

use aws_sdk_rds::error::DisplayErrorContext;
use clap::{Parser, Subcommand};
use drill::{
    report::Verdict,
    scenario::{self, Scenario},
    timeline::{Timeline, colour_wanted},
};
use tokio::signal::unix::{SignalKind, signal};

/// Loses a Region on this machine and proves that the database comes back.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays a scenario; ends with 0 when everything came out as expected, 1 when not, 2 when it could not be played.
    Run {
        /// What is lost or broken.
        #[arg(default_value = "region-loss")]
        scenario: Scenario,
        /// The repository's root.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let Command::Run { scenario, root } = Arguments::parse().command;
    let played = async {
        let root = root.canonicalize()?;
        scenario::run(scenario, &root, Timeline::live()).await
    };
    tokio::select! {
        played = played => match played {
            Ok(report) => {
                println!("{}", report.summary(colour_wanted()));
                if report.verdict == Verdict::Pass { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(trouble) => {
                eprintln!("the drill could not be held: {}", DisplayErrorContext(trouble.as_ref()));
                ExitCode::from(2)
            }
        },
        signal = interrupted() => {
            eprintln!("the drill was interrupted ({signal}); everything it started is ended");
            ExitCode::from(130)
        }
    }
}

/// Waits for SIGINT or SIGTERM.
async fn interrupted() -> &'static str {
    let wait = async |kind: SignalKind| match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => "SIGINT",
        () = wait(SignalKind::terminate()) => "SIGTERM",
    }
}
