//! What can be typed, and the words of `--help`.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use failover::{
    domain::{PlanName, Region},
    installation,
};

use crate::consent::Consent;
pub use by_hand::{ByHandCommand, MessagesCommand};
pub use init::Init;
pub use moving::MoveCommand;

mod by_hand;
mod init;
mod moving;

const EXIT_CODES: &str = "\
Exit codes, of which the highest counts where there are several:
  0  everything is well
  1  a plan has faults, could not be moved, a run did not succeed, or something needs somebody's attention
  2  the command was not understood, was not agreed to, or names something that does not exist
  3  a file, AWS or a Region could not be asked, or it was interrupted, so that nobody can tell

Credentials and the Region are found as the AWS CLI finds them: in AWS_PROFILE, AWS_REGION and the files in ~/.aws.";

/// Says how databases that aurora-failover protects stand, and moves their writers.
///
/// What changes something says what it is about to do, and goes on once the plan's name was typed, or with --yes. With --dry-run
/// it only says what it would do.
#[derive(Debug, Parser)]
#[command(name = "aurora-failover", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How the answer is printed: a table for people, or JSON for programs.
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Whether lines are coloured. `auto` does so on a terminal where `NO_COLOR` is not set.
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
    /// Where to ask.
    #[command(flatten)]
    pub place: Place,
}

/// How the answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Works on the documents that describe protected databases.
    Plan {
        /// What to do with them.
        #[command(subcommand)]
        command: PlanCommand,
    },
    /// Says who the writer is, how the probes see it, what runs, and what needs attention.
    ///
    /// Every member Region is asked at the same time and waited for five seconds at most. One that does not answer is named. The
    /// exit code is 0 where nothing needs attention, 1 where something does, and 3 where no ledger of a plan could be read.
    Status {
        /// The plan; every plan where none is named.
        #[arg(value_parser = plan)]
        plan: Option<PlanName>,
        /// Looks again every so many seconds, until Ctrl-C; every 5 where none are named.
        ///
        /// On a terminal the table stays where it is. Elsewhere one block follows the other. It ends with the exit code of the last
        /// look, after a day at the latest.
        #[arg(
            long,
            value_name = "SECONDS",
            num_args = 0..=1,
            default_missing_value = "5",
            value_parser = interval
        )]
        watch: Option<u64>,
    },
    /// Says whether the writer could be moved now, and every reason against it.
    ///
    /// The functions that would move it are called for a dry run, in each Region that could take over. A dry run changes nothing.
    /// Where the writer is away from home, the failback to the home Region is asked about too. Of a workload it is asked whether it
    /// could come home. The exit code is 0 where every
    /// Region that was asked about could take over, 1 where one could not, and 3 where one could not be asked.
    Ready {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// The Region that is to have the writer; every other member Region where none is named.
        #[arg(long, value_name = "REGION", value_parser = region)]
        to: Option<Region>,
    },
    /// Looks at everything around plans: roads, rights, functions, the witness, versions, topics, secrets, documents and ledgers.
    ///
    /// One line for each check: ok, fault or unknown, and what to do. Functions are called for dry runs alone, and what would write is
    /// not tried. The exit code is 0 where every check is ok, 1 where one is a fault, and 3 where one could not be made.
    Doctor {
        /// The plan; every plan where none is named.
        #[arg(value_parser = plan)]
        plan: Option<PlanName>,
    },
    /// Lists the runs that the ledgers of all member Regions hold, the newest first.
    ///
    /// When each opened, what it did, from where to where, what came of it, the measured RTO and RPO, and who or what started it. A
    /// run that was refused before it opened leaves no record. Of a plan that only observes it counts how often it would have failed
    /// over, and how many of those runs somebody marked as a false alarm.
    History {
        /// The plan; every plan where none is named.
        #[arg(value_parser = plan)]
        plan: Option<PlanName>,
        /// How many at most.
        #[arg(long, value_name = "RUNS", default_value_t = 20)]
        limit: usize,
    },
    /// Shows one run: its phases with how long each took, what it knew, its timeline, its calls, and what is left to do.
    Run {
        /// Its name, or how that begins.
        run: String,
        /// The plan, where others need not be searched.
        #[arg(long, value_parser = plan)]
        plan: Option<PlanName>,
        /// Writes a page into a file, which shows the run to people who do not have the tool.
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// Prints the whole record, as --output json does.
        #[arg(long)]
        json: bool,
    },
    /// Prints what a shell needs to complete these commands.
    ///
    /// For bash: `aurora-failover completions bash > /etc/bash_completion.d/aurora-failover`.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Prints the manual page, for `man -l -`.
    Manual,
    /// Moves the writer.
    #[command(flatten)]
    Move(MoveCommand),
    /// Answers questions, or calls functions by hand.
    #[command(flatten)]
    ByHand(ByHandCommand),
    /// Keeps runs from starting by themselves: switches a plan's maintenance on in every member Region, or with --all the kill switch.
    ///
    /// A run that is under way goes on. The maintenance of a plan stands in no way of a planned move; the kill switch does. While
    /// either is on no deposed writer is fenced.
    Pause {
        /// What is paused.
        #[command(flatten)]
        what: PlanOrAll,
        /// Why, which the switch says as long as it is on.
        #[arg(long, default_value = "on", value_parser = reason)]
        reason: String,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Lets runs start by themselves again.
    Resume {
        /// What is resumed.
        #[command(flatten)]
        what: PlanOrAll,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
}

/// One plan, or all of them.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct PlanOrAll {
    /// The plan.
    #[arg(value_parser = plan)]
    pub plan: Option<PlanName>,
    /// Every plan that is known in the Regions that are asked, and in the members of those plans.
    #[arg(long)]
    pub all: bool,
}

/// What can be done with plans.
#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Checks plans before they are put into AWS. It needs neither AWS nor a network.
    ///
    /// Every fault is printed with its file, line and column, what is wrong and how to put it right. What only AWS knows, such as
    /// whether a cluster exists, is for `ready`.
    Check {
        /// The files, each with one plan; `-` reads standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
    },
    /// Writes a plan, and the answers of `make deploy`, from what RDS shows of a database, or a workload's plan from tags.
    ///
    /// What was guessed is named with its reason, and in the answers it stands above its line. Nothing but the two files is written.
    /// It needs the rights to describe global clusters, clusters and instances, which the policies for people do not have.
    Init(Init),
    /// Prints a plan's document as it lies in the Regions, and says which of them have another one.
    Show {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
    },
    /// Prints the schema of a plan, for editors and checkers.
    Schema {
        /// That of a workload's plan.
        #[arg(long)]
        workload: bool,
    },
    /// Writes a plan to every member Region, after a check and with a list of what changes.
    ///
    /// A document that says something else than the one which is there needs a higher revision. It needs the right to write
    /// parameters below plans/, or below workloads/ for a workload, which the policy for operators does not have.
    Put {
        /// The file with the plan.
        #[arg(value_name = "FILE")]
        file: String,
        /// Leaves out member Regions in which nobody can see what lies there.
        #[arg(long)]
        partial: bool,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
}

/// Where plans are looked for.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Member Regions to begin with; the others are found in the plans. Name one that answers where your own is down.
    #[arg(
        long,
        global = true,
        value_name = "REGION,…",
        value_delimiter = ',',
        env = "AURORA_FAILOVER_REGIONS",
        value_parser = region
    )]
    pub regions: Vec<Region>,
    /// What the names of the installation begin with, where the answers that it was deployed with say another prefix.
    #[arg(
        long,
        global = true,
        value_name = "PREFIX",
        env = "AURORA_FAILOVER_PREFIX",
        default_value = installation::PREFIX,
        value_parser = installation::read
    )]
    pub prefix: String,
    /// The name of the ledgers' tables, where it is not the prefix with `-ledger`.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "AURORA_FAILOVER_LEDGER_TABLE"
    )]
    pub ledger_table: Option<String>,
}

fn region(text: &str) -> Result<Region, String> {
    let region = Region::from(text);
    if region.is_valid() {
        return Ok(region);
    }
    Err("it is not the name of a Region; write it like us-east-1".to_owned())
}

/// How many seconds lie between two looks.
fn interval(text: &str) -> Result<u64, String> {
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|seconds| (1..=3_600).contains(seconds));
    seconds.ok_or_else(|| {
        "it is no interval; write 1 to 3600 seconds, and a plan's name before --watch".to_owned()
    })
}

/// What a switch says that is on.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text == "off" || text.contains("{{") {
        return Err("a switch that says so would not be on; write why in a few words".to_owned());
    }
    Ok(text.to_owned())
}

fn plan(text: &str) -> Result<PlanName, String> {
    if PlanName::fits(text) {
        return Ok(text.into());
    }
    Err("no plan has such a name; use 1 to 40 letters from a to z, digits and hyphens".to_owned())
}

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;
