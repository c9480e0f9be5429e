//! Every refusal reaches the AWS SDK as the error it knows.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use aws_sdk_rds::error::ProvideErrorMetadata;
use rds_sim::StorageConfig;
use support::{EAST, EAST_ARN, GLOBAL, WEST, WEST_ARN, build, direct, simulator};

/// Sends a call that must be refused, and gives its code and whether the SDK has the given type for it.
macro_rules! refused {
    ($call:expr, $is:ident) => {{
        let error = $call.send().await.unwrap_err();
        let code = error.code().unwrap_or_default().to_owned();
        assert!(error.message().is_some_and(|message| !message.is_empty()));
        assert!(error.into_service_error().$is(), "{code} has another type");
        code
    }};
}

#[tokio::test]
async fn the_sdk_has_a_type_for_every_modelled_fault() {
    let simulator = simulator(StorageConfig::Memory).await;
    let (west, east) = (direct(&simulator, WEST), direct(&simulator, EAST));
    build(&west, &east).await;
    let engine = "aurora-postgresql";

    let call = west
        .describe_global_clusters()
        .global_cluster_identifier("nobody");
    assert_eq!(
        refused!(call, is_global_cluster_not_found_fault),
        "GlobalClusterNotFoundFault"
    );
    let call = west
        .create_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .engine(engine);
    assert_eq!(
        refused!(call, is_global_cluster_already_exists_fault),
        "GlobalClusterAlreadyExistsFault"
    );
    let call = west.describe_db_clusters().db_cluster_identifier("nobody");
    assert_eq!(
        refused!(call, is_db_cluster_not_found_fault),
        "DBClusterNotFoundFault"
    );
    let call = west
        .create_db_cluster()
        .db_cluster_identifier("orders-west")
        .engine(engine);
    assert_eq!(
        refused!(call, is_db_cluster_already_exists_fault),
        "DBClusterAlreadyExistsFault"
    );
    let call = west
        .describe_db_instances()
        .db_instance_identifier("nobody");
    assert_eq!(
        refused!(call, is_db_instance_not_found_fault),
        "DBInstanceNotFound"
    );
    let call = west
        .create_db_instance()
        .db_instance_identifier("orders-west-1")
        .db_instance_class("db.r6g.large")
        .engine(engine)
        .db_cluster_identifier("orders-west");
    assert_eq!(
        refused!(call, is_db_instance_already_exists_fault),
        "DBInstanceAlreadyExists"
    );
    let call = west
        .switchover_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .target_db_cluster_identifier(WEST_ARN);
    assert_eq!(
        refused!(call, is_invalid_db_cluster_state_fault),
        "InvalidDBClusterStateFault"
    );
    let call = west
        .remove_from_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .db_cluster_identifier(WEST_ARN);
    assert_eq!(
        refused!(call, is_invalid_global_cluster_state_fault),
        "InvalidGlobalClusterStateFault"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn unmodelled_codes_are_told_by_their_string() {
    let simulator = simulator(StorageConfig::Memory).await;
    let (west, east) = (direct(&simulator, WEST), direct(&simulator, EAST));
    build(&west, &east).await;
    let both = east
        .failover_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .target_db_cluster_identifier(EAST_ARN)
        .allow_data_loss(true)
        .switchover(true);
    assert_eq!(
        both.send().await.unwrap_err().code(),
        Some("InvalidParameterCombination")
    );
    let outside = west
        .reboot_db_cluster()
        .db_cluster_identifier("orders-west");
    assert_eq!(
        outside.send().await.unwrap_err().code(),
        Some("InvalidAction")
    );
    simulator.stop().await;
}
