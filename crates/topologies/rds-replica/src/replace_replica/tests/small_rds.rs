//! A small RDS in memory, in which everything is done at once, and an old writer that is to follow the new one.

use failover::{
    domain::Epoch,
    topology::{AloneShape, Blueprint, InstanceShape, Shape, Snapshot, names::Retire},
};
use jiff::Timestamp;

use super::super::*;
use crate::members::{
    Instance, Replication,
    makes::Call,
    tests::{EAST, WEST, east},
};

/// A run that takes more passes than this goes round in circles.
const PASSES_MAX: usize = 30;

pub(in crate::replace_replica) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(in crate::replace_replica) fn shape(resource_id: &str) -> Shape {
    Shape {
        identifier: "orders-west".into(),
        arn: WEST.into(),
        resource_id: resource_id.into(),
        status: "available".into(),
        deletion_protection: true,
        backup_retention_days: Some(7),
        backup_window: Some("03:00-03:30".into()),
        instances: vec![InstanceShape {
            identifier: "orders-west".into(),
            status: "available".into(),
            class: "db.m6g.large".into(),
            alone: Some(AloneShape::default()),
            ..InstanceShape::default()
        }],
        ..Shape::default()
    }
}

pub(in crate::replace_replica) fn west(source: Option<&str>) -> Instance {
    Instance {
        identifier: "orders-west".into(),
        arn: WEST.into(),
        resource_id: Some("db-OLD".into()),
        ..east(source)
    }
}

/// The writer is in the east under epoch 8, and the old one in the west, fenced.
pub(in crate::replace_replica) fn deposed() -> Observed {
    let home = SeenMember {
        region: "us-west-2".into(),
        name: "orders-west".into(),
        instance: Some(west(None)),
        shape: Some(shape("db-OLD")),
        place: Place::Alone,
        fenced_at: Some(at(100_100)),
        stranger: None,
        unlisted: None,
        blueprint: None,
        healthy: None,
        unfit: Vec::new(),
        snapshot_name: "orders-west-final-8".into(),
        snapshot: None,
    };
    Observed {
        acting: "us-east-1".into(),
        killed: None,
        writer_region: "us-east-1".into(),
        epoch: Epoch(8),
        proven_at: at(100_000),
        unplanned: false,
        writer: east(None),
        members: vec![home],
        now: at(200_000),
        storage_gib: None,
        lag: None,
        outlook: None,
        left_out: None,
    }
}

pub(in crate::replace_replica) fn home(observed: &mut Observed) -> &mut SeenMember {
    observed.members.last_mut().unwrap()
}

/// What the step does until it is done, everything at once.
pub(in crate::replace_replica) fn play(
    mut observed: Observed,
    retire: Retire,
) -> Result<Vec<&'static str>, Error> {
    let mut done = Vec::new();
    for _ in 0..PASSES_MAX {
        let action = next_action(&observed, retire)?;
        done.push(action.acting().name);
        match action {
            Action::Done => return Ok(done),
            Action::Remember(_) => {
                let epoch = observed.epoch;
                let member = home(&mut observed);
                let shape = member.worth_keeping().unwrap().clone();
                member.blueprint = Some(Blueprint::of(shape, None, epoch, at(100_200)));
            }
            Action::Call(region, call) => {
                harmless(&observed, &region, &call, retire).unwrap();
                made(&mut observed, call);
            }
            Action::Wait(_) | Action::Outlast(_) | Action::Fence(_) => return Ok(done),
        }
    }
    panic!("{done:?}");
}

fn made(observed: &mut Observed, call: Call) {
    let writer = observed.writer.arn.clone();
    let member = home(observed);
    match call {
        Call::CreateSnapshot { snapshot, .. } => {
            member.snapshot = Some(Snapshot {
                identifier: snapshot,
                status: "available".into(),
                kind: "manual".into(),
                resource_id: "db-OLD".into(),
                taken_at: Some(at(100_300)),
            });
        }
        Call::Rename { to, .. } => {
            assert_eq!(to, "orders-west-retired-19700102-8");
            (member.instance, member.shape, member.place) = (None, None, Place::Free);
        }
        Call::LiftProtection { .. } => {
            member.shape.as_mut().unwrap().deletion_protection = false;
        }
        Call::Delete { .. } => {
            let shape = member.shape.take().unwrap();
            assert!(!shape.deletion_protection, "RDS would refuse it");
            (member.instance, member.place) = (None, Place::Free);
        }
        Call::CreateReplica { source_arn, like } => {
            assert_eq!((source_arn.as_str(), writer.as_str()), (EAST, EAST));
            assert_eq!(like.identifier, "orders-west");
            member.instance = Some(west(Some(EAST)));
            member.shape = Some(Shape {
                resource_id: "db-NEW".into(),
                backup_retention_days: Some(0),
                ..*like
            });
            member.place = Place::Follows;
        }
        Call::Complete { like } => {
            member.shape.as_mut().unwrap().backup_retention_days = like.backup_retention_days;
            note_completion(member);
        }
    }
}

/// What the step notes of a call that gave a replica what it could not be made with.
pub(in crate::replace_replica) fn note_completion(member: &mut SeenMember) {
    let noted = member.blueprint.as_mut().unwrap();
    noted.completions += 1;
    noted.completed_at = Some(at(199_990));
}

pub(in crate::replace_replica) fn replicating(status: &str, is_normal: bool) -> Replication {
    Replication {
        status: status.into(),
        is_normal,
        message: None,
    }
}
