//! The commands that answer questions, and those that call functions by hand.

use std::path::PathBuf;

use clap::Subcommand;
use failover::{
    domain::{PlanName, Region},
    ledger::FalseAlarm,
};

use super::{plan, region};
use crate::consent::Consent;

/// What people do by hand.
#[derive(Debug, Subcommand)]
pub enum ByHandCommand {
    /// Lists the questions of runs that wait for a human.
    ///
    /// The exit code is 0 where nobody waits, 1 where somebody does, and 3 where a Region could not be asked.
    Approvals,
    /// Answers the question of a run with yes. It confirms once more before it changes anything.
    Approve {
        /// The run, or how its name begins.
        run: String,
        /// The question's token, as the message has it; else it is taken from the history of the execution.
        #[arg(long)]
        token: Option<String>,
        /// Who answers, which the run of a workload keeps.
        #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true)]
        by: Option<String>,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Answers the question of a run with no. Nothing is changed, and the same is not asked again before the writer has committed.
    Decline {
        /// The run, or how its name begins.
        run: String,
        /// The question's token, as the message has it; else it is taken from the history of the execution.
        #[arg(long)]
        token: Option<String>,
        /// Why not.
        #[arg(long, default_value = "declined")]
        why: String,
        /// Who answers, which the run of a workload keeps.
        #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true)]
        by: Option<String>,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Keeps applications out of deposed writers. The schedule does so by itself within a minute.
    Fence {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// The Region of the member; every one but the writer's where none is named.
        #[arg(long, value_name = "REGION", value_parser = region)]
        region: Option<Region>,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Gives applications their logins at a member again. Pause the plan before, or its schedule fences the member again.
    Unfence {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// The Region of the member; the only other one than the writer's where none is named.
        #[arg(long, value_name = "REGION", value_parser = region)]
        region: Option<Region>,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Says what only a deposed writer has, as far as that was listed.
    Losses {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// The Region of the member; every one but the writer's where none is named.
        #[arg(long, value_name = "REGION", value_parser = region)]
        region: Option<Region>,
        /// Compares the plan's tables to their end, and lists what is found in the bucket there.
        #[arg(long)]
        list: bool,
        /// Copies the files that list rows into a folder, beside a script that puts rows back. Every member Region is looked into
        /// where none is named.
        #[arg(long, value_name = "DIR", conflicts_with_all = ["list", "dry_run", "yes"])]
        download: Option<PathBuf>,
        /// Another cluster than the member, as one that was restored from a snapshot.
        #[arg(long, value_name = "NAME", requires = "download")]
        cluster: Option<String>,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Ends the cool-down after an unplanned failover that somebody has understood, so that another one may follow by itself.
    Acknowledge {
        /// The plan, or the run that failed over, or how its name begins.
        #[arg(value_name = "PLAN|RUN")]
        what: String,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Marks a run as a false alarm: it was started, and nothing had been wrong. `history` counts those of plans that observe.
    ///
    /// Only an unplanned failover that is over and changed nothing is marked. Marked again with another reason, it has the new one.
    FalseAlarm {
        /// The run, or how its name begins.
        run: String,
        /// The plan, where others need not be searched.
        #[arg(long, value_parser = plan)]
        plan: Option<PlanName>,
        /// Who says so, and why: one line of 200 characters at most.
        #[arg(long, value_name = "TEXT", default_value = "no reason was given", value_parser = why)]
        why: String,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Writes the writer that RDS shows into every ledger: at the beginning, or after somebody moved it by hand.
    ///
    /// Of a workload somebody says which Region serves, and it is looked whether every resource runs there.
    Adopt {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// The Region in which a workload serves.
        #[arg(long, value_name = "REGION", value_parser = region)]
        serves: Option<Region>,
        /// The epoch at which a workload stands, where another Region served and people have moved the business since.
        #[arg(long, value_name = "EPOCH", requires = "serves")]
        from_epoch: Option<u64>,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Makes the heartbeat's schema and the probe's role on the writer. Where they are right it changes nothing.
    Setup {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
    /// Works on what people are told.
    Messages {
        /// What to do with it.
        #[command(subcommand)]
        command: MessagesCommand,
    },
}

/// Who says that an alarm was false, and why.
fn why(text: &str) -> Result<String, String> {
    FalseAlarm::reason(text).map_err(|fault| format!("it {fault}"))
}

/// What can be done with messages.
#[derive(Debug, Subcommand)]
pub enum MessagesCommand {
    /// Sends a message to the topic of every member Region, to see whether it arrives.
    Test {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
    },
}
