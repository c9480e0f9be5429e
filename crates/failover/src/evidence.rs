//! Evidence about a suspected writer, and the verdict it supports.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    beat::{Vantage, Write},
    domain::Region,
    plan::Detection,
};

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
    /// Whether the ledger of the writer's Region answered.
    pub writer_ledger_answers: bool,
    /// What the writer's Region saw of its own writer.
    pub home_vantage: HomeVantage,
    /// What the witness can reach.
    pub witness: Witness,
    /// Since when beats from here have failed.
    pub failing_since: Option<Timestamp>,
    /// When all this was gathered.
    pub gathered_at: Timestamp,
}

/// Whether replication still makes progress at the local reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It moved within the last two intervals, although the writer has been silent for longer than that.
    Moving,
    /// It moved within the last two intervals, and so did the writer: what was on its way may still be arriving.
    Draining,
    /// It has not moved for two intervals.
    Still,
    /// The reader does not answer.
    Unreadable,
}

impl Progress {
    /// Judges the readings kept in `vantage`.
    #[must_use]
    pub fn of(vantage: &Vantage, readable: bool, detection: &Detection, now: Timestamp) -> Self {
        let window = two_intervals(detection);
        let recently =
            |since: Option<Timestamp>| since.is_some_and(|at| now.duration_since(at) <= window);
        match (readable, recently(vantage.moved_at)) {
            (false, _) => Self::Unreadable,
            (true, false) => Self::Still,
            (true, true) if recently(vantage.failing_since) => Self::Draining,
            (true, true) => Self::Moving,
        }
    }
}

fn two_intervals(detection: &Detection) -> SignedDuration {
    seconds(detection.interval_seconds.saturating_mul(2))
}

fn seconds(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
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

impl Rds {
    /// Whether the Region's RDS answered at all.
    #[must_use]
    pub const fn answers(&self) -> bool {
        !matches!(self, Self::Silent { .. })
    }

    /// Whether RDS says that it is working on the member.
    fn is_busy(&self) -> bool {
        // Statuses at rest are listed, not the busy ones: AWS adds transitional statuses, and a new one must not promote.
        const AT_REST: [&str; 9] = [
            "available",
            "stopped",
            "failed",
            "inaccessible-encryption-credentials",
            "incompatible-restore",
            "incompatible-parameters",
            "incompatible-network",
            "restore-error",
            "storage-full",
        ];
        match self {
            Self::Status { cluster, instances } => std::iter::once(cluster)
                .chain(instances)
                .any(|status| !AT_REST.contains(&status.as_str())),
            Self::Other { .. } | Self::Silent { .. } => false,
        }
    }
}

/// What the writer's Region recorded of its own writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HomeVantage {
    /// It committed a beat after ours began to fail.
    FreshSuccess,
    /// It failed too, after ours began to fail.
    FreshFailure,
    /// Its ledger does not answer, or holds nothing from after that.
    Unknown,
}

impl HomeVantage {
    /// Judges the record of the writer's own Region: it must be about the same writer, from after our first failure, and
    /// no older than the home probe's own rhythm allows.
    #[must_use]
    pub fn of(
        home: Option<&Vantage>,
        writer_region: &Region,
        failing_since: Option<Timestamp>,
        detection: &Detection,
        now: Timestamp,
    ) -> Self {
        let rhythm = (detection.interval_seconds + detection.timeout_seconds).saturating_mul(3);
        let age_max = seconds(rhythm.max(HOME_AGE_SECONDS_MAX));
        let fresh = |home: &Vantage, since| {
            home.writer_region == *writer_region
                && home.at > since
                && now.duration_since(home.at) <= age_max
        };
        match (home, failing_since) {
            (Some(home), Some(since)) if fresh(home, since) => match home.write {
                Write::Committed { .. } => Self::FreshSuccess,
                Write::Failed { .. } => Self::FreshFailure,
                // A probe that cannot log in, or that meets a standby, knows nothing of the writer.
                Write::Misconfigured { .. }
                | Write::ReadOnly
                | Write::OtherEpoch { .. }
                | Write::Unattempted { .. } => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}

/// A home probe's record is believed for this long at least, in seconds: two of its invocations may be this far apart.
const HOME_AGE_SECONDS_MAX: u64 = 15;

/// What the witness Region can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// The plan names none.
    NotConfigured,
    /// It reaches the writer's Region.
    Reaches,
    /// It does not reach the writer's Region either.
    DoesNotReach,
    /// The witness itself does not answer.
    Unreachable,
}

/// What the evidence amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The writer commits.
    Healthy,
    /// The probe's login, certificate or schema is wrong.
    ProbeMisconfigured,
    /// The writer lives; only a road to it does not.
    PathImpaired,
    /// The writer is being restarted or worked on.
    WriterRestarting,
    /// The writer is gone and its Region answers.
    WriterDown,
    /// Another member has become the writer.
    WriterMoved,
    /// It is we who are cut off.
    ObserverIsolated,
    /// The writer's Region is gone.
    RegionDown,
    /// The writer's Region is silent, and nobody else can confirm it.
    RegionDownUnwitnessed,
    /// Replication may still be draining: look again.
    Draining,
    /// The evidence fits no row.
    Undetermined,
}

impl Evidence {
    /// The verdict: the first row of the table that matches.
    #[must_use]
    pub fn verdict(&self, detection: &Detection) -> Verdict {
        match &self.write {
            Some(Write::Committed { .. }) => return Verdict::Healthy,
            Some(Write::Misconfigured { .. }) => return Verdict::ProbeMisconfigured,
            Some(Write::ReadOnly | Write::OtherEpoch { .. }) => return Verdict::WriterMoved,
            // A probe that does not answer has seen nothing: nobody may be promoted on its silence.
            None | Some(Write::Unattempted { .. }) => return Verdict::Undetermined,
            Some(Write::Failed { .. }) => {}
        }
        if self.home_vantage == HomeVantage::FreshSuccess {
            return Verdict::PathImpaired;
        }
        match self.progress {
            Progress::Moving => Verdict::PathImpaired,
            Progress::Draining => Verdict::Draining,
            Progress::Still | Progress::Unreadable if self.writer_rds.answers() => {
                self.verdict_within_the_region(detection)
            }
            Progress::Still | Progress::Unreadable => self.verdict_on_a_silent_region(),
        }
    }

    fn verdict_within_the_region(&self, detection: &Detection) -> Verdict {
        let grace = if self.writer_rds.is_busy() {
            detection.busy_grace_seconds
        } else {
            detection.in_region_grace_seconds
        };
        match (self.failing_since, self.home_vantage) {
            // Without the first failure's time no grace can be spent.
            (None, _) => Verdict::WriterRestarting,
            (Some(since), _) if self.gathered_at.duration_since(since) < seconds(grace) => {
                Verdict::WriterRestarting
            }
            (Some(_), HomeVantage::FreshFailure) if self.no_progress_is_known() => {
                Verdict::WriterDown
            }
            (Some(_), _) => Verdict::Undetermined,
        }
    }

    /// An unreadable reader counts as "no progress" only beside a healthy RDS of its own Region and a witness that answers.
    fn no_progress_is_known(&self) -> bool {
        let healthy =
            matches!(&self.local_rds, Rds::Status { cluster, .. } if cluster == "available");
        let witnessed = matches!(self.witness, Witness::Reaches | Witness::DoesNotReach);
        self.progress == Progress::Still || (healthy && witnessed)
    }

    fn verdict_on_a_silent_region(&self) -> Verdict {
        // RDS is silent there, but a ledger of that Region tells that the writer fails at home too.
        if self.home_vantage == HomeVantage::FreshFailure && self.no_progress_is_known() {
            return Verdict::WriterDown;
        }
        if !self.local_rds.answers() {
            return Verdict::ObserverIsolated;
        }
        // A Region whose ledger answers is not gone, whatever its RDS does.
        if self.writer_ledger_answers {
            return Verdict::Undetermined;
        }
        match self.witness {
            Witness::Unreachable => Verdict::ObserverIsolated,
            Witness::Reaches => Verdict::PathImpaired,
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
mod tests;
