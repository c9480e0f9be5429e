//! All there is before the first moment.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use failover::domain::Region;
use fastrand::Rng;
use jiff::SignedDuration;

use crate::{
    case::{Case, GLOBAL, HOME, NAME, members, plan},
    database::Database,
    fault::{Faults, Passes, Way},
    rds::{Deposed, Fencing, Rds, Readings, Severed, Timing, Visibility},
    state::{Password, State},
    switch::Switch,
    truth::Truth,
};

/// How long RDS takes, and how it goes where AWS leaves that open. Seed 1 draws nothing.
fn timing(seed: u64) -> Timing {
    let usual = Timing::default();
    if seed == 1 {
        return usual;
    }
    let random = &mut Rng::with_seed(seed);
    let readings = Readings {
        fencing: pick(random, [Fencing::Blocks, Fencing::TimesOut]),
        visibility: pick(random, [Visibility::Members, Visibility::Everywhere]),
        severed: pick(random, [Severed::CalledOff, Severed::Hangs]),
        deposed: pick(random, [Deposed::Kept, Deposed::Fails]),
        detaches_meanwhile: random.bool(),
        switches_anywhere: random.bool(),
        removes_anywhere: random.bool(),
        promotes_headless: random.bool(),
        is_quiet: random.bool(),
        lists_late: random.bool(),
        times_late: random.bool(),
        deletes_last: random.bool(),
    };
    let pace = 0.3 + random.f64() * 1.7;
    let paced = |time: SignedDuration| time.mul_f64(pace);
    Timing {
        fail_over: paced(usual.fail_over),
        synchronize: paced(usual.synchronize),
        switch_over: paced(usual.switch_over),
        detach: paced(usual.detach),
        rename: paced(usual.rename),
        snapshot: paced(usual.snapshot),
        create_cluster: paced(usual.create_cluster),
        create_instance: paced(usual.create_instance),
        rebuild: paced(usual.rebuild),
        readings,
        ..usual
    }
}

fn pick<T: Copy, const N: usize>(random: &mut Rng, all: [T; N]) -> T {
    all[random.usize(0..N)]
}

/// All there is before the first moment.
pub(crate) fn state(case: &Case, is_traced: bool) -> State {
    let document = plan(&case.plan);
    let members = members(&document);
    let named: Vec<_> = members
        .iter()
        .map(|(region, cluster)| (region.clone(), cluster.as_str()))
        .collect();
    let rds = Rds::of(GLOBAL, &named, timing(case.seed));
    let resource_id = |(region, cluster): &(Region, String)| {
        rds.resource_id(region, cluster)
            .unwrap_or_default()
            .to_owned()
    };
    let writer = members.first().map(resource_id);
    let database = |member: &(Region, String)| {
        let own = resource_id(member);
        let follows = writer.clone().filter(|writer| *writer != own);
        (own, Database::new(member.0.clone(), follows))
    };
    let databases = members.iter().map(database).collect();
    let endpoint = rds
        .cluster(&HOME.into(), "orders-west")
        .map(|found| found.endpoint);
    let record = failover::ports::Record {
        name: NAME.into(),
        kind: "CNAME",
        ttl_seconds: 5,
        values: vec![endpoint.unwrap_or_default()],
    };
    State {
        members: members.into_iter().map(|(region, _)| region).collect(),
        slow: BTreeMap::new(),
        ahead: BTreeMap::new(),
        password: Password::default(),
        lost: BTreeSet::new(),
        cut: BTreeSet::new(),
        silent: BTreeSet::new(),
        refusing: BTreeSet::new(),
        rds,
        keeps_rds: case.faults.each().any(|(_, _, way)| way == Way::Stale),
        rds_before: VecDeque::new(),
        snapshots: BTreeMap::new(),
        databases,
        tables: BTreeMap::new(),
        records: [((NAME.to_owned(), "CNAME"), record)].into(),
        changes: BTreeMap::new(),
        cached: BTreeMap::new(),
        switch: Switch::default(),
        parameters: BTreeMap::new(),
        document: document.to_string(),
        is_plan_deleted: false,
        killed: false,
        services: BTreeMap::new(),
        told: Vec::new(),
        executions: BTreeMap::new(),
        halted: BTreeMap::new(),
        begun: Vec::new(),
        questions: BTreeMap::new(),
        calls: BTreeMap::new(),
        faults: Faults::default(),
        invocations: BTreeMap::new(),
        passes: Passes::default(),
        disturbed: BTreeMap::new(),
        faulted: BTreeMap::new(),
        trace: Vec::new(),
        is_traced,
        truth: Truth::default(),
    }
}
