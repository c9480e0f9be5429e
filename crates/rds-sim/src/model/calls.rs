//! The door: which operations there are.

use crate::{
    answer::Node,
    model::{Model, fault::Fault, groups::Sort, params::Params, state::Millis},
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
        if let Some(fault) = self.met_refusal(region, action) {
            return Err(fault);
        }
        if action.starts_with("Describe") {
            return self.as_shown_in(region, |model| model.describe(region, action, params));
        }
        let answer = self.change(region, action, params);
        // What was accepted begins at once, not at the next tick.
        self.advance(at);
        answer
    }

    fn describe(&self, region: &str, action: &str, params: &Params) -> Result<Node, Fault> {
        match action {
            "DescribeGlobalClusters" => self.describe_global_clusters(region, params),
            "DescribeDBClusters" => self.describe_db_clusters(region, params),
            "DescribeDBClusterSnapshots" => self.describe_db_cluster_snapshots(region, params),
            "DescribeBlueGreenDeployments" => self.describe_blue_green_deployments(region, params),
            "DescribeAccountAttributes" => Ok(self.describe_account_attributes(region)),
            "DescribeDBClusterEndpoints" => self.describe_db_cluster_endpoints(region, params),
            "DescribeDBInstances" => self.describe_db_instances(region, params),
            "DescribeDBSubnetGroups" => self.describe_groups(Sort::Subnets, region, params),
            "DescribeDBClusterParameterGroups" => {
                self.describe_groups(Sort::ClusterParameters, region, params)
            }
            "DescribeDBParameterGroups" => self.describe_groups(Sort::Parameters, region, params),
            "DescribeDBClusterParameters" => {
                self.describe_parameters(Sort::ClusterParameters, region, params)
            }
            "DescribeDBParameters" => self.describe_parameters(Sort::Parameters, region, params),
            "DescribeDBSnapshots" => self.describe_db_snapshots(region, params),
            "DescribeDBInstanceAutomatedBackups" => {
                self.describe_db_instance_automated_backups(region, params)
            }
            "DescribeExportTasks" => self.describe_export_tasks(region, params),
            "DescribeEvents" => self.describe_events(region, params),
            other => Err(Fault::invalid_action(other)),
        }
    }

    fn change(&mut self, region: &str, action: &str, params: &Params) -> Result<Node, Fault> {
        match action {
            "CreateGlobalCluster" => self.create_global_cluster(region, params),
            "FailoverGlobalCluster" => self.failover_global_cluster(region, params),
            "SwitchoverGlobalCluster" => self.switchover_global_cluster(region, params),
            "RemoveFromGlobalCluster" => self.remove_from_global_cluster(region, params),
            "ModifyGlobalCluster" => self.modify_global_cluster(region, params),
            "DeleteGlobalCluster" => self.delete_global_cluster(region, params),
            "CreateDBCluster" => self.create_db_cluster(region, params),
            "ModifyDBCluster" => self.modify_db_cluster(region, params),
            "DeleteDBCluster" => self.delete_db_cluster(region, params),
            "CreateDBClusterSnapshot" => self.create_db_cluster_snapshot(region, params),
            "CopyDBClusterSnapshot" => self.copy_db_cluster_snapshot(region, params),
            "DeleteDBClusterSnapshot" => self.delete_db_cluster_snapshot(region, params),
            "RestoreDBClusterFromSnapshot" => self.restore_db_cluster_from_snapshot(region, params),
            "CreateDBClusterEndpoint" => self.create_db_cluster_endpoint(region, params),
            "DeleteDBClusterEndpoint" => self.delete_db_cluster_endpoint(region, params),
            "CreateDBInstance" => self.create_db_instance(region, params),
            "ModifyDBInstance" => self.modify_db_instance(region, params),
            "DeleteDBInstance" => self.delete_db_instance(region, params),
            other => self.change_in_region(region, other, params),
        }
    }

    /// What concerns one cluster within its Region, tags and groups.
    fn change_in_region(
        &mut self,
        region: &str,
        action: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        match action {
            "FailoverDBCluster" => self.failover_db_cluster(region, params),
            "RebootDBInstance" => self.reboot_db_instance(region, params),
            "StopDBCluster" => self.stop_db_cluster(region, params),
            "StartDBCluster" => self.start_db_cluster(region, params),
            "AddRoleToDBCluster" => self.add_role_to_db_cluster(region, params),
            "RemoveRoleFromDBCluster" => self.remove_role_from_db_cluster(region, params),
            "ListTagsForResource" => self.list_tags_for_resource(region, params),
            "AddTagsToResource" => self.add_tags_to_resource(region, params),
            "RemoveTagsFromResource" => self.remove_tags_from_resource(region, params),
            "CreateDBSubnetGroup" => self.create_group(Sort::Subnets, region, params),
            "CreateDBClusterParameterGroup" => {
                self.create_group(Sort::ClusterParameters, region, params)
            }
            "CreateDBParameterGroup" => self.create_group(Sort::Parameters, region, params),
            "DeleteDBSubnetGroup" => self.delete_group(Sort::Subnets, region, params),
            "DeleteDBClusterParameterGroup" => {
                self.delete_group(Sort::ClusterParameters, region, params)
            }
            "DeleteDBParameterGroup" => self.delete_group(Sort::Parameters, region, params),
            "ModifyDBClusterParameterGroup" => {
                self.modify_parameters(Sort::ClusterParameters, region, params)
            }
            "ModifyDBParameterGroup" => self.modify_parameters(Sort::Parameters, region, params),
            other => self.change_alone(region, other, params),
        }
    }

    /// What only instances of their own know: replicas, snapshots, rest.
    fn change_alone(&mut self, region: &str, action: &str, params: &Params) -> Result<Node, Fault> {
        match action {
            "CreateDBInstanceReadReplica" => self.create_db_instance_read_replica(region, params),
            "PromoteReadReplica" => self.promote_read_replica(region, params),
            "StartDBInstanceAutomatedBackupsReplication" => {
                self.start_copying_backups(region, params)
            }
            "StopDBInstanceAutomatedBackupsReplication" => {
                self.stop_copying_backups(region, params)
            }
            "StartExportTask" => self.start_export_task(region, params),
            "StopDBInstance" => self.stop_db_instance(region, params),
            "StartDBInstance" => self.start_db_instance(region, params),
            "CreateDBSnapshot" => self.create_db_snapshot(region, params),
            "CopyDBSnapshot" => self.copy_db_snapshot(region, params),
            "DeleteDBSnapshot" => self.delete_db_snapshot(region, params),
            "RestoreDBInstanceFromDBSnapshot" => {
                self.restore_db_instance_from_db_snapshot(region, params)
            }
            other => Err(Fault::invalid_action(other)),
        }
    }
}
