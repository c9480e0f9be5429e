//! What an object of a switch says: an epoch, and whether traffic is to go elsewhere. Epoch and effect change in one write, so that a
//! word never outlives its epoch.

use serde::{Deserialize, Serialize};

use failover::{domain::Epoch, ports::Object};

/// What a health check of the primary looks for in the standby's bucket.
pub const STANDBY_ACTIVE: &str = "standby-active";
/// What a health check of the standby looks for in the primary's bucket.
pub const PRIMARY_ACTIVE: &str = "primary-active";

/// What is said beside an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// Nothing: both checks find the primary healthy.
    Nothing,
    /// That traffic goes to the standby.
    StandbyActive,
    /// That traffic stays at the primary, whatever the standby's bucket says.
    PrimaryActive,
}

/// What a run writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// The epoch in which it was written.
    pub epoch: Epoch,
    /// What it says.
    pub says: Says,
}

/// What a bucket holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// No object yet.
    Nothing,
    /// A run's word.
    Written(Word),
    /// What somebody put there by hand: it counts as older than every epoch.
    ByHand,
}

impl Word {
    /// As it stands in the object. The health checks look for what is said in its first 5,120 bytes.
    #[must_use]
    pub fn text(self) -> String {
        let says = match self.says {
            Says::Nothing => "nothing",
            Says::StandbyActive => STANDBY_ACTIVE,
            Says::PrimaryActive => PRIMARY_ACTIVE,
        };
        format!("{{\"epoch\": {}, \"says\": \"{says}\"}}\n", self.epoch)
    }
}

impl Held {
    /// What an object says.
    #[must_use]
    pub fn of(object: Option<&Object>) -> Self {
        let Some(object) = object else {
            return Self::Nothing;
        };
        serde_json::from_str(&object.text).map_or(Self::ByHand, Self::Written)
    }

    /// The epoch that it bears.
    #[must_use]
    pub fn epoch(self) -> Option<Epoch> {
        match self {
            Self::Nothing | Self::ByHand => None,
            Self::Written(word) => Some(word.epoch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        Object {
            text: text.into(),
            tag: "t".into(),
            written_at: None,
        }
    }

    #[test]
    fn a_word_is_read_as_it_was_written_and_only_an_active_one_is_found_by_a_check() {
        let all = [Says::Nothing, Says::StandbyActive, Says::PrimaryActive];
        for says in all {
            let epoch = Epoch(12);
            let text = Word { epoch, says }.text();
            let read = Held::of(Some(&object(&text)));
            assert_eq!(read, Held::Written(Word { epoch, says }));
            assert_eq!(read.epoch(), Some(epoch));
            assert_eq!(text.contains(STANDBY_ACTIVE), says == Says::StandbyActive);
            assert_eq!(text.contains(PRIMARY_ACTIVE), says == Says::PrimaryActive);
        }
    }

    #[test]
    fn what_nobody_of_ours_wrote_counts_as_put_by_hand_and_bears_no_epoch() {
        assert_eq!(Held::of(None), Held::Nothing);
        let by_hand = [
            "",
            "standby-active",
            "{\"epoch\": 3}",
            "{\"epoch\": 3, \"says\": \"standby-active\", \"by\": \"me\"}",
            "{\"epoch\": -1, \"says\": \"nothing\"}",
        ];
        for text in by_hand {
            let held = Held::of(Some(&object(text)));
            assert_eq!((held, held.epoch()), (Held::ByHand, None), "{text}");
        }
    }
}
