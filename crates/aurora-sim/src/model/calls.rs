//! The door: which operations there are.

use crate::{
    answer::Node,
    model::{Model, fault::Fault, params::Params, state::Millis},
};

impl Model {
    /// Carries out one call sent to a Region. The answer is the content of `<ActionResult>`.
    ///
    /// Whoever calls must not ask a lost Region: it would not answer (see [`Model::answers`]).
    pub fn call(
        &mut self,
        at: Millis,
        region: &str,
        action: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        self.advance(at);
        let answer = match action {
            "CreateGlobalCluster" => self.create_global_cluster(region, params),
            "DescribeGlobalClusters" => self.describe_global_clusters(region, params),
            "FailoverGlobalCluster" => self.failover_global_cluster(region, params),
            "SwitchoverGlobalCluster" => self.switchover_global_cluster(region, params),
            "RemoveFromGlobalCluster" => self.remove_from_global_cluster(region, params),
            "ModifyGlobalCluster" => self.modify_global_cluster(region, params),
            "DeleteGlobalCluster" => self.delete_global_cluster(region, params),
            "CreateDBCluster" => self.create_db_cluster(region, params),
            "DescribeDBClusters" => self.describe_db_clusters(region, params),
            "ModifyDBCluster" => self.modify_db_cluster(region, params),
            "DeleteDBCluster" => self.delete_db_cluster(region, params),
            "CreateDBClusterSnapshot" => self.create_db_cluster_snapshot(region, params),
            "DescribeDBClusterSnapshots" => self.describe_db_cluster_snapshots(region, params),
            "CopyDBClusterSnapshot" => self.copy_db_cluster_snapshot(region, params),
            "DeleteDBClusterSnapshot" => self.delete_db_cluster_snapshot(region, params),
            "RestoreDBClusterFromSnapshot" => self.restore_db_cluster_from_snapshot(region, params),
            "DescribeBlueGreenDeployments" => self.describe_blue_green_deployments(region, params),
            "CreateDBClusterEndpoint" => self.create_db_cluster_endpoint(region, params),
            "DescribeDBClusterEndpoints" => self.describe_db_cluster_endpoints(region, params),
            "DeleteDBClusterEndpoint" => self.delete_db_cluster_endpoint(region, params),
            "CreateDBInstance" => self.create_db_instance(region, params),
            "DescribeDBInstances" => self.describe_db_instances(region, params),
            "ModifyDBInstance" => self.modify_db_instance(region, params),
            "DeleteDBInstance" => self.delete_db_instance(region, params),
            "DescribeEvents" => self.describe_events(region, params),
            other => Err(Fault::invalid_action(other)),
        };
        // What was accepted begins at once, not at the next tick.
        self.advance(at);
        answer
    }
}
