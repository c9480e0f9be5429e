//! What of each input that RDS takes for a member is given to the one that is made again. A test holds these lists against the
//! SDK's own: an input that RDS gains fails it until somebody decides.

use std::collections::BTreeMap;

use failover::topology::{
    SdkInput::{self, Given, Left},
    left_out_of,
};

const FROM_SOURCE: &str = "it is the writer's cluster's";
const FROM_PRIMARY: &str = "a secondary takes it from the writer's cluster";
const LOGINS: &str = "a secondary takes its logins from the writer's cluster";
const OF_CLUSTER: &str = "an Aurora instance takes it from its cluster";
const OTHER_ENGINES: &str = "it is of other engines";
const MULTI_AZ: &str = "it is of Multi-AZ clusters";
const NOT_GLOBAL: &str = "no member of a global database has it";

/// `CreateGlobalCluster`.
pub const GLOBAL: [(&str, SdkInput); 9] = [
    ("database_name", Left(FROM_SOURCE)),
    ("deletion_protection", Given),
    ("engine", Left(FROM_SOURCE)),
    ("engine_lifecycle_support", Given),
    ("engine_version", Left(FROM_SOURCE)),
    ("global_cluster_identifier", Given),
    ("source_db_cluster_identifier", Given),
    ("storage_encrypted", Left(FROM_SOURCE)),
    ("tags", Given),
];

/// `CreateDBCluster`.
pub const CLUSTER: [(&str, SdkInput); 60] = [
    ("allocated_storage", Left(MULTI_AZ)),
    (
        "associated_roles",
        Left("each role is added once the cluster is there"),
    ),
    ("auto_minor_version_upgrade", Given),
    ("availability_zones", Given),
    ("backtrack_window", Left(OTHER_ENGINES)),
    ("backup_retention_period", Given),
    ("ca_certificate_identifier", Left(MULTI_AZ)),
    ("character_set_name", Left(OTHER_ENGINES)),
    ("cluster_scalability_type", Left(NOT_GLOBAL)),
    ("copy_tags_to_snapshot", Given),
    ("database_insights_mode", Given),
    ("database_name", Left(FROM_PRIMARY)),
    ("db_cluster_identifier", Given),
    ("db_cluster_instance_class", Left(MULTI_AZ)),
    ("db_cluster_parameter_group_name", Given),
    ("db_subnet_group_name", Given),
    ("db_system_id", Left(OTHER_ENGINES)),
    ("deletion_protection", Given),
    ("domain", Given),
    ("domain_iam_role_name", Given),
    ("enable_cloudwatch_logs_exports", Given),
    ("enable_global_write_forwarding", Given),
    ("enable_http_endpoint", Given),
    ("enable_iam_database_authentication", Given),
    ("enable_limitless_database", Left(NOT_GLOBAL)),
    ("enable_local_write_forwarding", Given),
    ("enable_performance_insights", Given),
    ("engine", Given),
    ("engine_lifecycle_support", Given),
    ("engine_mode", Left(NOT_GLOBAL)),
    ("engine_version", Given),
    ("global_cluster_identifier", Given),
    ("iops", Left(MULTI_AZ)),
    ("kms_key_id", Given),
    ("manage_master_user_password", Left(NOT_GLOBAL)),
    ("master_user_authentication_type", Left(LOGINS)),
    ("master_user_password", Left(LOGINS)),
    ("master_user_secret_kms_key_id", Left(NOT_GLOBAL)),
    ("master_username", Left(LOGINS)),
    ("monitoring_interval", Given),
    ("monitoring_role_arn", Given),
    ("network_type", Given),
    (
        "option_group_name",
        Left("a cluster's option group cannot be chosen"),
    ),
    ("performance_insights_kms_key_id", Given),
    ("performance_insights_retention_period", Given),
    ("port", Given),
    (
        "pre_signed_url",
        Left("it is of calls between Regions of other partitions"),
    ),
    ("preferred_backup_window", Given),
    ("preferred_maintenance_window", Given),
    ("publicly_accessible", Left(MULTI_AZ)),
    ("rds_custom_cluster_configuration", Left(OTHER_ENGINES)),
    (
        "replication_source_identifier",
        Left("the global cluster says what it follows"),
    ),
    (
        "scaling_configuration",
        Left("it is of Aurora Serverless v1, which no global database has"),
    ),
    ("serverless_v2_scaling_configuration", Given),
    ("storage_encrypted", Left(FROM_PRIMARY)),
    ("storage_type", Given),
    ("tag_specifications", Left("tags are given as such")),
    ("tags", Given),
    ("vpc_security_group_ids", Given),
    ("with_express_configuration", Left(NOT_GLOBAL)),
];

/// `CreateDBInstance`.
pub const INSTANCE: [(&str, SdkInput); 68] = [
    ("additional_storage_volumes", Left(OTHER_ENGINES)),
    ("allocated_storage", Left(OF_CLUSTER)),
    ("auto_minor_version_upgrade", Given),
    ("availability_zone", Given),
    ("backup_retention_period", Left(OF_CLUSTER)),
    ("backup_target", Left(OTHER_ENGINES)),
    ("ca_certificate_identifier", Given),
    ("character_set_name", Left(OTHER_ENGINES)),
    ("copy_tags_to_snapshot", Left(OF_CLUSTER)),
    ("custom_iam_instance_profile", Left(OTHER_ENGINES)),
    ("database_insights_mode", Left(OF_CLUSTER)),
    ("db_capacity_reservation_identifier", Left(OTHER_ENGINES)),
    ("db_cluster_identifier", Given),
    ("db_instance_class", Given),
    ("db_instance_identifier", Given),
    ("db_name", Left(OF_CLUSTER)),
    ("db_parameter_group_name", Given),
    ("db_security_groups", Left(OTHER_ENGINES)),
    ("db_subnet_group_name", Left(OF_CLUSTER)),
    ("db_system_id", Left(OTHER_ENGINES)),
    ("dedicated_log_volume", Left(OTHER_ENGINES)),
    ("deletion_protection", Left(OF_CLUSTER)),
    ("domain", Left(OF_CLUSTER)),
    ("domain_auth_secret_arn", Left(OTHER_ENGINES)),
    ("domain_dns_ips", Left(OTHER_ENGINES)),
    ("domain_fqdn", Left(OTHER_ENGINES)),
    ("domain_iam_role_name", Left(OF_CLUSTER)),
    ("domain_ou", Left(OTHER_ENGINES)),
    ("enable_cloudwatch_logs_exports", Left(OF_CLUSTER)),
    ("enable_customer_owned_ip", Left(OTHER_ENGINES)),
    ("enable_iam_database_authentication", Left(OF_CLUSTER)),
    ("enable_performance_insights", Given),
    ("engine", Given),
    ("engine_lifecycle_support", Left(OF_CLUSTER)),
    ("engine_version", Left(OF_CLUSTER)),
    ("iops", Left(OF_CLUSTER)),
    ("kms_key_id", Left(OF_CLUSTER)),
    ("license_model", Left(OTHER_ENGINES)),
    ("manage_master_user_password", Left(OF_CLUSTER)),
    ("master_user_authentication_type", Left(OF_CLUSTER)),
    ("master_user_password", Left(OF_CLUSTER)),
    ("master_user_secret_kms_key_id", Left(OF_CLUSTER)),
    ("master_username", Left(OF_CLUSTER)),
    ("max_allocated_storage", Left(OF_CLUSTER)),
    ("monitoring_interval", Given),
    ("monitoring_role_arn", Given),
    ("multi_az", Left(OF_CLUSTER)),
    ("multi_tenant", Left(OTHER_ENGINES)),
    ("nchar_character_set_name", Left(OTHER_ENGINES)),
    ("network_type", Left(OF_CLUSTER)),
    ("option_group_name", Left(OTHER_ENGINES)),
    ("performance_insights_kms_key_id", Given),
    ("performance_insights_retention_period", Given),
    ("port", Left(OF_CLUSTER)),
    ("preferred_backup_window", Left(OF_CLUSTER)),
    ("preferred_maintenance_window", Given),
    ("processor_features", Left(OTHER_ENGINES)),
    ("promotion_tier", Given),
    ("publicly_accessible", Given),
    ("storage_encrypted", Left(OF_CLUSTER)),
    ("storage_throughput", Left(OF_CLUSTER)),
    ("storage_type", Left(OF_CLUSTER)),
    ("tag_specifications", Left("tags are given as such")),
    ("tags", Given),
    ("tde_credential_arn", Left(OTHER_ENGINES)),
    ("tde_credential_password", Left(OTHER_ENGINES)),
    ("timezone", Left(OTHER_ENGINES)),
    ("vpc_security_group_ids", Left(OF_CLUSTER)),
];

/// `CreateDBClusterEndpoint`.
pub const ENDPOINT: [(&str, SdkInput); 6] = [
    ("db_cluster_endpoint_identifier", Given),
    ("db_cluster_identifier", Given),
    ("endpoint_type", Given),
    ("excluded_members", Given),
    ("static_members", Given),
    ("tags", Given),
];

/// What no rebuilt member is given, by the call that could give it: for a dry run to say before anything is taken away.
pub(super) fn left_out() -> BTreeMap<&'static str, Vec<String>> {
    BTreeMap::from([
        ("CreateGlobalCluster", left_out_of(&GLOBAL)),
        ("CreateDBCluster", left_out_of(&CLUSTER)),
        ("CreateDBInstance", left_out_of(&INSTANCE)),
        ("CreateDBClusterEndpoint", left_out_of(&ENDPOINT)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_lists_every_input_that_is_not_given_and_why() {
        let left = left_out();
        let cluster = &left["CreateDBCluster"];
        let logins = "master_user_password: a secondary takes its logins from the writer's cluster";
        assert!(cluster.iter().any(|said| said == logins), "{cluster:?}");
        assert!(left["CreateDBClusterEndpoint"].is_empty());
    }
}
