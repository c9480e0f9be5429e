//! On real files: whatever the order of rounds and deletions, what is restored is what was there, and what was moved is exactly
//! what changed.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    os::unix::fs::{FileExt, MetadataExt},
};

use ec2_sim::{
    answer::Node,
    model::{
        BLOCK_BYTES, Limits, Model, Params, PlantedDisk, PlantedHost, Settings, Subnet, bytes_of,
    },
    storage::Storage,
};
use proptest::prelude::*;
use tempfile::TempDir;

const HOME: &str = "us-west-2";
const AWAY: &str = "us-east-1";
/// So many blocks are written to. The volume has 2,048.
const BLOCKS: usize = 6;

/// What each block is filled with.
type Content = [u8; BLOCKS];

struct World {
    model: Model,
    storage: Storage,
    now: u64,
    host: String,
    volume: String,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            limits: Limits {
                snapshot_spacing_ms: 0,
                ..Limits::default()
            },
            ..Settings::default()
        };
        let mut model = Model::new(settings, 0);
        model.plant_subnet(Subnet {
            id: "subnet-1".to_owned(),
            vpc: "vpc-1".to_owned(),
            zone: format!("{AWAY}a"),
            cidr: String::new(),
            gives_public_addresses: false,
            tags: BTreeMap::new(),
        });
        let disk = PlantedDisk {
            device: "/dev/xvda".to_owned(),
            size_gib: 1,
            ..PlantedDisk::default()
        };
        let host = PlantedHost {
            subnet: "subnet-1".to_owned(),
            disks: vec![disk],
            ..PlantedHost::default()
        };
        let host = model.plant_host(0, host).unwrap();
        let volume = model.host(0, &host).unwrap().volumes[0].disk.id.clone();
        let mut world = Self {
            model,
            storage: Storage::prepare(folder.path()).unwrap(),
            now: 0,
            host,
            volume,
            _folder: folder,
        };
        world.settle();
        world
    }

    /// Carries out what is asked for, and lets time pass until nothing is under way.
    fn settle(&mut self) {
        loop {
            let asked = self.model.take_effects();
            let rests = asked.is_empty();
            for (id, effect) in asked {
                let outcome = self.storage.carry_out(&effect);
                let outcome = outcome.map_err(|error| error.to_string());
                assert!(outcome.is_ok(), "{effect:?}: {outcome:?}");
                self.model.finished(self.now, id, outcome);
            }
            match self.model.next_due() {
                Some(due) => self.now = self.now.max(due),
                None if rests => return,
                None => {}
            }
            self.model.advance(self.now);
        }
    }

    fn call(&mut self, region: &str, action: &str, params: &[(&str, &str)]) -> Node {
        let params = Params::new(params.iter().copied());
        let (node, _) = self.model.call(self.now, region, action, &params).unwrap();
        self.settle();
        node
    }

    fn write(&self, block: usize, byte: u8) {
        let path = self.storage.path(AWAY, &self.volume);
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(&filled(byte), block as u64 * BLOCK_BYTES)
            .unwrap();
    }

    fn snapshot(&mut self) -> String {
        let host = self.host.clone();
        let params = [("InstanceSpecification.InstanceId", host.as_str())];
        let node = self.call(AWAY, "CreateSnapshots", &params);
        node.items("snapshotSet")[0]
            .at(&["snapshotId"])
            .unwrap()
            .to_owned()
    }

    fn copy(&mut self, source: &str) -> String {
        let params = [("SourceRegion", AWAY), ("SourceSnapshotId", source)];
        let node = self.call(HOME, "CopySnapshot", &params);
        node.at(&["snapshotId"]).unwrap().to_owned()
    }

    /// A volume at home, restored from a copy.
    fn restore(&mut self, copy: &str) -> File {
        let params = [("AvailabilityZone", "us-west-2a"), ("SnapshotId", copy)];
        let node = self.call(HOME, "CreateVolume", &params);
        let volume = node.at(&["volumeId"]).unwrap();
        assert_eq!(
            self.model.disk(self.now, volume).unwrap().state,
            "available"
        );
        File::open(self.storage.path(HOME, volume)).unwrap()
    }

    fn moved(&self) -> u64 {
        let road = (AWAY.to_owned(), HOME.to_owned());
        self.storage.moved().get(&road).copied().unwrap_or_default()
    }
}

fn filled(byte: u8) -> Vec<u8> {
    vec![byte; usize::try_from(BLOCK_BYTES).unwrap()]
}

/// A volume holds this, in each of its bytes.
fn assert_holds(file: &File, content: &Content) {
    assert_eq!(file.metadata().unwrap().len(), 1 << 30);
    let mut block = filled(0);
    for (index, byte) in content.iter().enumerate() {
        file.read_exact_at(&mut block, index as u64 * BLOCK_BYTES)
            .unwrap();
        assert!(
            block == filled(*byte),
            "block {index} is not full of {byte}"
        );
    }
    // Nothing lies behind: the file has no more blocks on the disk than these.
    let written = content.iter().filter(|byte| **byte != 0).count();
    let on_disk = file.metadata().unwrap().blocks() * 512;
    let slack = 64 * 1024;
    assert!(on_disk <= bytes_of(written) + slack, "{on_disk} bytes");
}

#[derive(Debug, Clone)]
enum Step {
    Write(usize, u8),
    Round,
    DeleteSource(usize),
    DeleteCopy(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..BLOCKS, 0..4_u8).prop_map(|(block, byte)| Step::Write(block, byte)),
        4 => Just(Step::Round),
        1 => any::<usize>().prop_map(Step::DeleteSource),
        2 => any::<usize>().prop_map(Step::DeleteCopy),
    ];
    prop::collection::vec(step, 6..24)
}

/// What a round has to move: what differs from its base, or all that there is.
fn changed(base: Option<&Content>, new: &Content) -> usize {
    let base = base.unwrap_or(&[0; BLOCKS]);
    new.iter()
        .zip(base)
        .filter(|(new, base)| new != base)
        .count()
}

fn play(steps: &[Step]) {
    let mut world = World::new();
    let mut content = [0; BLOCKS];
    let mut sources = Vec::new();
    let mut copies: Vec<(String, Content)> = Vec::new();
    let mut latest: Option<String> = None;
    for step in steps {
        match step {
            Step::Write(block, byte) => {
                content[*block] = *byte;
                world.write(*block, *byte);
            }
            Step::Round => {
                let before = world.moved();
                let source = world.snapshot();
                let copy = world.copy(&source);
                sources.push(source);
                let base = copies.iter().find(|(id, _)| Some(id) == latest.as_ref());
                let expected = bytes_of(changed(base.map(|(_, base)| base), &content));
                let told = world.model.copies().last().unwrap();
                assert_eq!(world.moved() - before, expected, "what the storage moved");
                assert_eq!(told.bytes, expected, "what the model says");
                assert_eq!(told.incremental, base.is_some());
                latest = Some(copy.clone());
                copies.push((copy, content));
            }
            Step::DeleteSource(which) if !sources.is_empty() => {
                let source = sources.remove(which % sources.len());
                world.call(AWAY, "DeleteSnapshot", &[("SnapshotId", &source)]);
            }
            Step::DeleteCopy(which) if !copies.is_empty() => {
                let (copy, _) = copies.remove(which % copies.len());
                world.call(HOME, "DeleteSnapshot", &[("SnapshotId", &copy)]);
            }
            Step::DeleteSource(_) | Step::DeleteCopy(_) => {}
        }
    }
    let kept: BTreeSet<u8> = copies
        .iter()
        .flat_map(|(_, content)| content)
        .filter(|byte| **byte != 0)
        .copied()
        .collect();
    assert_eq!(
        world.storage.kept(HOME),
        bytes_of(kept.len()),
        "each block once"
    );
    for (copy, content) in &copies {
        assert_holds(&world.restore(copy), content);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_the_order_of_rounds_and_deletions_each_copy_restores_what_was_there(
        steps in steps()
    ) {
        play(&steps);
    }
}

#[test]
fn a_deleted_middle_copy_takes_no_block_with_it() {
    play(&[
        Step::Write(0, 1),
        Step::Write(1, 1),
        Step::Round,
        Step::Write(1, 2),
        Step::Write(5, 3),
        Step::Round,
        Step::Write(0, 3),
        Step::Write(1, 0),
        Step::Round,
        // The second one, whose block 5 the third one has, too.
        Step::DeleteCopy(1),
        Step::DeleteSource(1),
        Step::Round,
    ]);
}

#[test]
fn a_restored_volume_is_written_to_without_its_snapshots_noticing() {
    let mut world = World::new();
    world.write(2, 7);
    let source = world.snapshot();
    let copy = world.copy(&source);
    let params = [("AvailabilityZone", "us-west-2a"), ("SnapshotId", &copy)];
    let node = world.call(HOME, "CreateVolume", &params);
    let path = world.storage.path(HOME, node.at(&["volumeId"]).unwrap());
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&filled(9), 2 * BLOCK_BYTES).unwrap();
    assert_holds(&world.restore(&copy), &[0, 0, 7, 0, 0, 0]);
}
