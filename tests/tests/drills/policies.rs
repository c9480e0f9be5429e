//! The functions' policies, under which every call of a drill is made.

use std::collections::BTreeSet;

use failover::installation;
use tests::repository::text;

use crate::held::{
    PREFIX, failback, path_impaired, region_loss, region_loss_managed, replica_failback, switchover,
};

const WITNESS: &str = "us-east-2";

/// A right as the record of all drills has it, from the line of one drill.
fn right(line: &str) -> String {
    let words: Vec<_> = line.split(' ').take(3).collect();
    let (role, rest) = (words[0], words[1..].join(" "));
    let regions = [
        ("witness", WITNESS),
        ("member", "us-east-1"),
        ("member", "us-west-2"),
    ];
    let mut known = regions.iter().filter_map(|(kind, region)| {
        let function = role.strip_suffix(region)?.strip_suffix('-')?;
        Some(format!("{kind} {function} {rest}"))
    });
    known
        .next()
        .unwrap_or_else(|| panic!("{role} is of no Region"))
}

/// What no role allows is denied in every drill, and noted; the record says what may be.
#[test]
fn every_call_is_allowed_by_its_functions_role() {
    let record = text("tests/recorded/rights.txt");
    let record: BTreeSet<_> = record.lines().map(str::to_owned).collect();
    let drills = [
        region_loss(),
        region_loss_managed(),
        path_impaired(),
        switchover(),
        failback(),
        replica_failback(),
    ];
    let seen = drills
        .iter()
        .flat_map(|held| held.rights.lines().map(right));
    let seen = seen.map(|right| right.replace(PREFIX, installation::PREFIX));
    let seen: BTreeSet<_> = seen.collect();
    assert!(seen.len() > 100, "{} rights were used", seen.len());
    let unknown: BTreeSet<_> = seen.difference(&record).collect();
    assert_eq!(
        unknown,
        BTreeSet::new(),
        "`make rights` puts the record together again"
    );
}
