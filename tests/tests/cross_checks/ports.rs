//! What the core asks of the outside stands in its ports, and nowhere else.

use tests::repository::{sources, text};

const CORE: &str = "crates/failover/src";

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
        "pub trait Act {",
        "pub trait Strategies: Sync {",
        "pub trait Blueprints<W>: Sync {",
    ];
    assert_eq!(traits(&others), own);
    assert!(traits(&ports).len() <= 12, "{:?}", traits(&ports));
    for path in ports {
        assert!(!shipped(&path).contains("pass::"), "{path} names a pass");
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
