//! Names of what a rebuild keeps: short enough for RDS and unique whatever they are made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    domain::{Epoch, stable_hash},
};

/// The longest identifier that RDS takes, of clusters, instances, snapshots and global clusters.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html>.
pub const IDENTIFIER_MAX: usize = 63;

/// `<identifier><suffix>`. Where that is too long the identifier is cut and what was cut off becomes a hash, so that two
/// that agree in their beginnings stay apart.
#[must_use]
pub fn with_suffix(identifier: &str, suffix: &str) -> String {
    if identifier.len() + suffix.len() <= IDENTIFIER_MAX {
        return format!("{identifier}{suffix}");
    }
    let hash = format!("-{:016x}", stable_hash(identifier));
    let room = IDENTIFIER_MAX.saturating_sub(suffix.len() + hash.len());
    let kept: String = identifier.chars().take(room).collect();
    format!("{}{hash}{suffix}", kept.trim_end_matches('-'))
}

/// The name of a member's final snapshot.
#[must_use]
pub fn final_snapshot(cluster: &str, epoch: Epoch) -> String {
    with_suffix(cluster, &format!("-final-{epoch}"))
}

/// The name of the copy of what a managed failover kept.
#[must_use]
pub fn unplanned_copy(cluster: &str, epoch: Epoch) -> String {
    with_suffix(cluster, &format!("-unplanned-{epoch}"))
}

/// How what is retired is told from what is not. The date is that of the record and the epoch tells two of one day apart, so
/// that every pass of every run names alike.
#[must_use]
pub fn retired(date: Timestamp, epoch: Epoch) -> String {
    format!("-retired-{}-{epoch}", date.strftime("%Y%m%d"))
}

/// Whether an identifier ends as [`retired`] says.
#[must_use]
pub fn is_retired(identifier: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let end = identifier.rsplit_once("-retired-").map(|(_, end)| end);
    end.and_then(|end| end.split_once('-'))
        .is_some_and(|(date, epoch)| date.len() == 8 && is_number(date) && is_number(epoch))
}

/// What becomes of a deposed cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retire {
    /// It stays, as `<name>-retired-<date>-<epoch>`.
    #[default]
    Rename,
    /// It is deleted; its final snapshot and its automated backups stay.
    Delete,
}

/// Names that an operator chooses for what a rebuild makes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Names {
    /// The next global cluster; else the number at the end of the plan's is counted up.
    pub global_cluster: Option<String>,
    /// Parameter groups that stand in for those the retired member had, each by its old name.
    pub parameter_groups: BTreeMap<String, String>,
}

impl Names {
    /// Whether RDS would take them.
    ///
    /// # Errors
    /// `InvalidRequest` that names the field, its value and what to write.
    pub fn check(&self) -> Result<(), Error> {
        match &self.global_cluster {
            Some(name) if !is_identifier(name) => Err(Error::InvalidRequest(format!(
                "names.global_cluster is {name:?}; use 1 to {IDENTIFIER_MAX} letters, digits and single hyphens, a letter first and no hyphen last"
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// The parameter group that stands in for one.
    #[must_use]
    pub fn group<'a>(&'a self, group: &'a str) -> &'a str {
        self.parameter_groups
            .get(group)
            .map_or(group, String::as_str)
    }
}

/// Whether RDS takes a text as an identifier.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.len() <= IDENTIFIER_MAX
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_word)
        && !text.ends_with('-')
        && !text.contains("--")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_agree_in_their_beginning_stay_apart() {
        let long = "o".repeat(55);
        let names: BTreeSet<_> = ["reader-1", "reader-2"]
            .map(|end| with_suffix(&format!("{long}{end}"), "-retired-20261121-8"))
            .into();
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn a_snapshots_name_fits_however_long_the_clusters_is() {
        let name = final_snapshot(&"c".repeat(63), Epoch(1_234));
        assert!(name.len() <= 63 && name.ends_with("-final-1234"), "{name}");
        assert_eq!(
            final_snapshot("orders-west", Epoch(8)),
            "orders-west-final-8"
        );
    }

    #[test]
    fn a_name_that_rds_would_refuse_is_refused_before_anything_is_done() {
        for wrong in ["", "1st", "a--b", "a-", "ä", &"x".repeat(64)] {
            let names = Names {
                global_cluster: Some(wrong.into()),
                ..Names::default()
            };
            let why = names.check().unwrap_err();
            assert!(
                why.name() == "InvalidRequest" && why.to_string().contains("names.global_cluster"),
                "{why}"
            );
        }
        let names = Names {
            global_cluster: Some("gdb1-restored-node".into()),
            ..Names::default()
        };
        assert_eq!(names.check(), Ok(()));
    }

    #[test]
    fn what_was_retired_is_told_by_its_name() {
        let at = "2026-11-21T23:59:00Z".parse().unwrap();
        let name = with_suffix("orders-west-1", &retired(at, Epoch(8)));
        assert_eq!(name, "orders-west-1-retired-20261121-8");
        assert!(is_retired(&name));
        for other in [
            "orders-west-1",
            "orders-retired-1",
            "orders-retired-20261121",
            "orders-retired-november-8",
        ] {
            assert!(!is_retired(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_input_names_are_short_unique_and_taken_by_rds(
            one in "[a-z](-?[a-z0-9]){0,40}", other in "[a-z](-?[a-z0-9]){0,40}", epoch in 0_u64..10_000,
        ) {
            let named = |identifier: &str| {
                let identifier: String = identifier.chars().take(63).collect();
                let identifier = identifier.trim_end_matches('-').to_owned();
                let name = with_suffix(&identifier, &format!("-retired-20261121-{epoch}"));
                (identifier, name)
            };
            let ((one, first), (other, second)) = (named(&one), named(&other));
            prop_assert!(is_identifier(&first) && is_identifier(&second), "{first} {second}");
            prop_assert_eq!(one == other, first == second);
        }
    }
}
