//! Write forwarding, by which a standby takes what the writer's applications send it.

/// What is shown of write forwarding to a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarding {
    /// The cluster's own `LocalWriteForwardingStatus`.
    pub local: Option<String>,
    /// The other members of the group that it leads, by ARN, each with its `GlobalWriteForwardingStatus`.
    pub members: Vec<(String, Option<String>)>,
}
