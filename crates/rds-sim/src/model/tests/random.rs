//! Whatever is asked in whatever order: no panic, one writer, and an end to every operation.

use proptest::prelude::*;

use super::world::{EAST, GLOBAL, OHIO, WEST, World};
use crate::model::{ClusterKey, Settings};

const REGIONS: [(&str, &str); 3] = [
    (WEST, "orders-west"),
    (EAST, "orders-east"),
    (OHIO, "orders-ohio"),
];

#[derive(Debug, Clone)]
enum Step {
    Call {
        region: usize,
        action: &'static str,
        target: usize,
        flags: u8,
    },
    Pass(u64),
    Lose(usize),
    Return(usize),
    Break(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let actions = prop::sample::select(vec![
        "CreateDBCluster",
        "CreateDBInstance",
        "FailoverGlobalCluster",
        "SwitchoverGlobalCluster",
        "RemoveFromGlobalCluster",
        "ModifyDBCluster",
        "CreateGlobalCluster",
        "ModifyGlobalCluster",
        "DeleteGlobalCluster",
        "DeleteDBCluster",
        "DeleteDBInstance",
        "CreateDBClusterSnapshot",
        "DeleteDBClusterSnapshot",
    ]);
    let step = prop_oneof![
        6 => (0..3_usize, actions, 0..3_usize, any::<u8>())
            .prop_map(|(region, action, target, flags)| Step::Call { region, action, target, flags }),
        4 => (0..4_000_u64).prop_map(Step::Pass),
        1 => (0..3_usize).prop_map(Step::Lose),
        2 => (0..3_usize).prop_map(Step::Return),
        1 => any::<bool>().prop_map(Step::Break),
    ];
    prop::collection::vec(step, 1..60)
}

fn take(world: &mut World, step: &Step) {
    match step {
        Step::Pass(millis) => world.pass(*millis),
        Step::Lose(region) => world.lose(REGIONS[*region].0),
        Step::Return(region) => world.regain(REGIONS[*region].0),
        Step::Break(broken) => world.broken = *broken,
        Step::Call {
            region,
            action,
            target,
            flags,
        } => {
            let (region, id) = REGIONS[*region];
            if !world.model.answers(region) {
                return;
            }
            let (target_region, target_id) = REGIONS[*target];
            let arn = format!("arn:aws:rds:{target_region}:123456789012:cluster:{target_id}");
            let instance = format!("{id}-1");
            let yes = |bit: u8| if flags & bit == 0 { "false" } else { "true" };
            let params = [
                ("GlobalClusterIdentifier", GLOBAL),
                ("Engine", "aurora-postgresql"),
                ("DBClusterIdentifier", id),
                ("DBInstanceIdentifier", &instance),
                ("DBInstanceClass", "db.r6g.large"),
                ("TargetDbClusterIdentifier", &arn),
                ("DbClusterIdentifier", &arn),
                ("AllowDataLoss", yes(1)),
                ("DeletionProtection", yes(2)),
                ("SkipFinalSnapshot", yes(4)),
                ("DBClusterSnapshotIdentifier", "kept"),
            ];
            // Refusals are as welcome as answers.
            let _ = world.call(region, action, &params);
        }
    }
}

/// Members of the global cluster whose databases would commit a write.
fn writers(world: &World) -> Vec<ClusterKey> {
    let global = world.model.globals.get(GLOBAL);
    global
        .into_iter()
        .flat_map(|global| global.members())
        .filter(|key| world.takes_writes(&key.region, &key.id))
        .cloned()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_gives_a_global_cluster_two_writers(steps in steps()) {
        let mut world = World::two_members_with(Settings::default());
        for step in &steps {
            take(&mut world, step);
            let writers = writers(&world);
            prop_assert!(writers.len() <= 1, "{writers:?} after {step:?}");
        }
    }

    #[test]
    fn once_everything_is_well_every_operation_ends(steps in steps()) {
        let mut world = World::two_members_with(Settings::default());
        for step in &steps {
            take(&mut world, step);
        }
        world.broken = false;
        for (region, _) in REGIONS {
            world.regain(region);
        }
        world.settle();
        prop_assert!(world.model.tasks.is_empty(), "{:?}", world.model.tasks);
        for global in world.model.globals.values() {
            prop_assert!(global.failover.is_none());
        }
        for cluster in world.model.clusters.values() {
            let status = cluster.status.as_str();
            prop_assert!(["available", "failed"].contains(&status), "{} is {status}", cluster.key);
        }
    }
}
