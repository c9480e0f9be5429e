//! RDS in sentences.

use std::collections::BTreeSet;

use aurora_global::members::Accepted;
use failover::{
    Error,
    domain::Region,
    topology::{Call, Cluster, GlobalCluster},
};
use jiff::{SignedDuration, Timestamp};

use super::{Asking, Happened, Rds, Readings, Taken, Timing};

mod making;
mod meddling;
mod random;
mod rebuilds;
mod refusals;
mod takeovers;

const GLOBAL: &str = "orders-global-1";
const BEGIN: i64 = 1_000;

/// The control plane with a clock and with Regions that are down.
struct World {
    rds: Rds,
    now: Timestamp,
    down: BTreeSet<Region>,
    happened: Vec<Happened>,
}

fn east() -> Region {
    "us-east-1".into()
}

fn west() -> Region {
    "us-west-2".into()
}

fn central() -> Region {
    "eu-central-1".into()
}

fn world(readings: Readings) -> World {
    of(
        readings,
        &[(west(), "orders-west"), (east(), "orders-east")],
    )
}

/// With a third member.
fn three(readings: Readings) -> World {
    of(
        readings,
        &[
            (west(), "orders-west"),
            (east(), "orders-east"),
            (central(), "orders-central"),
        ],
    )
}

fn of(readings: Readings, members: &[(Region, &str)]) -> World {
    let timing = Timing {
        readings,
        ..Timing::default()
    };
    let mut world = World {
        rds: Rds::of(GLOBAL, members, timing),
        now: Timestamp::from_second(BEGIN).unwrap(),
        down: BTreeSet::new(),
        happened: Vec::new(),
    };
    world.pass(0);
    world
}

impl World {
    /// Lets time pass; answers what came about.
    fn pass(&mut self, seconds: i64) -> Vec<Happened> {
        self.now += SignedDuration::from_secs(seconds);
        let down = &self.down;
        let happened = self.rds.settle(self.now, &|region| !down.contains(region));
        self.happened.extend(happened.clone());
        happened
    }

    /// Lets everything come to its end.
    fn rest(&mut self) -> Vec<Happened> {
        let mut all = self.pass(0);
        for _ in 0..1_000 {
            let Some(next) = self.rds.next_at() else {
                return all;
            };
            self.now = self.now.max(next);
            all.extend(self.pass(0));
        }
        panic!("it never rests");
    }

    fn lose(&mut self, region: Region) {
        self.down.insert(region);
        self.pass(0);
    }

    fn bring_back(&mut self, region: &Region) {
        self.down.remove(region);
        self.pass(0);
    }

    fn id(&self, region: &Region, cluster: &str) -> String {
        let id = self.rds.resource_id(region, cluster);
        id.unwrap().to_owned()
    }

    fn ids(&self) -> (String, String) {
        (
            self.id(&west(), "orders-west"),
            self.id(&east(), "orders-east"),
        )
    }

    fn cluster(&self, region: &Region, name: &str) -> Cluster {
        self.rds.cluster(region, name).unwrap()
    }

    fn global(&self, region: &Region) -> GlobalCluster {
        self.rds.global_cluster(region, GLOBAL).unwrap()
    }

    fn west(&self) -> Cluster {
        self.cluster(&west(), "orders-west")
    }

    fn east(&self) -> Cluster {
        self.cluster(&east(), "orders-east")
    }

    /// The clusters that take writes.
    fn writing(&self) -> Vec<String> {
        let writers = self.rds.writers().into_iter();
        writers.map(|writer| writer.cluster).collect()
    }

    fn fail_over(&mut self) -> Accepted {
        let to = self.east().arn;
        let taken = self.rds.fail_over(self.now, &east(), GLOBAL, &to);
        self.pass(0);
        promoting(taken, "FailoverGlobalCluster")
    }

    fn detach(&mut self) -> Accepted {
        let to = self.east().arn;
        let taken = self.rds.detach(self.now, &east(), GLOBAL, &to);
        self.pass(0);
        promoting(taken, "RemoveFromGlobalCluster")
    }

    fn switch_over(&mut self) -> Accepted {
        let to = self.east().arn;
        let taken = self.rds.switch_over(self.now, &west(), GLOBAL, &to);
        self.pass(0);
        promoting(taken, "SwitchoverGlobalCluster")
    }

    fn call(&mut self, region: &Region, call: &Call) -> Accepted {
        let taken = self.rds.call(self.now, region, call);
        self.pass(0);
        rebuilding(taken, region, call).unwrap()
    }

    /// What keeps a call from being taken, as its code.
    fn refused(&mut self, region: &Region, call: &Call) -> String {
        let taken = self.rds.call(self.now, region, call);
        match rebuilding(taken, region, call) {
            Ok(Accepted::NotNow(said)) => said,
            Err(why) => format!("{}: {why}", why.name()),
            Ok(taken) => panic!("{taken:?}"),
        }
    }
}

fn promoting(taken: Taken, operation: &str) -> Accepted {
    Asking::Promotes.answer(taken, operation, &east()).unwrap()
}

fn rebuilding(taken: Taken, region: &Region, call: &Call) -> Result<Accepted, Error> {
    Asking::Rebuilds.answer(taken, call.operation(), region)
}

fn not_now(said: &str) -> Accepted {
    Accepted::NotNow(said.into())
}
