//! What a drill does to calls, keys, zones and hosts, and how that is met.

use serde_json::json;

use crate::{HOME, caller::between, host, quick, simulator, text, volume};

#[tokio::test]
async fn a_planted_refusal_is_met_until_it_is_taken_away() {
    let caller = simulator(quick()).await;
    let refuse = json!({
        "do": "refuse_calls",
        "region": HOME,
        "action": "DescribeInstances",
        "calls": 100,
        "status": 503,
        "code": "RequestLimitExceeded",
    });
    caller.control(refuse).await;
    let (status, body) = caller.call(HOME, "DescribeInstances", &[]).await.unwrap();
    assert_eq!(
        (status, between(&body, "Code")),
        (503, "RequestLimitExceeded")
    );
    caller.ok(HOME, "DescribeVolumes", &[]).await;
    caller
        .control(json!({"do": "end_troubles", "region": HOME}))
        .await;
    caller.ok(HOME, "DescribeInstances", &[]).await;
    let calls = caller.control(json!({"do": "calls"})).await;
    assert_eq!(calls[0]["refused"], "RequestLimitExceeded");
}

#[tokio::test]
async fn a_zone_without_capacity_a_key_and_a_mounted_disk_are_met_by_calls() {
    let caller = simulator(quick()).await;
    let there = host(&caller, HOME, &["/dev/sdf"]).await;
    let id = text(&there["id"]);
    let (data, _) = volume(&there, "/dev/sdf");

    let mounted = json!({"do": "mounted", "volume": data, "is_mounted": true});
    caller.control(mounted).await;
    let detached = caller
        .ok(HOME, "DetachVolume", &[("VolumeId", &data)])
        .await;
    assert_eq!(between(&detached, "status"), "busy");

    caller
        .ok(HOME, "StopInstances", &[("InstanceId.1", id)])
        .await;
    caller
        .until(HOME, "DescribeInstances", ("InstanceId.1", id), "stopped")
        .await;
    let zone = format!("{HOME}a");
    let full = json!({"do": "capacity", "zone": zone, "is_there": false});
    caller.control(full).await;
    let start = [("InstanceId.1", id)];
    let (status, body) = caller.call(HOME, "StartInstances", &start).await.unwrap();
    let code = between(&body, "Code");
    assert_eq!((status, code), (500, "InsufficientInstanceCapacity"));

    let key = json!({"region": HOME, "id": "one", "alias": "orders", "is_accessible": true});
    let planted = caller.control(json!({"do": "plant_key", "key": key})).await;
    let params = [
        ("AvailabilityZone", zone.as_str()),
        ("Size", "1"),
        ("Encrypted", "true"),
        ("KmsKeyId", "alias/orders"),
    ];
    let made = caller.ok(HOME, "CreateVolume", &params).await;
    assert_eq!(between(&made, "kmsKeyId"), text(&planted["arn"]));
}

#[tokio::test]
async fn a_host_whose_checks_fail_and_describes_that_lag_are_seen() {
    let caller = simulator(quick()).await;
    let there = host(&caller, HOME, &[]).await;
    assert_eq!(there["checks"], "ok");
    let id = text(&there["id"]);
    caller
        .control(json!({"do": "impair", "host": id, "is_impaired": true}))
        .await;
    let told = caller.control(json!({"do": "hosts"})).await;
    assert_eq!(told[0]["checks"], "impaired");

    let lag = |ms: u64| json!({"do": "lag_describes", "region": HOME, "lag_ms": ms});
    caller.control(lag(60_000)).await;
    host(&caller, HOME, &[]).await;
    let shown = caller.ok(HOME, "DescribeInstances", &[]).await;
    assert_eq!(shown.matches("<instanceId>").count(), 1);
    caller.control(lag(0)).await;
    let shown = caller.ok(HOME, "DescribeInstances", &[]).await;
    assert_eq!(shown.matches("<instanceId>").count(), 2);
}

#[tokio::test]
async fn a_drill_that_asks_for_what_there_is_not_is_told_so() {
    let caller = simulator(quick()).await;
    for (command, status, says) in [
        (json!({"do": "dance"}), 400, "dance"),
        (json!({"do": "host", "id": "i-1"}), 409, "i-1"),
        (json!({"do": "volume", "id": "vol-1"}), 409, "vol-1"),
        (
            json!({"do": "read_through", "volume": "vol-1"}),
            409,
            "vol-1",
        ),
        (
            json!({"do": "read_block", "volume": "vol-1", "index": 0}),
            409,
            "vol-1",
        ),
        (
            json!({"do": "plant_host", "host": {"subnet": "subnet-9"}}),
            409,
            "subnet-9",
        ),
        (
            json!({"do": "plant_host", "host": {"colour": "red"}}),
            400,
            "colour",
        ),
        (
            json!({"do": "processes", "host": "i-1", "pids": [i32::MAX]}),
            409,
            "no process",
        ),
    ] {
        let (answered, body) = caller.try_control(&command).await;
        assert_eq!(answered, status, "{command}");
        assert!(text(&body["error"]).contains(says), "{body}");
    }
}
