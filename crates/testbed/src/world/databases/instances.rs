//! An instance at home and its read replicas elsewhere, as anybody would create them.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_rds::{Client, types::DbInstance};
use failover::plan::Engine;
use rds_sim::Simulator;

use super::{ADMIN, AVAILABLE, ENGINE_VERSION, Endpoints, Members, client, until};
use crate::{
    profile::{ACCOUNT, HOME, Profile, member},
    world::{Secrets, Trouble},
};

/// The version of MariaDB that is unpacked for drills.
const MARIADB_VERSION: &str = "10.11.14";
/// The version of MySQL that documents show.
const MYSQL_VERSION: &str = "8.0.44";
/// The version of SQL Server, as far as the simulated RDS reads versions.
const SQLSERVER_VERSION: &str = "15.0.4430";
const CLASS: &str = "db.m6g.large";
/// Backups are on everywhere: turning them on after a promotion is an outage.
const BACKUP_DAYS: i32 = 7;

/// Creates a plan's writer at home and a replica of it in every other Region; answers their endpoints.
pub(super) async fn create(
    config: &impl Fn(&str) -> SdkConfig,
    simulator: &Simulator,
    secrets: &Secrets,
    profile: &Profile,
    plan: &str,
    port: u16,
) -> Result<Members, Trouble> {
    let mut members = HashMap::new();
    for region in profile.members {
        let client = client(config, simulator, region);
        let name = member(plan, region);
        if *region == HOME {
            let engine = profile.engine;
            writer(&client, &name, engine, (plan, port), secrets).await?;
        } else {
            replica(&client, &name, plan, port).await?;
        }
        let limit = profile.patience(AVAILABLE);
        let is_available =
            async || Ok(described(&client, &name).await?.db_instance_status() == Some("available"));
        until(&name, limit, is_available).await?;
        // A replica of SQL Server keeps no backups.
        if *region != HOME && profile.engine.has_heart() {
            back_up(&client, &name).await?;
            until(&name, limit, async || {
                let found = described(&client, &name).await?;
                let days = found.backup_retention_period();
                Ok(is_available().await? && days == Some(BACKUP_DAYS))
            })
            .await?;
        }
        let of_member = endpoints(&described(&client, &name).await?)?;
        members.insert((*region).to_owned(), of_member);
    }
    Ok(members)
}

async fn writer(
    client: &Client,
    name: &str,
    engine: Engine,
    (plan, port): (&str, u16),
    secrets: &Secrets,
) -> Result<(), Trouble> {
    let version = match engine {
        Engine::Postgres => ENGINE_VERSION,
        Engine::Mariadb => MARIADB_VERSION,
        Engine::Mysql => MYSQL_VERSION,
        Engine::Sqlserver => SQLSERVER_VERSION,
    };
    client
        .create_db_instance()
        .db_instance_identifier(name)
        .db_instance_class(CLASS)
        .engine(engine.in_rds())
        .engine_version(version)
        .allocated_storage(20)
        .port(port.into())
        .master_username(ADMIN)
        .master_user_password(&secrets.admin)
        .db_name(plan)
        .backup_retention_period(BACKUP_DAYS)
        .send()
        .await?;
    Ok(())
}

async fn replica(client: &Client, name: &str, plan: &str, port: u16) -> Result<(), Trouble> {
    let source = format!("arn:aws:rds:{HOME}:{ACCOUNT}:db:{}", member(plan, HOME));
    client
        .create_db_instance_read_replica()
        .db_instance_identifier(name)
        .source_db_instance_identifier(source)
        .port(port.into())
        .send()
        .await?;
    Ok(())
}

/// A replica is created without backups, whatever its source has.
async fn back_up(client: &Client, name: &str) -> Result<(), Trouble> {
    client
        .modify_db_instance()
        .db_instance_identifier(name)
        .backup_retention_period(BACKUP_DAYS)
        .apply_immediately(true)
        .send()
        .await?;
    Ok(())
}

async fn described(client: &Client, name: &str) -> Result<DbInstance, Trouble> {
    let answer = client.describe_db_instances().db_instance_identifier(name);
    let found = answer.send().await?.db_instances.unwrap_or_default();
    Ok(found.into_iter().next().ok_or("the instance is gone")?)
}

/// An instance has one endpoint, whatever it is used for.
fn endpoints(found: &DbInstance) -> Result<Endpoints, Trouble> {
    let endpoint = found.endpoint().ok_or("the instance has no endpoint")?;
    let address = endpoint.address().unwrap_or_default();
    Ok(Endpoints {
        writer: address.to_owned(),
        reader: address.to_owned(),
        instances: Vec::new(),
        port: endpoint.port().unwrap_or_default().try_into()?,
    })
}
