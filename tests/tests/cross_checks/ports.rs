//! What the core asks of the outside stands in its ports, and nowhere else.

use tests::repository::{functions, sources, text};

const CORE: &str = "crates/failover/src";

/// Where the topology of workloads has its traits: its ports, and what a kind of resource implements.
const OF_WORKLOADS: [&str; 8] = [
    "crates/topologies/workload/src/databases.rs",
    "crates/topologies/workload/src/hosts.rs",
    "crates/topologies/workload/src/jobs.rs",
    "crates/topologies/workload/src/jobs/judges.rs",
    "crates/topologies/workload/src/kinds.rs",
    "crates/topologies/workload/src/records.rs",
    "crates/topologies/workload/src/tables.rs",
    "crates/topologies/workload/src/verbs.rs",
];

/// A file without its tests.
fn shipped(path: &str) -> String {
    let code = text(path);
    let end = code.find("#[cfg(test)]").unwrap_or(code.len());
    code[..end].to_owned()
}

#[test]
fn every_port_is_the_cores_and_no_step_owns_one() {
    let (ports, others): (Vec<_>, Vec<_>) = sources(CORE)
        .into_iter()
        .partition(|path| path.starts_with("crates/failover/src/ports/"));
    let traits = |paths: &[String]| {
        let lines = paths.iter().map(|path| shipped(path));
        let lines = lines.flat_map(|code| code.lines().map(str::to_owned).collect::<Vec<_>>());
        let named =
            lines.filter(|line| line.contains("trait ") && !line.trim_start().starts_with("//"));
        named.collect::<Vec<_>>()
    };
    let own = [
        "pub trait Step<W: Sync>: Sync {",
        "pub trait Topologies: Sync + Sized {",
        "pub trait Topology<W>: Copy + Send + Sync {",
    ];
    assert_eq!(traits(&others), own);
    assert!(traits(&ports).len() <= 13, "{:?}", traits(&ports));
    // What one topology alone asks of the outside is its own. A workload has a port for its records, one for each service, and the trait
    // that each kind of resource implements.
    for path in sources("crates/topologies") {
        let owns = !traits(std::slice::from_ref(&path)).is_empty();
        let may = path.ends_with("/src/members.rs") || OF_WORKLOADS.contains(&&*path);
        assert!(!owns || may, "{path} owns one");
    }
    for path in ports {
        assert!(!shipped(&path).contains("pass::"), "{path} names a pass");
    }
}

/// Lines of shared steps that name a field of the ledger or of the plan after a topology, at most. Who renames one takes it off.
const NAMED_AFTER_A_TOPOLOGY: usize = 14;

#[test]
fn no_shared_step_names_a_topology() {
    let mut fields = 0;
    for path in sources("crates/steps/src") {
        let code = shipped(&path);
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        if path.contains("tests") {
            continue;
        }
        for line in code.lines().filter(is_code) {
            for word in ["aurora_global", "AuroraGlobal", "GlobalCluster", "Members"] {
                assert!(!line.contains(word), "{path}: {line}");
            }
            fields += usize::from(line.contains("global_cluster"));
        }
    }
    assert!(fields <= NAMED_AFTER_A_TOPOLOGY, "{fields} lines");
}

/// Whose plans are of one kind, and no database's.
const OF_ONE_KIND: &str = "restore-home";

#[test]
fn every_function_asks_the_topology_of_the_plans_kind() {
    for function in functions() {
        if function.name == OF_ONE_KIND {
            continue;
        }
        let main = text(&format!("{}/src/main.rs", function.folder));
        assert!(main.contains("ByKind::of,"), "{} asks one", function.name);
    }
}

#[test]
fn no_shipped_code_stands_on_the_world_in_memory() {
    let shipped_crates = [
        "failover",
        "steps",
        "topologies",
        "postgres",
        "aws",
        "machines",
        "cli",
        "functions",
    ];
    for folder in shipped_crates {
        for path in sources(&format!("crates/{folder}")) {
            let is_of_tests = path.contains("tests") || path.contains("/testing");
            let names_it = shipped(&path).contains("testing::");
            assert!(is_of_tests || !names_it, "{path} names failover::testing");
        }
    }
}
