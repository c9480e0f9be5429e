//! Volumes at instances: attached, detached.

use crate::{
    answer::Node,
    model::{
        Model,
        fault::Fault,
        params::Params,
        state::{Attachment, AttachmentStatus, Power, Volume, VolumeStatus},
        task::Then,
        volumes::attachment_node,
    },
};

impl Model {
    pub(crate) fn attach_volume(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["Device", "InstanceId", "VolumeId"])?;
        let volume = self.volume(region, params.required("VolumeId")?)?;
        let instance = self.instance(region, params.required("InstanceId")?)?;
        let device = params.required("Device")?;
        let (id, host) = (volume.id.clone(), instance.id.clone());
        match volume.status {
            VolumeStatus::Available => {}
            VolumeStatus::InUse => {
                return Err(Fault::volume_in_use(format!(
                    "{id} is already attached to an instance"
                )));
            }
            VolumeStatus::Creating | VolumeStatus::Deleting | VolumeStatus::Error => {
                return Err(Fault::state(format!("{id} is not 'available'.")));
            }
        }
        if !matches!(instance.power, Power::Running | Power::Stopped) {
            return Err(Fault::state(format!("Instance '{host}' is not 'running'.")));
        }
        if volume.zone != instance.zone {
            return Err(Fault::zone_mismatch(&id, &host));
        }
        let there = self.volumes_at(&host);
        let most = self.settings.limits.attachments;
        if there.len() >= most {
            return Err(Fault::attachment_limit(&host, most));
        }
        if there.iter().any(|volume| device_of(volume) == Some(device)) {
            return Err(Fault::invalid_value(format!(
                "Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
            )));
        }
        let attachment = Attachment {
            instance: host,
            device: device.to_owned(),
            status: AttachmentStatus::Attaching,
            since: self.now,
            // [U] whatever the device had before.
            delete_on_termination: false,
        };
        let node = attachment_node(&id, &attachment);
        if let Some(volume) = self.world.volumes.get_mut(&id) {
            volume.status = VolumeStatus::InUse;
            volume.attachment = Some(attachment);
        }
        let after_ms = self.settings.durations.attach_ms;
        self.after(after_ms, Then::Attached(id));
        Ok(node)
    }

    pub(crate) fn detach_volume(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["Device", "Force", "InstanceId", "VolumeId"])?;
        let is_forced = params.flag("Force")? == Some(true);
        let volume = self.volume(region, params.required("VolumeId")?)?;
        let id = volume.id.clone();
        let Some(attachment) = &volume.attachment else {
            return Err(Fault::state(format!(
                "Volume '{id}' is in the '{}' state.",
                volume.status.as_str()
            )));
        };
        let named = [
            (params.optional("InstanceId"), &attachment.instance),
            (params.optional("Device"), &attachment.device),
        ];
        if named
            .iter()
            .any(|(name, is)| name.is_some_and(|name| name != *is))
        {
            return Err(Fault::new(
                400,
                "InvalidAttachment.NotFound",
                format!("The volume '{id}' is not attached to that instance as that device."),
            ));
        }
        let instance = self.instance(region, &attachment.instance)?;
        match instance.power {
            Power::Stopped => {}
            Power::Running if attachment.device != instance.root_device => {}
            Power::Running => {
                return Err(Fault::not_permitted(format!(
                    "Unable to detach root volume '{}' from instance '{}'",
                    attachment.device, instance.id
                )));
            }
            // [U] that it is this code.
            Power::Pending | Power::Stopping | Power::ShuttingDown | Power::Terminated => {
                return Err(Fault::instance_state(format!(
                    "Instance '{}' is {}.",
                    instance.id,
                    instance.power.as_str()
                )));
            }
        }
        let is_mounted = volume.is_mounted && instance.power == Power::Running && !is_forced;
        Ok(self.begin_detaching(&id, is_mounted))
    }

    /// A mounted volume is busy until its host unmounts it, or stops.
    fn begin_detaching(&mut self, id: &str, is_mounted: bool) -> Node {
        let status = match is_mounted {
            true => AttachmentStatus::Busy,
            false => AttachmentStatus::Detaching,
        };
        let volume = self.world.volumes.get_mut(id);
        let attachment = volume.and_then(|volume| volume.attachment.as_mut());
        let Some(attachment) = attachment else {
            return Node::Fields(Vec::new());
        };
        let before = std::mem::replace(&mut attachment.status, status);
        let node = attachment_node(id, attachment);
        if !is_mounted && before != AttachmentStatus::Detaching {
            let after_ms = self.settings.durations.detach_ms;
            self.after(after_ms, Then::Detached(id.to_owned()));
        }
        node
    }

    /// Goes on with what waited for a volume's being mounted no longer.
    pub(crate) fn go_on_detaching(&mut self, id: &str) {
        let volume = self.world.volumes.get(id);
        let waits = volume
            .filter(|volume| !volume.is_mounted)
            .and_then(|volume| volume.attachment.as_ref())
            .is_some_and(|attachment| attachment.status == AttachmentStatus::Busy);
        if waits {
            self.begin_detaching(id, false);
        }
    }
}

/// The device that a volume is attached as.
pub(crate) fn device_of(volume: &Volume) -> Option<&str> {
    volume
        .attachment
        .as_ref()
        .map(|attachment| attachment.device.as_str())
}
