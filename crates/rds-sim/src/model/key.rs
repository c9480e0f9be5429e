//! What a cluster or an instance is found by.

use std::fmt;

/// A cluster or an instance: its Region and its identifier in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterKey {
    /// The Region it lives in.
    pub region: String,
    /// Its identifier.
    pub id: String,
}

impl ClusterKey {
    /// Names a cluster or an instance of a Region; identifiers know no case.
    pub fn new(region: &str, id: &str) -> Self {
        Self {
            region: region.to_owned(),
            id: id.to_lowercase(),
        }
    }
}

impl fmt::Display for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.region, self.id)
    }
}
