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
mod tests {
    use super::*;
    use crate::{beat::Beat, domain::Epoch};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn detection() -> Detection {
        Detection {
            interval_seconds: 5,
            failures: 3,
            timeout_seconds: 3,
            in_region_grace_seconds: 60,
            busy_grace_seconds: 900,
        }
    }

    fn status(cluster: &str) -> Rds {
        Rds::Status {
            cluster: cluster.into(),
            instances: vec!["available".into()],
        }
    }

    fn silent() -> Rds {
        Rds::Silent {
            why: "timed out".into(),
        }
    }

    /// The writer's Region is gone, and everybody who could say otherwise was asked.
    fn region_down() -> Evidence {
        Evidence {
            write: Some(Write::Failed {
                why: "timed out".into(),
            }),
            progress: Progress::Still,
            local_rds: status("available"),
            writer_rds: silent(),
            writer_ledger_answers: false,
            home_vantage: HomeVantage::Unknown,
            witness: Witness::DoesNotReach,
            failing_since: Some(at(0)),
            gathered_at: at(15),
        }
    }

    fn verdict(evidence: &Evidence) -> Verdict {
        evidence.verdict(&detection())
    }

    #[test]
    fn a_writer_that_commits_is_healthy_whatever_else_is_seen() {
        let beat = Beat {
            seq: 1,
            epoch: Epoch(7),
            at: at(15),
        };
        assert_eq!(
            verdict(&Evidence {
                write: Some(Write::Committed { beat }),
                ..region_down()
            }),
            Verdict::Healthy
        );
    }

    #[test]
    fn a_wrong_password_says_nothing_about_the_writer() {
        let write = Some(Write::Misconfigured {
            why: "password".into(),
        });
        assert_eq!(
            verdict(&Evidence {
                write,
                ..region_down()
            }),
            Verdict::ProbeMisconfigured
        );
    }

    #[test]
    fn a_writer_in_recovery_or_with_another_epoch_has_moved() {
        for write in [Write::ReadOnly, Write::OtherEpoch { epoch: Epoch(8) }] {
            assert_eq!(
                verdict(&Evidence {
                    write: Some(write),
                    ..region_down()
                }),
                Verdict::WriterMoved
            );
        }
    }

    #[test]
    fn a_probe_that_does_not_answer_proves_nothing() {
        assert_eq!(
            verdict(&Evidence {
                write: None,
                ..region_down()
            }),
            Verdict::Undetermined
        );
    }

    #[test]
    fn replication_that_moves_shows_that_only_the_road_is_cut() {
        assert_eq!(
            verdict(&Evidence {
                progress: Progress::Moving,
                ..region_down()
            }),
            Verdict::PathImpaired
        );
    }

    #[test]
    fn replication_that_may_still_drain_is_looked_at_again() {
        assert_eq!(
            verdict(&Evidence {
                progress: Progress::Draining,
                ..region_down()
            }),
            Verdict::Draining
        );
    }

    #[test]
    fn a_beat_committed_at_home_shows_that_only_the_road_is_cut() {
        let evidence = Evidence {
            home_vantage: HomeVantage::FreshSuccess,
            ..region_down()
        };
        assert_eq!(verdict(&evidence), Verdict::PathImpaired);
    }

    #[test]
    fn a_busy_writer_is_restarting_for_as_long_as_the_busy_grace() {
        let busy = Evidence {
            writer_rds: status("upgrading"),
            home_vantage: HomeVantage::FreshFailure,
            gathered_at: at(899),
            ..region_down()
        };
        assert_eq!(verdict(&busy), Verdict::WriterRestarting);
        assert_eq!(
            verdict(&Evidence {
                gathered_at: at(900),
                ..busy
            }),
            Verdict::WriterDown
        );
    }

    #[test]
    fn a_status_never_seen_before_counts_as_busy() {
        let unheard_of = Evidence {
            writer_rds: status("re-shuffling"),
            gathered_at: at(100),
            ..region_down()
        };
        assert_eq!(verdict(&unheard_of), Verdict::WriterRestarting);
    }

    #[test]
    fn a_writer_whose_region_answers_gets_the_grace_and_is_then_down_only_if_its_own_vantage_fails()
    {
        let within = Evidence {
            writer_rds: status("available"),
            ..region_down()
        };
        let spent = Evidence {
            gathered_at: at(60),
            ..within.clone()
        };
        assert_eq!(verdict(&within), Verdict::WriterRestarting);
        assert_eq!(verdict(&spent), Verdict::Undetermined);
        assert_eq!(
            verdict(&Evidence {
                home_vantage: HomeVantage::FreshFailure,
                ..spent
            }),
            Verdict::WriterDown
        );
    }

    #[test]
    fn a_silent_rds_beside_a_failing_home_vantage_is_a_writer_down() {
        let evidence = Evidence {
            home_vantage: HomeVantage::FreshFailure,
            ..region_down()
        };
        assert_eq!(verdict(&evidence), Verdict::WriterDown);
    }

    #[test]
    fn a_region_whose_ledger_answers_is_not_gone() {
        let evidence = Evidence {
            writer_ledger_answers: true,
            ..region_down()
        };
        assert_eq!(verdict(&evidence), Verdict::Undetermined);
    }

    #[test]
    fn an_unreadable_reader_beside_an_unhealthy_rds_of_its_own_proves_nothing() {
        for local_rds in [
            status("rebooting"),
            Rds::Other {
                why: "denied".into(),
            },
        ] {
            let evidence = Evidence {
                progress: Progress::Unreadable,
                local_rds,
                ..region_down()
            };
            assert_eq!(verdict(&evidence), Verdict::Undetermined);
        }
    }

    #[test]
    fn an_observer_whose_own_rds_or_witness_is_silent_is_isolated() {
        assert_eq!(
            verdict(&Evidence {
                local_rds: silent(),
                ..region_down()
            }),
            Verdict::ObserverIsolated
        );
        assert_eq!(
            verdict(&Evidence {
                witness: Witness::Unreachable,
                ..region_down()
            }),
            Verdict::ObserverIsolated
        );
    }

    #[test]
    fn a_witness_that_reaches_the_writers_region_shows_that_the_regions_are_parted() {
        assert_eq!(
            verdict(&Evidence {
                witness: Witness::Reaches,
                ..region_down()
            }),
            Verdict::PathImpaired
        );
    }

    #[test]
    fn a_region_is_down_when_nobody_reaches_it() {
        assert_eq!(verdict(&region_down()), Verdict::RegionDown);
        assert_eq!(
            verdict(&Evidence {
                progress: Progress::Unreadable,
                ..region_down()
            }),
            Verdict::RegionDown
        );
    }

    #[test]
    fn without_a_witness_it_is_down_unwitnessed_and_undetermined_when_the_reader_is_silent_too() {
        let unwitnessed = Evidence {
            witness: Witness::NotConfigured,
            ..region_down()
        };
        assert_eq!(verdict(&unwitnessed), Verdict::RegionDownUnwitnessed);
        assert_eq!(
            verdict(&Evidence {
                progress: Progress::Unreadable,
                ..unwitnessed
            }),
            Verdict::Undetermined
        );
    }

    #[test]
    fn progress_right_after_the_first_failure_may_be_draining_and_later_is_proof_of_life() {
        let vantage = |failing_since, moved_at| Vantage {
            region: "us-east-1".into(),
            writer_region: "us-west-2".into(),
            at: at(20),
            write: Write::Failed { why: String::new() },
            last_beat: None,
            failing_since: Some(at(failing_since)),
            failures: 3,
            reading: None,
            moved_at: Some(at(moved_at)),
        };
        let progress = |failing_since, moved_at| {
            Progress::of(
                &vantage(failing_since, moved_at),
                true,
                &detection(),
                at(20),
            )
        };
        assert_eq!(progress(15, 14), Progress::Draining);
        assert_eq!(progress(5, 14), Progress::Moving);
        assert_eq!(progress(5, 9), Progress::Still);
        assert_eq!(
            Progress::of(&vantage(5, 19), false, &detection(), at(20)),
            Progress::Unreadable
        );
    }

    fn home(second: i64, write: Write) -> Vantage {
        Vantage {
            region: "us-west-2".into(),
            writer_region: "us-west-2".into(),
            at: at(second),
            write,
            last_beat: None,
            failing_since: None,
            failures: 0,
            reading: None,
            moved_at: None,
        }
    }

    fn judged(home: Option<&Vantage>, since: i64, now: i64) -> HomeVantage {
        let writer = Region::from("us-west-2");
        HomeVantage::of(home, &writer, Some(at(since)), &detection(), at(now))
    }

    #[test]
    fn a_home_vantage_counts_when_it_is_from_after_our_first_failure_and_not_old() {
        let beat = Beat {
            seq: 1,
            epoch: Epoch(7),
            at: at(11),
        };
        let success = home(11, Write::Committed { beat });
        assert_eq!(judged(Some(&success), 10, 20), HomeVantage::FreshSuccess);
        assert_eq!(judged(Some(&success), 11, 20), HomeVantage::Unknown);
        assert_eq!(judged(Some(&success), 10, 60), HomeVantage::Unknown);
        assert_eq!(judged(None, 10, 20), HomeVantage::Unknown);
        let other = Vantage {
            writer_region: "us-east-1".into(),
            ..success
        };
        assert_eq!(judged(Some(&other), 10, 20), HomeVantage::Unknown);
    }

    #[test]
    fn only_a_failing_writer_makes_a_home_vantage_bad_news() {
        let failure = home(
            11,
            Write::Failed {
                why: "refused".into(),
            },
        );
        assert_eq!(judged(Some(&failure), 10, 20), HomeVantage::FreshFailure);
        let read_only = home(11, Write::ReadOnly);
        assert_eq!(judged(Some(&read_only), 10, 20), HomeVantage::Unknown);
    }
}
