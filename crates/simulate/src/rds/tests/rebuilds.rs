//! A whole rebuild: what RDS shows is decided upon as the tool decides, call by call.

use aurora_global::rebuild_global::{Action, NextGlobal, Observed, SeenMember, next_action};
use failover::{
    domain::Epoch,
    topology::{
        Blueprint, Named, Shape,
        names::{Retire, final_snapshot, unplanned_copy},
    },
};

use super::*;

/// What the ledgers of a rebuild keep.
#[derive(Default)]
struct Books {
    fenced: Option<Timestamp>,
    blueprint: Option<Blueprint>,
    recorded: Option<Named>,
    calls: Vec<&'static str>,
}

const EPOCH: Epoch = Epoch(8);

impl World {
    fn seen(&self, books: &Books, proven_at: Timestamp) -> Observed {
        let writer = self.east();
        let leads = writer.group();
        let leads = leads.and_then(|name| self.rds.global_cluster(&east(), name));
        let name = "orders-west";
        let kept = self.rds.unplanned_snapshots(&west(), name);
        let leaves = self.rds.global_cluster(&west(), GLOBAL);
        let is_past = |past: &GlobalCluster| {
            leads
                .as_ref()
                .is_none_or(|leads| leads.identifier != past.identifier)
        };
        let next = "orders-global-2";
        Observed {
            acting: east(),
            killed: None,
            writer_region: east(),
            epoch: EPOCH,
            proven_at,
            writer,
            recorded_global: books.recorded.clone(),
            past: leaves.filter(is_past),
            past_region: west(),
            wished_global: None,
            next_global: match leads {
                Some(_) => NextGlobal::NotNeeded,
                None => NextGlobal::Free(next.into()),
            },
            leads,
            members: vec![SeenMember {
                region: west(),
                name: name.into(),
                cluster: self.rds.shape(&west(), name),
                fenced_at: books.fenced,
                unlisted: None,
                blueprint: books.blueprint.clone(),
                healthy: None,
                unfit: Vec::new(),
                snapshot_name: final_snapshot(name, EPOCH),
                snapshot: self.rds.snapshot(&west(), &final_snapshot(name, EPOCH)),
                unplanned: kept.into_iter().next(),
                copy_name: unplanned_copy(name, EPOCH),
                copy: self.rds.snapshot(&west(), &unplanned_copy(name, EPOCH)),
            }],
            misnamed: Vec::new(),
            lag: None,
            outlook: None,
            left_out: None,
        }
    }

    /// Passes of the rebuild until it is done.
    fn rebuild(&mut self, books: &mut Books, retire: Retire) {
        let proven_at = self.now;
        for _ in 0..2_000 {
            let seen = self.seen(books, proven_at);
            match next_action(&seen, retire).unwrap() {
                Action::Done => return,
                Action::Wait(_) | Action::Outlast(_) | Action::Name(..) => {}
                Action::Fence(_) => books.fenced = Some(self.now),
                Action::Remember(_) => {
                    let shape = self.rds.shape(&west(), "orders-west").unwrap();
                    let past = seen.past.as_ref();
                    books.blueprint = Some(Blueprint::of(shape, past, EPOCH, self.now));
                }
                Action::Record(global) => books.recorded = Some(global),
                Action::Call(region, call) => {
                    let taken = self.call(&region, &call);
                    let name = call.name();
                    if taken == Accepted::Yes && books.calls.last() != Some(&name) {
                        books.calls.push(name);
                    }
                }
            }
            self.pass(20);
        }
        panic!("it is never done: {:?}", books.calls);
    }

    /// The west comes back after a detach.
    fn detached(readings: Readings) -> Self {
        let mut world = world(readings);
        world.lose(west());
        world.detach();
        world.rest();
        world.bring_back(&west());
        world
    }
}

/// Without what a successor has of its own.
fn like(shape: &Shape) -> Shape {
    let mut shape = shape.lasting();
    shape.resource_id.clear();
    shape.global_cluster = None;
    shape
}

#[test]
fn a_member_is_retired_by_rename_and_made_anew_with_everything_that_it_had() {
    for lists_late in [false, true] {
        let mut world = World::detached(Readings {
            lists_late,
            times_late: lists_late,
            ..Readings::default()
        });
        let (old, new) = world.ids();
        let before = world.rds.shape(&west(), "orders-west").unwrap();
        let mut books = Books::default();
        world.rebuild(&mut books, Retire::Rename);
        assert_eq!(
            books.calls,
            [
                "create_snapshot",
                "remove",
                "delete_endpoint",
                "rename_instance",
                "rename_cluster",
                "delete_global",
                "create_global",
                "create_member",
                "add_role",
                "create_instance",
                "create_endpoint",
            ]
        );
        let after = world.rds.shape(&west(), "orders-west").unwrap();
        assert!(after.is_whole());
        assert_eq!(like(&after), like(&before));
        assert_ne!(after.resource_id, old);
        let created = Happened::Created {
            region: west(),
            resource_id: after.resource_id.clone(),
            primary_resource_id: new,
        };
        assert!(world.happened.contains(&created));
        let retired = "orders-west-retired-19700101-8";
        assert_eq!(world.id(&west(), retired), old);
        assert_eq!(world.rds.global_cluster(&west(), GLOBAL), None);
        let host = |name: &str| format!("{name}.cluster-x.us-west-2.rds.amazonaws.com.");
        let leads = |name: &str| world.rds.endpoint(&host(name)).map(str::to_owned);
        assert_eq!(leads("orders-west"), Some(after.resource_id));
        assert_eq!(leads(retired), Some(old));
    }
}

#[test]
fn a_member_that_is_deleted_is_gone_with_its_rows_and_its_snapshot_stays() {
    let mut world = World::detached(Readings::default());
    let (old, _) = world.ids();
    let mut books = Books::default();
    world.rebuild(&mut books, Retire::Delete);
    assert_eq!(
        books.calls,
        [
            "create_snapshot",
            "remove",
            "delete_endpoint",
            "lift_protection",
            "delete_instance",
            "delete_cluster",
            "delete_global",
            "create_global",
            "create_member",
            "add_role",
            "create_instance",
            "create_endpoint",
        ]
    );
    let closed = Happened::Closed {
        resource_id: old.clone(),
    };
    let deleted = Happened::Deleted { resource_id: old };
    let at = |happened: &Happened| world.happened.iter().position(|one| one == happened);
    assert!(at(&closed).unwrap() < at(&deleted).unwrap());
    let kept = world.rds.snapshot(&west(), "orders-west-final-8").unwrap();
    assert_eq!(kept.status, "available");
    assert_eq!(world.writing(), ["orders-east"]);
}

#[test]
fn after_a_managed_failover_only_what_rds_kept_is_copied() {
    let mut world = world(Readings::default());
    world.lose(west());
    world.fail_over();
    world.pass(65);
    world.bring_back(&west());
    let mut books = Books {
        recorded: world.rds.named(GLOBAL),
        ..Books::default()
    };
    world.rebuild(&mut books, Retire::Rename);
    assert_eq!(books.calls, ["copy_snapshot"]);
    let copy = world.rds.snapshot(&west(), "orders-west-unplanned-8");
    assert_eq!(copy.unwrap().kind, "manual");
}
