//! What RDS's statuses mean to a rebuild: what is being made counts as not there yet, and what will not heal is told.

/// A cluster, an instance or a snapshot that nothing is being done to.
pub(super) const AT_REST: &str = "available";

/// Statuses that stay until somebody does something, and what to do.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html>.
const STUCK: [(&str, &str); 16] = [
    ("stopped", "start it"),
    (
        "inaccessible-encryption-credentials",
        "its key is lost or disabled: where the key can be enabled again do so and restore the cluster from its backups, else delete it",
    ),
    (
        "inaccessible-encryption-credentials-recoverable",
        "enable its key again and start it",
    ),
    (
        "incompatible-parameters",
        "put its parameter group right and reboot it",
    ),
    (
        "incompatible-network",
        "put its subnet group and addresses right",
    ),
    ("incompatible-restore", "delete it"),
    ("incompatible-option-group", "put its option group right"),
    ("incompatible-credentials", "give it another password"),
    ("incompatible-create", "look at RDS's events and delete it"),
    ("insufficient-capacity", "choose another class or zone"),
    ("storage-full", "free storage"),
    ("failed", "look at RDS's events and delete it"),
    ("restore-error", "delete it"),
    ("restore-failed", "delete it"),
    ("migration-failed", "delete it"),
    ("delete-precheck", "look at RDS's events"),
];

/// Whether nothing is being done to what has this status. An instance whose changes wait for its window is at rest.
pub(super) fn is_at_rest(status: &str) -> bool {
    status == AT_REST
}

/// What to do about a status that does not pass by itself; `None` for one that does.
#[must_use]
pub(super) fn stuck(status: &str) -> Option<&'static str> {
    let mut stuck = STUCK.iter();
    let found = stuck.find(|(word, _)| *word == status);
    found.map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_human_is_told_from_what_passes() {
        for status in [
            "stopped",
            "inaccessible-encryption-credentials",
            "inaccessible-encryption-credentials-recoverable",
            "incompatible-parameters",
            "insufficient-capacity",
            "failed",
        ] {
            assert!(stuck(status).is_some(), "{status}");
        }
        for status in ["creating", "modifying", "deleting", "stopping", "available"] {
            assert_eq!(stuck(status), None, "{status}");
        }
    }
}
