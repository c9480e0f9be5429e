//! What a health check's state is, as a pure function of what its checkers saw.
//! Source: Route 53's developer guide, "How Amazon Route 53 determines whether a health check is healthy".

use std::collections::BTreeMap;

use super::check::{Check, Kind};

/// More than so many of a hundred checkers have to find an endpoint healthy.
const HEALTHY_PERCENT: usize = 18;
/// Calculated checks above each other that are followed.
const DEPTH_MAX: u32 = 4;

/// What a health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Its records may be answered.
    Healthy,
    /// They may not.
    Unhealthy,
}

impl Health {
    fn of(is_healthy: bool) -> Self {
        if is_healthy {
            Self::Healthy
        } else {
            Self::Unhealthy
        }
    }

    fn inverted(self) -> Self {
        match self {
            Self::Healthy => Self::Unhealthy,
            Self::Unhealthy => Self::Healthy,
        }
    }
}

/// What one checker saw so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Streak {
    /// Its verdict, once it had results enough in a row.
    verdict: Option<Health>,
    last: Option<Health>,
    in_a_row: u32,
}

impl Streak {
    /// The same after another look. The verdict follows the results only when so many in a row are alike.
    pub(super) fn and(self, seen: Health, threshold: u32) -> Self {
        let in_a_row = if self.last == Some(seen) {
            self.in_a_row.saturating_add(1)
        } else {
            1
        };
        Self {
            verdict: if in_a_row >= threshold {
                Some(seen)
            } else {
                self.verdict
            },
            last: Some(seen),
            in_a_row,
        }
    }
}

/// A health check with what its checkers saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) check: Check,
    pub(super) streaks: Vec<Streak>,
}

/// The state of a check among all of the account. `None` where there is no such check, or nobody looks at it.
pub(super) fn state(id: &str, all: &BTreeMap<String, Facts>) -> Option<Health> {
    nested(id, all, DEPTH_MAX)
}

fn nested(id: &str, all: &BTreeMap<String, Facts>, depth: u32) -> Option<Health> {
    let Facts { check, streaks } = all.get(id)?;
    let found = if check.disabled {
        Health::Healthy
    } else {
        match &check.kind {
            Kind::Endpoint(_) => of_checkers(streaks),
            Kind::Calculated {
                children,
                healthy_min,
            } => {
                // A child that is gone is none of the healthy ones.
                let deeper = depth.checked_sub(1)?;
                let states = children.iter().map(|child| nested(child, all, deeper));
                let healthy = states.filter(|state| *state == Some(Health::Healthy));
                Health::of(healthy.count() >= *healthy_min)
            }
            Kind::Unwatched => return None,
        }
    };
    Some(if check.inverted {
        found.inverted()
    } else {
        found
    })
}

/// An endpoint is taken for healthy until the first checker has a verdict.
fn of_checkers(streaks: &[Streak]) -> Health {
    let verdicts: Vec<_> = streaks.iter().filter_map(|streak| streak.verdict).collect();
    let healthy = verdicts.iter().filter(|seen| **seen == Health::Healthy);
    let percent = HEALTHY_PERCENT * verdicts.len();
    Health::of(verdicts.is_empty() || healthy.count() * 100 > percent)
}

#[cfg(test)]
mod tests;
