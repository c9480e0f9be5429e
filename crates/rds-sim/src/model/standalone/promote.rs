//! PromoteReadReplica: a replica leaves its source, starts anew and takes writes.

use crate::{
    answer::Node,
    model::{
        Model,
        course::{End, Phase},
        effect::Effect,
        fault::Fault,
        kept::OF_STANDALONE,
        key::ClusterKey,
        params::Params,
        state::{InstanceStatus, Replication},
    },
};

impl Model {
    pub(crate) fn promote_read_replica(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBInstanceIdentifier")?;
        let found = self.found_standalone(region, name)?;
        let key = found.key.clone();
        if found.source.is_none() {
            return Err(Fault::not_a_replica(&key.id));
        }
        self.idle_standalone(region, name)?;
        let days = params.number("BackupRetentionPeriod", 0, 35)?.unwrap_or(1);
        let mut kept = found.kept.clone();
        kept.take(&OF_STANDALONE, params)?;
        if let Some(found) = self.standalones.get_mut(&key) {
            found.kept = kept;
        }
        self.record(region, &key.id, "promotion accepted");
        self.begin_promotion(&key, days);
        self.standalone_answer(&key)
    }

    /// At first nothing of it is seen.
    fn begin_promotion(&mut self, key: &ClusterKey, days: u32) {
        let found = self.standalones.get_mut(key);
        if let Some(source) = found.and_then(|found| found.source.as_mut()) {
            source.is_left = true;
        }
        let durations = self.settings.durations;
        let promote = Effect::PromoteReplica {
            replica: key.clone(),
        };
        let phases = [
            Phase::idle(InstanceStatus::Available, durations.promote_stale_ms),
            Phase::idle(InstanceStatus::Modifying, durations.promote_ms / 2),
            Phase::doing(InstanceStatus::Rebooting, durations.promote_ms / 2, promote),
        ];
        self.begin_course(key, phases, End::Promoted(days));
    }

    pub(super) fn replica_promoted(&mut self, key: &ClusterKey, days: u32) {
        self.leave_source(key);
        let Some(found) = self.standalones.get_mut(key) else {
            return;
        };
        let had_backups = found.backup_retention_days > 0;
        found.backup_retention_days = days;
        if days == 0 {
            found.restorable_since = None;
        }
        let said = "Promoted the read replica to a standalone DB instance.";
        self.instance_event(key, "read replica", said);
        if had_backups {
            self.rest(key, InstanceStatus::Available, "promotion completed");
        } else {
            self.come_to_rest_or_back_up(key, "promotion completed");
        }
    }

    /// The source of these is gone. Those of its Region are promoted. The others are, too, but for those of PostgreSQL, which
    /// follow nothing from then on.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.XRgn.html>.
    pub(super) fn source_deleted(&mut self, source: &ClusterKey, resource: &str) {
        let followers = self.standalones.values().filter(|found| {
            let follows = found.source.as_ref();
            follows.is_some_and(|follows| follows.resource_id == resource)
        });
        let followers: Vec<_> = followers
            .map(|found| (found.key.clone(), found.engine, found.backup_retention_days))
            .collect();
        for (key, engine, days) in followers {
            self.set_replication_of(&key, Replication::Terminated);
            let is_promoted = key.region == source.region || engine.outlives_source();
            if is_promoted && self.idle_standalone(&key.region, &key.id).is_ok() {
                self.record(&key.region, &key.id, "promotion begun");
                self.begin_promotion(&key, days);
                continue;
            }
            self.record(&key.region, &key.id, "replication terminated");
            let said = "Replication on the read replica was terminated.";
            self.instance_event(&key, "read replica", said);
            let effect = Effect::StopReplication {
                cluster: key.clone(),
            };
            self.plan_at_once(&key.region, effect);
        }
    }
}
