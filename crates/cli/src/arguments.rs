//! What can be typed, and the words of `--help`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use failover::{
    domain::{PlanName, Region},
    installation,
};

const EXIT_CODES: &str = "\
Exit codes, of which the highest counts where there are several:
  0  everything is well
  1  a plan has faults, could not be moved now, or needs somebody's attention
  2  the command was not understood, or names something that does not exist
  3  a file, AWS or a Region could not be asked, so that nobody can tell

Credentials and the Region are found as the AWS CLI finds them: in AWS_PROFILE, AWS_REGION and the files in ~/.aws.";

/// Says how databases that aurora-failover protects stand. It changes nothing.
#[derive(Debug, Parser)]
#[command(name = "aurora-failover", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How the answer is printed: a table for people, or JSON for programs.
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub output: Output,
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
        /// Where to ask.
        #[command(flatten)]
        place: Place,
    },
    /// Says whether the writer could be moved now, and every reason against it.
    ///
    /// The functions that would move it are called for a dry run, in each Region that could take over. A dry run changes nothing.
    /// Where the writer is away from home, the failback to the home Region is asked about too. The exit code is 0 where every
    /// Region that was asked about could take over, 1 where one could not, and 3 where one could not be asked.
    Ready {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// The Region that is to have the writer; every other member Region where none is named.
        #[arg(long, value_name = "REGION", value_parser = region)]
        to: Option<Region>,
        /// Where to ask.
        #[command(flatten)]
        place: Place,
    },
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
}

/// Where plans are looked for.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Member Regions to begin with; the others are found in the plans. Name one that answers where your own is down.
    #[arg(
        long,
        value_name = "REGION,…",
        value_delimiter = ',',
        env = "AURORA_FAILOVER_REGIONS",
        value_parser = region
    )]
    pub regions: Vec<Region>,
    /// What the names of the installation begin with, where the answers that it was deployed with say another prefix.
    #[arg(
        long,
        value_name = "PREFIX",
        env = "AURORA_FAILOVER_PREFIX",
        default_value = installation::PREFIX,
        value_parser = installation::read
    )]
    pub prefix: String,
    /// The name of the ledgers' tables, where it is not the prefix with `-ledger`.
    #[arg(long, value_name = "NAME", env = "AURORA_FAILOVER_LEDGER_TABLE")]
    pub ledger_table: Option<String>,
}

fn region(text: &str) -> Result<Region, String> {
    let region = Region::from(text);
    if region.is_valid() {
        return Ok(region);
    }
    Err("it is not the name of a Region; write it like us-east-1".to_owned())
}

fn plan(text: &str) -> Result<PlanName, String> {
    if PlanName::fits(text) {
        return Ok(text.into());
    }
    Err("no plan has such a name; use 1 to 40 letters from a to z, digits and hyphens".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, error::ErrorKind};

    use super::*;

    fn read(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["aurora-failover"], words].concat())
    }

    #[test]
    fn what_can_be_typed_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_typed_wrong_is_refused_with_2() {
        for words in [
            &["plan", "check"][..],
            &["ready"],
            &["ready", "orders.json"],
            &["ready", "orders", "--to", "Ohio"],
            &["status", "--regions", "us-east-1,Ohio"],
            &["status", "--output", "yaml"],
            &["status", "--prefix", "aws-dr"],
            &["dance"],
        ] {
            let refused = read(words).unwrap_err();
            assert_eq!(refused.exit_code(), 2, "{words:?}: {refused}");
        }
        let help = read(&["status", "--help"]).unwrap_err();
        assert_eq!(help.kind(), ErrorKind::DisplayHelp);
    }

    #[test]
    fn several_regions_are_parted_by_commas_and_the_form_is_typed_anywhere() {
        let words = [
            "status",
            "orders",
            "--regions",
            "us-east-1,us-west-2",
            "--output",
            "json",
        ];
        let arguments = read(&words).unwrap();
        assert_eq!(arguments.output, Output::Json);
        let Command::Status { plan, place } = arguments.command else {
            panic!("not the status");
        };
        assert_eq!(plan, Some("orders".into()));
        assert_eq!(place.regions, ["us-east-1".into(), "us-west-2".into()]);
    }
}
