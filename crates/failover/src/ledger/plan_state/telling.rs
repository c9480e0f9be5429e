//! Who is telling people what, as this Region's row keeps it: of two passes that come in at once one tells.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::PlanState;

/// How long nobody else tells what a pass has claimed. One that has not told by then has died.
const CLAIMED_FOR: SignedDuration = SignedDuration::from_secs(60);

/// That a pass is telling people something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// When it claimed that.
    pub at: Timestamp,
    /// The version of the row that the claim replaced: two passes never replace the same one.
    pub version: u64,
}

impl PlanState {
    /// Claims to be the one who tells people `what`, and drops what passes claimed that have died since; `None` while another pass
    /// tells it.
    #[must_use]
    pub fn claim_telling(&self, what: &str, now: Timestamp) -> Option<Self> {
        let mut next = self.clone();
        next.telling
            .retain(|_, telling| now.duration_since(telling.at) < CLAIMED_FOR);
        if next.telling.contains_key(what) {
            return None;
        }
        let version = self.version;
        next.telling
            .insert(what.into(), Telling { at: now, version });
        Some(next)
    }

    /// Whether the change that made this row claimed to tell `what`, and no change before it.
    #[must_use]
    pub fn has_claimed_telling(&self, what: &str) -> bool {
        let telling = self.telling.get(what);
        telling.is_some_and(|telling| telling.version == self.version)
    }

    /// Ends the claim to tell `what`.
    #[must_use]
    pub fn end_telling(mut self, what: &str) -> Self {
        self.telling.remove(what);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT: &str = "the deposed writer was fenced";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// As the ledger keeps it.
    fn written(row: PlanState) -> PlanState {
        let version = row.version + 1;
        PlanState { version, ..row }
    }

    #[test]
    fn what_one_pass_tells_no_other_pass_claims_until_it_must_have_died() {
        let claimed = PlanState::new("orders".into()).claim_telling(WHAT, at(0));
        let claimed = written(claimed.unwrap());
        assert_eq!(claimed.claim_telling(WHAT, at(59)), None);
        assert!(claimed.claim_telling("another thing", at(59)).is_some());
        let again = claimed.claim_telling(WHAT, at(60)).unwrap();
        assert!(again.has_claimed_telling(WHAT));
        let another = claimed.claim_telling("another thing", at(60)).unwrap();
        assert_eq!(another.telling.len(), 1, "what is past is dropped");
    }

    #[test]
    fn who_claimed_is_known_from_the_row_that_it_wrote_although_two_clocks_say_the_same() {
        let claim = PlanState::new("orders".into()).claim_telling(WHAT, at(0));
        let claim = claim.unwrap();
        assert!(claim.has_claimed_telling(WHAT));
        assert!(!written(claim).has_claimed_telling(WHAT), "another's");
    }

    #[test]
    fn a_claim_that_has_ended_is_free() {
        let row = PlanState::new("orders".into());
        let claimed = row.claim_telling(WHAT, at(0)).unwrap();
        assert_eq!(claimed.end_telling(WHAT), row);
    }

    #[test]
    fn a_row_that_was_written_before_there_were_claims_has_none() {
        let mut row = serde_json::to_value(PlanState::new("orders".into())).unwrap();
        row.as_object_mut().unwrap().remove("telling");
        let read: PlanState = serde_json::from_value(row).unwrap();
        assert_eq!(read, PlanState::new("orders".into()));
    }
}
