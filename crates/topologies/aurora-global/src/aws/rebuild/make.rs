//! The calls of a rebuild, each made once.

use ::aws::repeated;
use aws_sdk_rds::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use failover::{Error, topology::Call};

use super::inputs;
use crate::members::Accepted;

/// Makes a call.
pub(super) async fn make(client: &Client, what: &str, call: &Call) -> Result<Accepted, Error> {
    match call {
        Call::DeleteEndpoint { .. }
        | Call::RenameInstance { .. }
        | Call::RenameCluster { .. }
        | Call::LiftProtection { .. }
        | Call::DeleteInstance { .. }
        | Call::DeleteCluster { .. } => retire(client, what, call).await,
        Call::CreateSnapshot { .. }
        | Call::CopySnapshot { .. }
        | Call::Remove { .. }
        | Call::DeleteGlobal { .. }
        | Call::CreateGlobal { .. }
        | Call::CreateMember { .. }
        | Call::AddRole { .. }
        | Call::CreateInstance { .. }
        | Call::CreateEndpoint { .. } => build(client, what, call).await,
    }
}

/// Sends one. What RDS is in no state for, what is there already and what is gone already are looked at again by the next
/// pass: an earlier one may have seen no answer.
async fn send<T: Send, E>(
    what: &str,
    sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
) -> Result<Accepted, Error>
where
    E: std::error::Error + ProvideErrorMetadata + Send + 'static,
{
    let why = match sent.await {
        Ok(_) => return Ok(Accepted::Yes),
        Err(why) => why,
    };
    let said = why.message().unwrap_or_default();
    // Another pass removed it: the next one sees that.
    if said.contains("is not found in global cluster") {
        return Ok(Accepted::Yes);
    }
    repeated(what, &why)
}

/// The calls that take something from a deposed cluster.
async fn retire(client: &Client, what: &str, call: &Call) -> Result<Accepted, Error> {
    match call {
        Call::DeleteEndpoint { endpoint } => {
            let call = client.delete_db_cluster_endpoint();
            send(what, call.db_cluster_endpoint_identifier(endpoint).send()).await
        }
        Call::RenameInstance { instance, to } => {
            let call = client.modify_db_instance().apply_immediately(true);
            let call = call.db_instance_identifier(instance);
            send(what, call.new_db_instance_identifier(to).send()).await
        }
        Call::RenameCluster { cluster, to } => {
            let call = client.modify_db_cluster().apply_immediately(true);
            let call = call.db_cluster_identifier(cluster);
            send(what, call.new_db_cluster_identifier(to).send()).await
        }
        Call::LiftProtection { cluster } => {
            let call = client.modify_db_cluster().apply_immediately(true);
            let call = call.db_cluster_identifier(cluster);
            send(what, call.deletion_protection(false).send()).await
        }
        Call::DeleteInstance { instance } => {
            let call = client.delete_db_instance().skip_final_snapshot(true);
            send(what, call.db_instance_identifier(instance).send()).await
        }
        Call::DeleteCluster { cluster } => {
            // The final snapshot was taken and seen available before.
            let call = client.delete_db_cluster().skip_final_snapshot(true);
            let call = call.delete_automated_backups(false);
            send(what, call.db_cluster_identifier(cluster).send()).await
        }
        Call::CreateSnapshot { .. }
        | Call::CopySnapshot { .. }
        | Call::Remove { .. }
        | Call::DeleteGlobal { .. }
        | Call::CreateGlobal { .. }
        | Call::CreateMember { .. }
        | Call::AddRole { .. }
        | Call::CreateInstance { .. }
        | Call::CreateEndpoint { .. } => misplaced(what),
    }
}

/// The calls that make something, and those on global clusters.
async fn build(client: &Client, what: &str, call: &Call) -> Result<Accepted, Error> {
    match call {
        Call::CreateSnapshot { cluster, snapshot } => {
            let call = client.create_db_cluster_snapshot();
            let call = call.db_cluster_identifier(cluster);
            send(what, call.db_cluster_snapshot_identifier(snapshot).send()).await
        }
        Call::CopySnapshot { source, snapshot } => {
            let call = client.copy_db_cluster_snapshot().copy_tags(true);
            let call = call.source_db_cluster_snapshot_identifier(source);
            let call = call.target_db_cluster_snapshot_identifier(snapshot);
            send(what, call.send()).await
        }
        Call::Remove {
            global_cluster,
            arn,
        } => {
            let call = client.remove_from_global_cluster();
            let call = call.global_cluster_identifier(global_cluster);
            send(what, call.db_cluster_identifier(arn).send()).await
        }
        Call::DeleteGlobal { global_cluster } => {
            let call = client.delete_global_cluster();
            send(what, call.global_cluster_identifier(global_cluster).send()).await
        }
        Call::CreateGlobal {
            global_cluster,
            source_arn,
            like,
        } => {
            let input = inputs::global(global_cluster, source_arn, like);
            send(what, input.send_with(client)).await
        }
        Call::CreateMember {
            global_cluster,
            engine_version,
            like,
        } => {
            let input = inputs::member(global_cluster, engine_version, like);
            send(what, input.send_with(client)).await
        }
        Call::AddRole { cluster, role } => {
            let call = client.add_role_to_db_cluster().role_arn(&role.arn);
            let call = call.set_feature_name(role.feature.clone());
            send(what, call.db_cluster_identifier(cluster).send()).await
        }
        Call::CreateInstance { cluster, like } => {
            let input = inputs::instance(cluster, like);
            send(what, input.send_with(client)).await
        }
        Call::CreateEndpoint { cluster, like } => {
            let input = inputs::endpoint(cluster, like);
            send(what, input.send_with(client)).await
        }
        Call::DeleteEndpoint { .. }
        | Call::RenameInstance { .. }
        | Call::RenameCluster { .. }
        | Call::LiftProtection { .. }
        | Call::DeleteInstance { .. }
        | Call::DeleteCluster { .. } => misplaced(what),
    }
}

fn misplaced(what: &str) -> Result<Accepted, Error> {
    Err(Error::InvalidRequest(format!(
        "{what} is no call of this kind"
    )))
}
