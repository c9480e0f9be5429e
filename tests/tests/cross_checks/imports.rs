//! Who may import whom: crates downwards only, and modules in no circle.

use std::collections::BTreeSet;

use tests::{
    imports,
    repository::{Package, packages},
};

/// What a topology may depend on.
const A_TOPOLOGY_MAY_NEED: [&str; 4] = ["aws", "ec2-client", "failover", "steps"];

/// What each crate may depend on, of the workspace. A topology names no other one, nor a shared step a topology. One that others
/// than functions need has its place here.
const MAY_NEED: [(&str, &[&str]); 21] = [
    ("failover", &[]),
    ("ec2-client", &[]),
    ("resolver", &["failover"]),
    ("postgres", &["failover", "resolver"]),
    ("mysql", &["failover", "resolver"]),
    ("steps", &["failover"]),
    (
        "aws",
        &["failover", "mysql", "postgres", "resolver", "steps"],
    ),
    ("aurora-global", &A_TOPOLOGY_MAY_NEED),
    ("rds-replica", &A_TOPOLOGY_MAY_NEED),
    ("workload", &A_TOPOLOGY_MAY_NEED),
    (BY_KIND, &["failover"]),
    ("machines", &["failover"]),
    (
        "protocol",
        &[
            "aurora-global",
            BY_KIND,
            "failover",
            "machines",
            "rds-replica",
            "steps",
        ],
    ),
    ("report", &["failover"]),
    ("cli", &["aws", "failover", "report", "workload"]),
    ("ec2-sim", &[]),
    ("rds-sim", &[]),
    (
        "simulate",
        &[
            "aurora-global",
            "aws",
            "failover",
            "machines",
            "rds-sim",
            "steps",
        ],
    ),
    (
        "testbed",
        &[
            "aurora-global",
            "aws",
            "failover",
            "mysql",
            "postgres",
            "rds-sim",
            "report",
            "resolver",
            "steps",
        ],
    ),
    (
        "drill",
        &[
            "aurora-global",
            "aws",
            "failover",
            "postgres",
            "rds-sim",
            "report",
            "steps",
            "testbed",
            "workload",
        ],
    ),
    (
        "tests",
        &[
            "aurora-global",
            "failover",
            "machines",
            "rds-replica",
            "steps",
        ],
    ),
];

/// The list of topologies, which may depend on each.
const BY_KIND: &str = "by-kind";

/// What a function may depend on, beside topologies: never another function, nor what only tests have.
const A_FUNCTION_MAY_NEED: [&str; 4] = ["aws", "by-kind", "failover", "steps"];

/// What reaches out of the process. The core has ports instead.
const OUTSIDE: [&str; 6] = [
    "aws-",
    "hickory-",
    "hyper",
    "mysql_async",
    "rustls",
    "tokio-postgres",
];

/// How many modules stand above each other in the core, at most. A circle is one, so that breaking one shows what it held.
const FLOORS_OF_THE_CORE: usize = 16;

fn is_topology(package: &Package) -> bool {
    package.folder.starts_with("crates/topologies/")
}

fn topologies(all: &[Package]) -> BTreeSet<&str> {
    let found = all.iter().filter(|package| is_topology(package));
    found.map(|package| package.name.as_str()).collect()
}

fn may_need(package: &Package) -> &'static [&'static str] {
    if package.is_function() {
        return &A_FUNCTION_MAY_NEED;
    }
    if is_topology(package) {
        return &A_TOPOLOGY_MAY_NEED;
    }
    let found = MAY_NEED.iter().find(|(name, _)| *name == package.name);
    let (_, may) = found.unwrap_or_else(|| panic!("{} has no place in MAY_NEED", package.name));
    may
}

#[test]
fn crates_depend_on_those_below_them_alone() {
    let all = packages();
    let ours: BTreeSet<&str> = all.iter().map(|package| package.name.as_str()).collect();
    let topologies = topologies(&all);
    for package in &all {
        let may = |needed: &str| {
            let takes_any = package.is_function() || package.name == BY_KIND;
            (takes_any && topologies.contains(needed)) || may_need(package).contains(&needed)
        };
        let needed = package.dependencies.iter().map(String::as_str);
        let wrong: Vec<_> = needed
            .filter(|needed| ours.contains(needed) && !may(needed))
            .collect();
        assert_eq!(wrong, Vec::<&str>::new(), "{} needs them", package.name);
    }
}

#[test]
fn no_topology_needs_another_one_and_no_shared_step_a_topology() {
    let all = packages();
    let topologies = topologies(&all);
    assert!(!topologies.is_empty(), "this check finds no topology");
    for package in &all {
        let is_shared = ["failover", "steps"].contains(&package.name.as_str());
        if is_shared || is_topology(package) {
            let needed = package.dependencies.iter().map(String::as_str);
            let wrong: Vec<_> = needed
                .filter(|needed| topologies.contains(needed))
                .collect();
            assert_eq!(wrong, Vec::<&str>::new(), "{} needs them", package.name);
        }
    }
}

#[test]
fn no_order_of_crates_has_a_circle() {
    let mut below = BTreeSet::new();
    for (name, may) in MAY_NEED {
        let above: Vec<_> = may
            .iter()
            .filter(|needed| !below.contains(*needed))
            .collect();
        assert_eq!(above, Vec::<&&str>::new(), "{name} stands before them");
        below.insert(name);
    }
}

#[test]
fn the_core_reaches_out_by_ports_alone() {
    let all = packages();
    let core = all
        .iter()
        .find(|package| package.name == "failover")
        .unwrap();
    let needed = core.dependencies.iter();
    let outside: Vec<_> = needed
        .filter(|needed| OUTSIDE.iter().any(|outside| needed.starts_with(outside)))
        .collect();
    assert_eq!(outside, Vec::<&String>::new());
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    for package in packages() {
        let found = imports::of(&format!("{}/src", package.folder)).circles();
        assert_eq!(found, Vec::<String>::new(), "{}", package.name);
    }
}

#[test]
fn the_core_grows_no_higher() {
    let floors = imports::of("crates/failover/src").floors();
    assert!(
        floors > 1 && floors <= FLOORS_OF_THE_CORE,
        "{floors} floors"
    );
}
