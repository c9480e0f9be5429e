//! Write forwarding, as RDS shows it.

use ::aws::{Aws, client, error};
use failover::{
    Error,
    ports::Runtime,
    topology::{Cluster, Forwarding},
};

use super::db_cluster;

/// What is shown of write forwarding to this Region's cluster.
pub(super) async fn shown<K>(aws: &Aws<K>, cluster: &Cluster) -> Result<Forwarding, Error> {
    let found = db_cluster(aws, aws.region(), &cluster.identifier).await?;
    let local = found.and_then(|found| found.local_write_forwarding_status);
    let members = match &cluster.global_cluster {
        Some(global) => forwarders(aws, global, &cluster.arn).await?,
        None => Vec::new(),
    };
    Ok(Forwarding {
        local: local.map(|status| status.as_str().to_owned()),
        members,
    })
}

/// The other members of a global cluster, unless another one of them leads it: they forward to that one.
async fn forwarders<K>(
    aws: &Aws<K>,
    global: &str,
    arn: &str,
) -> Result<Vec<(String, Option<String>)>, Error> {
    let here = aws.region();
    let asked = client!(aws, aws_sdk_rds, here)
        .describe_global_clusters()
        .global_cluster_identifier(global)
        .send();
    let answer = asked.await;
    let answer =
        answer.map_err(|why| error(&format!("RDS DescribeGlobalClusters in {here}"), &why))?;
    let found = answer.global_clusters.unwrap_or_default().into_iter();
    let members = found.flat_map(|global| global.global_cluster_members.unwrap_or_default());
    let others = members.filter(|member| member.db_cluster_arn.as_deref() != Some(arn));
    let others: Vec<_> = others.collect();
    if others.iter().any(|member| member.is_writer == Some(true)) {
        return Ok(Vec::new());
    }
    let forwarders = others.into_iter().map(|member| {
        let status = member.global_write_forwarding_status;
        (
            member.db_cluster_arn.unwrap_or_default(),
            status.map(|status| status.as_str().to_owned()),
        )
    });
    Ok(forwarders.collect())
}
