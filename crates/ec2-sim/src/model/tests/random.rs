//! Whatever is called in whatever order, what there is fits together, and nothing stays under way.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::bench::{AWAY, Bench, HOME};
use crate::model::state::{AttachmentStatus, Power, SnapshotStatus, VolumeStatus};

/// What is called, and which of the things that there are it names.
#[derive(Debug, Clone)]
struct Step {
    action: &'static str,
    region: &'static str,
    which: [usize; 3],
    ms: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let actions = [
        "StartInstances",
        "StopInstances",
        "TerminateInstances",
        "CreateVolume",
        "DeleteVolume",
        "AttachVolume",
        "DetachVolume",
        "CreateSnapshots",
        "CopySnapshot",
        "DeleteSnapshot",
    ];
    let step = (
        prop::sample::select(actions.to_vec()),
        prop::sample::select(vec![HOME, AWAY]),
        any::<[usize; 3]>(),
        0..4_000_u64,
    )
        .prop_map(|(action, region, which, ms)| Step {
            action,
            region,
            which,
            ms,
        });
    prop::collection::vec(step, 1..80)
}

fn pick(ids: &[String], which: usize) -> &str {
    match ids.len() {
        0 => "none",
        many => &ids[which % many],
    }
}

fn play(bench: &mut Bench, step: &Step) {
    let world = &bench.model.world;
    let instances: Vec<_> = world.instances.keys().cloned().collect();
    let volumes: Vec<_> = world.volumes.keys().cloned().collect();
    let snapshots: Vec<_> = world.snapshots.keys().cloned().collect();
    let [one, two, three] = step.which;
    let instance = pick(&instances, one);
    let volume = pick(&volumes, two);
    let snapshot = pick(&snapshots, three);
    let source = world.snapshots.get(snapshot);
    let source = source.map_or(AWAY.to_owned(), |source| source.region.clone());
    let zone = format!("{}{}", step.region, ["a", "b"][one % 2]);
    let device = ["/dev/xvda", "/dev/sdf", "/dev/sdg"][three % 3];
    let params = match step.action {
        "StartInstances" | "StopInstances" | "TerminateInstances" => {
            vec![("InstanceId.1", instance)]
        }
        "CreateVolume" if two % 2 == 0 => {
            vec![
                ("AvailabilityZone", zone.as_str()),
                ("SnapshotId", snapshot),
            ]
        }
        "CreateVolume" => vec![("AvailabilityZone", zone.as_str()), ("Size", "8")],
        "DeleteVolume" | "DetachVolume" => vec![("VolumeId", volume)],
        "AttachVolume" => vec![
            ("VolumeId", volume),
            ("InstanceId", instance),
            ("Device", device),
        ],
        "CreateSnapshots" => vec![("InstanceSpecification.InstanceId", instance)],
        "CopySnapshot" => vec![
            ("SourceRegion", source.as_str()),
            ("SourceSnapshotId", snapshot),
        ],
        _ => vec![("SnapshotId", snapshot)],
    };
    // Most are refused, which is the point.
    drop(bench.try_call(step.region, step.action, &params));
    bench.pass(step.ms);
}

/// What there is fits together.
fn check(bench: &Bench) {
    let world = &bench.model.world;
    let mut places = BTreeSet::new();
    for volume in world.volumes.values() {
        let attachment = volume.attachment.as_ref();
        let is_held = volume.status == VolumeStatus::InUse;
        assert_eq!(is_held, attachment.is_some(), "{volume:?}");
        if let Some(attachment) = attachment {
            let instance = &world.instances[&attachment.instance];
            assert_ne!(instance.power, Power::Terminated, "{volume:?}");
            assert_eq!(instance.zone, volume.zone);
            let place = (&attachment.instance, &attachment.device);
            assert!(places.insert(place), "two volumes at {place:?}");
        }
    }
    for snapshot in world.snapshots.values() {
        let is_complete = snapshot.status == SnapshotStatus::Completed;
        assert_eq!(is_complete, snapshot.completed_at.is_some(), "{snapshot:?}");
    }
    for instance in world.instances.values() {
        let runs = instance.power == Power::Running;
        assert_eq!(runs, instance.running_since.is_some(), "{instance:?}");
    }
}

/// Nothing is under way.
fn check_rest(bench: &Bench) {
    let world = &bench.model.world;
    for instance in world.instances.values() {
        let rests = [Power::Running, Power::Stopped, Power::Terminated];
        assert!(rests.contains(&instance.power), "{instance:?}");
    }
    for volume in world.volumes.values() {
        let rests = [VolumeStatus::Available, VolumeStatus::InUse];
        assert!(rests.contains(&volume.status), "{volume:?}");
        let attachment = volume.attachment.as_ref().map(|it| it.status);
        let rests = [None, Some(AttachmentStatus::Attached)];
        assert!(rests.contains(&attachment), "{volume:?}");
        let pending = volume
            .initialization
            .as_ref()
            .map_or(0, |it| it.pending.len());
        assert_eq!(pending, 0, "{volume:?}");
    }
    for snapshot in world.snapshots.values() {
        assert_eq!(snapshot.status, SnapshotStatus::Completed, "{snapshot:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_there_is_fits_together_and_comes_to_rest(steps in steps()) {
        let mut bench = Bench::new();
        for region in [HOME, AWAY] {
            let host = bench.host(region, |_| {});
            let data = bench.volume(&host, "/dev/sdf");
            bench.write(&data, &[(0, 1), (1, 2)]);
            bench.host(region, |host| host.subnet = format!("subnet-{region}b"));
            // So that there are snapshots to begin with.
            bench.snapshots(region, &host);
        }
        for step in &steps {
            play(&mut bench, step);
            check(&bench);
        }
        bench.settle();
        check(&bench);
        check_rest(&bench);
    }
}
