//! The commands that move a writer.

use clap::Subcommand;
use failover::domain::{PlanName, Region};
use jiff::Timestamp;

use super::{plan, region};
use crate::consent::{Consent, Watching};

/// What moves a writer.
#[derive(Debug, Subcommand)]
pub enum MoveCommand {
    /// Moves the writer as planned, by which no row is lost, and shows each step as it comes.
    ///
    /// Nothing is started where anything stands against it. The exit code is 0 where the run succeeds, 1 where it does not or is
    /// refused, and 3 where its end was not seen.
    Switchover {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// The Region that is to have the writer; the only other member's where none is named.
        #[arg(long, value_name = "REGION", value_parser = region)]
        to: Option<Region>,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
        /// How long it is looked at.
        #[command(flatten)]
        watching: Watching,
    },
    /// Starts a run that leaves a lost Region, or forces it.
    ///
    /// The run confirms and refuses like any other. With --force there is no run: the member is promoted without evidence, proven,
    /// the old one fenced, names and services led over, and what only the old one has is listed. That needs the epoch at which the
    /// plan stands, and what was not replicated is lost. Where the old writer answers it is refused.
    Failover {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// The Region that is to have the writer.
        #[arg(long, value_name = "REGION", value_parser = region)]
        to: Region,
        /// Promotes without evidence, and accepts that rows are lost.
        #[arg(long, requires = "epoch", conflicts_with_all = ["no_wait", "wait"])]
        force: bool,
        /// The epoch at which the plan stands, as `status` shows it.
        #[arg(long, requires = "force")]
        epoch: Option<u64>,
        /// Promotes past an old writer that answers: what it takes from then on is lost.
        #[arg(long, requires = "force")]
        abandon_living_writer: bool,
        /// Says that a human saw the promoted writer take writes, for a database without heartbeats.
        #[arg(long, requires = "force")]
        writer_takes_writes: bool,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
        /// How long it is looked at.
        #[command(flatten)]
        watching: Watching,
    },
    /// Rebuilds the standby in the home Region and brings the writer there, or brings a workload home.
    ///
    /// A human is asked once more before the writer moves, unless --approved is given. Where RDS has to make the member anew this
    /// takes hours; it goes on without this command. The run of a workload asks three times, and shows how far each resource is.
    Failback {
        /// The plan.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// Ends once the standby is rebuilt, and leaves the writer where it is. A workload is built beside, looked at and taken away.
        #[arg(long, conflicts_with_all = ["not_before", "approved"])]
        rehearse: bool,
        /// When the writer may move, or the business of a workload stop, such as 2026-12-01T02:00:00Z; at most 14 days away.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        not_before: Option<Timestamp>,
        /// Asks nobody once more before the writer moves.
        #[arg(long)]
        approved: bool,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
        /// How long it is looked at.
        #[command(flatten)]
        watching: Watching,
    },
    /// Undoes the cut-over of a workload: its recovery Region serves again.
    ///
    /// What came home is renamed and kept, and the old one gets its name again. Before home serves nothing is lost. The exit code is
    /// 0 where it is undone, 1 where it is not or is refused, and 3 where its end was not seen.
    Revert {
        /// The plan of a workload.
        #[arg(value_parser = plan)]
        plan: PlanName,
        /// Goes back although home serves already: what was written there since is lost.
        #[arg(long)]
        accept_data_loss: bool,
        /// Whether it is agreed to.
        #[command(flatten)]
        consent: Consent,
        /// How long it is looked at.
        #[command(flatten)]
        watching: Watching,
    },
}

/// A moment in UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    let fix = "write it in UTC like 2026-12-01T02:00:00Z";
    text.parse().map_err(|why| format!("{why}; {fix}"))
}
