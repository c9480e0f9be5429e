//! A small RDS in memory, in which everything is done at once, and a home member that is back after a failover.

use super::super::*;
use failover::{
    domain::Epoch,
    topology::{
        Blueprint, Cluster, EndpointShape, GlobalCluster, GlobalMember, Instance, InstanceShape,
        Shape, Snapshot,
    },
};
use jiff::Timestamp;

pub(crate) const WEST: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";
pub(crate) const EAST: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";
/// A rebuild that takes more passes than this goes round in circles.
pub(super) const PASSES_MAX: usize = 60;

pub(super) fn shape() -> Shape {
    Shape {
        identifier: "orders-west".into(),
        arn: WEST.into(),
        resource_id: "cluster-OLD".into(),
        status: "available".into(),
        global_cluster: Some("orders-global-1".into()),
        subnet_group: Some("private".into()),
        deletion_protection: true,
        instances: vec![InstanceShape {
            identifier: "orders-west-1".into(),
            status: "available".into(),
            class: "db.r6g.large".into(),
            ..InstanceShape::default()
        }],
        endpoints: vec![EndpointShape {
            identifier: "reports".into(),
            status: "available".into(),
            kind: "READER".into(),
            ..EndpointShape::default()
        }],
        ..Shape::default()
    }
}

pub(crate) fn global(identifier: &str, members: &[(&str, bool)]) -> GlobalCluster {
    let member = |(arn, is_writer): &(&str, bool)| GlobalMember {
        arn: (*arn).to_owned(),
        is_writer: *is_writer,
        synchronization: Some("connected".into()),
    };
    GlobalCluster {
        identifier: identifier.into(),
        resource_id: None,
        settings: Default::default(),
        status: "available".into(),
        engine_version: "16.6".into(),
        members: members.iter().map(member).collect(),
        failover: None,
    }
}

/// The home Region is back after a failover by detach, its writer fenced.
pub(crate) fn deposed() -> Observed {
    let writer = Cluster {
        identifier: "orders-east".into(),
        arn: EAST.into(),
        resource_id: None,
        status: "available".into(),
        engine_version: "16.6".into(),
        global_cluster: None,
        endpoint: "east".into(),
        reader_endpoint: "east-ro".into(),
        port: 5432,
        instances: vec![Instance {
            identifier: "orders-east-1".into(),
            status: "available".into(),
            is_writer: true,
        }],
    };
    let home = SeenMember {
        region: "us-west-2".into(),
        name: "orders-west".into(),
        cluster: Some(shape()),
        fenced_at: Some(at(100_100)),
        unlisted: None,
        blueprint: None,
        healthy: None,
        unfit: Vec::new(),
        snapshot_name: "orders-west-final-8".into(),
        snapshot: None,
        unplanned: None,
        copy_name: "orders-west-unplanned-8".into(),
        copy: None,
    };
    Observed {
        acting: "us-west-2".into(),
        killed: None,
        writer_region: "us-east-1".into(),
        epoch: Epoch(8),
        proven_at: at(100_000),
        writer,
        leads: None,
        recorded_global: None,
        past: Some(global("orders-global-1", &[(WEST, true)])),
        past_region: "us-west-2".into(),
        wished_global: None,
        next_global: NextGlobal::Free("orders-global-2".into()),
        members: vec![home],
        misnamed: Vec::new(),
        lag: None,
        outlook: None,
        left_out: None,
    }
}

pub(crate) fn home(observed: &mut Observed) -> &mut SeenMember {
    observed.members.last_mut().unwrap()
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A snapshot that was taken `after` so many seconds from the promotion's proof.
pub(super) fn snapshot(identifier: &str, status: &str, after: i64) -> Snapshot {
    Snapshot {
        identifier: identifier.into(),
        status: status.into(),
        kind: "manual".into(),
        resource_id: "cluster-OLD".into(),
        taken_at: Some(at(100_000 + after)),
    }
}

/// What RDS and the ledger make of an action; everything is done at once.
pub(super) fn carry_out(observed: &mut Observed, action: &Action) {
    match action {
        Action::Done | Action::Wait(_) | Action::Outlast(_) | Action::Fence(_) => {}
        Action::Remember(_) => {
            let past = observed.past.clone();
            let shape = home(observed).worth_keeping().cloned().unwrap();
            let seen_at = "2026-11-21T23:59:00Z".parse().unwrap();
            home(observed).blueprint = Some(Blueprint::of(shape, past.as_ref(), Epoch(8), seen_at));
        }
        Action::Record(global) => observed.recorded_global = Some(global.clone()),
        Action::Name(region, _) => observed.misnamed.retain(|misnamed| misnamed != region),
        Action::Call(_, call) => made(observed, call),
    }
}

fn made(observed: &mut Observed, call: &Call) {
    let kept = |identifier: &str, resource_id: &str| Snapshot {
        identifier: identifier.into(),
        status: "available".into(),
        kind: "manual".into(),
        resource_id: resource_id.into(),
        taken_at: Some(at(100_200)),
    };
    match call {
        Call::CreateSnapshot { snapshot, .. } => {
            home(observed).snapshot = Some(kept(snapshot, "cluster-OLD"));
        }
        Call::CopySnapshot { snapshot, .. } => {
            home(observed).copy = Some(kept(snapshot, "cluster-OLD"));
        }
        Call::Remove { .. } => {
            if let Some(past) = &mut observed.past {
                past.members.clear();
            }
            let shape = home(observed).cluster.as_mut().unwrap();
            shape.global_cluster = None;
        }
        Call::DeleteEndpoint { .. } => {
            home(observed).cluster.as_mut().unwrap().endpoints.clear();
        }
        Call::RenameInstance { to, .. } => {
            let shape = home(observed).cluster.as_mut().unwrap();
            shape.instances[0].identifier.clone_from(to);
        }
        Call::LiftProtection { .. } => {
            home(observed).cluster.as_mut().unwrap().deletion_protection = false;
        }
        Call::DeleteInstance { .. } => {
            home(observed).cluster.as_mut().unwrap().instances.clear();
        }
        Call::RenameCluster { .. } | Call::DeleteCluster { .. } => home(observed).cluster = None,
        Call::AddRole { role, .. } => {
            let shape = home(observed).cluster.as_mut().unwrap();
            shape.roles.push(role.clone());
        }
        Call::DeleteGlobal { .. } => observed.past = None,
        Call::CreateGlobal { global_cluster, .. } => {
            observed.writer.global_cluster = Some(global_cluster.clone());
            observed.leads = Some(global(global_cluster, &[(EAST, true)]));
        }
        Call::CreateMember { like, .. } => {
            let made = Shape {
                resource_id: "cluster-NEW".into(),
                instances: Vec::new(),
                endpoints: Vec::new(),
                roles: Vec::new(),
                status: "available".into(),
                ..(**like).clone()
            };
            home(observed).cluster = Some(made);
            observed.leads = Some(global("orders-global-2", &[(EAST, true), (WEST, false)]));
        }
        Call::CreateInstance { like, .. } => {
            let shape = home(observed).cluster.as_mut().unwrap();
            shape.instances.push((**like).clone());
        }
        Call::CreateEndpoint { like, .. } => {
            let shape = home(observed).cluster.as_mut().unwrap();
            shape.endpoints.push(like.clone());
        }
    }
}

/// Goes through to the end; the names of what was done.
pub(super) fn played(mut observed: Observed, retire: Retire) -> Vec<&'static str> {
    let mut names = Vec::new();
    for _ in 0..PASSES_MAX {
        let action = next_action(&observed, retire).unwrap();
        if action == Action::Done {
            return names;
        }
        if let Action::Call(region, call) = &action {
            harmless(&observed, region, call, retire).unwrap();
        }
        names.push(action.acting().name);
        carry_out(&mut observed, &action);
    }
    panic!("no end: {names:?}");
}

/// After so many passes.
pub(super) fn after(observed: &mut Observed, passes: usize) {
    for _ in 0..passes {
        let action = next_action(observed, Retire::Rename).unwrap();
        carry_out(observed, &action);
    }
}

pub(super) fn next(observed: &Observed) -> Action {
    next_action(observed, Retire::Rename).unwrap()
}

/// The name and the words of what stops it.
pub(super) fn refused(observed: &Observed) -> (&'static str, String) {
    let why = next_action(observed, Retire::Rename).unwrap_err();
    (why.name(), why.to_string())
}

pub(super) fn home_shape(observed: &mut Observed) -> &mut Shape {
    home(observed).cluster.as_mut().unwrap()
}
