//! What the shop is made of: an instance and a cluster in the recovery Region that serve after a disaster, those at home with the rows that
//! they had before, a service, and the plan.

use std::{collections::BTreeMap, net::SocketAddr};

use ::workload::{
    databases::{Databases, Found, Kind},
    plan,
};
use aws_sdk_rds::types::Tag;
use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use failover::plan::Engine;
use serde_json::{Value, json};

use crate::{
    database::Database,
    profile::{ACCOUNT, ECS_CLUSTER, HOME, STANDBY, topic},
    scenario::{Drill, RUN},
    scenarios::rds::{control_plane, rds},
    shop::PLAN,
    timeline,
    world::Trouble,
};

/// The function of every step.
pub(crate) const FUNCTION: &str = "restore-home";
/// The instance at home.
pub(crate) const BILLING: &str = "shop-billing";
/// The one that serves in its place.
pub(crate) const BILLING_AWAY: &str = "shop-billing-dr";
/// The cluster at home.
pub(crate) const LEDGER: &str = "shop-ledger";
/// The one that serves in its place.
pub(crate) const LEDGER_AWAY: &str = "shop-ledger-dr";
/// The custom endpoint of the cluster at home.
pub(crate) const ENDPOINT: &str = "orders-shop-reports";
/// The subnet group at home that leads nowhere.
pub(crate) const ISOLATED: &str = "shop-isolated";
/// The service in the recovery Region.
pub(crate) const SERVICE: &str = "shop";
/// The tasks that it has.
pub(crate) const TASKS: i32 = 2;
/// The last row that home had before the disaster.
pub(crate) const BEFORE: i64 = 3;
/// The last row that the recovery Region has before the application runs on.
pub(crate) const AWAY: i64 = 10;

/// What there is of the shop in each Region: kind, name at home, name in the recovery Region, name in the plan.
pub(crate) const DATABASES: [(Kind, &str, &str, &str); 2] = [
    (Kind::Instance, BILLING, BILLING_AWAY, "billing"),
    (Kind::Cluster, LEDGER, LEDGER_AWAY, "ledger"),
];

const LOGIN: (&str, &str) = ("shop_admin", "it's not a secret");
const DATABASE: &str = "shop";
const VERSION: &str = "16.6";

/// The key of a Region.
pub(crate) fn key(region: &str) -> String {
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/shop")
}

/// The plan of the shop.
pub(crate) fn document() -> Value {
    let isolated = json!({"subnet_group": ISOLATED, "security_groups": ["sg-0123456789abcdef2"]});
    json!({
        "kind": "workload", "plan": PLAN, "revision": 1, "home_region": HOME, "recovery_region": STANDBY,
        "resources": [
            {"kind": "rds_instance", "name": "billing", "order": 1, "home": BILLING, "recovery": BILLING_AWAY, "rehearsal": isolated},
            {"kind": "aurora_cluster", "name": "ledger", "order": 2, "home": LEDGER, "recovery": LEDGER_AWAY, "kms_key": key(HOME),
                "rehearsal": isolated}
        ],
        "services": [{"kind": "ecs", "region": STANDBY, "cluster": ECS_CLUSTER, "services": [SERVICE]}],
        "approval_minutes": 30,
        "notify": {HOME: topic(HOME), STANDBY: topic(STANDBY)}
    })
}

/// Makes all of it, and writes the plan down in both Regions.
pub(crate) async fn opened(drill: &Drill<'_>) -> Result<(), Trouble> {
    let made = "makes the shop: an instance and a cluster in either Region";
    let said = &drill.world.timeline;
    said.say(timeline::Kind::Setup, "the drill", made);
    let group = rds(drill, HOME).create_db_subnet_group();
    group
        .db_subnet_group_name(ISOLATED)
        .db_subnet_group_description("without a route out")
        .subnet_ids("subnet-0123456789abcdef2")
        .subnet_ids("subnet-0123456789abcdef3")
        .send()
        .await?;
    for (region, billing, ledger) in [
        (HOME, BILLING, LEDGER),
        (STANDBY, BILLING_AWAY, LEDGER_AWAY),
    ] {
        instance(drill, region, billing).await?;
        cluster(drill, region, ledger).await?;
    }
    properties_of_home(drill).await?;
    for (kind, home, away, _) in DATABASES {
        for (region, name, last) in [(HOME, home, BEFORE), (STANDBY, away, AWAY)] {
            is_available(drill, kind, (region, name)).await?;
            filled(drill, (region, name), last).await?;
        }
    }
    service(drill).await?;
    for region in [HOME, STANDBY] {
        put_plan(drill, region, &document()).await?;
    }
    Ok(())
}

/// Writes the plan's document in a Region.
pub(crate) async fn put_plan(
    drill: &Drill<'_>,
    region: &str,
    document: &Value,
) -> Result<(), Trouble> {
    aws_sdk_ssm::Client::new(&drill.world.emulator.sdk_config(region))
        .put_parameter()
        .name(plan::parameter(&PLAN.into()))
        .value(document.to_string())
        .r#type(ParameterType::String)
        .tier(ParameterTier::IntelligentTiering)
        .overwrite(true)
        .send()
        .await?;
    Ok(())
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// An instance; what serves has a standby, and what is at home has what a restore has to bring back.
async fn instance(drill: &Drill<'_>, region: &str, name: &str) -> Result<(), Trouble> {
    let is_home = region == HOME;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/monitoring");
    rds(drill, region)
        .create_db_instance()
        .db_instance_identifier(name)
        .db_instance_class("db.m6g.large")
        .engine("postgres")
        .engine_version(VERSION)
        .allocated_storage(20)
        .max_allocated_storage(100)
        .master_username(LOGIN.0)
        .master_user_password(LOGIN.1)
        .db_name(DATABASE)
        .multi_az(!is_home)
        .db_subnet_group_name("orders-subnets")
        .vpc_security_group_ids("sg-0123456789abcdef1")
        .backup_retention_period(if is_home { 7 } else { 1 })
        .preferred_backup_window("01:00-01:30")
        .preferred_maintenance_window("tue:02:00-tue:02:30")
        .copy_tags_to_snapshot(is_home)
        .deletion_protection(is_home)
        .enable_iam_database_authentication(is_home)
        .auto_minor_version_upgrade(!is_home)
        .monitoring_interval(60)
        .monitoring_role_arn(role)
        .tags(tag("aurora-failover", PLAN))
        .tags(tag("team", "shop"))
        .send()
        .await?;
    Ok(())
}

/// A cluster of its own and its instances: at home a writer and a reader, away a writer.
async fn cluster(drill: &Drill<'_>, region: &str, name: &str) -> Result<(), Trouble> {
    let is_home = region == HOME;
    rds(drill, region)
        .create_db_cluster()
        .db_cluster_identifier(name)
        .engine("aurora-postgresql")
        .engine_version(VERSION)
        .master_username(LOGIN.0)
        .master_user_password(LOGIN.1)
        .database_name(DATABASE)
        .storage_encrypted(true)
        .kms_key_id(key(region))
        .db_subnet_group_name("orders-subnets")
        .db_cluster_parameter_group_name("orders-cluster")
        .vpc_security_group_ids("sg-0123456789abcdef1")
        .backup_retention_period(if is_home { 7 } else { 1 })
        .preferred_backup_window("01:00-01:30")
        .preferred_maintenance_window("tue:02:00-tue:02:30")
        .copy_tags_to_snapshot(is_home)
        .deletion_protection(is_home)
        .enable_iam_database_authentication(is_home)
        .enable_cloudwatch_logs_exports("postgresql")
        .tags(tag("aurora-failover", PLAN))
        .tags(tag("team", "shop"))
        .send()
        .await?;
    is_available(drill, Kind::Cluster, (region, name)).await?;
    for number in 1..=if is_home { 2 } else { 1 } {
        rds(drill, region)
            .create_db_instance()
            .db_instance_identifier(format!("{name}-{number}"))
            .db_cluster_identifier(name)
            .db_instance_class("db.r6g.large")
            .engine("aurora-postgresql")
            .db_parameter_group_name("orders-instances")
            .promotion_tier(number - 1)
            .preferred_maintenance_window("wed:03:00-wed:03:30")
            .auto_minor_version_upgrade(false)
            .tags(tag("aurora-failover", PLAN))
            .tags(tag(
                "purpose",
                if number == 1 { "writer" } else { "reader" },
            ))
            .send()
            .await?;
    }
    Ok(())
}

/// What a cluster has beside itself, and no snapshot holds.
async fn properties_of_home(drill: &Drill<'_>) -> Result<(), Trouble> {
    is_available(drill, Kind::Cluster, (HOME, LEDGER)).await?;
    let rds = rds(drill, HOME);
    rds.add_role_to_db_cluster()
        .db_cluster_identifier(LEDGER)
        .role_arn(format!("arn:aws:iam::{ACCOUNT}:role/export"))
        .feature_name("s3Export")
        .send()
        .await?;
    rds.create_db_cluster_endpoint()
        .db_cluster_identifier(LEDGER)
        .db_cluster_endpoint_identifier(ENDPOINT)
        .endpoint_type("READER")
        .static_members(format!("{LEDGER}-2"))
        .tags(tag("team", "shop"))
        .send()
        .await?;
    is_available(drill, Kind::Cluster, (HOME, LEDGER)).await
}

/// A database as the function reads it; `None` where there is none.
pub(crate) async fn found(
    drill: &Drill<'_>,
    kind: Kind,
    (region, name): (&str, &str),
) -> Option<Found> {
    let aws = control_plane(drill, region);
    let found = aws.database(kind, &region.into(), name).await;
    found.ok().flatten()
}

async fn is_available(
    drill: &Drill<'_>,
    kind: Kind,
    (region, name): (&str, &str),
) -> Result<(), Trouble> {
    let at_rest = async || {
        let found = found(drill, kind, (region, name)).await;
        found.is_some_and(|found| {
            let shape = found.shape;
            let parts = shape.instances.iter().map(|one| one.status.as_str());
            let endpoints = shape.endpoints.iter().map(|one| one.status.as_str());
            let mut all = parts.chain(endpoints).chain([shape.status.as_str()]);
            all.all(|status| status == "available")
        })
    };
    if drill
        .until(RUN, &format!("that {name} is available"), at_rest)
        .await
    {
        return Ok(());
    }
    Err(format!("{name} in {region} was not available within {RUN:?}").into())
}

/// Where a database listens.
fn backend(drill: &Drill<'_>, region: &str, name: &str) -> Result<SocketAddr, Trouble> {
    let backend = drill.world.simulator.backend(region, name);
    Ok(backend.ok_or_else(|| format!("{name} in {region} has no database"))?)
}

async fn session(backend: SocketAddr) -> Result<Database, Trouble> {
    Ok(Database::connect(Engine::Postgres, backend, LOGIN, DATABASE).await?)
}

/// The table of sales, up to this number. Nothing in it keeps a row from being there twice.
async fn filled(drill: &Drill<'_>, (region, name): (&str, &str), last: i64) -> Result<(), Trouble> {
    let session = session(backend(drill, region, name)?).await?;
    let statements = [
        "CREATE TABLE sales (number bigint NOT NULL)".to_owned(),
        format!("INSERT INTO sales SELECT * FROM generate_series(1, {last})"),
    ];
    Ok(session.execute(&statements).await?)
}

/// Adds a row.
pub(crate) async fn insert(backend: SocketAddr, number: i64) -> Result<(), Trouble> {
    let session = session(backend).await?;
    let statement = format!("INSERT INTO sales VALUES ({number})");
    Ok(session.execute(&[statement]).await?)
}

/// Adds a row to what has this name now.
pub(crate) async fn insert_into(
    drill: &Drill<'_>,
    (region, name): (&str, &str),
    number: i64,
) -> Result<(), Trouble> {
    insert(backend(drill, region, name)?, number).await
}

/// The rows of what has this name now: how often each number is there.
pub(crate) async fn rows(
    drill: &Drill<'_>,
    (region, name): (&str, &str),
) -> Result<BTreeMap<i64, i64>, Trouble> {
    let session = session(backend(drill, region, name)?).await?;
    let counted = "SELECT number, count(*) FROM sales GROUP BY number";
    Ok(session.numbers(counted).await?)
}

/// The service, with its tasks. A world before this one may have left it.
async fn service(drill: &Drill<'_>) -> Result<(), Trouble> {
    let ecs = aws_sdk_ecs::Client::new(&drill.world.emulator.sdk_config(STANDBY));
    let update = ecs.update_service().cluster(ECS_CLUSTER).service(SERVICE);
    if update.desired_count(TASKS).send().await.is_ok() {
        return Ok(());
    }
    ecs.create_service()
        .cluster(ECS_CLUSTER)
        .service_name(SERVICE)
        .task_definition("orders")
        .desired_count(TASKS)
        .send()
        .await?;
    Ok(())
}
