//! `docs/reference/faults.md`: every fault has its place, and what it names exists.

use tests::repository::{sources, test_names, text};

const PAGE: &str = "docs/reference/faults.md";
const NOT_MENDED: &str = "not mended:";

/// How many faults each section has, by the letter of its ids.
const SECTIONS: [(char, usize); 9] = [
    ('V', 24),
    ('C', 30),
    ('P', 26),
    ('F', 19),
    ('L', 31),
    ('B', 20),
    ('A', 12),
    ('S', 10),
    ('O', 22),
];

/// A fault of the page.
struct Fault {
    id: String,
    input: String,
    right: String,
    held_by: String,
}

fn faults() -> Vec<Fault> {
    let page = text(PAGE);
    let parts = page.split("\n### ").skip(1);
    let found = parts.map(|part| {
        let (id, rest) = part.split_once('\n').unwrap_or((part, ""));
        let rest = rest.split("\n## ").next().unwrap_or_default();
        let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        let under = |heading: &str, next: &str| {
            let (_, after) = rest.split_once(heading).unwrap_or_default();
            let own = after.split(next).next().unwrap_or_default();
            own.trim().to_owned()
        };
        Fault {
            id: id.trim().to_owned(),
            input: under("- Input:", "- Right:"),
            right: under("- Right:", "- Held by:"),
            held_by: under("- Held by:", "- Input:"),
        }
    });
    found.collect()
}

/// The scenarios of the drill, as their files word them.
fn scenarios() -> String {
    sources("crates/drill/src/scenarios")
        .iter()
        .map(|file| text(file))
        .collect()
}

/// What a cell names in code quotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_fault_names_what_holds_it() {
    let found = faults();
    let ids: Vec<_> = found.iter().map(|fault| fault.id.clone()).collect();
    let expected: Vec<_> = SECTIONS
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")))
        .collect();
    assert_eq!(ids, expected);
    let (tests, scenarios) = (test_names(), scenarios());
    for fault in found {
        let id = &fault.id;
        if let Some(reason) = fault.held_by.strip_prefix(NOT_MENDED) {
            assert!(!reason.trim().is_empty(), "{id}: no reason");
            continue;
        }
        assert!(!fault.input.is_empty(), "{id}: no input");
        assert!(!fault.right.is_empty(), "{id}: no right behaviour");
        let named: Vec<_> = quoted(&fault.held_by).collect();
        assert!(!named.is_empty(), "{id} names nothing that holds it");
        for name in named {
            let name = name.rsplit("::").next().unwrap();
            let there =
                tests.contains(name) || scenarios.contains(&format!("\n    name: \"{name}\","));
            assert!(there, "{id} names {name}, which does not exist");
        }
    }
}
