//! What of each input that RDS takes for a restore is given to what comes home. A test holds these lists against the SDK's own: an input
//! that RDS gains fails it until somebody decides.

use failover::topology::SdkInput::{self, Given, Left};

const MULTI_AZ: &str = "it is of Multi-AZ clusters";
const OTHER_ENGINES: &str = "it is of other engines";
const OUTPOSTS: &str = "it is of Outposts";
const SERVERLESS_V1: &str = "it is of Aurora Serverless v1";
const FROM_SNAPSHOT: &str = "the snapshot has it";
const PASSWORD: &str = "the password is the snapshot's, and prepare says so where RDS kept it";
const BEYOND: &str = "prepare says so where one is set";
const EXPRESS: &str = "it is of clusters outside a VPC";

/// `RestoreDBClusterFromSnapshot`.
pub const RESTORED_CLUSTER: [(&str, SdkInput); 41] = [
    (
        "associated_roles",
        Left("each role is added once the cluster is there"),
    ),
    ("availability_zones", Given),
    ("backtrack_window", Left(BEYOND)),
    ("backup_retention_period", Given),
    ("copy_tags_to_snapshot", Given),
    ("database_name", Left(FROM_SNAPSHOT)),
    ("db_cluster_identifier", Given),
    ("db_cluster_instance_class", Left(MULTI_AZ)),
    ("db_cluster_parameter_group_name", Given),
    ("db_subnet_group_name", Given),
    ("deletion_protection", Given),
    ("domain", Given),
    ("domain_iam_role_name", Given),
    ("enable_cloudwatch_logs_exports", Given),
    ("enable_iam_database_authentication", Given),
    ("enable_internet_access_gateway", Left(EXPRESS)),
    ("enable_performance_insights", Given),
    ("enable_vpc_networking", Left(EXPRESS)),
    ("engine", Given),
    ("engine_lifecycle_support", Given),
    ("engine_mode", Left(SERVERLESS_V1)),
    ("engine_version", Given),
    ("iops", Left(MULTI_AZ)),
    ("kms_key_id", Given),
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
    ("preferred_backup_window", Given),
    ("publicly_accessible", Left(MULTI_AZ)),
    ("rds_custom_cluster_configuration", Left(OTHER_ENGINES)),
    ("scaling_configuration", Left(SERVERLESS_V1)),
    ("serverless_v2_scaling_configuration", Given),
    ("snapshot_identifier", Given),
    ("storage_type", Given),
    ("tag_specifications", Left("tags are given as such")),
    ("tags", Given),
    ("vpc_security_group_ids", Given),
];

/// `RestoreDBInstanceFromDBSnapshot`.
pub const RESTORED_INSTANCE: [(&str, SdkInput); 49] = [
    ("additional_storage_volumes", Left(OTHER_ENGINES)),
    ("allocated_storage", Given),
    ("auto_minor_version_upgrade", Given),
    ("availability_zone", Given),
    ("backup_retention_period", Given),
    ("backup_target", Left(OUTPOSTS)),
    ("ca_certificate_identifier", Given),
    ("copy_tags_to_snapshot", Given),
    ("custom_iam_instance_profile", Left(OTHER_ENGINES)),
    (
        "db_capacity_reservation_identifier",
        Left("RDS shows none of an instance"),
    ),
    ("db_cluster_snapshot_identifier", Left(MULTI_AZ)),
    ("db_instance_class", Given),
    ("db_instance_identifier", Given),
    ("db_name", Left(FROM_SNAPSHOT)),
    ("db_parameter_group_name", Given),
    ("db_snapshot_identifier", Given),
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
    ("enable_customer_owned_ip", Left(OUTPOSTS)),
    ("enable_iam_database_authentication", Given),
    ("engine", Given),
    (
        "engine_lifecycle_support",
        Left("it comes with the version"),
    ),
    ("iops", Given),
    ("license_model", Left(FROM_SNAPSHOT)),
    ("manage_master_user_password", Left(PASSWORD)),
    ("master_user_secret_kms_key_id", Left(PASSWORD)),
    ("multi_az", Given),
    ("network_type", Given),
    ("option_group_name", Given),
    ("port", Given),
    ("preferred_backup_window", Given),
    ("processor_features", Left(BEYOND)),
    ("publicly_accessible", Given),
    ("storage_throughput", Given),
    ("storage_type", Given),
    ("tag_specifications", Left("tags are given as such")),
    ("tags", Given),
    ("tde_credential_arn", Left(OTHER_ENGINES)),
    ("tde_credential_password", Left(OTHER_ENGINES)),
    ("use_default_processor_features", Left(BEYOND)),
    ("vpc_security_group_ids", Given),
];
