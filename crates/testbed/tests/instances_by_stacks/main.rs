//! The template of an instance and its replica, deployed in both Regions against the simulated RDS, before a move and after it.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a test waits for what stacks make"
)]

mod exports;

use std::{path::PathBuf, time::Duration};

use aws_sdk_rds::types::DbInstance;
use rds_sim::{Durations, Simulator, SimulatorConfig};
use testbed::emulator::{Emulator, EmulatorConfig};
use tokio::process::Command;

const WEST: &str = "us-west-2";
const EAST: &str = "us-east-1";
const STACK: &str = "orders-instance";
const LOOKS_MAX: u32 = 400;

fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.join("../..").canonicalize().unwrap()
}

fn member(region: &str) -> &'static str {
    if region == WEST {
        "orders-west"
    } else {
        "orders-east"
    }
}

fn arn(region: &str) -> String {
    format!("arn:aws:rds:{region}:123456789012:db:{}", member(region))
}

fn key(region: &str) -> String {
    format!("arn:aws:kms:{region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab")
}

async fn admin_secret(emulator: &Emulator, region: &str) -> String {
    let secrets = aws_sdk_secretsmanager::Client::new(&emulator.sdk_config(region));
    let secret = secrets.create_secret().name("orders/admin");
    let secret = secret.secret_string(r#"{"username": "orders_admin", "password": "never-said"}"#);
    secret.send().await.unwrap().arn.unwrap()
}

/// The local AWS, with the simulated RDS that its stacks reach.
struct World {
    emulator: Emulator,
    simulator: Simulator,
    /// The administrator's, in the west and in the east.
    secrets: [String; 2],
    _folder: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir_in(root().join("target")).unwrap();
        let config = EmulatorConfig {
            root: root(),
            folder: folder.path().to_owned(),
        };
        let emulator = Emulator::start(&config).await.unwrap();
        let durations = Durations {
            create_instance_ms: 50,
            create_replica_ms: 50,
            modify_ms: 50,
            snapshot_ms: 50,
            export_ms: 50,
            promote_ms: 50,
            promote_stale_ms: 0,
            forget_replica_ms: 50,
            ..Durations::default()
        };
        let config = SimulatorConfig {
            durations,
            ..SimulatorConfig::default()
        };
        let simulator = Simulator::start(config).await.unwrap();
        emulator.know_rds(simulator.address()).await.unwrap();
        Self {
            secrets: [
                admin_secret(&emulator, WEST).await,
                admin_secret(&emulator, EAST).await,
            ],
            emulator,
            simulator,
            _folder: folder,
        }
    }

    /// What the page says of each Region, with what is different this time.
    async fn deploy(&self, region: &str, different: &[(&str, String)]) -> Result<(), String> {
        let mut given = vec![
            ("InstanceIdentifier", member(region).to_owned()),
            ("EngineVersion", "16.6".to_owned()),
            (
                "SubnetIds",
                "subnet-0123456789abcdef0,subnet-0123456789abcdef1".to_owned(),
            ),
            ("SecurityGroupIds", "sg-0123456789abcdef0".to_owned()),
            ("FirstDatabase", "orders".to_owned()),
            ("KmsKeyArn", key(region)),
        ];
        if region == WEST {
            given.push(("AdminSecretArn", self.secrets[0].clone()));
            given.push(("BackupCopyRegion", EAST.to_owned()));
            given.push(("BackupCopyKeyArn", key(EAST)));
        } else {
            given.push(("SourceInstanceArn", arn(WEST)));
        }
        given.retain(|(name, _)| different.iter().all(|(other, _)| other != name));
        given.extend(different.iter().cloned());
        self.stack("database-instance", (region, STACK), &given)
            .await
    }

    /// Makes or updates a stack of a template.
    async fn stack(
        &self,
        template: &str,
        (region, stack): (&str, &str),
        given: &[(&str, String)],
    ) -> Result<(), String> {
        let given = given.iter().map(|(name, value)| format!("{name}={value}"));
        let output = Command::new(root().join(".tools/venv/bin/python"))
            .arg(root().join("crates/testbed/tests/instances_by_stacks/deploy.py"))
            .arg(root().join(format!("cloudformation/{template}.yaml")))
            .args([region, stack])
            .args(given)
            .envs(self.emulator.variables())
            .output();
        let output = output.await.unwrap();
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn rds(&self, region: &str) -> aws_sdk_rds::Client {
        let config = self.emulator.sdk_config(region).into_builder();
        let address = format!("http://{}", self.simulator.address());
        aws_sdk_rds::Client::new(&config.endpoint_url(address).build())
    }

    async fn shown(&self, region: &str) -> DbInstance {
        let rds = self.rds(region);
        let look = rds.describe_db_instances();
        let look = look.db_instance_identifier(member(region));
        look.send().await.unwrap().db_instances()[0].clone()
    }

    /// The calls of stacks since there were so many, those that tag left out.
    fn asked_since(&self, count: usize) -> Vec<String> {
        let calls = self.emulator.rds_calls().into_iter().skip(count);
        calls.filter(|call| !call.contains("Tags")).collect()
    }

    /// The east is promoted, as a run does it.
    async fn promote(&self) {
        let rds = self.rds(EAST);
        let promote = rds.promote_read_replica();
        let promote = promote.db_instance_identifier(member(EAST));
        promote.backup_retention_period(7).send().await.unwrap();
        for _ in 0..LOOKS_MAX {
            let shown = self.shown(EAST).await;
            let follows = shown.read_replica_source_db_instance_identifier();
            if follows.is_none() && shown.db_instance_status() == Some("available") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:?}", self.shown(EAST).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_template_makes_an_instance_and_its_replica_and_takes_back_no_move() {
    let world = World::start().await;
    world.deploy(WEST, &[]).await.unwrap();
    world.deploy(EAST, &[]).await.unwrap();
    the_east_follows_the_west_and_both_keep_backups(&world).await;
    the_same_again_asks_for_nothing(&world).await;
    world.promote().await;
    what_is_said_of_both_is_changed_whoever_leads(&world).await;
    another_source_is_refused(&world).await;
    world.emulator.stop().await.unwrap();
    world.simulator.stop().await;
}

async fn the_east_follows_the_west_and_both_keep_backups(world: &World) {
    let (west, east) = (world.shown(WEST).await, world.shown(EAST).await);
    let source = east.read_replica_source_db_instance_identifier();
    assert_eq!(source, Some(&*arn(WEST)));
    assert_eq!(west.read_replica_db_instance_identifiers(), [arn(EAST)]);
    assert_eq!(east.status_infos()[0].status(), Some("replicating"));
    assert_eq!(west.master_username(), Some("orders_admin"));
    assert_eq!(west.db_name(), Some("orders"));
    for (region, shown) in [(WEST, &west), (EAST, &east)] {
        assert_eq!(shown.db_instance_status(), Some("available"), "{region}");
        assert_eq!(shown.backup_retention_period(), Some(7), "{region}");
        assert!(shown.latest_restorable_time().is_some(), "{region}");
        assert_eq!(shown.storage_encrypted(), Some(true), "{region}");
        assert_eq!(shown.kms_key_id(), Some(&*key(region)));
        assert_eq!(shown.multi_az(), Some(true), "{region}");
        assert_eq!(shown.deletion_protection(), Some(true), "{region}");
        assert_eq!(shown.iam_database_authentication_enabled(), Some(true));
        assert_eq!(shown.max_allocated_storage(), Some(1_000), "{region}");
        let parameters = shown.db_parameter_groups()[0].db_parameter_group_name();
        assert_eq!(parameters, Some(member(region)));
        let subnets = shown.db_subnet_group().unwrap().db_subnet_group_name();
        assert_eq!(subnets, Some(member(region)));
    }
    let copies = |shown: &DbInstance| -> Vec<String> {
        let all = shown.db_instance_automated_backups_replications().iter();
        let arns = all.filter_map(|copy| copy.db_instance_automated_backups_arn());
        arns.map(str::to_owned).collect()
    };
    let of_west = copies(&west);
    assert_eq!(of_west.len(), 1, "{of_west:?}");
    assert!(of_west[0].starts_with("arn:aws:rds:us-east-1:123456789012:auto-backup:ab-"));
    assert_eq!(copies(&east), Vec::<String>::new());
    let asked = world.asked_since(0);
    let of_east = asked
        .iter()
        .filter(|call| call.ends_with(" orders-east") && !call.contains("Group"));
    let of_east: Vec<_> = of_east.collect();
    let wanted = [
        "CreateDBInstanceReadReplica",
        "ModifyDBInstance",
        "RebootDBInstance",
    ];
    let wanted = wanted.map(|operation| format!("us-east-1 {operation} orders-east"));
    assert_eq!(of_east, wanted.iter().collect::<Vec<_>>());
}

async fn the_same_again_asks_for_nothing(world: &World) {
    let calls = world.emulator.rds_calls().len();
    for region in [WEST, EAST] {
        world.deploy(region, &[]).await.unwrap();
    }
    assert_eq!(world.asked_since(calls), Vec::<String>::new());
}

/// Both keep backups for longer, and the one that leads now has copies where the other one is.
fn after_the_move(region: &str) -> Vec<(&'static str, String)> {
    let days = ("BackupRetentionDays", "14".to_owned());
    if region == WEST {
        return vec![days];
    }
    let copies = ("BackupCopyRegion", WEST.to_owned());
    vec![days, copies, ("BackupCopyKeyArn", key(WEST))]
}

/// The roles are reversed, and the templates are not.
async fn what_is_said_of_both_is_changed_whoever_leads(world: &World) {
    let ids = async || {
        [WEST, EAST].map(|region| async move { world.shown(region).await.dbi_resource_id })
    };
    let before = futures::future::join_all(ids().await).await;
    let calls = world.emulator.rds_calls().len();
    for region in [WEST, EAST] {
        world.deploy(region, &after_the_move(region)).await.unwrap();
        let shown = world.shown(region).await;
        assert_eq!(shown.backup_retention_period(), Some(14), "{region}");
        assert_eq!(shown.read_replica_source_db_instance_identifier(), None);
    }
    let after = futures::future::join_all(ids().await).await;
    assert_eq!(before, after, "none was made anew");
    let wanted = [
        "us-west-2 ModifyDBInstance orders-west".to_owned(),
        format!(
            "us-east-1 StopDBInstanceAutomatedBackupsReplication {}",
            arn(WEST)
        ),
        format!(
            "us-east-1 StartDBInstanceAutomatedBackupsReplication {}",
            arn(WEST)
        ),
        "us-east-1 ModifyDBInstance orders-east".to_owned(),
        format!(
            "us-west-2 StartDBInstanceAutomatedBackupsReplication {}",
            arn(EAST)
        ),
    ];
    assert_eq!(world.asked_since(calls), wanted);
}

/// Whoever writes the roles of today into the parameters makes nothing anew and promotes nothing.
async fn another_source_is_refused(world: &World) {
    let calls = world.emulator.rds_calls().len();
    let mut west = after_the_move(WEST);
    west.push(("SourceInstanceArn", arn(EAST)));
    let mut east = after_the_move(EAST);
    east.push(("SourceInstanceArn", String::new()));
    east.push(("AdminSecretArn", world.secrets[1].clone()));
    let why = world.deploy(WEST, &west).await;
    let other = world.deploy(EAST, &east).await;
    for why in [why, other] {
        let why = why.unwrap_err();
        let by_name = "cannot update a stack when a custom-named resource requires replacing";
        assert!(why.contains(by_name), "{why}");
    }
    assert_eq!(world.asked_since(calls), Vec::<String>::new());
}
