//! The AWS SDK drives the simulator, over a socket and without one, and understands every answer and fault.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use std::time::{Duration, Instant};

use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use rds_sim::{Loss, StorageConfig};
use support::{
    EAST, EAST_ARN, GLOBAL, WEST, WEST_ARN, available, build, client, direct, members, settled,
    simulator,
};

#[tokio::test]
async fn clusters_and_instances_are_described_through_a_socket() {
    let simulator = simulator(StorageConfig::Memory).await;
    let (west, east) = (
        client(simulator.address(), WEST),
        client(simulator.address(), EAST),
    );
    build(&west, &east).await;
    settled(
        &east,
        &[
            "orders-west writer connected",
            "orders-east standby connected",
        ],
    )
    .await;

    let cluster = east
        .describe_db_clusters()
        .db_cluster_identifier(EAST_ARN)
        .send()
        .await
        .unwrap();
    let cluster = &cluster.db_clusters()[0];
    assert_eq!(cluster.global_cluster_identifier(), Some(GLOBAL));
    assert_eq!(cluster.replication_source_identifier(), Some(WEST_ARN));
    assert_eq!(cluster.port(), Some(5432));
    assert!(
        cluster
            .endpoint()
            .unwrap()
            .starts_with("orders-east.cluster-")
    );
    assert!(
        cluster
            .reader_endpoint()
            .unwrap()
            .starts_with("orders-east.cluster-ro-")
    );
    assert!(
        cluster
            .db_cluster_resource_id()
            .unwrap()
            .starts_with("cluster-")
    );
    assert_eq!(
        cluster.db_cluster_members()[0].is_cluster_writer(),
        Some(false)
    );
    assert!(cluster.cluster_create_time().is_some());
    let instance = east
        .describe_db_instances()
        .db_instance_identifier("orders-east-1")
        .send()
        .await
        .unwrap();
    assert_eq!(
        instance.db_instances()[0].db_instance_status(),
        Some("available")
    );
    assert!(
        instance.db_instances()[0]
            .endpoint()
            .unwrap()
            .address()
            .unwrap()
            .starts_with("orders-east-1.")
    );
    simulator.stop().await;
}

#[tokio::test]
async fn a_switchover_shows_its_state_and_leaves_its_events() {
    let simulator = simulator(StorageConfig::Memory).await;
    let (west, east) = (
        client(simulator.address(), WEST),
        client(simulator.address(), EAST),
    );
    build(&west, &east).await;
    let answer = west
        .switchover_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .target_db_cluster_identifier(EAST_ARN)
        .send()
        .await
        .unwrap();
    let state = answer
        .global_cluster()
        .unwrap()
        .failover_state()
        .unwrap()
        .clone();
    assert_eq!(state.status().unwrap().as_str(), "pending");
    assert_eq!(
        (state.from_db_cluster_arn(), state.to_db_cluster_arn()),
        (Some(WEST_ARN), Some(EAST_ARN))
    );
    assert_eq!(state.is_data_loss_allowed(), Some(false));
    settled(
        &east,
        &[
            "orders-east writer connected",
            "orders-west standby connected",
        ],
    )
    .await;

    let events = east.describe_events().send().await.unwrap();
    let finished = "Global switchover to DB cluster orders-east in Region us-east-1 finished.";
    let told = events
        .events()
        .iter()
        .find(|event| event.message() == Some(finished))
        .unwrap();
    assert_eq!(told.event_categories(), ["global failover"]);
    assert!(told.date().is_some());
    simulator.stop().await;
}

#[tokio::test]
async fn a_call_takes_effect_and_its_answer_is_lost() {
    let simulator = simulator(StorageConfig::Memory).await;
    let (west, east) = (direct(&simulator, WEST), client(simulator.address(), EAST));
    build(&west, &east).await;
    for (through, how) in [
        (&west, Loss::InternalFailure),
        (&client(simulator.address(), WEST), Loss::Unanswered),
    ] {
        simulator.lose_answers(WEST, "ModifyDBCluster", 1, how);
        let protect = |on| {
            let call = through.modify_db_cluster().deletion_protection(on);
            call.db_cluster_identifier("orders-west").send()
        };
        let is_protected = matches!(how, Loss::InternalFailure);
        let error = protect(is_protected).await.unwrap_err();
        match how {
            Loss::InternalFailure => assert_eq!(error.code(), Some("InternalFailure")),
            Loss::Unanswered => {
                assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
            }
        }
        available(&west, "orders-west").await;
        let found = west.describe_db_clusters().send().await.unwrap();
        let found = found.db_clusters()[0].deletion_protection();
        assert_eq!(found, Some(is_protected));
        // The next one is answered.
        protect(is_protected).await.unwrap();
    }
    simulator.stop().await;
}

#[tokio::test]
async fn a_regions_describes_lag_behind_its_calls() {
    let simulator = simulator(StorageConfig::Memory).await;
    let (west, east) = (direct(&simulator, WEST), direct(&simulator, EAST));
    build(&west, &east).await;
    simulator.lag_describes(EAST, Duration::from_millis(400));
    let began = Instant::now();
    west.switchover_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .target_db_cluster_identifier(EAST_ARN)
        .send()
        .await
        .unwrap();
    let moved = [
        "orders-east writer connected",
        "orders-west standby connected",
    ];
    settled(&west, &moved).await;
    assert_ne!(members(&east).await.0, moved);
    settled(&east, &moved).await;
    assert!(began.elapsed() >= Duration::from_millis(500));
    simulator.stop().await;
}

#[tokio::test]
async fn a_lost_region_is_silent_and_a_managed_failover_brings_its_member_back() {
    let simulator = simulator(StorageConfig::Memory).await;
    let (west, east) = (direct(&simulator, WEST), client(simulator.address(), EAST));
    build(&west, &east).await;
    simulator.lose_region(WEST).await;

    for lost in [west.clone(), client(simulator.address(), WEST)] {
        let began = Instant::now();
        let error = lost.describe_global_clusters().send().await.unwrap_err();
        assert!(matches!(error, SdkError::TimeoutError(_)), "{error:?}");
        assert!(began.elapsed() >= Duration::from_secs(2));
    }
    let answer = east
        .failover_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .target_db_cluster_identifier(EAST_ARN)
        .allow_data_loss(true)
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer
            .global_cluster()
            .unwrap()
            .failover_state()
            .unwrap()
            .is_data_loss_allowed(),
        Some(true)
    );
    settled(
        &east,
        &[
            "orders-east writer connected",
            "orders-west standby pending-resync",
        ],
    )
    .await;

    simulator.return_region(WEST);
    settled(
        &west,
        &[
            "orders-east writer connected",
            "orders-west standby connected",
        ],
    )
    .await;
    simulator.stop().await;
}

#[tokio::test]
async fn a_detached_standby_is_promoted_and_the_history_says_when() {
    let simulator = simulator(StorageConfig::Memory).await;
    let (west, east) = (direct(&simulator, WEST), direct(&simulator, EAST));
    build(&west, &east).await;
    east.remove_from_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .db_cluster_identifier(EAST_ARN)
        .send()
        .await
        .unwrap();
    let cluster = east
        .describe_db_clusters()
        .db_cluster_identifier("orders-east")
        .send()
        .await
        .unwrap();
    assert_eq!(cluster.db_clusters()[0].status(), Some("promoting"));
    assert_eq!(cluster.db_clusters()[0].global_cluster_identifier(), None);
    available(&east, "orders-east").await;
    assert_eq!(
        members(&west).await,
        (vec!["orders-west writer connected".to_owned()], false)
    );

    let history = simulator.history();
    let at = |what: &str| {
        history
            .iter()
            .find(|t| t.what == what && t.subject == "orders-east")
            .unwrap()
            .at
    };
    let held = at("promotion completed") - at("detach accepted");
    assert!((100..2_000).contains(&held), "{held} ms");
    simulator.stop().await;
}
