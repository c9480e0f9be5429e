//! What becomes true when transitions end.

use crate::model::{
    Model,
    attachments::device_of,
    effect::Effect,
    state::{AttachmentStatus, GROUP_TAG, Power, RootDevice, SnapshotStatus, Volume, VolumeStatus},
    task::Then,
};

impl Model {
    pub(crate) fn complete(&mut self, then: &Then) {
        match then {
            Then::InstanceRuns(id) => self.instance_runs(id),
            Then::InstanceStopped(id) => self.instance_stopped(id),
            Then::InstanceTerminated(id) => self.instance_terminated(id),
            Then::InstanceGone(id) => {
                self.world.instances.remove(id);
            }
            Then::GroupTerminates(id) => self.terminate(id),
            Then::VolumeMade(id) => self.volume_made(id),
            Then::VolumeGone(id) => {
                self.world.volumes.remove(id);
            }
            Then::Attached(id) => self.attached(id),
            Then::Detached(id) => self.detached(id),
            Then::Snapshotted(id) => self.snapshot_completed(id),
            Then::Copied(id) => self.copy_completed(id),
            Then::Cut(region, ids) => self.store_cut(region, ids),
            Then::Nothing => {}
        }
    }

    /// What becomes true when its effect failed.
    pub(crate) fn failed(&mut self, then: &Then, reason: &str) {
        match then {
            Then::Snapshotted(id) | Then::Copied(id) => self.snapshot_failed(id, reason),
            Then::Cut(_, ids) => ids.iter().for_each(|id| self.snapshot_failed(id, reason)),
            Then::VolumeMade(id) => {
                if let Some(volume) = self.world.volumes.get_mut(id) {
                    volume.status = VolumeStatus::Error;
                }
            }
            // Where nothing is carried out nothing fails, and a file that cannot be removed is in nobody's way.
            Then::InstanceRuns(_)
            | Then::InstanceStopped(_)
            | Then::InstanceTerminated(_)
            | Then::InstanceGone(_)
            | Then::GroupTerminates(_)
            | Then::VolumeGone(_)
            | Then::Attached(_)
            | Then::Detached(_)
            | Then::Nothing => self.complete(then),
        }
    }

    pub(crate) fn snapshot_failed(&mut self, id: &str, reason: &str) {
        if let Some(snapshot) = self.world.snapshots.get_mut(id)
            // What went wrong first says why.
            && snapshot.status == SnapshotStatus::Pending
        {
            snapshot.status = SnapshotStatus::Error;
            snapshot.status_message = Some(reason.to_owned());
            snapshot.due = None;
        }
    }

    fn instance_runs(&mut self, id: &str) {
        let now = self.now;
        let Some(instance) = self.world.instances.get(id) else {
            return;
        };
        let there = self.volumes_at(id);
        let is_readable = |volume: &&Volume| {
            let key = volume.shape.key.as_deref();
            key.is_none_or(|key| self.is_accessible_in(&volume.region, key))
        };
        let has_root = instance.root == RootDevice::InstanceStore
            || there
                .iter()
                .any(|volume| device_of(volume) == Some(instance.root_device.as_str()));
        let boots = has_root && there.iter().all(is_readable);
        let Some(instance) = self.world.instances.get_mut(id) else {
            return;
        };
        if !boots {
            // [U] where it was launched and not started.
            instance.power = Power::Stopped;
            instance.state_reason = Some("Client.InternalError");
            instance.public_ip = None;
            return;
        }
        instance.power = Power::Running;
        instance.running_since = Some(now);
        self.settle_launched(id);
    }

    /// The volumes that an instance was launched with are there for good once it runs.
    fn settle_launched(&mut self, id: &str) {
        for volume in self.world.volumes.values_mut() {
            if let Some(attachment) = &mut volume.attachment
                && attachment.instance == id
                && attachment.status == AttachmentStatus::Attaching
            {
                attachment.status = AttachmentStatus::Attached;
                volume.status = VolumeStatus::InUse;
            }
        }
    }

    fn instance_stopped(&mut self, id: &str) {
        let Some(instance) = self.world.instances.get_mut(id) else {
            return;
        };
        instance.power = Power::Stopped;
        instance.public_ip = None;
        let is_member = instance.tags.contains_key(GROUP_TAG);
        for volume in self.world.volumes.values_mut() {
            if let Some(attachment) = &volume.attachment
                && attachment.instance == id
            {
                volume.is_mounted = false;
            }
        }
        let busy: Vec<_> = self.volumes_at(id).iter().map(|it| it.id.clone()).collect();
        for volume in busy {
            self.go_on_detaching(&volume);
        }
        if is_member {
            let after_ms = self.settings.durations.auto_scaling_ms;
            self.after(after_ms, Then::GroupTerminates(id.to_owned()));
        }
    }

    fn instance_terminated(&mut self, id: &str) {
        let Some(instance) = self.world.instances.get_mut(id) else {
            return;
        };
        instance.power = Power::Terminated;
        instance.public_ip = None;
        let volumes: Vec<_> = self.volumes_at(id).iter().map(|it| it.id.clone()).collect();
        for volume in volumes {
            let Some(held) = self.world.volumes.get_mut(&volume) else {
                continue;
            };
            let goes = held.attachment.take();
            held.status = VolumeStatus::Available;
            held.is_mounted = false;
            if goes.is_some_and(|attachment| attachment.delete_on_termination) {
                self.remove_volume(&volume);
            }
        }
        let shown_ms = self.settings.durations.terminated_shown_ms;
        self.after(shown_ms, Then::InstanceGone(id.to_owned()));
    }

    fn volume_made(&mut self, id: &str) {
        if let Some(volume) = self.world.volumes.get_mut(id)
            && volume.status == VolumeStatus::Creating
        {
            volume.status = VolumeStatus::Available;
        }
    }

    fn attached(&mut self, id: &str) {
        if let Some(volume) = self.world.volumes.get_mut(id)
            && let Some(attachment) = &mut volume.attachment
            && attachment.status == AttachmentStatus::Attaching
        {
            attachment.status = AttachmentStatus::Attached;
        }
    }

    fn detached(&mut self, id: &str) {
        if let Some(volume) = self.world.volumes.get_mut(id) {
            volume.attachment = None;
            volume.status = VolumeStatus::Available;
        }
    }

    /// Removes a volume that nobody holds, and its file.
    pub(crate) fn remove_volume(&mut self, id: &str) {
        let Some(volume) = self.world.volumes.get_mut(id) else {
            return;
        };
        volume.status = VolumeStatus::Deleting;
        let effect = Effect::RemoveVolume {
            region: volume.region.clone(),
            volume: id.to_owned(),
        };
        let after_ms = self.settings.durations.delete_volume_ms;
        self.carry(after_ms, effect, Then::VolumeGone(id.to_owned()));
    }
}
