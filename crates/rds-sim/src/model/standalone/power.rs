//! StopDBInstance, StartDBInstance and RebootDBInstance of an instance of its own.

use crate::{
    answer::Node,
    model::{
        Model,
        course::{End, Phase},
        effect::Effect,
        fault::Fault,
        key::ClusterKey,
        params::Params,
        state::InstanceStatus,
    },
};

impl Model {
    pub(crate) fn stop_db_instance(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBInstanceIdentifier")?;
        if params.optional("DBSnapshotIdentifier").is_some() {
            return Err(Fault::not_simulated("A snapshot before the stop"));
        }
        let found = self.idle_standalone(region, name)?;
        let key = found.key.clone();
        // Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>. AWS publishes no text.
        let role = match (&found.source, found.replicas.is_empty()) {
            (Some(_), _) => Some("it is a read replica"),
            (None, false) => Some("it has a read replica"),
            (None, true) => None,
        };
        if let Some(why) = role {
            return Err(Fault::instance_state(format!(
                "DB Instance {} can't be stopped: {why}.",
                key.id
            )));
        }
        self.record(region, &key.id, "instance stop accepted");
        let halt = Effect::Halt {
            cluster: key.clone(),
        };
        let duration_ms = self.settings.durations.modify_ms;
        let stopping = Phase::doing(InstanceStatus::Stopping, duration_ms, halt);
        self.begin_course(&key, [stopping], End::Stopped);
        self.standalone_answer(&key)
    }

    /// It stays so for a week at most.
    pub(super) fn standalone_stopped(&mut self, key: &ClusterKey) {
        self.record(&key.region, &key.id, "instance stopped");
        let longest = self.settings.durations.stopped_max_ms;
        let stopped = Phase::idle(InstanceStatus::Stopped, longest);
        let starting = self.starting(key);
        self.begin_course(key, [stopped, starting], End::Changed);
    }

    pub(crate) fn start_db_instance(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBInstanceIdentifier")?;
        let found = self.found_standalone(region, name)?;
        let key = found.key.clone();
        if found.status != InstanceStatus::Stopped {
            return Err(Fault::instance_state(format!(
                "Instance {} cannot be started as it is not in one of the following statuses: 'stopped, \
                 inaccessible-encryption-credentials-recoverable'.",
                key.id
            )));
        }
        self.tasks.retain(|task| !task.then.leads_instance(&key));
        self.record(region, &key.id, "instance start accepted");
        let starting = self.starting(&key);
        self.begin_course(&key, [starting], End::Changed);
        self.standalone_answer(&key)
    }

    fn starting(&self, key: &ClusterKey) -> Phase {
        let resume = Effect::Resume {
            cluster: key.clone(),
        };
        Phase::doing(
            InstanceStatus::Starting,
            self.settings.durations.modify_ms,
            resume,
        )
    }

    /// With `ForceFailover` the standby of a Multi-AZ instance takes over.
    pub(crate) fn reboot_standalone(
        &mut self,
        key: &ClusterKey,
        params: &Params,
    ) -> Result<Node, Fault> {
        let found = self.idle_standalone(&key.region, &key.id)?;
        let fails_over = params.flag("ForceFailover")?.unwrap_or(false);
        if fails_over {
            Self::check_standby(found)?;
            self.instance_event(key, "failover", "Multi-AZ instance failover started.");
        }
        self.record(&key.region, &key.id, "instance reboot accepted");
        let rebooting = self.reboot_phase(Effect::Restart {
            cluster: key.clone(),
        });
        let end = if fails_over {
            End::FailedOver
        } else {
            End::Changed
        };
        self.begin_course(key, [rebooting], end);
        self.standalone_answer(key)
    }
}
