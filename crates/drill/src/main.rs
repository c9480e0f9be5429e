//! Holds drills: `drill run [SCENARIO]`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use aws_sdk_rds::error::DisplayErrorContext;
use clap::{Parser, Subcommand};
use drill::{
    bench,
    report::Verdict,
    scenario, scenarios,
    timeline::{Timeline, colour_wanted},
    world::Trouble,
};
use failover::installation;
use tokio::signal::unix::{SignalKind, signal};

/// Loses a Region on this machine and proves that the database comes back.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays a scenario; ends with 0 when everything came out as expected, 1 when not, 2 when it could not be played, 3 when it is
    /// left out, because this machine lacks what it needs.
    Run {
        /// What is lost or broken: one scenario, a family of them, or `all`.
        #[arg(default_value = "region-loss", value_parser = known)]
        scenario: String,
        /// What the names of everything that is deployed begin with.
        #[arg(long, default_value = installation::PREFIX, value_parser = installation::read)]
        prefix: String,
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
    /// Loses a Region of the kept world: its databases, endpoints, roads and functions.
    Lose {
        /// The Region, such as us-west-2.
        region: Option<String>,
        /// The repository's root.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
    /// Gives a lost Region of the kept world back.
    Return {
        /// The Region, such as us-west-2.
        region: Option<String>,
        /// The repository's root.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
    /// Shows what people were told in the kept world.
    Messages {
        /// The repository's root.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
    /// Says how the kept world stands: its Regions, its writer, its application and its runs.
    Status {
        /// The repository's root.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
    /// Prints figures with their medians; ends with 1 where an outage is missed, a disturbance is taken for one, or a target is
    /// not met.
    Bench {
        #[command(subcommand)]
        figures: Figures,
        /// The repository's root.
        #[arg(long, default_value = ".", global = true)]
        root: PathBuf,
    },
}

#[derive(Subcommand)]
enum Figures {
    /// Plays losses of a Region and planned moves several times with the packaged functions.
    Losses {
        /// How many times.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
        runs: u8,
        /// The folder with their binaries.
        #[arg(long, default_value = "target/lambda")]
        binaries: PathBuf,
    },
    /// Starts each packaged function several times.
    Functions {
        /// How many times.
        #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=200))]
        runs: u32,
        /// The folder with their binaries.
        #[arg(long, default_value = "target/lambda")]
        binaries: PathBuf,
    },
    /// Watches 10, 50 and 200 plans with the packaged probe under CPU quotas of 7 % and 14 % of a core.
    Beats {
        /// How long in each case.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
        minutes: u32,
        /// The folder with the functions' binaries.
        #[arg(long, default_value = "target/lambda")]
        binaries: PathBuf,
    },
    /// Leads the names of 10 and of 50 plans over with the packaged dns-flip, at five calls of Route 53 a second.
    Names {
        /// The folder with the functions' binaries.
        #[arg(long, default_value = "target/lambda")]
        binaries: PathBuf,
    },
    /// Repeats an outage and every harmless disturbance on real PostgreSQL, without the emulator.
    Detection {
        /// How many times each.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        repetitions: u32,
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
        Command::Run {
            scenario,
            prefix,
            root,
        } => {
            installation::begins_with(&prefix);
            let root = root.canonicalize()?;
            let scenarios = scenarios::selection(&scenario)?;
            let [scenario] = scenarios.as_slice() else {
                let summary =
                    scenario::run_all(&scenario, &scenarios, &root, Timeline::live).await?;
                println!("{summary}");
                println!("target/drill/{scenario}/index.html leads to every report");
                return Ok(summary.verdict().map_or(LEFT_OUT.into(), exit_code));
            };
            if let Some(why) = scenario.left_out(&root) {
                println!("{} is left out: {why}", scenario.name);
                return Ok(LEFT_OUT.into());
            }
            let report = scenario::run(scenario, &root, Timeline::live()).await?;
            println!("{}", report.summary(colour_wanted()));
            let folder = format!("target/drill/{}", scenario.name);
            println!("{folder}/report.html shows it, {folder}/report.json holds it");
            Ok(exit_code(report.verdict))
        }
        Command::Up { root } => {
            scenario::keep(&root.canonicalize()?, Timeline::live()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Lose { region, root } => Ok(ask(&root, "lose", region).await),
        Command::Return { region, root } => Ok(ask(&root, "return", region).await),
        Command::Messages { root } => Ok(ask(&root, "messages", None).await),
        Command::Status { root } => Ok(ask(&root, "status", None).await),
        Command::Bench { figures, root } => measure(figures, &root.canonicalize()?).await,
    }
}

/// Asks the kept world and prints its answer, or the one sentence that says why there is none.
async fn ask(root: &Path, what: &str, region: Option<String>) -> ExitCode {
    let request = [what.to_owned(), region.unwrap_or_default()].join(" ");
    match scenario::ask(root, request.trim()).await {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

async fn measure(figures: Figures, root: &Path) -> Result<ExitCode, Trouble> {
    match figures {
        Figures::Losses { runs, binaries } => {
            let binaries = root.join(binaries);
            let losses = bench::losses::play(runs, root, &binaries).await?;
            losses.iter().for_each(|bench| println!("{bench}"));
            let missed = losses.iter().any(|bench| bench.verdict() == Verdict::Fail);
            Ok(exit_code(if missed {
                Verdict::Fail
            } else {
                Verdict::Pass
            }))
        }
        Figures::Functions { runs, binaries } => {
            let folder = fresh(root, "functions")?;
            let binaries = root.join(binaries);
            let weights = bench::functions::weigh(runs, root, &binaries, &folder).await?;
            println!("{weights}");
            Ok(exit_code(weights.verdict()))
        }
        Figures::Beats { minutes, binaries } => {
            let folder = fresh(root, "beats")?;
            let probe = root.join(binaries).join("health-probe");
            let beats = bench::beats::measure(minutes, root, &probe, &folder).await?;
            println!("{beats}");
            std::fs::remove_dir_all(folder)?;
            Ok(exit_code(beats.verdict()))
        }
        Figures::Names { binaries } => {
            let folder = fresh(root, "names")?;
            let dns_flip = root.join(binaries).join("dns-flip");
            let names = bench::names::measure(&dns_flip, &folder).await?;
            println!("{names}");
            std::fs::remove_dir_all(folder)?;
            Ok(exit_code(names.verdict()))
        }
        Figures::Detection { repetitions } => {
            let folder = fresh(root, "detection")?;
            let detection = bench::detection::measure(repetitions, root, &folder).await?;
            println!("{detection}");
            std::fs::remove_dir_all(folder)?;
            Ok(exit_code(detection.verdict()))
        }
    }
}

/// An empty folder for figures.
fn fresh(root: &Path, name: &str) -> Result<PathBuf, Trouble> {
    let folder = root.join("target/bench").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A word that names a scenario, unchanged.
fn known(word: &str) -> Result<String, String> {
    scenarios::selection(word).map(|_| word.to_owned())
}

/// Nothing of what was asked for could be played on this machine.
const LEFT_OUT: u8 = 3;

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
