//! The client against the simulator of EC2, over HTTP: signed for its Region, refusals with their codes, lists with their pages.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::{collections::BTreeMap, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use ec2_client::{
    Client, Request,
    requests::{self, Copy, Cut, Disk},
};
use ec2_sim::{
    Simulator, SimulatorConfig,
    model::{Durations, Limits},
};
use serde_json::{Value, json};

const HOME: &str = "us-east-1";
const AWAY: &str = "us-west-2";

struct Bench {
    simulator: Simulator,
    home: Client,
    away: Client,
    _folder: tempfile::TempDir,
}

async fn control(simulator: &Simulator, command: Value) -> Value {
    let command = serde_json::from_value(command).unwrap();
    simulator.control(command).await.unwrap()
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let mut config = SimulatorConfig::new(folder.path().join("data"));
    config.durations = Durations {
        start_ms: 1,
        stop_ms: 1,
        attach_ms: 1,
        detach_ms: 1,
        create_volume_ms: 1,
        snapshot_ms: 1,
        copy_ms: 1,
        ..Durations::default()
    };
    config.limits = Limits {
        snapshot_spacing_ms: 0,
        ..Limits::default()
    };
    let simulator = Simulator::start(config).await.unwrap();
    for region in [HOME, AWAY] {
        let subnet =
            json!({"id": format!("subnet-{region}"), "vpc": "vpc-1", "zone": format!("{region}a")});
        control(&simulator, json!({"do": "plant_subnet", "subnet": subnet})).await;
    }
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(HOME))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .endpoint_url(format!("http://{}", simulator.address()))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(10)))
        .timeout_config(TimeoutConfig::disabled())
        .build();
    Bench {
        home: Client::new(&config, HOME),
        away: Client::new(&config, AWAY),
        simulator,
        _folder: folder,
    }
}

impl Bench {
    async fn host(&self, region: &str) -> String {
        let disk = json!({"device": "/dev/xvda", "size_gib": 1});
        let host = json!({"subnet": format!("subnet-{region}"), "disks": [disk]});
        let made = control(&self.simulator, json!({"do": "plant_host", "host": host})).await;
        made["id"].as_str().unwrap().to_owned()
    }
}

fn tags() -> BTreeMap<String, String> {
    [("aurora-failover:run".to_owned(), "run 1 & more".to_owned())].into()
}

/// The snapshots of a Region, once all are complete.
async fn complete(client: &Client) -> Vec<ec2_client::answers::Snapshot> {
    for _ in 0..2_000 {
        let found = client
            .all(&requests::snapshots_with(&tags()))
            .await
            .unwrap();
        if found.iter().all(|one| one.status == "completed") {
            return found;
        }
        tokio::task::yield_now().await;
    }
    panic!("snapshots do not complete");
}

#[tokio::test]
async fn each_region_is_asked_for_its_own() {
    let bench = bench().await;
    let id = bench.host(AWAY).await;
    let away = bench.away.all(&requests::host(&id)).await.unwrap();
    assert_eq!(away[0].instances_set.items[0].instance_id, id);
    assert_eq!(bench.home.all(&requests::host(&id)).await.unwrap(), []);
}

#[tokio::test]
async fn a_snapshot_comes_home_and_becomes_a_volume() {
    let bench = bench().await;
    let id = bench.host(AWAY).await;
    let cut = Cut {
        instance: &id,
        description: "round",
        ..Cut::default()
    };
    let taken = bench.away.once(&requests::cut(cut, &tags())).await.unwrap();
    assert_eq!(taken.snapshots.items.len(), 1);
    let source = complete(&bench.away).await.remove(0);
    let copy = Copy {
        source_region: AWAY,
        source_snapshot: &source.snapshot_id,
        kms_key: Some("alias/aws/ebs"),
        description: "round",
    };
    bench
        .home
        .once(&requests::copy(copy, &tags()))
        .await
        .unwrap();
    let copy = complete(&bench.home).await.remove(0);
    assert!(copy.encrypted && copy.full_snapshot_size_in_bytes.is_some());
    let disk = Disk {
        snapshot: Some(&copy.snapshot_id),
        size_gib: 2,
        volume_type: "gp3",
        iops: Some(3_000),
        initialization_rate: Some(100),
        ..Disk::default()
    };
    let request = requests::create_volume("token", "us-east-1a", &disk, &tags());
    let made = bench.home.once(&request).await.unwrap();
    assert_eq!(
        bench.home.once(&request).await.unwrap(),
        made,
        "a token makes one"
    );
    let found = bench
        .home
        .all(&requests::volumes_with(&tags()))
        .await
        .unwrap();
    assert_eq!((found.len(), found[0].size), (1, 2));
    let told = bench
        .home
        .all(&requests::statuses(&[made.volume]))
        .await
        .unwrap();
    assert!(told[0].initialization_status_details.is_some());
}

#[tokio::test]
async fn a_refusal_comes_with_ec2s_code() {
    let bench = bench().await;
    let why = bench
        .home
        .once(&requests::stop("i-0123456789abcdef0"))
        .await;
    let why = why.unwrap_err();
    assert_eq!(
        why.as_service_error().unwrap().code,
        "InvalidInstanceID.NotFound"
    );
    let attribute = requests::attribute("i-0123456789abcdef0", "disableApiStop");
    assert!(bench.home.read(&attribute).await.is_err());
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let bench = bench().await;
    for _ in 0..7 {
        bench.host(HOME).await;
    }
    let pages: Request<ec2_client::answers::Instances> =
        Request::new("DescribeInstances").with("MaxResults", 5);
    assert_eq!(bench.home.all(&pages).await.unwrap().len(), 7);
}

#[tokio::test]
async fn what_looks_tries_again_and_what_changes_does_not() {
    let bench = bench().await;
    let id = bench.host(HOME).await;
    let refuse = |action: &str| {
        let code = "RequestLimitExceeded";
        json!({"do": "refuse_calls", "region": HOME, "action": action, "calls": 1, "code": code})
    };
    control(&bench.simulator, refuse("DescribeInstances")).await;
    assert_eq!(bench.home.all(&requests::host(&id)).await.unwrap().len(), 1);
    control(&bench.simulator, refuse("StopInstances")).await;
    let why = bench.home.once(&requests::stop(&id)).await.unwrap_err();
    assert_eq!(why.as_service_error().unwrap().code, "RequestLimitExceeded");
}

#[tokio::test]
async fn an_image_is_made_of_a_snapshot_once_and_taken_away() {
    let bench = bench().await;
    let id = bench.host(HOME).await;
    let cut = Cut {
        instance: &id,
        description: "round",
        ..Cut::default()
    };
    bench.home.once(&requests::cut(cut, &tags())).await.unwrap();
    let snapshot = complete(&bench.home).await.remove(0).snapshot_id;
    let new = requests::NewImage {
        name: "twin",
        root_device: "/dev/xvda",
        snapshot: &snapshot,
        architecture: "x86_64",
        boot_mode: None,
    };
    let register = requests::register(new, &tags());
    bench.home.once(&register).await.unwrap();
    let why = bench.home.once(&register).await.unwrap_err();
    assert_eq!(
        why.as_service_error().unwrap().code,
        "InvalidAMIName.Duplicate"
    );
    let found = bench.home.all(&requests::image("twin")).await.unwrap();
    assert_eq!(found[0].image_state, "available");
    let subnet = format!("subnet-{HOME}");
    let launch = requests::Launch {
        client_token: "token",
        image: &found[0].image_id,
        instance_type: "m7i.large",
        subnet: &subnet,
        ..requests::Launch::default()
    };
    let launch = requests::launch(&launch, &tags(), &tags());
    let made = bench.home.once(&launch).await.unwrap();
    assert_eq!(
        bench
            .home
            .once(&launch)
            .await
            .unwrap()
            .instances
            .items
            .len(),
        1
    );
    let twins = bench
        .home
        .all(&requests::hosts_with(&tags()))
        .await
        .unwrap();
    assert_eq!(twins.len(), 1);
    let twin = &made.instances.items[0].instance_id;
    bench.home.once(&requests::terminate(twin)).await.unwrap();
    let away = requests::deregister(&found[0].image_id);
    bench.home.once(&away).await.unwrap();
    assert_eq!(bench.home.all(&requests::image("twin")).await.unwrap(), []);
}
