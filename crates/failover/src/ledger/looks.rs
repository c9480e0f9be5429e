//! What a run's looks at RDS showed, and for how long: an operation bears no time of its own, and one look is no state.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{domain::seconds_between, topology::FailoverState};

/// How long nothing may be seen of a call, in both Regions, before it counts as not carried out; how long the Region that is
/// left may be silent about one. RDS shows an operation seconds after it took the call, and not everywhere at once.
pub(super) const QUIET: SignedDuration = SignedDuration::from_secs(60);

/// What a run's looks showed so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looks {
    /// The operation under way, as it has been since its first sight.
    #[serde(default)]
    pub operation: Option<Sight>,
    /// Since when every look has shown nothing under way, in every Region that was asked.
    #[serde(default)]
    pub quiet_since: Option<Timestamp>,
    /// Since when one of the Regions that were asked has not answered.
    #[serde(default)]
    pub silent_since: Option<Timestamp>,
}

/// An operation on the global cluster, unchanged since its first sight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// The operation.
    pub operation: FailoverState,
    /// When a look of this run showed it first.
    pub first_at: Timestamp,
}

/// What one look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Everything that was asked about is at rest.
    Rest,
    /// Something is under way, which may be no more than a status.
    Busy(Option<FailoverState>),
    /// A Region that was asked does not answer, and the others show nothing.
    Silence,
}

impl Looks {
    /// The looks after one more. Silence is no quiet: the next answer begins it anew.
    #[must_use]
    pub fn after(&self, seen: Seen, now: Timestamp) -> Self {
        match seen {
            Seen::Rest => Self {
                operation: None,
                quiet_since: self.quiet_since.or(Some(now)),
                silent_since: None,
            },
            Seen::Silence => Self {
                operation: None,
                quiet_since: None,
                silent_since: self.silent_since.or(Some(now)),
            },
            Seen::Busy(operation) => {
                let before = self.operation.as_ref();
                let first_at = before
                    .filter(|before| Some(&before.operation) == operation.as_ref())
                    .map_or(now, |before| before.first_at);
                Self {
                    operation: operation.map(|operation| Sight {
                        operation,
                        first_at,
                    }),
                    quiet_since: None,
                    silent_since: None,
                }
            }
        }
    }

    /// The looks after one that showed nothing at all: that was no quiet, and an operation that is shown alike before and behind it
    /// has not changed.
    #[must_use]
    pub fn unseen(&self) -> Self {
        Self {
            operation: self.operation.clone(),
            quiet_since: None,
            silent_since: None,
        }
    }

    /// Whether nothing has been seen for [`QUIET`], counted from the later of the last sight and `since`.
    #[must_use]
    pub fn is_quiet(&self, since: Timestamp, now: Timestamp) -> bool {
        let quiet = self.quiet_since.map(|quiet| quiet.max(since));
        quiet.is_some_and(|quiet| now.duration_since(quiet) >= QUIET)
    }

    /// Whether a Region has been silent for [`QUIET`].
    #[must_use]
    pub fn is_silent(&self, now: Timestamp) -> bool {
        self.silent_since
            .is_some_and(|since| now.duration_since(since) >= QUIET)
    }

    /// How long the operation under way has been seen unchanged, in seconds.
    #[must_use]
    pub fn unchanged_seconds(&self, now: Timestamp) -> Option<f64> {
        let sight = self.operation.as_ref()?;
        Some(seconds_between(sight.first_at, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn switching(status: &str) -> Seen {
        Seen::Busy(Some(FailoverState {
            status: status.into(),
            to: "arn".into(),
            loses: Some(false),
        }))
    }

    fn looks(shown: impl IntoIterator<Item = (i64, Seen)>) -> Looks {
        let mut looks = Looks::default();
        for (second, seen) in shown {
            looks = looks.after(seen, at(second));
        }
        looks
    }

    #[test]
    fn quiet_is_counted_from_the_last_sight_of_anything_and_never_through_a_silence() {
        let quiet = |shown: &[(i64, Seen)], second| {
            looks(shown.iter().cloned()).is_quiet(at(0), at(second))
        };
        assert!(!quiet(&[], 600), "nobody looked");
        assert!(quiet(&[(0, Seen::Rest), (60, Seen::Rest)], 60));
        let status = [(0, Seen::Rest), (30, Seen::Busy(None)), (31, Seen::Rest)];
        assert!(!quiet(&status, 90) && quiet(&status, 91));
        let silent = [(0, Seen::Rest), (30, Seen::Silence), (59, Seen::Rest)];
        assert!(!quiet(&silent, 60) && quiet(&silent, 119));
        let called_late = looks([(0, Seen::Rest)]);
        assert!(
            !called_late.is_quiet(at(50), at(100)),
            "the call was made later"
        );
    }

    #[test]
    fn an_operation_is_as_old_as_its_first_sight_while_nothing_of_it_changes() {
        let age = |shown: &[(i64, Seen)]| looks(shown.iter().cloned()).unchanged_seconds(at(100));
        let same = [(10, switching("pending")), (70, switching("pending"))];
        assert_eq!(age(&same), Some(90.0));
        let moved = [
            (10, switching("pending")),
            (70, switching("switching-over")),
        ];
        assert_eq!(age(&moved), Some(30.0));
        let gone = [(10, switching("pending")), (70, Seen::Rest)];
        assert_eq!(age(&gone), None);
    }

    #[test]
    fn a_look_that_showed_nothing_is_no_quiet_and_makes_no_operation_younger() {
        let busy = looks([(10, switching("pending"))]).unseen();
        let same = busy.after(switching("pending"), at(70));
        assert_eq!(same.unchanged_seconds(at(100)), Some(90.0));
        let moved = busy.after(switching("switching-over"), at(70));
        assert_eq!(moved.unchanged_seconds(at(100)), Some(30.0));
        assert_eq!(busy.after(Seen::Rest, at(70)).operation, None);
        let quiet = looks([(0, Seen::Rest)]).unseen();
        assert!(!quiet.after(Seen::Rest, at(70)).is_quiet(at(0), at(129)));
    }

    #[test]
    fn a_silent_region_is_given_up_after_a_minute_of_silence() {
        let silent = looks([(0, Seen::Rest), (10, Seen::Silence), (40, Seen::Silence)]);
        assert!(!silent.is_silent(at(69)) && silent.is_silent(at(70)));
        assert!(!silent.after(Seen::Rest, at(69)).is_silent(at(200)));
    }
}
