//! What RDS's statuses mean: what is being made counts as not there yet, and what will not heal is told.

use super::{Cluster, Instance};
use crate::{Error, domain::Region};

/// A cluster, an instance or a snapshot that nothing is being done to.
pub const AT_REST: &str = "available";

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

/// Those under which nobody can connect. Under the others somebody may: they have to be tried.
const UNREACHABLE: [&str; 3] = [
    "stopped",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
];

/// Whether nothing is being done to what has this status. An instance whose changes wait for its window is at rest.
pub fn is_at_rest(status: &str) -> bool {
    status == AT_REST
}

/// What to do about a status that does not pass by itself; `None` for one that does.
#[must_use]
pub fn stuck(status: &str) -> Option<&'static str> {
    let mut stuck = STUCK.iter();
    let found = stuck.find(|(word, _)| *word == status);
    found.map(|(_, what)| *what)
}

/// Says that a status does not pass by itself, and what to do; `None` where it passes.
#[must_use]
pub fn stays(what: &str, identifier: &str, status: &str, region: &Region) -> Option<String> {
    let fix = stuck(status)?;
    Some(format!(
        "{what} {identifier} in {region} is {status}, which does not pass by itself; {fix}, and start again"
    ))
}

impl Cluster {
    /// The instances that serve, or will by themselves.
    pub fn able(&self) -> impl Iterator<Item = &Instance> {
        let instances = self.instances.iter();
        instances.filter(|instance| stuck(&instance.status).is_none())
    }

    /// Why it would take no writes, were it promoted: no instance serves or will by itself.
    #[must_use]
    pub fn without_instance(&self) -> Option<String> {
        if self.able().next().is_some() {
            return None;
        }
        let name = &self.identifier;
        let Some(first) = self.instances.first() else {
            return Some(format!(
                "{name} has no instance; create one before it can be promoted"
            ));
        };
        let fix = stuck(&first.status).unwrap_or_default();
        Some(format!(
            "{name} has no instance that serves: {} is {}; {fix}, or create another before it can be promoted",
            first.identifier, first.status
        ))
    }

    /// Why nobody can connect to it until somebody does something; `None` where that is not certain.
    #[must_use]
    pub fn unreachable(&self, region: &Region) -> Option<String> {
        if UNREACHABLE.contains(&self.status.as_str()) {
            return stays("cluster", &self.identifier, &self.status, region);
        }
        self.instances.is_empty().then(|| {
            format!(
                "cluster {} in {region} has no instance, so that nobody can connect to it; create one, and start again",
                self.identifier
            )
        })
    }

    /// What a failure to connect comes of: a status that does not pass by itself, where RDS shows one.
    #[must_use]
    pub fn explained(&self, region: &Region, why: Error) -> Error {
        if !matches!(why, Error::Unavailable(_)) {
            return why;
        }
        let writers = self.instances.iter().filter(|instance| instance.is_writer);
        let of_instance = writers
            .filter_map(|instance| {
                stays("instance", &instance.identifier, &instance.status, region)
            })
            .next();
        stays("cluster", &self.identifier, &self.status, region)
            .or(of_instance)
            .map_or_else(
                || why.clone(),
                |stays| Error::NotReady(format!("{stays} ({why})")),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(status: &str, instance: Option<&str>) -> Cluster {
        let instance = instance.map(|status| Instance {
            identifier: "orders-west-1".into(),
            status: status.into(),
            is_writer: true,
        });
        Cluster {
            identifier: "orders-west".into(),
            arn: String::new(),
            resource_id: None,
            status: status.into(),
            engine_version: "16.6".into(),
            global_cluster: None,
            endpoint: String::new(),
            reader_endpoint: String::new(),
            port: 5432,
            instances: instance.into_iter().collect(),
        }
    }

    #[test]
    fn a_cluster_is_called_shut_only_where_nobody_can_connect_to_it() {
        let west = "us-west-2".into();
        let unreachable = |status, instance| cluster(status, instance).unreachable(&west);
        for (status, instance, says) in [
            (
                "stopped",
                Some("stopped"),
                "is stopped, which does not pass by itself; start it",
            ),
            (
                "inaccessible-encryption-credentials-recoverable",
                Some("available"),
                "enable its key",
            ),
            ("available", None, "has no instance"),
        ] {
            let why = unreachable(status, instance).unwrap();
            assert!(
                why.starts_with("cluster orders-west in us-west-2") && why.contains(says),
                "{why}"
            );
        }
        for open in [
            "available",
            "incompatible-parameters",
            "storage-full",
            "starting",
        ] {
            assert_eq!(
                unreachable(open, Some("available")),
                None,
                "it may take writes"
            );
        }
    }

    #[test]
    fn silence_is_explained_by_a_status_that_stays_and_by_no_other() {
        let west = "us-west-2".into();
        let silent = || Error::Unavailable("no connection within 10 s".into());
        let said = |status, instance, why| cluster(status, Some(instance)).explained(&west, why);
        let stays = said("available", "incompatible-parameters", silent());
        assert_eq!(stays.name(), "NotReady");
        assert!(
            stays
                .to_string()
                .starts_with("instance orders-west-1 in us-west-2 is incompatible")
        );
        assert_eq!(said("failed", "failed", silent()).name(), "NotReady");
        assert_eq!(said("available", "rebooting", silent()), silent());
        let denied = Error::Denied("28P01".into());
        assert_eq!(said("failed", "failed", denied.clone()), denied);
    }

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
