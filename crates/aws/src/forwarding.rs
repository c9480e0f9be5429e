//! Write forwarding, as RDS shows it.

use failover::{
    Error,
    ports::Runtime,
    topology::{Cluster, Forwarding},
};

use super::{Aws, client, errors::error};

impl<K> Aws<K> {
    /// What is shown of write forwarding to this Region's cluster.
    pub(super) async fn write_forwarding(&self, cluster: &Cluster) -> Result<Forwarding, Error> {
        let found = self.db_cluster(self.region(), &cluster.identifier).await?;
        let local = found.and_then(|found| found.local_write_forwarding_status);
        let members = match &cluster.global_cluster {
            Some(global) => self.forwarders(global, &cluster.arn).await?,
            None => Vec::new(),
        };
        Ok(Forwarding {
            local: local.map(|status| status.as_str().to_owned()),
            members,
        })
    }

    /// The other members of a global cluster, unless another one of them leads it: they forward to that one.
    async fn forwarders(
        &self,
        global: &str,
        arn: &str,
    ) -> Result<Vec<(String, Option<String>)>, Error> {
        let here = self.region();
        let asked = client!(self, aws_sdk_rds, here)
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
}
