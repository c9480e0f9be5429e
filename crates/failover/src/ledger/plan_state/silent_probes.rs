//! Other Regions' probes that are not heard of, as this Region's row keeps it: since when, and whether people know.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::PlanState;
use crate::domain::Region;

/// A probe must be seen to be silent for so long before people are told: one whose Region was away looks again within a minute.
const SEEN_FOR: SignedDuration = SignedDuration::from_secs(90);

/// A Region whose ledger answers and whose probe has not looked for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unheard {
    /// When that was seen first.
    pub since: Timestamp,
    /// Whether people were told.
    pub told: bool,
}

/// How old another Region's record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Its probe looks.
    Lately,
    /// Its probe has not looked for long.
    LongAgo,
}

impl PlanState {
    /// Notes which other Regions' probes are silent and which look again; `None` when that is known. A Region that is not
    /// named cannot be asked: what people were told of it stays, and what they were not told begins anew.
    #[must_use]
    pub fn hear(&self, heard: &BTreeMap<Region, Heard>, now: Timestamp) -> Option<Self> {
        let mut unheard = self.unheard.clone();
        unheard.retain(|region, unheard| match heard.get(region) {
            Some(Heard::Lately) => false,
            Some(Heard::LongAgo) => true,
            None => unheard.told,
        });
        let silent = heard.iter().filter(|(_, heard)| **heard == Heard::LongAgo);
        for (region, _) in silent {
            let first = Unheard {
                since: now,
                told: false,
            };
            unheard.entry(region.clone()).or_insert(first);
        }
        (unheard != self.unheard).then(|| Self {
            unheard,
            ..self.clone()
        })
    }

    /// Marks that people are told of a Region whose probe is silent; `None` when they know, or when that is too new.
    #[must_use]
    pub fn tell_unheard(&self, region: &Region, now: Timestamp) -> Option<Self> {
        let seen = self.unheard.get(region)?;
        let news = !seen.told && now.duration_since(seen.since) >= SEEN_FOR;
        news.then(|| {
            let mut next = self.clone();
            let told = Unheard {
                told: true,
                ..seen.clone()
            };
            next.unheard.insert(region.clone(), told);
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn of_west(heard: Heard) -> BTreeMap<Region, Heard> {
        [("us-west-2".into(), heard)].into()
    }

    /// A row that has seen us-west-2 silent since second 0.
    fn silent() -> PlanState {
        let row = PlanState::new("orders".into());
        row.hear(&of_west(Heard::LongAgo), at(0)).unwrap()
    }

    #[test]
    fn a_silent_probe_is_told_once_it_was_seen_so_for_a_minute_and_a_half_and_then_never_again() {
        let (row, west) = (silent(), "us-west-2".into());
        assert_eq!(row.hear(&of_west(Heard::LongAgo), at(60)), None, "known");
        assert_eq!(row.tell_unheard(&west, at(89)), None);
        let told = row.tell_unheard(&west, at(90)).unwrap();
        assert_eq!(told.tell_unheard(&west, at(9_000)), None);
        assert_eq!(row.tell_unheard(&"eu-west-1".into(), at(90)), None);
    }

    #[test]
    fn a_probe_that_looks_again_is_forgotten_so_that_its_next_silence_is_news() {
        let west = "us-west-2".into();
        let told = silent().tell_unheard(&west, at(90)).unwrap();
        let heard = told.hear(&of_west(Heard::Lately), at(120)).unwrap();
        assert!(heard.unheard.is_empty());
        let again = heard.hear(&of_west(Heard::LongAgo), at(500)).unwrap();
        assert_eq!(again.tell_unheard(&west, at(589)), None);
        assert!(again.tell_unheard(&west, at(590)).is_some());
    }

    #[test]
    fn while_a_region_cannot_be_asked_what_was_told_stays_and_what_was_not_begins_anew() {
        let (nobody, west) = (BTreeMap::new(), "us-west-2".into());
        let forgotten = silent().hear(&nobody, at(60)).unwrap();
        assert!(forgotten.unheard.is_empty());
        let told = silent().tell_unheard(&west, at(90)).unwrap();
        assert_eq!(told.hear(&nobody, at(120)), None);
    }
}
