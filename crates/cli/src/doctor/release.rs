//! Whether the functions of a Region are of the tool's own release, and which of both is older.

use std::cmp::Ordering;

use failover::{domain::Region, installation::RELEASE};

use super::check::Check;

/// Compares the release that the functions of a Region name with the tool's own. Functions that name none are of a time before they did.
pub(super) fn release(region: &Region, functions: Option<&str>) -> Check {
    Check::of("release", region, differs(RELEASE, functions), || {
        format!("recovery-ledger is of release {RELEASE}, as this tool is")
    })
}

/// What is said where they differ.
fn differs(tool: &str, functions: Option<&str>) -> Option<String> {
    let deploy = format!("deploy release {tool} in every Region with make deploy");
    let Some(functions) = functions else {
        return Some(format!(
            "recovery-ledger names no release and is older than this tool, which is of {tool}; {deploy}"
        ));
    };
    if functions == tool {
        return None;
    }
    let older = match age(functions, tool) {
        Some(Ordering::Less) => format!("the functions are older; {deploy}"),
        Some(Ordering::Greater) => {
            format!("the tool is older; build it from release {functions} with make cli")
        }
        Some(Ordering::Equal) | None => {
            format!("which is older cannot be told; {deploy}, or use the tool of theirs")
        }
    };
    Some(format!(
        "recovery-ledger is of release {functions} and this tool of {tool}: {older}"
    ))
}

/// How two releases come one after the other; nothing where one of them is no list of numbers.
fn age(one: &str, other: &str) -> Option<Ordering> {
    let numbers = |release: &str| {
        let parts = release.split('.').map(|part| part.parse().ok());
        parts.collect::<Option<Vec<u64>>>()
    };
    Some(numbers(one)?.cmp(&numbers(other)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_of_both_is_named_with_what_to_do() {
        assert_eq!(differs("0.10.0", Some("0.10.0")), None);
        for (functions, says) in [
            (
                Some("0.9.2"),
                "recovery-ledger is of release 0.9.2 and this tool of 0.10.0: the functions are older; deploy release 0.10.0",
            ),
            (
                Some("1.0.0"),
                "the tool is older; build it from release 1.0.0 with make cli",
            ),
            (Some("0.10.0-rc1"), "which is older cannot be told"),
            (Some("0.010.0"), "which is older cannot be told"),
            (
                None,
                "recovery-ledger names no release and is older than this tool, which is of 0.10.0; deploy",
            ),
        ] {
            let said = differs("0.10.0", functions).unwrap();
            assert!(said.contains(says), "{said}");
        }
    }
}
