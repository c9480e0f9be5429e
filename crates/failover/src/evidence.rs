//! Evidence about a suspected writer, and the verdict it supports.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    beat::Write,
    plan::{Detection, Mode, Plan},
};

mod home;
mod progress;
mod rhythm;
mod verdict;

pub use home::{HomeVantage, Said};
pub use progress::{Progress, stillness_tells};
pub use verdict::Verdict;

/// Everything that was gathered in one pass. What could not be learnt is unknown: neither good news nor bad news.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What came of a fresh beat from here; `None` when the probe itself did not answer.
    pub write: Option<Write>,
    /// Whether replication still moves here.
    pub progress: Progress,
    /// This Region's own RDS.
    pub local_rds: Rds,
    /// RDS in the writer's Region.
    pub writer_rds: Rds,
    /// Whether the ledger of the writer's Region answered, if only that it is busy.
    pub writer_ledger_answers: bool,
    /// What the writer's Region saw of its own writer, or another member's probe that met it alive.
    pub home_vantage: HomeVantage,
    /// What the witness can reach.
    pub witness: Witness,
    /// Since when beats from here have failed.
    pub failing_since: Option<Timestamp>,
    /// Since when the grace counts: the latest of our first failure, home's, and everything that told of life after that.
    #[serde(default)]
    pub grace_since: Option<Timestamp>,
    /// What the writer itself said, to us or to another member's probe.
    #[serde(default)]
    pub said: Said,
    /// Whether the reader's stillness says anything: something else than beats had moved it lately.
    #[serde(default)]
    pub stillness_tells: bool,
    /// When all this was gathered.
    pub gathered_at: Timestamp,
}

/// What RDS answered about a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Rds {
    /// It answered with these statuses.
    Status {
        /// The cluster's status.
        cluster: String,
        /// The statuses of its instances.
        instances: Vec<String>,
    },
    /// It answered, but not about the cluster (it is denied or unknown).
    Other {
        /// What it said.
        why: String,
    },
    /// It did not answer.
    Silent {
        /// What was seen instead.
        why: String,
    },
}

impl std::fmt::Display for Rds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status { cluster, instances } if instances.is_empty() => {
                write!(f, "the cluster is {cluster} and has no instance")
            }
            Self::Status { cluster, instances } => write!(
                f,
                "the cluster is {cluster}, its instances are {}",
                instances.join(", ")
            ),
            Self::Other { why } => write!(f, "it answers {why}"),
            Self::Silent { why } => write!(f, "it does not answer ({why})"),
        }
    }
}

impl Rds {
    /// Whether the Region's RDS answered at all.
    #[must_use]
    pub const fn answers(&self) -> bool {
        !matches!(self, Self::Silent { .. })
    }

    /// Whether RDS says that it is working on the member.
    pub fn is_busy(&self) -> bool {
        // Statuses at rest are listed, not the busy ones: AWS adds transitional statuses, and a new one must not promote.
        const AT_REST: [&str; 16] = [
            "available",
            "stopped",
            "failed",
            "inaccessible-encryption-credentials",
            "inaccessible-encryption-credentials-recoverable",
            "insufficient-capacity",
            "incompatible-create",
            "incompatible-restore",
            "incompatible-parameters",
            "incompatible-option-group",
            "incompatible-network",
            "restore-error",
            "restore-failed",
            "migration-failed",
            "cloning-failed",
            "storage-full",
        ];
        match self {
            Self::Status { cluster, instances } => std::iter::once(cluster)
                .chain(instances)
                .any(|status| !AT_REST.contains(&status.as_str())),
            Self::Other { .. } | Self::Silent { .. } => false,
        }
    }

    /// Whether it shows a cluster in which at most one instance serves: a stopped or broken one is none to fail over to.
    fn is_one_instance(&self) -> bool {
        let serves = |status: &&String| status.as_str() == "available";
        matches!(self, Self::Status { instances, .. } if instances.iter().filter(serves).count() <= 1)
    }

    /// Whether it tells what the member is doing and how many instances it has.
    const fn tells(&self) -> bool {
        matches!(self, Self::Status { .. })
    }
}

/// What the witness Region can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// The plan names none.
    NotConfigured,
    /// It reaches RDS or the ledger in the writer's Region.
    Reaches,
    /// It reaches the writer's Region, but neither RDS nor the ledger there.
    ReachesOthers,
    /// It does not reach the writer's Region either.
    DoesNotReach,
    /// The witness itself does not answer.
    Unreachable,
}

impl Evidence {
    /// The verdict under a plan. Where a dead writer is left without asking, an only instance has its ten minutes, whatever
    /// the plan says: AWS creates it anew, and until then it looks like a dead one.
    #[must_use]
    pub fn verdict_under(&self, plan: &Plan) -> Verdict {
        if !plan.has_heart() {
            return self.verdict_without_beats();
        }
        let mut detection = plan.detection.clone();
        if plan.unplanned.writer_down == Mode::Automatic && self.writer_rds.is_one_instance() {
            let least = |seconds: u64| seconds.max(Detection::GRACE_ONLY_INSTANCE_SECONDS);
            detection.in_region_grace_seconds = detection.in_region_grace_seconds.map(least);
        }
        self.verdict(&detection)
    }

    /// The verdict on a writer that nobody's heart beats in: what answers there says nothing of it, so that nothing is ruled out, and
    /// nothing but a human's word leads on.
    fn verdict_without_beats(&self) -> Verdict {
        if !self.local_rds.answers() {
            return Verdict::ObserverIsolated;
        }
        if self.writer_rds.answers() || self.writer_ledger_answers {
            return Verdict::Undetermined;
        }
        match self.witness {
            Witness::Reaches | Witness::ReachesOthers => Verdict::Undetermined,
            Witness::Unreachable => Verdict::ObserverIsolated,
            Witness::DoesNotReach => Verdict::RegionDown,
            Witness::NotConfigured => Verdict::RegionDownUnwitnessed,
        }
    }

    /// The verdict: the first row of the table that matches.
    #[must_use]
    pub fn verdict(&self, detection: &Detection) -> Verdict {
        match &self.write {
            // A writer that is stopped for a planned move lives, and says so.
            Some(Write::Committed { .. } | Write::Stopped { .. }) => return Verdict::Healthy,
            Some(Write::Misconfigured { .. }) => return Verdict::ProbeMisconfigured,
            Some(Write::ReadOnly | Write::OtherEpoch { .. }) => return Verdict::WriterMoved,
            // A probe that does not answer has seen nothing: nobody may be promoted on its silence.
            None | Some(Write::Unattempted { .. }) => return Verdict::Undetermined,
            Some(
                Write::Failed { .. }
                | Write::Saturated { .. }
                | Write::Starting { .. }
                | Write::Exhausted { .. }
                | Write::Answered { .. },
            ) => {}
        }
        if self.home_vantage.commits() {
            return Verdict::PathImpaired;
        }
        let saturated = matches!(self.write, Some(Write::Saturated { .. }));
        if saturated || self.home_vantage == HomeVantage::Saturated {
            return Verdict::WriterSaturated;
        }
        match self.progress {
            Progress::Moving => Verdict::PathImpaired,
            Progress::Draining => Verdict::Draining,
            Progress::Late => Verdict::Undetermined,
            Progress::Still | Progress::Unreadable => self.verdict_without_progress(detection),
        }
    }

    fn verdict_without_progress(&self, detection: &Detection) -> Verdict {
        let fails_at_home = self.home_vantage == HomeVantage::FreshFailure;
        if !self.writer_rds.answers() && !fails_at_home {
            return self.verdict_on_a_silent_region();
        }
        let spent = self.is_spent(self.grace(detection));
        match (spent, fails_at_home && self.no_progress_is_known()) {
            (false, _) => Verdict::WriterRestarting,
            (true, true) if self.two_mechanisms_agree() && self.is_not_worked_on(detection) => {
                Verdict::WriterDown
            }
            (true, true) => Verdict::WriterDownUnconfirmed,
            (true, false) if self.writer_rds.answers() => Verdict::Undetermined,
            (true, false) => self.verdict_on_a_silent_region(),
        }
    }

    /// Whether the writer has been gone for that long. Without the first failure's time no grace can be spent.
    fn is_spent(&self, grace: SignedDuration) -> bool {
        self.failing_since.is_some_and(|since| {
            let counts_from = self.grace_since.map_or(since, |later| later.max(since));
            self.gathered_at.duration_since(counts_from) >= grace
        })
    }

    fn grace(&self, detection: &Detection) -> SignedDuration {
        if self.writer_rds.is_busy() || self.said == Said::Starting {
            detection.busy_grace()
        } else {
            detection.grace(self.writer_rds.is_one_instance())
        }
    }

    /// RDS that does not tell may be working on the writer, or making an only instance anew: that is known not to be so only
    /// when the longest grace of all is spent.
    fn is_not_worked_on(&self, detection: &Detection) -> bool {
        self.writer_rds.tells() || self.is_spent(detection.untold_grace())
    }

    /// Probes may all fail for a cause of their own: a security group, a role's limit, a resolver. Only a reader that
    /// something else had moved, and that stands still now, is a second mechanism. A writer that answers is no dead one,
    /// whatever it answers.
    fn two_mechanisms_agree(&self) -> bool {
        self.progress == Progress::Still && self.stillness_tells && self.said == Said::Nothing
    }

    /// An unreadable reader counts as "no progress" only beside a healthy RDS of its own Region and a witness that answers.
    fn no_progress_is_known(&self) -> bool {
        let healthy =
            matches!(&self.local_rds, Rds::Status { cluster, .. } if cluster == "available");
        let witnessed = matches!(
            self.witness,
            Witness::Reaches | Witness::ReachesOthers | Witness::DoesNotReach
        );
        self.progress == Progress::Still || (healthy && witnessed)
    }

    fn verdict_on_a_silent_region(&self) -> Verdict {
        if !self.local_rds.answers() {
            return Verdict::ObserverIsolated;
        }
        // A Region whose ledger answers is not gone, whatever its RDS does; nor is one whose writer answers.
        if self.writer_ledger_answers || self.said != Said::Nothing {
            return Verdict::Undetermined;
        }
        match self.witness {
            Witness::Unreachable => Verdict::ObserverIsolated,
            Witness::Reaches => Verdict::PathImpaired,
            // The Region is there, and who knows of its writer is not.
            Witness::ReachesOthers => Verdict::Undetermined,
            Witness::DoesNotReach | Witness::NotConfigured if !self.no_progress_is_known() => {
                Verdict::Undetermined
            }
            Witness::DoesNotReach => Verdict::RegionDown,
            Witness::NotConfigured => Verdict::RegionDownUnwitnessed,
        }
    }
}

#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod tests;
