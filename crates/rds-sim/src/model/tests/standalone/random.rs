//! Whatever is asked of instances in whatever order: no panic, no replica that writes, and an end to every course.

use proptest::prelude::*;

use super::{
    super::world::{EAST, OHIO, WEST, World},
    NEW,
};
use crate::model::{Durations, Settings, state::InstanceStatus, state::Replication};

const REGIONS: [&str; 3] = [WEST, EAST, OHIO];
const NAMES: [&str; 3] = ["orders-a", "orders-b", "orders-c"];

#[derive(Debug, Clone)]
enum Step {
    Call {
        region: usize,
        action: &'static str,
        name: usize,
        other: (usize, usize),
        flags: u8,
    },
    Pass(u64),
    Lose(usize),
    Return(usize),
    Cut(usize, bool),
    Break(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let actions = prop::sample::select(vec![
        "CreateDBInstance",
        "CreateDBInstanceReadReplica",
        "CreateDBInstanceReadReplica",
        "PromoteReadReplica",
        "PromoteReadReplica",
        "ModifyDBInstance",
        "RebootDBInstance",
        "StopDBInstance",
        "StartDBInstance",
        "DeleteDBInstance",
        "CreateDBSnapshot",
        "CopyDBSnapshot",
        "DeleteDBSnapshot",
        "RestoreDBInstanceFromDBSnapshot",
    ]);
    let step = prop_oneof![
        6 => (0..3_usize, actions, 0..3_usize, (0..3_usize, 0..3_usize), any::<u8>()).prop_map(
            |(region, action, name, other, flags)| Step::Call { region, action, name, other, flags }
        ),
        4 => (0..4_000_u64).prop_map(Step::Pass),
        1 => (0..3_usize).prop_map(Step::Lose),
        2 => (0..3_usize).prop_map(Step::Return),
        1 => (0..3_usize, any::<bool>()).prop_map(|(region, flows)| Step::Cut(region, flows)),
        1 => any::<bool>().prop_map(Step::Break),
    ];
    prop::collection::vec(step, 1..60)
}

fn take(world: &mut World, step: &Step) {
    match step {
        Step::Pass(millis) => world.pass(*millis),
        Step::Lose(region) => world.lose(REGIONS[*region]),
        Step::Return(region) => world.regain(REGIONS[*region]),
        Step::Cut(region, flows) => {
            world
                .model
                .set_replication(world.now, REGIONS[*region], *flows);
        }
        Step::Break(broken) => world.broken = *broken,
        Step::Call {
            region,
            action,
            name,
            other: (other_region, other_name),
            flags,
        } => {
            let region = REGIONS[*region];
            if !world.model.answers(region) {
                return;
            }
            let (there, other) = (REGIONS[*other_region], NAMES[*other_name]);
            let source = format!("arn:aws:rds:{there}:123456789012:db:{other}");
            let snapshot = format!("arn:aws:rds:{there}:123456789012:snapshot:kept");
            let yes = |bit: u8| if flags & bit == 0 { "false" } else { "true" };
            let days = if flags & 8 == 0 { "0" } else { "7" };
            let mut params = vec![
                ("DBInstanceIdentifier", NAMES[*name]),
                ("SourceDBInstanceIdentifier", &*source),
                ("SourceDBSnapshotIdentifier", &*snapshot),
                ("TargetDBSnapshotIdentifier", "copied"),
                ("DBSnapshotIdentifier", "kept"),
                ("ApplyImmediately", yes(1)),
                ("SkipFinalSnapshot", yes(4)),
                ("BackupRetentionPeriod", days),
            ];
            if *action == "ModifyDBInstance" && flags & 16 != 0 {
                params.truncate(1);
                params.push(("NewDBInstanceIdentifier", other));
                params.push(("ApplyImmediately", "true"));
            }
            if *action == "DeleteDBInstance" && flags & 4 == 0 {
                params.push(("FinalDBSnapshotIdentifier", "last"));
            }
            if *action == "RebootDBInstance" {
                params.push(("ForceFailover", yes(16)));
            }
            if *action == "RestoreDBInstanceFromDBSnapshot" && flags & 16 != 0 {
                params.push(("DBSnapshotIdentifier", "copied"));
                params.push(("MultiAZ", yes(32)));
            }
            if *action == "CreateDBInstance" {
                params.extend(NEW);
            }
            // Refusals are as welcome as answers.
            let _ = world.call(region, action, &params);
        }
    }
}

fn world() -> World {
    let durations = Durations {
        stopped_max_ms: 5_000,
        ..Durations::default()
    };
    let mut world = World::empty(Settings {
        durations,
        ..Settings::default()
    });
    world.alone(WEST, NAMES[0], &[]);
    world.settle();
    let source = format!("arn:aws:rds:{WEST}:123456789012:db:{}", NAMES[0]);
    let replica = [
        ("DBInstanceIdentifier", NAMES[1]),
        ("SourceDBInstanceIdentifier", &*source),
    ];
    world.ok(EAST, "CreateDBInstanceReadReplica", &replica);
    world.settle();
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_lets_a_replica_write_that_rests(steps in steps()) {
        let mut world = world();
        for step in &steps {
            take(&mut world, step);
            for (key, found) in &world.model.standalones {
                let rests = found.status == InstanceStatus::Available;
                let writes = world.takes_writes(&key.region, &key.id);
                prop_assert!(!(rests && found.source.is_some() && writes), "{key} after {step:?}");
            }
        }
    }

    #[test]
    fn once_everything_is_well_every_course_ends_and_sources_and_replicas_know_each_other(
        steps in steps()
    ) {
        let mut world = world();
        for step in &steps {
            take(&mut world, step);
        }
        world.broken = false;
        for region in REGIONS {
            world.regain(region);
        }
        world.settle();
        prop_assert!(world.model.tasks.is_empty(), "{:?}", world.model.tasks);
        let all = &world.model.standalones;
        for (key, found) in all {
            let rests = [InstanceStatus::Available, InstanceStatus::Failed].contains(&found.status);
            prop_assert!(rests, "{key} is {}", found.status.as_str());
            if found.source.is_none() && found.status == InstanceStatus::Available {
                prop_assert!(world.takes_writes(&key.region, &key.id), "{key} does not serve");
            }
            let Some(source) = &found.source else {
                continue;
            };
            let there = all.get(&source.key).filter(|there| there.resource_id == source.resource_id);
            let known = there.is_some_and(|there| there.replicas.iter().any(|one| one.key == *key));
            let is_terminated = source.replication == Replication::Terminated;
            prop_assert_eq!(known, !is_terminated, "{} follows {}", key, &source.key);
        }
        for (key, found) in all {
            for replica in &found.replicas {
                prop_assert!(all.contains_key(&replica.key), "{key} names {}", replica.key);
            }
        }
    }
}
