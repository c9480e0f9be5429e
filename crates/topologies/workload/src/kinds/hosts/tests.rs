//! A host comes home in an EC2 in memory, phase by phase, with every call cut off once and every answer lost once.

mod prepare;
mod scenarios;
mod world;

use failover::{
    Error,
    domain::{Epoch, RunId},
};
use futures::FutureExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::world::{AWAY, HOME, State, World, disk, network};
use super::{Ec2Instances, names};
use crate::{
    hosts::Host,
    phase::Phase,
    plan::WorkloadPlan,
    row::{Row, State as RowState},
    run::{Answered, Kind, Opening, WorkloadRun},
    verbs::{Next, On, Verbs},
};

/// So many passes end every phase here.
const PASSES_MAX: usize = 150;
/// Seconds from one pass to the next.
const PASS_SECONDS: i64 = 6;
const PHASES: [Phase; 9] = [
    Phase::Prepare,
    Phase::Sync,
    Phase::Sync,
    Phase::Suspend,
    Phase::LastSync,
    Phase::CutOver,
    Phase::Verify,
    Phase::Retire,
    Phase::Conclude,
];

/// A run of one host, and the world that it is played in.
struct Play {
    world: World,
    run: WorkloadRun,
    row: Row,
    /// The volumes that stood at home.
    old: Vec<String>,
}

fn host(id: &str, zone: &str, subnet: &str) -> Host {
    Host {
        id: id.into(),
        state: "running".into(),
        zone: zone.into(),
        subnet: subnet.into(),
        vpc: "vpc-1".into(),
        security_groups: vec!["sg-1".into()],
        instance_type: "m7i.large".into(),
        architecture: "x86_64".into(),
        virtualization: "hvm".into(),
        root_type: "ebs".into(),
        root_device: "/dev/xvda".into(),
        private_address: Some("10.0.0.4".into()),
        tags: names::tags([("Name", "web"), (names::RIGHTS_TAG, "shop")]),
        ..Host::default()
    }
}

fn plan(more: &Value) -> WorkloadPlan {
    let mut resource = json!({
        "name": "web-1", "kind": "ec2_instance", "home": "i-00000000home", "recovery": "i-00000000away",
    });
    for (key, value) in more.as_object().unwrap() {
        resource[key] = value.clone();
    }
    serde_json::from_value(json!({
        "kind": "workload", "plan": "shop", "revision": 1, "home_region": HOME, "recovery_region": AWAY,
        "resources": [resource],
    }))
    .unwrap()
}

impl Play {
    /// Two hosts with a root and two disks each; that of home has another size.
    fn new(more: &Value) -> Self {
        let mut state = State {
            now: Timestamp::from_second(1_800_000_000).unwrap(),
            ..State::default()
        };
        let home = ["/dev/xvda", "/dev/sdf", "/dev/sdg"].map(|name| {
            let (device, mut volume) = disk(name, &format!("vol-home{}", &name[5..]));
            volume.size_gib = 16;
            volume.volume_type = "io2".into();
            volume.iops = Some(4_000);
            volume.throughput = None;
            (device, volume)
        });
        let old = home.iter().map(|(_, volume)| volume.id.clone()).collect();
        let away = ["/dev/xvda", "/dev/sdf", "/dev/sdg"]
            .map(|name| disk(name, &format!("vol-away{}", &name[5..])));
        state.plant(
            HOME,
            host("i-00000000home", "us-east-1a", "subnet-h"),
            home.into(),
        );
        state.plant(
            AWAY,
            host("i-00000000away", "us-west-2a", "subnet-a"),
            away.into(),
        );
        let here = network(
            "us-east-1a",
            &[
                ("subnet-h", "app", "igw-1"),
                ("subnet-i", "isolated", "local"),
            ],
            &[("sg-1", "web", 1), ("sg-2", "isolated", 0)],
        );
        let there = network(
            "us-west-2a",
            &[("subnet-a", "app", "igw-2")],
            &[("sg-1", "web", 1)],
        );
        state.networks = [(HOME.to_owned(), here), (AWAY.to_owned(), there)].into();
        let run_id = RunId::from("run-1");
        let opening = Opening {
            run_id: run_id.clone(),
            kind: Kind::RestoreHome,
            plan: plan(more),
            epoch: Epoch(7),
            opened_at: state.now,
        };
        Self {
            row: Row::new(run_id, "web-1", state.now),
            run: WorkloadRun::opened(opening),
            world: World(state.into()),
            old,
        }
    }

    fn state(&self) -> State {
        self.world.0.lock().unwrap().clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.world.0.lock().unwrap());
    }

    /// Passes of a phase until it is done or refused.
    fn phase(&mut self, phase: Phase) -> Result<String, Error> {
        self.row.again(phase);
        for _ in 0..PASSES_MAX {
            self.change(|state| state.tick(PASS_SECONDS));
            if let Some(done) = self.pass(phase)? {
                return Ok(done);
            }
            self.nothing_is_lost();
        }
        panic!("{phase} does not end: {}", self.row.reason);
    }

    fn pass(&mut self, phase: Phase) -> Result<Option<String>, Error> {
        let now = self.state().now;
        let row = self.row.clone();
        let on = On {
            plan: &self.run.plan,
            resource: &self.run.plan.resources[0],
            run: &self.run,
            phase,
            row: &row,
            now,
            dry_run: false,
        };
        let seen = ready(Ec2Instances.look(&self.world, &on))?;
        match Verbs::<World>::decide(Ec2Instances, &on, &seen)? {
            Next::Done { reason, keep } => {
                self.row.keep(keep);
                self.row.rounds += u32::from(phase == Phase::Sync);
                self.row.done(now, &reason);
                return Ok(Some(reason));
            }
            Next::Wait { reason, progress } => {
                let told = progress.as_ref().and_then(|told| told.done_bytes);
                if let (Phase::Sync, Some(bytes)) = (phase, told) {
                    self.row.moved(self.row.rounds + 1, bytes);
                }
                self.row.waits(now, &reason, progress);
            }
            Next::Remember { reason, keep } => {
                self.row.keep(keep);
                self.row.waits(now, &reason, None);
            }
            Next::Call {
                name,
                reason,
                keep,
                call,
            } => {
                self.row.keep(keep);
                self.row.waits(now, &reason, None);
                self.row.called(now, name);
                match ready(Ec2Instances.call(&self.world, &on, &call)) {
                    Ok(()) => self.row.answered(now, Row::TAKEN),
                    Err(Error::Unavailable(_)) => {}
                    Err(why) => return Err(why),
                }
            }
        }
        assert_ne!(self.row.state, RowState::Done);
        Ok(None)
    }

    fn nothing_is_lost(&self) {
        let state = self.state();
        for id in &self.old {
            let key = (HOME.to_owned(), id.clone());
            assert!(state.volumes.contains_key(&key), "{id} is gone");
        }
    }

    fn answer(&mut self, phase: Phase) {
        self.run.answers.push(Answered {
            phase,
            yes: true,
            by: "somebody".into(),
            at: self.state().now,
        });
    }

    /// The names of the calls, in order.
    fn called(&self) -> Vec<&'static str> {
        let state = self.state();
        state.calls.iter().map(|(_, call)| call.name()).collect()
    }

    /// What is there in the end, without ids.
    fn end(&self) -> Value {
        let state = self.state();
        let hosts: Vec<Value> = state
            .hosts
            .values()
            .map(|host| {
                let devices: Vec<Value> = host
                    .devices
                    .iter()
                    .map(|at| {
                        let is_old = self.old.contains(&at.volume);
                        json!([at.name, at.state, at.delete_on_termination, is_old])
                    })
                    .collect();
                json!([host.tags.get(names::ROLE_TAG), host.state, devices])
            })
            .collect();
        let mut volumes: Vec<String> = state
            .volumes
            .values()
            .map(|it| {
                let device = it.tags.get(names::DEVICE_TAG);
                let replaced = it.tags.get(names::REPLACED_TAG);
                let replaced = replaced.map(|by| by.replace(|c: char| c.is_ascii_digit(), ""));
                format!(
                    "{} {} {} {:?} {device:?} {replaced:?}",
                    it.state, it.size_gib, it.volume_type, it.iops
                )
            })
            .collect();
        volumes.sort();
        let mut snapshots: Vec<String> = state
            .snapshots
            .iter()
            .map(|((region, _), it)| {
                let tags = [names::ROLE_TAG, names::DEVICE_TAG].map(|key| it.tags.get(key));
                format!("{region} {} {tags:?}", it.state)
            })
            .collect();
        snapshots.sort();
        json!({"hosts": hosts, "volumes": volumes, "snapshots": snapshots, "images": state.images.len()})
    }
}

/// What does not wait for anything is ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}
