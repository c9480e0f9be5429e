//! A global cluster as the ledgers name it: by its identifier, and by the resource id that RDS never gives twice.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};

use super::GlobalCluster;

/// A global cluster's name and what RDS calls it for good. An identifier can be taken again by another global cluster. A
/// comparison by [`Named::is`] does not take that one for this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Named {
    /// Its identifier.
    pub name: String,
    /// Its resource id; `None` where it was noted before resource ids were.
    pub resource_id: Option<String>,
}

/// How a ledger keeps it: what has no resource id is kept as it was before there were any.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Name(String),
    Both { name: String, resource_id: String },
}

impl From<Kept> for Named {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Name(name) => Self {
                name,
                resource_id: None,
            },
            Kept::Both { name, resource_id } => Self {
                name,
                resource_id: Some(resource_id),
            },
        }
    }
}

impl From<Named> for Kept {
    fn from(named: Named) -> Self {
        let name = named.name;
        match named.resource_id {
            None => Self::Name(name),
            Some(resource_id) => Self::Both { name, resource_id },
        }
    }
}

impl From<&str> for Named {
    fn from(name: &str) -> Self {
        Self::from(name.to_owned())
    }
}

impl From<String> for Named {
    fn from(name: String) -> Self {
        Self {
            name,
            resource_id: None,
        }
    }
}

impl From<&GlobalCluster> for Named {
    fn from(global: &GlobalCluster) -> Self {
        Self {
            name: global.identifier.clone(),
            resource_id: global.resource_id.clone(),
        }
    }
}

impl Deref for Named {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Named {
    /// Whether both are one global cluster: of one name, and of one resource id where both have one.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let ids = (&self.resource_id, &other.resource_id);
        let one_id = match ids {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => true,
        };
        one_id && self.name.eq_ignore_ascii_case(&other.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, resource_id: Option<&str>) -> Named {
        Named {
            name: name.into(),
            resource_id: resource_id.map(Into::into),
        }
    }

    #[test]
    fn a_global_cluster_that_took_anothers_name_is_not_that_one() {
        let ours = named("orders-global-1", Some("cluster-A"));
        assert!(ours.is(&named("Orders-Global-1", Some("cluster-A"))));
        assert!(!ours.is(&named("orders-global-1", Some("cluster-B"))));
        assert!(!ours.is(&named("orders-global-2", Some("cluster-A"))));
        assert!(ours.is(&named("orders-global-1", None)), "noted before");
    }

    #[test]
    fn a_name_that_a_ledger_kept_before_there_were_resource_ids_is_still_read() {
        let old: Named = serde_json::from_str("\"orders-global-1\"").unwrap();
        assert_eq!(old, "orders-global-1".into());
        assert_eq!(serde_json::to_string(&old).unwrap(), "\"orders-global-1\"");
        let both = named("orders-global-1", Some("cluster-A"));
        let kept = serde_json::to_string(&both).unwrap();
        assert_eq!(serde_json::from_str::<Named>(&kept).unwrap(), both);
    }
}
