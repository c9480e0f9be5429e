//! A model, a clock that is moved by hand, and volumes whose content is a table.

use std::collections::BTreeMap;

use crate::{
    answer::Node,
    model::{
        Blocks, Digest, Done, Durations, Effect, Fault, Limits, Model, Params, PlantedDisk,
        PlantedHost, PlantedKey, SecurityGroup, Settings, Subnet, TaskId,
    },
};

pub(crate) const HOME: &str = "us-west-2";
pub(crate) const AWAY: &str = "us-east-1";

/// What a block is made of, by its index.
type Content = BTreeMap<u32, u8>;

pub(crate) struct Bench {
    pub(crate) model: Model,
    pub(crate) now: u64,
    /// What is written on volumes.
    pub(crate) content: BTreeMap<String, Content>,
    cut: BTreeMap<String, Content>,
    /// What was asked for, oldest first.
    pub(crate) effects: Vec<Effect>,
}

impl Bench {
    /// Two Regions with a subnet in each of two zones, without a pause between snapshots.
    pub(crate) fn new() -> Self {
        Self::with(Limits {
            snapshot_spacing_ms: 0,
            ..Limits::default()
        })
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let settings = Settings {
            limits,
            durations: Durations::default(),
            ..Settings::default()
        };
        let now = 1_700_000_000_000;
        let mut model = Model::new(settings, now);
        for region in [HOME, AWAY] {
            for letter in ["a", "b"] {
                model.plant_subnet(Subnet {
                    id: format!("subnet-{region}{letter}"),
                    vpc: format!("vpc-{region}"),
                    zone: format!("{region}{letter}"),
                    cidr: "10.0.0.0/24".to_owned(),
                    gives_public_addresses: true,
                    tags: BTreeMap::new(),
                });
            }
            model.plant_group(SecurityGroup {
                id: format!("sg-{region}"),
                region: region.to_owned(),
                vpc: format!("vpc-{region}"),
                name: "web".to_owned(),
                ingress: Vec::new(),
                egress: Vec::new(),
                tags: BTreeMap::new(),
            });
        }
        Self {
            model,
            now,
            content: BTreeMap::new(),
            cut: BTreeMap::new(),
            effects: Vec::new(),
        }
    }

    pub(crate) fn try_call(
        &mut self,
        region: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> Result<Node, Fault> {
        let params = Params::new(params.iter().copied());
        let ended = self.model.call(self.now, region, action, &params);
        self.carry_out();
        ended.map(|(node, _)| node)
    }

    pub(crate) fn call(&mut self, region: &str, action: &str, params: &[(&str, &str)]) -> Node {
        self.try_call(region, action, params)
            .unwrap_or_else(|fault| panic!("{action}: {fault}"))
    }

    /// The code that a call is refused with.
    pub(crate) fn refusal(
        &mut self,
        region: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> String {
        match self.try_call(region, action, params) {
            Ok(node) => panic!("{action} is answered: {node:?}"),
            Err(fault) => fault.code,
        }
    }

    /// Carries out what is asked for, at once.
    pub(crate) fn carry_out(&mut self) {
        let asked = self.model.take_effects();
        if !asked.is_empty() {
            self.deliver(asked);
        }
    }

    /// Carries out these, and all that follows from them.
    pub(crate) fn deliver(&mut self, asked: Vec<(TaskId, Effect)>) {
        for (id, effect) in asked {
            let done = self.done(&effect);
            self.effects.push(effect);
            self.model.finished(self.now, id, Ok(done));
        }
        self.carry_out();
    }

    fn done(&mut self, effect: &Effect) -> Done {
        match effect {
            Effect::Cut { snapshots, .. } => {
                for (snapshot, volume) in snapshots {
                    let content = self.content.get(volume).cloned().unwrap_or_default();
                    self.cut.insert(snapshot.clone(), content);
                }
                Done::Done
            }
            Effect::Store { snapshot, .. } => {
                let content = self.cut.remove(snapshot).unwrap().into_iter();
                let blocks = content.map(|(index, byte)| (index, Digest([byte; 32])));
                Done::Stored(Blocks::new(blocks.collect()))
            }
            Effect::MakeVolume { .. }
            | Effect::RemoveVolume { .. }
            | Effect::Copy { .. }
            | Effect::Release { .. }
            | Effect::Halt { .. } => Done::Done,
        }
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.model.advance(self.now);
        self.carry_out();
    }

    /// Lets an hour less a second pass, in which everything ends that was begun.
    pub(crate) fn settle(&mut self) {
        self.pass(3_599_000);
    }

    pub(crate) fn key(&mut self, region: &str, id: &str) -> String {
        self.model.plant_key(PlantedKey {
            region: region.to_owned(),
            id: id.to_owned(),
            alias: None,
            is_accessible: true,
        })
    }

    pub(crate) fn host(&mut self, region: &str, change: impl FnOnce(&mut PlantedHost)) -> String {
        let mut host = PlantedHost {
            subnet: format!("subnet-{region}a"),
            groups: vec![format!("sg-{region}")],
            disks: ["/dev/xvda", "/dev/sdf"]
                .map(|device| PlantedDisk {
                    device: device.to_owned(),
                    size_gib: 8,
                    delete_on_termination: device == "/dev/xvda",
                    ..PlantedDisk::default()
                })
                .into(),
            ..PlantedHost::default()
        };
        change(&mut host);
        let id = self.model.plant_host(self.now, host).unwrap();
        self.carry_out();
        id
    }

    /// The volume of a host at a device.
    pub(crate) fn volume(&mut self, host: &str, device: &str) -> String {
        let host = self.model.host(self.now, host).unwrap();
        let found = host.volumes.into_iter().find(|it| it.device == device);
        found.unwrap().disk.id
    }

    pub(crate) fn write(&mut self, volume: &str, blocks: &[(u32, u8)]) {
        let content = self.content.entry(volume.to_owned()).or_default();
        content.extend(blocks.iter().copied());
    }

    /// Snapshots of a host, by the volume that each is of, once they are complete.
    pub(crate) fn snapshots(&mut self, region: &str, host: &str) -> BTreeMap<String, String> {
        let node = self.call(
            region,
            "CreateSnapshots",
            &[("InstanceSpecification.InstanceId", host)],
        );
        self.settle();
        let items = node.items("snapshotSet");
        let pair = |item: &Node| {
            let text = |name| item.at(&[name]).unwrap().to_owned();
            (text("volumeId"), text("snapshotId"))
        };
        items.into_iter().map(pair).collect()
    }

    /// A copy that was begun.
    pub(crate) fn copy(
        &mut self,
        to: &str,
        from: &str,
        snapshot: &str,
        key: Option<&str>,
    ) -> String {
        let mut params = vec![("SourceRegion", from), ("SourceSnapshotId", snapshot)];
        if let Some(key) = key {
            params.extend([("Encrypted", "true"), ("KmsKeyId", key)]);
        }
        let node = self.call(to, "CopySnapshot", &params);
        node.at(&["snapshotId"]).unwrap().to_owned()
    }

    /// One field of the one thing that a describe answers.
    pub(crate) fn field(
        &mut self,
        (region, action): (&str, &str),
        (name, id): (&str, &str),
        (list, path): (&str, &[&str]),
    ) -> Option<String> {
        let name = format!("{name}.1");
        let node = self.call(region, action, &[(name.as_str(), id)]);
        let items = node.items(list);
        assert_eq!(items.len(), 1, "{node:?}");
        items[0].at(path).map(str::to_owned)
    }

    pub(crate) fn snapshot_field(&mut self, region: &str, id: &str, name: &str) -> Option<String> {
        self.field(
            (region, "DescribeSnapshots"),
            ("SnapshotId", id),
            ("snapshotSet", &[name]),
        )
    }

    pub(crate) fn volume_field(&mut self, region: &str, id: &str, name: &str) -> Option<String> {
        self.field(
            (region, "DescribeVolumes"),
            ("VolumeId", id),
            ("volumeSet", &[name]),
        )
    }

    pub(crate) fn state(&mut self, host: &str) -> String {
        self.model.host(self.now, host).unwrap().state
    }
}
