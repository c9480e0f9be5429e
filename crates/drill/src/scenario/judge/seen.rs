//! What ledger, database, DNS and RDS say of the writer when all is over.

use failover::{ledger::PlanState, ports::Ledger};

use crate::{
    profile::{PLAN, READER_NAME, WRITER_NAME, global_cluster},
    world::World,
};

/// What was seen at the end.
pub(super) struct Seen {
    /// The plan's row in the ledger of the Region that should have taken over.
    pub(super) row: Option<PlanState>,
    /// The epoch in that Region's database.
    pub(super) database_epoch: Option<i64>,
    /// Where the writer's name leads.
    pub(super) leads_to: Option<String>,
    /// Where the readers' name leads.
    pub(super) readers_lead_to: Option<String>,
    /// The epoch that DNS holds beside the writer's name.
    pub(super) dns_epoch: Option<u64>,
    /// The members of the first global cluster, ARN and whether it leads; `None` when there is no such cluster.
    pub(super) members: Option<Vec<(String, bool)>>,
}

impl Seen {
    /// The writer's Region and epoch in the ledger.
    pub(super) fn writer(&self) -> Option<(&str, u64)> {
        let current = self.row.as_ref()?.current.as_ref()?;
        Some((current.writer.as_str(), current.epoch.0))
    }
}

/// Looks everywhere.
pub(super) async fn observe(world: &World, target: &str) -> Seen {
    let records = world.records().await;
    let value = |fits: &dyn Fn(&str) -> bool| {
        let mut found = records.iter().filter(|(name, _)| fits(name));
        found.next().map(|(_, value)| value.clone())
    };
    let epoch = value(&|name| name.ends_with(&format!(".{WRITER_NAME}")));
    Seen {
        row: world.ledger().row(&target.into(), &PLAN.into()).await.ok(),
        database_epoch: database_epoch(world, target).await,
        leads_to: value(&|name| name == WRITER_NAME),
        readers_lead_to: value(&|name| name == READER_NAME),
        dns_epoch: epoch.and_then(|epoch| epoch.trim_matches('"').parse().ok()),
        members: members(world, target).await,
    }
}

async fn database_epoch(world: &World, target: &str) -> Option<i64> {
    let admin = world.database(target).await.ok()?;
    let epoch = admin.number("SELECT epoch FROM aurora_failover.epoch");
    epoch.await.ok().flatten()
}

async fn members(world: &World, target: &str) -> Option<Vec<(String, bool)>> {
    let members = described(world, target).await?.into_iter();
    let seen = members.map(|member| {
        let leads = member.is_writer == Some(true);
        (member.db_cluster_arn.unwrap_or_default(), leads)
    });
    Some(seen.collect())
}

async fn described(
    world: &World,
    region: &str,
) -> Option<Vec<aws_sdk_rds::types::GlobalClusterMember>> {
    let endpoint = format!("http://{}", world.simulator.address());
    let config = world.emulator.sdk_config(region).into_builder();
    let rds = aws_sdk_rds::Client::new(&config.endpoint_url(endpoint).build());
    let answer = rds
        .describe_global_clusters()
        .global_cluster_identifier(global_cluster(PLAN))
        .send()
        .await;
    let global = answer.ok()?.global_clusters?.into_iter().next()?;
    global.global_cluster_members
}
