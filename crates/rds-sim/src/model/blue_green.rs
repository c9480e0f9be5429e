//! Blue/green deployments, as far as they stand in the way of a switchover: they are shown, and do nothing.

use crate::{
    answer::{Fields, Node},
    model::{
        Model, fault::Fault, filters::Filters, key::ClusterKey, page::page, params::Params,
        state::Millis,
    },
};

impl Model {
    /// Makes a cluster have a blue/green deployment of a status, such as `AVAILABLE`, until `None` takes it away.
    pub fn show_blue_green(&mut self, at: Millis, cluster: &ClusterKey, status: Option<&str>) {
        self.advance(at);
        let what = match status {
            Some(status) => {
                self.blue_green.insert(cluster.clone(), status.to_owned());
                format!("has a blue/green deployment that is {status}")
            }
            None => {
                self.blue_green.remove(cluster);
                "has no blue/green deployment".to_owned()
            }
        };
        self.record(&cluster.region, &cluster.id, what);
    }

    pub(crate) fn describe_blue_green_deployments(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let wanted = params.optional("BlueGreenDeploymentIdentifier");
        let filters = Filters::read(
            params,
            &[
                "blue-green-deployment-identifier",
                "blue-green-deployment-name",
                "source",
                "target",
            ],
        )?;
        let admitted = |id: &str, cluster: &ClusterKey| {
            let name = format!("{}-next", cluster.id);
            filters.admit("blue-green-deployment-identifier", &[id])
                && filters.admit("blue-green-deployment-name", &[&name])
                && filters.admit("source", &[&self.names.cluster_arn(cluster)])
                && filters.admit("target", &[])
        };
        let items: Vec<_> = self
            .blue_green
            .iter()
            .filter(|(cluster, _)| cluster.region == region)
            .map(|(cluster, status)| (format!("bgd-{}", cluster.id), cluster, status))
            .filter(|(id, _, _)| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(id)))
            .filter(|(id, cluster, _)| admitted(id, cluster))
            .map(|(id, cluster, status)| {
                let view = Fields::default()
                    .text("BlueGreenDeploymentIdentifier", &id)
                    .text("BlueGreenDeploymentName", format!("{}-next", cluster.id))
                    .text("Source", self.names.cluster_arn(cluster))
                    .text("Status", status)
                    .done();
                (id, view)
            })
            .collect();
        if let Some(wanted) = wanted.filter(|_| items.is_empty()) {
            return Err(Fault::blue_green_not_found(wanted));
        }
        page("BlueGreenDeployments", "member", items, params)
    }
}
