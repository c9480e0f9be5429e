//! What RDS shows of a global cluster and of its members, in our own types.

use ::aws::shapes::tags;
use aws_sdk_rds::types;
use failover::topology::{
    Cluster, FailoverState, GlobalCluster, GlobalMember, GlobalSettings, Instance,
};

pub(super) fn of_cluster(identifier: &str) -> types::Filter {
    types::Filter::builder()
        .name("db-cluster-id")
        .values(identifier)
        .build()
}

pub(super) fn global_cluster(found: types::GlobalCluster) -> GlobalCluster {
    let member = |member: types::GlobalClusterMember| GlobalMember {
        arn: member.db_cluster_arn.unwrap_or_default(),
        is_writer: member.is_writer.unwrap_or_default(),
        synchronization: member
            .synchronization_status
            .map(|status| status.as_str().to_owned()),
    };
    GlobalCluster {
        identifier: found.global_cluster_identifier.unwrap_or_default(),
        resource_id: found.global_cluster_resource_id,
        settings: GlobalSettings {
            deletion_protection: found.deletion_protection,
            engine_lifecycle_support: found.engine_lifecycle_support,
            tags: tags(found.tag_list),
        },
        status: found.status.unwrap_or_default(),
        engine_version: found.engine_version.unwrap_or_default(),
        members: found
            .global_cluster_members
            .unwrap_or_default()
            .into_iter()
            .map(member)
            .collect(),
        failover: found.failover_state.map(|state| FailoverState {
            // The SDK's enum lacks "switching-over", which AWS sends: compare the text.
            status: state
                .status
                .map(|status| status.as_str().to_owned())
                .unwrap_or_default(),
            to: state.to_db_cluster_arn.unwrap_or_default(),
            loses: state.is_data_loss_allowed,
        }),
    }
}

pub(super) fn cluster(found: types::DbCluster, instances: &[types::DbInstance]) -> Cluster {
    let members = found.db_cluster_members.unwrap_or_default();
    let is_writer = |identifier: &str| {
        members.iter().any(|member| {
            member.db_instance_identifier.as_deref() == Some(identifier)
                && member.is_cluster_writer == Some(true)
        })
    };
    let instance = |instance: &types::DbInstance| {
        let identifier = instance.db_instance_identifier.clone().unwrap_or_default();
        Instance {
            is_writer: is_writer(&identifier),
            status: instance.db_instance_status.clone().unwrap_or_default(),
            identifier,
        }
    };
    Cluster {
        identifier: found.db_cluster_identifier.unwrap_or_default(),
        arn: found.db_cluster_arn.unwrap_or_default(),
        resource_id: found.db_cluster_resource_id,
        status: found.status.unwrap_or_default(),
        engine_version: found.engine_version.unwrap_or_default(),
        endpoint: found.endpoint.unwrap_or_default(),
        reader_endpoint: found.reader_endpoint.unwrap_or_default(),
        global_cluster: found
            .global_cluster_identifier
            .filter(|identifier| !identifier.is_empty()),
        port: found
            .port
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(5432),
        instances: instances.iter().map(instance).collect(),
    }
}
