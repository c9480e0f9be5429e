//! Instances started, stopped, terminated.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        attachments::device_of,
        effect::Effect,
        fault::Fault,
        instances::state_node,
        params::Params,
        state::{AttachmentStatus, Instance, Power, RootDevice},
        task::Then,
    },
};

impl Model {
    pub(crate) fn start_instances(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["InstanceId"])?;
        self.each_of(region, params, Self::may_start, |model, id| {
            let address = model.ids.public_ip();
            let now = model.now;
            let Some(instance) = model.world.instances.get_mut(id) else {
                return;
            };
            if instance.power != Power::Stopped {
                return;
            }
            instance.power = Power::Pending;
            instance.state_reason = None;
            instance.launched_at = now;
            // Another one after each start.
            instance.public_ip = instance.wants_public_ip.then_some(address);
            let after_ms = model.settings.durations.start_ms;
            model.after(after_ms, Then::InstanceRuns(id.to_owned()));
        })
    }

    fn may_start(&self, instance: &Instance) -> Result<(), Fault> {
        let id = &instance.id;
        match instance.power {
            Power::Pending | Power::Running => return Ok(()),
            Power::Stopped => {}
            Power::Stopping | Power::ShuttingDown | Power::Terminated => {
                return Err(Fault::instance_state(format!(
                    "The instance '{id}' is not in a state from which it can be started."
                )));
            }
        }
        let there = self.volumes_at(id);
        let root = there
            .iter()
            .find(|volume| device_of(volume) == Some(instance.root_device.as_str()));
        let is_attached = root
            .and_then(|volume| volume.attachment.as_ref())
            .is_some_and(|attachment| attachment.status == AttachmentStatus::Attached);
        if !is_attached {
            // [U] that it is this code.
            return Err(Fault::invalid_value(format!(
                "Invalid value '{id}' for instanceId. Instance does not have a volume attached at root ({})",
                instance.root_device
            )));
        }
        if self.full.contains(&instance.zone) {
            return Err(Fault::no_capacity(&instance.zone, &instance.instance_type));
        }
        Ok(())
    }

    pub(crate) fn stop_instances(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["InstanceId", "Force", "SkipOsShutdown"])?;
        let at_once =
            params.flag("Force")? == Some(true) || params.flag("SkipOsShutdown")? == Some(true);
        self.each_of(region, params, Self::may_stop, |model, id| {
            let Some(instance) = model.world.instances.get_mut(id) else {
                return;
            };
            if instance.power != Power::Running {
                return;
            }
            instance.power = Power::Stopping;
            instance.running_since = None;
            let halt = Effect::Halt {
                instance: id.to_owned(),
                at_once,
            };
            let after_ms = model.settings.durations.stop_ms;
            model.carry(after_ms, halt, Then::InstanceStopped(id.to_owned()));
        })
    }

    fn may_stop(&self, instance: &Instance) -> Result<(), Fault> {
        let id = &instance.id;
        if instance.root == RootDevice::InstanceStore {
            return Err(Fault::unsupported(format!(
                "The instance '{id}' does not have an 'ebs' root device type and cannot be stopped."
            )));
        }
        match instance.power {
            Power::Stopping | Power::Stopped => return Ok(()),
            Power::Running => {}
            Power::Pending | Power::ShuttingDown | Power::Terminated => {
                return Err(Fault::instance_state(format!(
                    "The instance '{id}' is not in a state from which it can be stopped."
                )));
            }
        }
        if instance.attributes.cannot_be_stopped {
            return Err(Fault::not_permitted(format!(
                "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
            )));
        }
        Ok(())
    }

    pub(crate) fn terminate_instances(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        params.only(&["InstanceId", "Force", "SkipOsShutdown"])?;
        self.each_of(
            region,
            params,
            |_, instance| {
                let is_protected = instance.attributes.cannot_be_terminated;
                if is_protected && !instance.power.is_over() {
                    return Err(Fault::not_permitted(format!(
                        "The instance '{}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
                        instance.id
                    )));
                }
                Ok(())
            },
            Self::terminate,
        )
    }

    /// Begins the end of an instance, whatever protects it.
    pub(crate) fn terminate(&mut self, id: &str) {
        let Some(instance) = self.world.instances.get_mut(id) else {
            return;
        };
        if instance.power.is_over() {
            return;
        }
        instance.power = Power::ShuttingDown;
        instance.running_since = None;
        self.forget(&Then::InstanceRuns(id.to_owned()));
        self.forget(&Then::InstanceStopped(id.to_owned()));
        let halt = Effect::Halt {
            instance: id.to_owned(),
            at_once: false,
        };
        let after_ms = self.settings.durations.terminate_ms;
        self.carry(after_ms, halt, Then::InstanceTerminated(id.to_owned()));
    }

    /// Does something to each instance that is named, if all of them let it.
    fn each_of(
        &mut self,
        region: &str,
        params: &Params,
        may: impl Fn(&Self, &Instance) -> Result<(), Fault>,
        act: impl Fn(&mut Self, &str),
    ) -> Result<Node, Fault> {
        let ids = params.list("InstanceId");
        if ids.is_empty() {
            return Err(Fault::missing("InstanceId"));
        }
        for id in &ids {
            may(self, self.instance(region, id)?)?;
        }
        let mut changes = Vec::with_capacity(ids.len());
        for id in ids {
            let before = self.instance(region, id)?.power;
            act(self, id);
            let current = self.instance(region, id)?.power;
            changes.push(
                Fields::default()
                    .text("instanceId", id)
                    .node("currentState", state_node(current))
                    .node("previousState", state_node(before))
                    .done(),
            );
        }
        Ok(Fields::default()
            .node("instancesSet", Node::list(changes))
            .done())
    }
}
