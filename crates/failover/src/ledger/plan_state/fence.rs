//! Whether this Region's member is fenced, what people know of that, and what opens it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    PlanState,
    told::{CAUSE_MAX, cause, with_cause},
};
use crate::domain::Epoch;

/// Of how many people are told under one epoch who work as the administrator: the row is read at every look.
const ADMINISTRATORS_MAX: usize = 20;

/// How long a note of what served is taken for fresh.
pub const SERVED_FRESH: SignedDuration = SignedDuration::from_mins(10);

/// A version of a secret that opened a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// Its `VersionId`, which is the same in every Region that the secret is replicated to.
    pub version: String,
    /// When it was noted.
    pub at: Timestamp,
}

impl PlanState {
    /// Notes that this Region's member was seen shut, and whether people are still to be told; `None` when that is known.
    #[must_use]
    pub fn fence(&self, under: Epoch, at: Timestamp, untold: bool) -> Option<Self> {
        let next = Self {
            fenced: Some(under),
            fenced_at: self.fence_under(under).or(Some(at)),
            unfenced: Vec::new(),
            fence_untold: untold,
            ..self.clone()
        };
        (next != *self).then_some(next)
    }

    /// The fence that this Region's member stands under, where it is one of this epoch.
    #[must_use]
    pub fn fence_under(&self, epoch: Epoch) -> Option<Timestamp> {
        self.fenced_at.filter(|_| self.fenced == Some(epoch))
    }

    /// Whether it is news to people that this Region's member is fenced under an epoch, where it was `fenced` when the pass looked.
    /// Another pass may have fenced it since, and told them.
    #[must_use]
    pub fn is_fence_news(&self, under: Epoch, fenced: Option<Epoch>) -> bool {
        let is_new = fenced != Some(under) && self.fenced != Some(under);
        is_new || self.fence_untold || !self.unfenced.is_empty()
    }

    /// Notes that people were told that this Region's member is fenced; `None` when that is known.
    #[must_use]
    pub fn tell_fenced(&self) -> Option<Self> {
        (self.fence_untold || !self.unfenced.is_empty()).then(|| Self {
            unfenced: Vec::new(),
            fence_untold: false,
            ..self.clone()
        })
    }

    /// Marks that people were told why a deposed writer is not fenced; `None` when they know.
    #[must_use]
    pub fn tell_unfenced(&self, epoch: Epoch, why: &str) -> Option<Self> {
        let mark = format!("{epoch}/{}", cause(why));
        (!self.unfenced.contains(&mark)).then(|| {
            // Those of another epoch are past.
            let same = self.unfenced.iter();
            let same = same.filter(|told| told.starts_with(&format!("{epoch}/")));
            Self {
                unfenced: with_cause(same, mark),
                fence_untold: false,
                ..self.clone()
            }
        })
    }

    /// Notes that this Region's member is open, or may be: whatever was found out under its fence counts no more. `None` when that is
    /// known. What people were told stays told, and what they are owed is owed.
    #[must_use]
    pub fn open(&self) -> Option<Self> {
        self.fenced.is_some().then(|| Self {
            fenced: None,
            fenced_at: None,
            ..self.clone()
        })
    }

    /// Notes that this Region's member was given back; `None` when that is known.
    #[must_use]
    pub fn unfence(&self) -> Option<Self> {
        let given_back = Self {
            fenced: None,
            fenced_at: None,
            unfenced: Vec::new(),
            fence_untold: false,
            ..self.clone()
        };
        (given_back != *self).then_some(given_back)
    }

    /// Marks that people were told who works as the administrator of a deposed writer; `None` when they know of each, or of as many
    /// as are remembered.
    #[must_use]
    pub fn tell_administrators(&self, epoch: Epoch, who: &[String]) -> Option<Self> {
        let of_epoch = format!("{epoch}/");
        let told = self.administrators_told.iter();
        // Those of another epoch are past.
        let mut told: Vec<_> = told
            .filter(|told| told.starts_with(&of_epoch))
            .cloned()
            .collect();
        let known = told.len();
        for one in who {
            let mark: String = of_epoch
                .chars()
                .chain(one.chars())
                .take(CAUSE_MAX)
                .collect();
            if told.len() < ADMINISTRATORS_MAX && !told.contains(&mark) {
                told.push(mark);
            }
        }
        (told.len() > known).then(|| Self {
            administrators_told: told,
            ..self.clone()
        })
    }

    /// Whether it was noted lately what opens this Region's member.
    #[must_use]
    pub fn is_served_noted(&self, now: Timestamp) -> bool {
        let served = self.served.as_ref();
        served.is_some_and(|served| now.duration_since(served.at) < SERVED_FRESH)
    }

    /// Notes which version of the administrator's secret opened this Region's member; `None` when that is known and fresh.
    #[must_use]
    pub fn serve(&self, version: &str, now: Timestamp) -> Option<Self> {
        let same = self
            .served
            .as_ref()
            .is_some_and(|served| served.version == version);
        let news = !same || !self.is_served_noted(now);
        news.then(|| Self {
            served: Some(Served {
                version: version.into(),
                at: now,
            }),
            ..self.clone()
        })
    }
}
