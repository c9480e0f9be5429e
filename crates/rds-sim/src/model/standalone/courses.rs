//! Courses begin, go from phase to phase, and end or are given up.

use std::collections::VecDeque;

use crate::model::{
    Model,
    course::{Course, End, Phase},
    effect::{Effect, When},
    key::ClusterKey,
    state::{InstanceStatus, Replication},
    task::Then,
};

impl Model {
    /// Lets an instance go through phases. Each sets its status and begins when the one before has ended.
    pub(super) fn begin_course<const PHASES: usize>(
        &mut self,
        instance: &ClusterKey,
        phases: [Phase; PHASES],
        end: End,
    ) {
        self.go_on(instance.clone(), phases.into(), end);
    }

    fn go_on(&mut self, instance: ClusterKey, mut ahead: VecDeque<Phase>, end: End) {
        let Some(phase) = ahead.pop_front() else {
            return self.course_ended(&instance, end);
        };
        self.set_standalone(&instance, phase.status);
        let course = Course {
            instance,
            phase,
            ahead,
            end,
        };
        self.plan(
            &course.needs(),
            course.phase.duration_ms,
            course.phase.effect.clone(),
            Then::PhaseEnded(Box::new(course.clone())),
        );
    }

    pub(crate) fn phase_ended(&mut self, course: Course) {
        if let Some(snapshot) = course.snapshot() {
            self.instance_snapshot_taken(snapshot);
        }
        self.go_on(course.instance, course.ahead, course.end);
    }

    fn course_ended(&mut self, key: &ClusterKey, end: End) {
        match end {
            End::Created => {
                self.instance_event(key, "creation", "DB instance created.");
                self.come_to_rest_or_back_up(key, "instance available");
            }
            End::Replicates => {
                self.set_replication_of(key, Replication::Replicates);
                self.instance_event(key, "creation", "DB instance created.");
                self.rest(key, InstanceStatus::Available, "replica available");
            }
            End::Promoted(days) => self.replica_promoted(key, days),
            End::Renamed(to) => self.standalone_renamed(key, &to),
            End::Changed => self.rest(key, InstanceStatus::Available, "instance available"),
            End::BackupsOn => self.come_to_rest_or_back_up(key, "instance changed"),
            End::BackedUp(_) => {
                let now = self.now;
                if let Some(found) = self.standalones.get_mut(key)
                    && found.backup_retention_days > 0
                {
                    found.restorable_since.get_or_insert(now);
                }
                self.rest(key, InstanceStatus::Available, "instance backed up");
            }
            End::FailedOver => {
                self.sides_swapped(key);
                self.rest(key, InstanceStatus::Available, "instance available");
            }
            End::Stopped => self.standalone_stopped(key),
            End::LastKept(_) => self.destroy_standalone(key),
            End::Deleted => self.standalone_deleted(key),
        }
    }

    /// RDS takes a backup as soon as there is something to back up and backups are on.
    pub(super) fn come_to_rest_or_back_up(&mut self, key: &ClusterKey, what: &str) {
        let found = self.standalones.get(key);
        if found.is_some_and(|found| found.backup_retention_days > 0) {
            self.record(&key.region, &key.id, what);
            let snapshot = self.automated_name(key);
            self.back_up(key, &snapshot, true, Vec::new());
        } else {
            self.rest(key, InstanceStatus::Available, what);
        }
    }

    pub(super) fn rest(&mut self, key: &ClusterKey, status: InstanceStatus, what: &str) {
        self.set_standalone(key, status);
        self.record(&key.region, &key.id, what);
    }

    pub(super) fn set_standalone(&mut self, key: &ClusterKey, status: InstanceStatus) {
        if let Some(found) = self.standalones.get_mut(key) {
            found.status = status;
        }
    }

    /// The storage has failed too often.
    pub(crate) fn course_abandoned(&mut self, course: &Course, reason: &str) {
        let key = &course.instance;
        self.record(&key.region, &key.id, format!("failed: {reason}"));
        if let Some(snapshot) = course.snapshot() {
            self.instance_snapshots.remove(snapshot);
        }
        let status = match course.end {
            // What could not be backed up serves all the same.
            End::BackedUp(_) => InstanceStatus::Available,
            End::Created
            | End::Replicates
            | End::Promoted(_)
            | End::Renamed(_)
            | End::Changed
            | End::BackupsOn
            | End::FailedOver
            | End::Stopped
            | End::LastKept(_)
            | End::Deleted => InstanceStatus::Failed,
        };
        self.set_standalone(key, status);
    }

    /// A phase in which an instance starts anew.
    pub(super) fn reboot_phase(&self, effect: Effect) -> Phase {
        Phase::doing(
            InstanceStatus::Rebooting,
            self.settings.durations.modify_ms,
            effect,
        )
    }

    pub(super) fn destroy_standalone(&mut self, key: &ClusterKey) {
        let destroy = Effect::Destroy {
            cluster: key.clone(),
        };
        let phase = Phase {
            status: InstanceStatus::Deleting,
            duration_ms: self.settings.durations.delete_ms,
            effect: Some((When::WhenDue, destroy)),
        };
        self.begin_course(key, [phase], End::Deleted);
    }
}
