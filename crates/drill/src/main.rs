//! Holds drills: `drill run [SCENARIO]`.

use std::{path::PathBuf, process::ExitCode};

use aws_sdk_rds::error::DisplayErrorContext;
use clap::{Parser, Subcommand};
use drill::{
    bench,
    report::Verdict,
    scenario,
    timeline::{Timeline, colour_wanted},
    world::Trouble,
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
        /// What is lost or broken: one scenario, a family of them, or `all`.
        #[arg(default_value = "region-loss", value_parser = known)]
        scenario: String,
        /// The repository's root.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
    /// Builds the world of a drill and keeps it for calls by hand, until it is interrupted.
    Up {
        /// The repository's root.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
    /// Plays region-loss several times and prints each recovery with the medians.
    Bench {
        /// How many times.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
        runs: u8,
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
    let command = Arguments::parse().command;
    tokio::select! {
        ended = carry_out(command) => ended.unwrap_or_else(|trouble| {
            eprintln!("the drill could not be held: {}", DisplayErrorContext(trouble.as_ref()));
            ExitCode::from(2)
        }),
        signal = interrupted() => {
            eprintln!("the drill was interrupted ({signal}); everything it started is ended");
            ExitCode::from(130)
        }
    }
}

async fn carry_out(command: Command) -> Result<ExitCode, Trouble> {
    match command {
        Command::Run { scenario, root } => {
            let root = root.canonicalize()?;
            let scenarios = scenario::selection(&scenario)?;
            let [scenario] = scenarios.as_slice() else {
                let summary =
                    scenario::run_all(&scenario, &scenarios, &root, Timeline::live).await?;
                println!("{summary}");
                println!("target/drill/{scenario}/index.html leads to every report");
                return Ok(exit_code(summary.verdict()));
            };
            let report = scenario::run(*scenario, &root, Timeline::live()).await?;
            println!("{}", report.summary(colour_wanted()));
            let folder = format!("target/drill/{}", scenario.name());
            println!("{folder}/report.html shows it, {folder}/report.json holds it");
            Ok(exit_code(report.verdict))
        }
        Command::Up { root } => {
            scenario::keep(&root.canonicalize()?, Timeline::live()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Bench { runs, root } => {
            let bench = bench::region_loss(runs, &root.canonicalize()?).await?;
            println!("{bench}");
            Ok(exit_code(bench.verdict()))
        }
    }
}

/// A word that names a scenario, unchanged.
fn known(word: &str) -> Result<String, String> {
    scenario::selection(word).map(|_| word.to_owned())
}

/// A failed expectation is 1; 2 is kept for a drill that could not be held.
fn exit_code(verdict: Verdict) -> ExitCode {
    match verdict {
        Verdict::Pass => ExitCode::SUCCESS,
        Verdict::Fail => ExitCode::FAILURE,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_expectation_ends_with_another_code_than_a_drill_that_could_not_be_held() {
        assert_eq!(exit_code(Verdict::Pass), ExitCode::SUCCESS);
        assert_eq!(exit_code(Verdict::Fail), ExitCode::from(1));
    }
}
