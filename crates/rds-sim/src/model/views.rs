//! Global clusters and events in the shapes of the RDS API; clusters and instances in files of their own.

mod cluster;
mod instance;

pub(crate) use self::{
    cluster::{groups_view, logs_view},
    instance::certificate_view,
};

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        engine::ENGINE,
        key::ClusterKey,
        state::{ClusterStatus, Event, Failover, FailoverKind, Global, Millis},
    },
};

impl Model {
    pub(crate) fn global_view(&self, global: &Global) -> Node {
        Fields::default()
            .text("GlobalClusterIdentifier", &global.id)
            .text("GlobalClusterResourceId", &global.resource_id)
            .text("GlobalClusterArn", self.names.global_arn(&global.id))
            .text("Status", self.global_status(global))
            .text("Engine", ENGINE)
            .text("EngineVersion", &global.engine_version)
            .text(
                "EngineLifecycleSupport",
                global
                    .lifecycle_support
                    .as_deref()
                    .unwrap_or("open-source-rds-extended-support"),
            )
            .optional("DatabaseName", global.database.as_ref())
            .text("StorageEncrypted", global.encrypted)
            .text("DeletionProtection", global.deletion_protection)
            .node("GlobalClusterMembers", self.members_view(global))
            .text("Endpoint", self.names.global_endpoint(&global.id))
            .nodes(
                global
                    .failover
                    .as_ref()
                    .map(|failover| ("FailoverState", self.failover_view(failover))),
            )
            .node("TagList", tags_view(&global.tags))
            .done()
    }

    /// Free text at AWS: busy while an operation runs or a member is upgraded.
    fn global_status(&self, global: &Global) -> &'static str {
        if let Some(failover) = &global.failover {
            return match failover.kind {
                FailoverKind::Switchover => "switching-over",
                FailoverKind::DataLossAllowed => "failing-over",
            };
        }
        let upgrading = |key: &ClusterKey| {
            self.clusters
                .get(key)
                .is_some_and(|c| c.status == ClusterStatus::Upgrading)
        };
        if global.members().any(upgrading) {
            "upgrading"
        } else {
            "available"
        }
    }

    fn members_view(&self, global: &Global) -> Node {
        let forwards = |key: &ClusterKey| {
            let cluster = self.clusters.get(key);
            cluster.map_or("disabled", |cluster| self.write_forwarding(cluster))
        };
        let member = |key: &ClusterKey, writer: bool, readers: Vec<Node>, synchronization: &str| {
            Fields::default()
                .text("DBClusterArn", self.names.cluster_arn(key))
                .node("Readers", Node::list("member", readers))
                .text("IsWriter", writer)
                .text("GlobalWriteForwardingStatus", forwards(key))
                .text("SynchronizationStatus", synchronization)
                .done()
        };
        let readers = global
            .standbys
            .iter()
            .map(|standby| Node::text(self.names.cluster_arn(&standby.cluster)));
        let writer = global
            .writer
            .iter()
            .map(|key| member(key, true, readers.clone().collect(), "connected"));
        let standbys = global.standbys.iter().map(|standby| {
            member(
                &standby.cluster,
                false,
                Vec::new(),
                standby.synchronization.as_str(),
            )
        });
        Node::list("GlobalClusterMember", writer.chain(standbys))
    }

    fn failover_view(&self, failover: &Failover) -> Node {
        Fields::default()
            .text("Status", failover.status())
            .text("FromDbClusterArn", self.names.cluster_arn(&failover.from))
            .text("ToDbClusterArn", self.names.cluster_arn(&failover.to))
            .text(
                "IsDataLossAllowed",
                failover.kind == FailoverKind::DataLossAllowed,
            )
            .done()
    }
}

pub(crate) fn event_view(event: &Event) -> Node {
    Fields::default()
        .text("SourceIdentifier", &event.source)
        .text("SourceType", event.source_type)
        .text("Message", &event.message)
        .node(
            "EventCategories",
            Node::list("EventCategory", [Node::text(event.category)]),
        )
        .text("Date", iso(event.at))
        .text("SourceArn", &event.source_arn)
        .done()
}

pub(crate) fn tags_view(tags: &[(String, String)]) -> Node {
    let tag = |(key, value): &(String, String)| {
        Fields::default()
            .text("Key", key)
            .text("Value", value)
            .done()
    };
    Node::list("Tag", tags.iter().map(tag))
}

pub(crate) fn iso(at: Millis) -> String {
    i64::try_from(at)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .map(|time| format!("{time:.3}"))
        .unwrap_or_default()
}
