//! Whether an operation that moves the primary's role is taken.

use failover::domain::Region;

use super::{
    Rds,
    fault::{Fault, Taken},
    state::{AVAILABLE, Global, Held, Kind, PENDING_RESYNC},
};

impl Rds {
    pub(super) fn check_region(
        &self,
        kind: Kind,
        region: &Region,
        global: &Global,
        (from, to): (&str, &Held),
    ) -> Taken {
        let of_primary = self.region_of(from).unwrap_or_else(|| to.region.clone());
        let (operation, expected) = match kind {
            Kind::FailOver => ("FailoverGlobalCluster", &to.region),
            Kind::SwitchOver => ("SwitchoverGlobalCluster", &of_primary),
        };
        let mut members = global.members.iter();
        let mut is_members =
            || members.any(|member| self.region_of(&member.resource_id).as_ref() == Some(region));
        let anywhere = kind == Kind::SwitchOver && self.timing.readings.switches_anywhere;
        if expected == region || (anywhere && is_members()) {
            return Ok(());
        }
        Err(Fault::wrong_region(operation, expected, region))
    }

    /// A failover does not wait for the old primary; a switchover needs both ends.
    pub(super) fn check_ends(
        &self,
        kind: Kind,
        global: &Global,
        (from, to): (&str, &Held),
    ) -> Taken {
        let old = self.clusters.get(from);
        let old = old.filter(|_| kind == Kind::SwitchOver);
        for end in old.into_iter().chain([to]) {
            if self.down.contains(&end.region) {
                return Err(Fault::unreachable(&end.shape.identifier, &end.region));
            }
            end.at_rest()?;
        }
        let name = &to.shape.identifier;
        let member = global.member(&to.shape.resource_id);
        if member.is_some_and(|member| member.synchronization == PENDING_RESYNC) {
            let said = format!("DB cluster {name} is pending-resync with its primary");
            return Err(Fault::cluster_state(said));
        }
        let mut instances = to.shape.instances.iter();
        let serves = instances.any(|instance| instance.status == AVAILABLE);
        if !serves && !self.timing.readings.promotes_headless {
            return Err(Fault::cluster_state(format!(
                "DB cluster {name} has no DB instance; you must add a DB instance before it can become the primary"
            )));
        }
        let minor = |version: &str| {
            let parts: Vec<_> = version.split('.').take(2).collect();
            parts.join(".")
        };
        self.check_deployments(kind, [self.clusters.get(from), Some(to)])?;
        let of_primary = self.clusters.get(from);
        if of_primary.is_some_and(|held| minor(&held.version) != minor(&to.version)) {
            return Err(Fault::global_state(
                "The operation isn't allowed because the DB clusters have different engine versions.",
            ));
        }
        Ok(())
    }

    /// No switchover is taken while a blue/green deployment of one of its ends is switched over.
    fn check_deployments(&self, kind: Kind, ends: [Option<&Held>; 2]) -> Taken {
        let is_switched = |held: &&Held| {
            let here = self.blue_green.get(&held.region);
            let mut deployments = here.into_iter().flatten();
            deployments
                .any(|one| one.source == held.shape.arn && one.status == "SWITCHOVER_IN_PROGRESS")
        };
        let busy = ends.into_iter().flatten().find(is_switched);
        match busy.filter(|_| kind == Kind::SwitchOver) {
            Some(held) => Err(Fault::global_state(format!(
                "The operation isn't allowed because a blue/green deployment of DB cluster {} is being switched over.",
                held.shape.identifier
            ))),
            None => Ok(()),
        }
    }
}
