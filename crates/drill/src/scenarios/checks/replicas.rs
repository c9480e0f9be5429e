//! Whether the writer has its replica again, and what became of the instance that was left.

use aws_sdk_rds::types::DbInstance;

use crate::{
    profile::cluster,
    scenario::{Drill, Played},
    scenarios::rds::rds,
    world::Trouble,
};

/// The instance of a Region follows the writer of another one, and has the backups that it had.
pub(crate) async fn protected(
    drill: &Drill<'_>,
    played: &mut Played,
    (writer, standby): (&str, &str),
) -> Result<(), Trouble> {
    let found = instances(drill, standby).await?;
    let name = cluster(standby);
    let own = found
        .iter()
        .find(|one| one.db_instance_identifier() == Some(name));
    let source = own.and_then(DbInstance::read_replica_source_db_instance_identifier);
    let infos = own.map(DbInstance::status_infos).unwrap_or_default();
    let replicates = infos.iter().any(|info| info.normal() == Some(true));
    let days = own.and_then(DbInstance::backup_retention_period);
    played.check(
        format!("{name} in {standby} replicates from the writer in {writer}"),
        format!("it follows {source:?}, replicating: {replicates}, backups for {days:?} days"),
        source.is_some_and(|source| source.ends_with(&format!(":db:{}", cluster(writer))))
            && replicates
            && days.is_some_and(|days| days > 0),
    );
    Ok(())
}

/// Of the instances that were left in a Region so many are there under other names, each of them has its last snapshot, and nothing else
/// is there.
pub(crate) async fn retired(
    drill: &Drill<'_>,
    played: &mut Played,
    region: &str,
    (renamed, kept): (usize, usize),
) -> Result<(), Trouble> {
    let found = instances(drill, region).await?;
    let names = found
        .iter()
        .filter_map(DbInstance::db_instance_identifier)
        .collect::<Vec<_>>();
    let begins = format!("{}-retired-", cluster(region));
    let retired = names.iter().filter(|name| name.starts_with(&begins));
    let retired = retired.count();
    let snapshots = rds(drill, region)
        .describe_db_snapshots()
        .snapshot_type("manual")
        .send()
        .await?;
    let snapshots = snapshots.db_snapshots().len();
    played.check(
        format!("what was left in {region} is retired, and its last snapshot kept"),
        format!("{}; {snapshots} snapshots", names.join(", ")),
        retired == renamed && snapshots == kept && names.len() == renamed + 1,
    );
    Ok(())
}

async fn instances(drill: &Drill<'_>, region: &str) -> Result<Vec<DbInstance>, Trouble> {
    let answer = rds(drill, region).describe_db_instances().send().await?;
    Ok(answer.db_instances.unwrap_or_default())
}
