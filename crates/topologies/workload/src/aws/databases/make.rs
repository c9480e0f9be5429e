//! The calls that bring databases home, each made once.

use std::collections::BTreeMap;

use ::aws::{
    repeated,
    shapes::{clusters, tag_list},
};
use aws_sdk_rds::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use failover::{
    Error,
    topology::{Accepted, RoleShape},
};

use super::inputs;
use crate::databases::{Call, Kind};

/// What says that an account keeps as many snapshots as it may, or copies as many at once. Copies end, so that it can be asked again.
/// Any other quota is for people.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBSnapshot.html>.
const USED_UP: &str = "SnapshotQuotaExceeded";

/// Whether a refusal may end without a change to the call.
pub(super) fn frees_itself(code: &str) -> bool {
    code == USED_UP
}

/// What makes calls: a client, and what the call is called in a failure.
struct Maker<'a> {
    client: &'a Client,
    what: &'a str,
}

/// Makes a call.
pub(super) async fn make(client: &Client, what: &str, call: &Call) -> Result<Accepted, Error> {
    let maker = Maker { client, what };
    match call {
        Call::TakeSnapshot {
            kind,
            of,
            snapshot,
            tags,
        } => maker.take(*kind, (of, snapshot), tags).await,
        Call::CopySnapshot { .. } => maker.copy(call).await,
        Call::DropSnapshot { kind, snapshot } => maker.drop_snapshot(*kind, snapshot).await,
        Call::Restore { .. } => maker.restore(call).await,
        Call::Complete { kind, like } => match kind {
            Kind::Instance => {
                let input = inputs::instance_settings(like);
                maker.send(input.send_with(client)).await
            }
            Kind::Cluster => {
                let input = inputs::cluster_settings(like);
                maker.send(input.send_with(client)).await
            }
        },
        Call::CreateInstance {
            cluster,
            engine,
            like,
        } => {
            let input = clusters::instance(cluster, engine, like);
            maker.send(input.send_with(client)).await
        }
        Call::CreateEndpoint { cluster, like } => {
            let input = clusters::endpoint(cluster, like);
            maker.send(input.send_with(client)).await
        }
        Call::DeleteEndpoint { endpoint } => {
            let call = client.delete_db_cluster_endpoint();
            let call = call.db_cluster_endpoint_identifier(endpoint);
            maker.send(call.send()).await
        }
        Call::AddRole { kind, to, role } => maker.add_role(*kind, to, role).await,
        Call::Rename { kind, from, to } => maker.rename(*kind, from, to).await,
        Call::Protect {
            kind,
            identifier,
            on,
        } => maker.protect(*kind, identifier, *on).await,
        Call::Delete { kind, identifier } => maker.delete(*kind, identifier).await,
        Call::Stop { kind, identifier } => maker.stop(*kind, identifier).await,
        Call::Start { kind, identifier } => maker.start(*kind, identifier).await,
        Call::LeaveGlobal {
            global_cluster,
            arn,
        } => {
            let call = client.remove_from_global_cluster();
            let call = call.global_cluster_identifier(global_cluster);
            maker.send(call.db_cluster_identifier(arn).send()).await
        }
    }
}

impl Maker<'_> {
    /// Sends one. What RDS is in no state for, what is there already and what is gone already are looked at again by the next pass: an
    /// earlier one may have seen no answer.
    async fn send<T: Send, E>(
        &self,
        sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> Result<Accepted, Error>
    where
        E: std::error::Error + ProvideErrorMetadata + Send + 'static,
    {
        let why = match sent.await {
            Ok(_) => return Ok(Accepted::Yes),
            Err(why) => why,
        };
        // Another pass removed it: the next one sees that.
        let said = why.message().unwrap_or_default();
        if said.contains("is not found in global cluster") {
            return Ok(Accepted::Yes);
        }
        let code = why.code().unwrap_or_default();
        if frees_itself(code) {
            return Ok(Accepted::NotNow(format!("{code}: {said}")));
        }
        repeated(self.what, &why)
    }

    async fn take(
        &self,
        kind: Kind,
        (of, snapshot): (&str, &str),
        tags: &BTreeMap<String, String>,
    ) -> Result<Accepted, Error> {
        match kind {
            Kind::Instance => {
                let call = self.client.create_db_snapshot().db_instance_identifier(of);
                let call = call.db_snapshot_identifier(snapshot);
                self.send(call.set_tags(tag_list(tags)).send()).await
            }
            Kind::Cluster => {
                let call = self.client.create_db_cluster_snapshot();
                let call = call.db_cluster_identifier(of);
                let call = call.db_cluster_snapshot_identifier(snapshot);
                self.send(call.set_tags(tag_list(tags)).send()).await
            }
        }
    }

    /// Its tags are given as such: a copied one would stand beside the run's own.
    async fn copy(&self, call: &Call) -> Result<Accepted, Error> {
        let Call::CopySnapshot {
            kind,
            source_arn,
            snapshot,
            kms_key,
            option_group,
            tags,
        } = call
        else {
            return self.misplaced();
        };
        match kind {
            Kind::Instance => {
                let call = self.client.copy_db_snapshot().copy_tags(false);
                let call = call.source_db_snapshot_identifier(source_arn);
                let call = call.target_db_snapshot_identifier(snapshot);
                let call = call.set_kms_key_id(kms_key.clone());
                let call = call.set_option_group_name(option_group.clone());
                self.send(call.set_tags(tag_list(tags)).send()).await
            }
            Kind::Cluster => {
                let call = self.client.copy_db_cluster_snapshot().copy_tags(false);
                let call = call.source_db_cluster_snapshot_identifier(source_arn);
                let call = call.target_db_cluster_snapshot_identifier(snapshot);
                let call = call.set_kms_key_id(kms_key.clone());
                self.send(call.set_tags(tag_list(tags)).send()).await
            }
        }
    }

    async fn drop_snapshot(&self, kind: Kind, snapshot: &str) -> Result<Accepted, Error> {
        match kind {
            Kind::Instance => {
                let call = self.client.delete_db_snapshot();
                self.send(call.db_snapshot_identifier(snapshot).send())
                    .await
            }
            Kind::Cluster => {
                let call = self.client.delete_db_cluster_snapshot();
                let call = call.db_cluster_snapshot_identifier(snapshot);
                self.send(call.send()).await
            }
        }
    }

    async fn restore(&self, call: &Call) -> Result<Accepted, Error> {
        let Call::Restore {
            kind,
            snapshot,
            engine,
            engine_version,
            like,
        } = call
        else {
            return self.misplaced();
        };
        match kind {
            Kind::Instance => {
                let input = inputs::instance(snapshot, engine, like);
                self.send(input.send_with(self.client)).await
            }
            Kind::Cluster => {
                let input = inputs::cluster(snapshot, (engine, engine_version), like);
                self.send(input.send_with(self.client)).await
            }
        }
    }

    async fn add_role(&self, kind: Kind, to: &str, role: &RoleShape) -> Result<Accepted, Error> {
        match kind {
            Kind::Instance => {
                let call = self.client.add_role_to_db_instance();
                let call = call.db_instance_identifier(to).role_arn(&role.arn);
                let call = call.set_feature_name(role.feature.clone());
                self.send(call.send()).await
            }
            Kind::Cluster => {
                let call = self.client.add_role_to_db_cluster();
                let call = call.db_cluster_identifier(to).role_arn(&role.arn);
                let call = call.set_feature_name(role.feature.clone());
                self.send(call.send()).await
            }
        }
    }

    async fn rename(&self, kind: Kind, from: &str, to: &str) -> Result<Accepted, Error> {
        match kind {
            Kind::Instance => {
                let call = self.client.modify_db_instance().apply_immediately(true);
                let call = call.db_instance_identifier(from);
                self.send(call.new_db_instance_identifier(to).send()).await
            }
            Kind::Cluster => {
                let call = self.client.modify_db_cluster().apply_immediately(true);
                let call = call.db_cluster_identifier(from);
                self.send(call.new_db_cluster_identifier(to).send()).await
            }
        }
    }

    async fn protect(&self, kind: Kind, identifier: &str, on: bool) -> Result<Accepted, Error> {
        match kind {
            Kind::Instance => {
                let call = self.client.modify_db_instance().apply_immediately(true);
                let call = call.db_instance_identifier(identifier);
                self.send(call.deletion_protection(on).send()).await
            }
            Kind::Cluster => {
                let call = self.client.modify_db_cluster().apply_immediately(true);
                let call = call.db_cluster_identifier(identifier);
                self.send(call.deletion_protection(on).send()).await
            }
        }
    }

    /// Deletes what a rehearsal has built: the snapshot that it came of stays.
    async fn delete(&self, kind: Kind, identifier: &str) -> Result<Accepted, Error> {
        match kind {
            Kind::Instance => {
                let call = self.client.delete_db_instance().skip_final_snapshot(true);
                let call = call.delete_automated_backups(true);
                self.send(call.db_instance_identifier(identifier).send())
                    .await
            }
            Kind::Cluster => {
                let call = self.client.delete_db_cluster().skip_final_snapshot(true);
                let call = call.delete_automated_backups(true);
                self.send(call.db_cluster_identifier(identifier).send())
                    .await
            }
        }
    }

    async fn stop(&self, kind: Kind, identifier: &str) -> Result<Accepted, Error> {
        match kind {
            Kind::Instance => {
                let call = self.client.stop_db_instance();
                self.send(call.db_instance_identifier(identifier).send())
                    .await
            }
            Kind::Cluster => {
                let call = self.client.stop_db_cluster();
                self.send(call.db_cluster_identifier(identifier).send())
                    .await
            }
        }
    }

    async fn start(&self, kind: Kind, identifier: &str) -> Result<Accepted, Error> {
        match kind {
            Kind::Instance => {
                let call = self.client.start_db_instance();
                self.send(call.db_instance_identifier(identifier).send())
                    .await
            }
            Kind::Cluster => {
                let call = self.client.start_db_cluster();
                self.send(call.db_cluster_identifier(identifier).send())
                    .await
            }
        }
    }

    fn misplaced(&self) -> Result<Accepted, Error> {
        Err(Error::InvalidRequest(format!(
            "{} is no call of this kind",
            self.what
        )))
    }
}
