//! The template of exports, deployed beside an instance and its replica: what RDS takes of them is exported, and told where it is not.

use aws_sdk_rds::types::ExportTask;
use tokio::process::Command;

use super::{EAST, WEST, World, key, member, root};

const STACK: &str = "orders-exports";

fn bucket(region: &str) -> String {
    format!("orders-exports-123456789012-{region}")
}

impl World {
    async fn export_from(&self, region: &str, engine: &str) -> Result<(), String> {
        let given = [
            ("InstanceIdentifier", member(region).to_owned()),
            ("Engine", engine.to_owned()),
            ("ExportBucketName", bucket(region)),
            ("ExportKeyArn", key(region)),
        ];
        self.stack("instance-exports", (region, STACK), &given)
            .await
    }

    /// What comes of RDS's word that it took a snapshot; without one, what the machine gives to RDS.
    async fn took(&self, region: &str, snapshot: Option<&str>) -> String {
        let output = Command::new(root().join(".tools/venv/bin/python"))
            .arg(root().join("crates/testbed/tests/instances_by_stacks/took.py"))
            .args([region, STACK])
            .args(snapshot)
            .envs(self.emulator.variables())
            .output();
        let output = output.await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The bucket and the role that the stack made are there for RDS, too.
    async fn admit(&self, region: &str) {
        let given: serde_json::Value =
            serde_json::from_str(&self.took(region, None).await).unwrap();
        let of = |name: &str| given[name].as_str().unwrap().to_owned();
        assert_eq!(of("S3BucketName"), bucket(region));
        let role = of("IamRoleArn");
        self.simulator.admit_exports(region, &bucket(region), &role);
    }

    /// The name of the one snapshot that RDS took itself of a Region's instance.
    async fn automated(&self, region: &str) -> String {
        let rds = self.rds(region);
        let look = rds.describe_db_snapshots().snapshot_type("automated");
        let found = look.db_instance_identifier(member(region)).send().await;
        let found = found.unwrap();
        let [only] = found.db_snapshots() else {
            panic!("{found:?}");
        };
        only.db_snapshot_identifier().unwrap().to_owned()
    }

    async fn exported(&self, region: &str) -> Vec<ExportTask> {
        let found = self.rds(region).describe_export_tasks().send().await;
        found.unwrap().export_tasks.unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rds_takes_of_an_instance_is_exported_once_and_what_is_not_is_told() {
    let world = World::start().await;
    world.deploy(WEST, &[]).await.unwrap();
    world.deploy(EAST, &[]).await.unwrap();
    let refused = world.export_from(EAST, "sqlserver").await.unwrap_err();
    assert!(refused.contains("RDS does not export"), "{refused}");
    for region in [EAST, WEST] {
        world.export_from(region, "postgres").await.unwrap();
        world.admit(region).await;
    }
    a_snapshot_is_exported_and_its_event_may_come_twice(&world).await;
    other_instances_snapshots_are_left_alone(&world).await;
    an_export_that_fails_ends_the_execution_as_failed(&world).await;
    world.emulator.stop().await.unwrap();
    world.simulator.stop().await;
}

async fn a_snapshot_is_exported_and_its_event_may_come_twice(world: &World) {
    let snapshot = world.automated(EAST).await;
    for _ in 0..2 {
        assert_eq!(world.took(EAST, Some(&snapshot)).await, "SUCCEEDED");
    }
    let exported = world.exported(EAST).await;
    let [only] = exported.as_slice() else {
        panic!("{exported:?}");
    };
    assert_eq!(only.status(), Some("COMPLETE"));
    assert_eq!(only.s3_bucket(), Some(&*bucket(EAST)));
    assert_eq!(only.s3_prefix(), Some("orders-east"));
    assert_eq!(only.kms_key_id(), Some(&*key(EAST)));
    let name = snapshot.strip_prefix("rds:");
    assert_eq!(only.export_task_identifier(), name);
    let arn = format!("arn:aws:rds:us-east-1:123456789012:snapshot:{snapshot}");
    assert_eq!(only.source_arn(), Some(&*arn));
}

async fn other_instances_snapshots_are_left_alone(world: &World) {
    let before = world.exported(EAST).await.len();
    // The rule cannot tell it apart, and the machine does.
    let longer = "rds:orders-east-eu-2026-01-06-04-12";
    assert_eq!(world.took(EAST, Some(longer)).await, "SUCCEEDED");
    for other in [
        "rds:orders-2026-01-06-04-12",
        "orders-east-2026-01-06-04-12",
    ] {
        assert_eq!(world.took(EAST, Some(other)).await, "not admitted");
    }
    assert_eq!(world.exported(EAST).await.len(), before);
}

async fn an_export_that_fails_ends_the_execution_as_failed(world: &World) {
    world.simulator.fail_export(WEST, "the key is disabled");
    let snapshot = world.automated(WEST).await;
    let ended = world.took(WEST, Some(&snapshot)).await;
    let name = snapshot.strip_prefix("rds:").unwrap();
    let wanted = format!("FAILED NotExported {name} is FAILED: the key is disabled");
    assert_eq!(ended, wanted);
}
