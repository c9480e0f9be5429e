//! The calls of a rebuild, told apart.

use failover::{domain::Region, topology::Call};
use jiff::Timestamp;

use super::{Rds, fault::Taken};

impl Rds {
    /// One call of a rebuild.
    pub(crate) fn call(&mut self, now: Timestamp, region: &Region, call: &Call) -> Taken {
        self.at(now);
        self.carry_out(region, call)
    }

    fn carry_out(&mut self, region: &Region, call: &Call) -> Taken {
        match call {
            Call::CreateSnapshot { cluster, snapshot } => self.snap(region, cluster, snapshot),
            Call::CopySnapshot { source, snapshot } => self.copy(region, source, snapshot),
            Call::Remove {
                global_cluster,
                arn,
            } => self.remove(region, global_cluster, arn),
            Call::DeleteEndpoint { endpoint } => self.delete_endpoint(region, endpoint),
            Call::RenameInstance { instance, to } => self.rename_instance(region, instance, to),
            Call::RenameCluster { cluster, to } => self.rename_cluster(region, cluster, to),
            Call::LiftProtection { cluster } => self.lift_protection(region, cluster),
            Call::DeleteInstance { instance } => self.delete_instance(region, instance),
            Call::DeleteCluster { cluster } => self.delete_cluster(region, cluster),
            Call::DeleteGlobal { global_cluster } => self.delete_global(global_cluster),
            Call::CreateGlobal {
                global_cluster,
                source_arn,
                like,
            } => self.create_global(region, (global_cluster, source_arn), like),
            Call::CreateMember {
                global_cluster,
                engine_version,
                like,
            } => self.create_member(region, (global_cluster, engine_version), like),
            Call::AddRole { cluster, role } => self.add_role(region, cluster, role),
            Call::CreateInstance { cluster, like } => self.create_instance(region, cluster, like),
            Call::CreateEndpoint { cluster, like } => self.create_endpoint(region, cluster, like),
        }
    }
}
