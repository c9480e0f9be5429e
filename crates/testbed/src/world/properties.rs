//! Every property that a customer may have set of a member, so that a rebuild has to bring it back.
//!
//! Protection against deletion is not among them: some drills delete what is retired by hand. `every-property` sets it.

use aws_sdk_rds::{
    Client,
    operation::{
        create_db_cluster::builders::CreateDBClusterFluentBuilder,
        create_db_instance::builders::CreateDBInstanceFluentBuilder,
    },
    types::Tag,
};

use super::Trouble;
use crate::profile::ACCOUNT;

const FAMILY: &str = "aurora-postgresql16";

/// A tag.
pub(super) fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

fn key(region: &str) -> String {
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/orders")
}

/// Creates the groups that a plan's member in a Region uses.
pub(super) async fn groups(client: &Client, plan: &str) -> Result<(), Trouble> {
    client
        .create_db_subnet_group()
        .db_subnet_group_name(format!("{plan}-subnets"))
        .db_subnet_group_description("where the members live")
        .subnet_ids("subnet-0123456789abcdef0")
        .subnet_ids("subnet-0123456789abcdef1")
        .send()
        .await?;
    client
        .create_db_cluster_parameter_group()
        .db_cluster_parameter_group_name(format!("{plan}-cluster"))
        .db_parameter_group_family(FAMILY)
        .description("of the members")
        .send()
        .await?;
    client
        .create_db_parameter_group()
        .db_parameter_group_name(format!("{plan}-instances"))
        .db_parameter_group_family(FAMILY)
        .description("of their instances")
        .send()
        .await?;
    Ok(())
}

/// A member with every property set.
pub(super) fn of_cluster(
    create: CreateDBClusterFluentBuilder,
    plan: &str,
    region: &str,
) -> CreateDBClusterFluentBuilder {
    create
        .db_subnet_group_name(format!("{plan}-subnets"))
        .db_cluster_parameter_group_name(format!("{plan}-cluster"))
        .vpc_security_group_ids("sg-0123456789abcdef1")
        .availability_zones(format!("{region}a"))
        .availability_zones(format!("{region}b"))
        .kms_key_id(key(region))
        .storage_type("aurora-iopt1")
        .network_type("DUAL")
        .backup_retention_period(7)
        .preferred_backup_window("01:00-01:30")
        .preferred_maintenance_window("tue:02:00-tue:02:30")
        .copy_tags_to_snapshot(true)
        .enable_iam_database_authentication(true)
        .enable_cloudwatch_logs_exports("postgresql")
        .enable_http_endpoint(true)
        .enable_performance_insights(true)
        .performance_insights_kms_key_id(key(region))
        .performance_insights_retention_period(465)
        .database_insights_mode(aws_sdk_rds::types::DatabaseInsightsMode::Advanced)
        .monitoring_interval(60)
        .monitoring_role_arn(role("monitoring"))
        .engine_lifecycle_support("open-source-rds-extended-support-disabled")
        .tags(tag("plan", plan))
        .tags(tag("team", "orders"))
}

/// An instance with every property set. The second one is a reader in another zone.
pub(super) fn of_instance(
    create: CreateDBInstanceFluentBuilder,
    plan: &str,
    region: &str,
    number: u32,
) -> CreateDBInstanceFluentBuilder {
    let (zone, purpose) = if number == 1 {
        ("a", "writer")
    } else {
        ("b", "reader")
    };
    create
        .db_parameter_group_name(format!("{plan}-instances"))
        .availability_zone(format!("{region}{zone}"))
        .preferred_maintenance_window("wed:03:00-wed:03:30")
        .auto_minor_version_upgrade(false)
        .publicly_accessible(number == 2)
        .ca_certificate_identifier("rds-ca-ecc384-g1")
        .enable_performance_insights(true)
        .performance_insights_kms_key_id(key(region))
        .performance_insights_retention_period(465)
        .monitoring_interval(60)
        .monitoring_role_arn(role("monitoring"))
        .tags(tag("purpose", purpose))
}

/// The role that a member exports with.
pub(super) async fn export_role(client: &Client, cluster: &str) -> Result<(), Trouble> {
    client
        .add_role_to_db_cluster()
        .db_cluster_identifier(cluster)
        .role_arn(role("export"))
        .feature_name("s3Export")
        .send()
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use aurora_global::members::Members;
    use failover::topology::InstanceShape;

    use super::super::{Foundation, databases, in_process};
    use crate::{
        client,
        database::Database,
        profile::{HOME, PLAN, Profile, STANDBY, cluster},
    };

    /// What the rebuild reads of an instance's maker, by its identifier.
    fn parameters(instances: &[InstanceShape]) -> Vec<(&str, i32, &str)> {
        let of = |instance: &'_ InstanceShape| instance.promotion_tier.unwrap_or(-1);
        let all = instances.iter();
        all.map(|instance| {
            let group = instance.parameter_group.as_deref();
            let identifier = instance.identifier.as_str();
            (identifier, of(instance), group.unwrap_or_default())
        })
        .collect()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_member_has_a_writer_a_reader_and_every_property_and_the_rebuild_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let profile = Profile::quick("detach");
        let (foundation, _route53) = Foundation::in_folder(&root, folder.path(), &profile)
            .await
            .unwrap();
        let (members, secrets) = (&foundation.endpoints[PLAN], &foundation.secrets);
        for region in [HOME, STANDBY] {
            let name = cluster(region);
            assert_eq!(members[region].instances.len(), 2);
            let aws = in_process::rds(&foundation.simulator, region);
            let shape = aws.shape(&region.into(), name).await.unwrap().unwrap();
            assert_eq!(
                parameters(&shape.instances),
                [
                    (&*format!("{name}-1"), 0, "orders-instances"),
                    (&*format!("{name}-2"), 1, "orders-instances"),
                ]
            );
            assert_eq!(shape.log_exports, ["postgresql"]);
            assert_eq!(shape.parameter_group.as_deref(), Some("orders-cluster"));
            assert_eq!(shape.subnet_group.as_deref(), Some("orders-subnets"));
            assert_eq!(shape.security_groups, ["sg-0123456789abcdef1"]);
            assert_eq!(shape.storage_type.as_deref(), Some("aurora-iopt1"));
            assert_eq!(shape.network_type.as_deref(), Some("DUAL"));
            assert_eq!(shape.backup_window.as_deref(), Some("01:00-01:30"));
            assert_eq!(shape.copy_tags_to_snapshot, Some(true));
            assert_eq!(shape.http_endpoint, Some(true));
            assert_eq!(shape.monitoring.interval_seconds, Some(60));
            assert_eq!(shape.roles.len(), 1);
            assert_eq!(shape.tags["team"], "orders");
            assert!(shape.kms_key.is_some_and(|key| key.contains(region)));
            assert_eq!(shape.beyond, Vec::<String>::new());
        }
        let admin = Database::from(foundation.admin(HOME, PLAN).await.unwrap());
        client::prepare(&admin, "app", &secrets.app).await.unwrap();
        databases::customers(&admin, secrets).await.unwrap();
        let counted = "SELECT (SELECT count(*) FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'app%'),
                              (SELECT count(*) FROM pg_database WHERE datname IN ('orders', 'archive'))";
        assert_eq!(admin.numbers(counted).await.unwrap(), [(4, 2)].into());
        foundation.simulator.stop().await;
    }
}
