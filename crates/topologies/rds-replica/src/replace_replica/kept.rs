//! What of each input that RDS takes for a replica is given to the one that is made again. A test holds this list against the SDK's own:
//! an input that RDS gains fails it until somebody decides.

use std::collections::BTreeMap;

use failover::topology::{
    SdkInput::{self, Given, Left},
    left_out_of,
};

const OTHER_ENGINES: &str = "it is of other engines";
const OF_SOURCE: &str = "a replica takes it from the writer";

/// `CreateDBInstanceReadReplica`.
pub const REPLICA: [(&str, SdkInput); 50] = [
    ("additional_storage_volumes", Left(OTHER_ENGINES)),
    ("allocated_storage", Left(OF_SOURCE)),
    ("auto_minor_version_upgrade", Given),
    ("availability_zone", Given),
    ("backup_target", Left("it is of Outposts")),
    ("ca_certificate_identifier", Given),
    ("copy_tags_to_snapshot", Given),
    ("custom_iam_instance_profile", Left(OTHER_ENGINES)),
    ("database_insights_mode", Given),
    (
        "db_capacity_reservation_identifier",
        Left("RDS shows none of an instance"),
    ),
    ("db_instance_class", Given),
    ("db_instance_identifier", Given),
    ("db_parameter_group_name", Given),
    ("db_subnet_group_name", Given),
    ("dedicated_log_volume", Given),
    ("deletion_protection", Given),
    ("domain", Given),
    ("domain_auth_secret_arn", Left(OTHER_ENGINES)),
    ("domain_dns_ips", Left(OTHER_ENGINES)),
    ("domain_fqdn", Left(OTHER_ENGINES)),
    ("domain_iam_role_name", Given),
    ("domain_ou", Left(OTHER_ENGINES)),
    ("enable_cloudwatch_logs_exports", Given),
    ("enable_customer_owned_ip", Left("it is of Outposts")),
    ("enable_iam_database_authentication", Given),
    ("enable_performance_insights", Given),
    ("iops", Given),
    ("kms_key_id", Given),
    ("max_allocated_storage", Given),
    ("monitoring_interval", Given),
    ("monitoring_role_arn", Given),
    ("multi_az", Given),
    ("network_type", Given),
    ("option_group_name", Given),
    ("performance_insights_kms_key_id", Given),
    ("performance_insights_retention_period", Given),
    ("port", Given),
    (
        "pre_signed_url",
        Left("it is of calls between Regions of other partitions"),
    ),
    ("processor_features", Left(OTHER_ENGINES)),
    ("publicly_accessible", Given),
    ("replica_mode", Left(OTHER_ENGINES)),
    (
        "source_db_cluster_identifier",
        Left("its source is an instance"),
    ),
    ("source_db_instance_identifier", Given),
    ("storage_throughput", Given),
    ("storage_type", Given),
    ("tag_specifications", Left("tags are given as such")),
    ("tags", Given),
    ("upgrade_storage_config", Left(OTHER_ENGINES)),
    ("use_default_processor_features", Left(OTHER_ENGINES)),
    ("vpc_security_group_ids", Given),
];

/// What no replica is given that is made again: for a dry run to say before anything is taken away.
pub(super) fn left_out() -> BTreeMap<&'static str, Vec<String>> {
    BTreeMap::from([("CreateDBInstanceReadReplica", left_out_of(&REPLICA))])
}
