//! Engine versions, and which may follow which in a managed failover or switchover.

use std::{fmt, str::FromStr};

use crate::model::fault::Fault;

/// An Aurora PostgreSQL version: `16.4` or, with a patch, `16.4.2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl FromStr for Version {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let wrong =
            || Fault::invalid_value(format!("Cannot find version {text} for aurora-postgresql"));
        let numbers = text
            .split('.')
            .map(|part| part.parse::<u32>().map_err(|_| wrong()))
            .collect::<Result<Vec<_>, _>>()?;
        match numbers.as_slice() {
            [major, minor] => Ok(Self {
                major: *major,
                minor: *minor,
                patch: 0,
            }),
            [major, minor, patch] => Ok(Self {
                major: *major,
                minor: *minor,
                patch: *patch,
            }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

impl Version {
    /// Why a member of the version `target` may not take over from one of this version.
    ///
    /// Same major and minor version; patches may differ only from the releases in [`Self::patches_may_differ`] on, and
    /// not across the patches of [`Self::patch_boundary`] (Aurora User Guide, "Patch level compatibility").
    pub(crate) fn takeover_blocker(self, target: Self) -> Option<String> {
        if (self.major, self.minor) != (target.major, target.minor) {
            return Some(format!(
                "the engine version {target} of the target differs from the primary's {self}"
            ));
        }
        if self.patch == target.patch {
            return None;
        }
        let parted = self
            .patch_boundary()
            .is_some_and(|patch| (self.patch >= patch) != (target.patch >= patch));
        (parted || !self.patches_may_differ()).then(|| {
            format!("the patch level {target} of the target differs from the primary's {self}")
        })
    }

    fn patches_may_differ(self) -> bool {
        match self.major {
            15.. => true,
            14 => self.minor >= 5,
            13 => self.minor >= 8,
            12 => self.minor >= 12,
            11 => self.minor >= 17,
            _ => false,
        }
    }

    /// Once one member has this patch, all must have it before roles may change.
    fn patch_boundary(self) -> Option<u32> {
        match (self.major, self.minor) {
            (16, 1) | (15, 5) => Some(6),
            (16, 2) | (15, 6) | (14, 11) => Some(4),
            (16, 3 | 4) | (15, 7 | 8) | (14, 13) => Some(2),
            (15, 3) | (14, 8) => Some(8),
            (15, 4) | (14, 9) => Some(9),
            (14, 10) => Some(6),
            (14, 12) => Some(3),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked(primary: &str, target: &str) -> bool {
        let primary: Version = primary.parse().unwrap();
        primary.takeover_blocker(target.parse().unwrap()).is_some()
    }

    #[test]
    fn another_minor_version_may_not_take_over() {
        assert!(blocked("16.4", "16.3"));
        assert!(blocked("16.4", "15.4"));
        assert!(!blocked("16.6", "16.6"));
    }

    #[test]
    fn patches_may_differ_only_on_the_listed_releases() {
        assert!(!blocked("15.10.1", "15.10.2"));
        assert!(!blocked("14.5.1", "14.5.3"));
        assert!(blocked("14.4.1", "14.4.3"));
        assert!(blocked("13.7.1", "13.7.2"));
    }

    #[test]
    fn the_patch_trap_needs_all_members_on_its_far_side() {
        assert!(blocked("16.4.1", "16.4.2"));
        assert!(blocked("15.3.9", "15.3.7"));
        assert!(!blocked("16.4.2", "16.4.3"));
        assert!(!blocked("16.4", "16.4.1"));
    }

    #[test]
    fn a_version_that_is_none_is_refused() {
        for text in ["16", "sixteen.4", "16.4.2.1", ""] {
            assert_eq!(
                text.parse::<Version>().unwrap_err().code,
                "InvalidParameterValue",
                "{text}"
            );
        }
    }
}
