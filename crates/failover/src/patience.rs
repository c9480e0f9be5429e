//! For how long a step that lasts hours looks again after a call that was not taken: one table of what happened, what is
//! shown meanwhile, and how long.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, domain::seconds_between};

/// What RDS refuses while it is still at something. Some refusals that no waiting heals bear one of these codes too.
const STATES: [&str; 7] = [
    "InvalidGlobalClusterStateFault",
    "InvalidDBClusterStateFault",
    "InvalidDBInstanceState",
    "InvalidDBSnapshotState",
    "InvalidDBClusterSnapshotStateFault",
    "InvalidDBClusterEndpointStateFault",
    "InvalidDBClusterAutomatedBackupStateFault",
];

/// What an earlier call, whose answer was lost, has made already.
const EXISTS: [&str; 7] = [
    "GlobalClusterAlreadyExistsFault",
    "DBClusterAlreadyExistsFault",
    "DBInstanceAlreadyExists",
    "DBSnapshotAlreadyExists",
    "DBClusterEndpointAlreadyExistsFault",
    "DBClusterSnapshotAlreadyExistsFault",
    "DBClusterRoleAlreadyExists",
];

/// What an earlier call, whose answer was lost, has taken away already, or what was made a moment ago and not every part of
/// RDS shows yet.
const GONE: [&str; 7] = [
    "GlobalClusterNotFoundFault",
    "DBClusterNotFoundFault",
    "DBInstanceNotFound",
    "DBSnapshotNotFound",
    "DBClusterEndpointNotFoundFault",
    "DBClusterSnapshotNotFoundFault",
    "DBClusterRoleNotFound",
];

/// What became of a call that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// RDS is in no state for it.
    State,
    /// What it makes is there.
    Exists,
    /// What it changes is not there.
    Gone,
    /// Nobody answered, or too much was asked.
    Silent,
    /// Anything else.
    Refused,
}

/// What is shown meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Something is being made, changed or deleted.
    UnderWay,
    /// Everything is at rest.
    AtRest,
}

/// What a code of RDS's means.
#[must_use]
pub fn trouble(code: &str) -> Trouble {
    if STATES.contains(&code) {
        Trouble::State
    } else if EXISTS.contains(&code) {
        Trouble::Exists
    } else if GONE.contains(&code) {
        Trouble::Gone
    } else {
        Trouble::Refused
    }
}

/// For how long the step looks again; `None` where only the bound of its loop ends that.
#[must_use]
pub const fn patience(trouble: Trouble, shown: Shown) -> Option<Duration> {
    const MINUTE: u64 = 60;
    match (trouble, shown) {
        // It ends with what is under way.
        (Trouble::State | Trouble::Exists | Trouble::Gone, Shown::UnderWay) => None,
        // Nothing shown changes any more: what is refused now is refused in an hour.
        (Trouble::State, Shown::AtRest) => Some(Duration::from_secs(5 * MINUTE)),
        // A describe lags behind the call by seconds.
        (Trouble::Exists | Trouble::Gone, Shown::AtRest) => Some(Duration::from_secs(5 * MINUTE)),
        // A Region that recovers throttles for minutes.
        (Trouble::Silent, _) => Some(Duration::from_secs(30 * MINUTE)),
        (Trouble::Refused, _) => Some(Duration::ZERO),
    }
}

/// A call that is not taken, kept in the run's record while that lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What was asked for.
    pub call: String,
    /// Since when it has come to the same, with nothing under way.
    pub since: Timestamp,
    /// What became of it; silence is no refusal, and the time of one does not count for the other.
    #[serde(default)]
    pub trouble: Option<Trouble>,
}

impl Refusal {
    /// The refusal after one more: `None` where only the loop's bound ends it, so that no time runs.
    ///
    /// # Errors
    /// `NotReady` with the words of the refusal, when the table's time has passed. `Unavailable` for silence.
    pub fn after(
        known: Option<&Self>,
        call: &str,
        (trouble, said): (Trouble, &str),
        shown: Shown,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let Some(allowed) = patience(trouble, shown) else {
            return Ok(None);
        };
        let known = known.filter(|known| known.call == call && known.trouble == Some(trouble));
        let refusal = known.cloned().unwrap_or_else(|| Self {
            call: call.to_owned(),
            since: now,
            trouble: Some(trouble),
        });
        let waited = seconds_between(refusal.since, now);
        if waited < allowed.as_secs_f64() {
            return Ok(Some(refusal));
        }
        if trouble == Trouble::Silent {
            return Err(Error::Unavailable(format!(
                "for {waited:.0} s there was no answer: {said}"
            )));
        }
        Err(Error::NotReady(format!(
            "RDS has refused for {waited:.0} s, with nothing under way, that {call}: {said}; put that right and start again"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = "instance orders-west-1 is made anew";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The name of the error that ends it, and when, where it is refused alike every ten seconds for a day.
    fn ended(trouble: Trouble, shown: Shown) -> Option<(&'static str, i64)> {
        let mut known = None;
        for second in (0..86_400).step_by(10) {
            let said = (trouble, "it is of no class");
            match Refusal::after(known.as_ref(), CALL, said, shown, at(second)) {
                Ok(refusal) => known = refusal,
                Err(why) => return Some((why.name(), second)),
            }
        }
        None
    }

    #[test]
    fn each_row_of_the_table_ends_when_it_says() {
        for (trouble, under_way, at_rest) in [
            (Trouble::State, None, Some(("NotReady", 300))),
            (Trouble::Exists, None, Some(("NotReady", 300))),
            (Trouble::Gone, None, Some(("NotReady", 300))),
            (
                Trouble::Silent,
                Some(("Unavailable", 1_800)),
                Some(("Unavailable", 1_800)),
            ),
            (
                Trouble::Refused,
                Some(("NotReady", 0)),
                Some(("NotReady", 0)),
            ),
        ] {
            assert_eq!(ended(trouble, Shown::UnderWay), under_way, "{trouble:?}");
            assert_eq!(ended(trouble, Shown::AtRest), at_rest, "{trouble:?}");
        }
    }

    #[test]
    fn what_is_there_already_or_gone_already_is_looked_at_again() {
        for code in EXISTS {
            assert_eq!(trouble(code), Trouble::Exists, "{code}");
        }
        assert_eq!(trouble("DBInstanceNotFound"), Trouble::Gone);
        assert_eq!(trouble("InstanceQuotaExceeded"), Trouble::Refused);
    }

    #[test]
    fn the_time_of_a_silence_is_no_time_of_a_refusal_nor_the_other_way_round() {
        let (state, silent) = ((Trouble::State, "no"), (Trouble::Silent, "timed out"));
        let after = |known: &Option<Refusal>, trouble, second| {
            Refusal::after(known.as_ref(), CALL, trouble, Shown::AtRest, at(second)).unwrap()
        };
        let quiet = after(&None, silent, 0);
        let refused = after(&quiet, state, 400);
        assert_eq!(refused.as_ref().unwrap().since, at(400));
        let silent_again = after(&refused, silent, 690);
        assert_eq!(silent_again.unwrap().since, at(690));
        let why = Refusal::after(refused.as_ref(), CALL, state, Shown::AtRest, at(700));
        assert_eq!(why.unwrap_err().name(), "NotReady");
    }

    #[test]
    fn another_call_or_something_under_way_begins_anew() {
        let state = (Trouble::State, "no");
        let first = Refusal::after(None, CALL, state, Shown::AtRest, at(0)).unwrap();
        let other = Refusal::after(first.as_ref(), "x", state, Shown::AtRest, at(290)).unwrap();
        assert_eq!(other.unwrap().since, at(290));
        let under_way = Refusal::after(first.as_ref(), CALL, state, Shown::UnderWay, at(290));
        assert_eq!(under_way, Ok(None));
    }

    #[test]
    fn the_words_of_the_refusal_are_told() {
        let known = Refusal {
            call: CALL.into(),
            since: at(0),
            trouble: Some(Trouble::State),
        };
        let state = (Trouble::State, "set the scaling configuration first");
        let why = Refusal::after(Some(&known), CALL, state, Shown::AtRest, at(300)).unwrap_err();
        assert!(
            why.to_string()
                .contains("set the scaling configuration first"),
            "{why}"
        );
    }
}
