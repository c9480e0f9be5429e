//! What databases and snapshots are called on their way home: alike in every pass, and short enough for RDS.

use std::collections::BTreeMap;

use failover::{
    domain::{PlanName, RunId, stable_hash},
    topology::names::with_suffix,
};

/// The tag that says which run made something.
pub const RUN_TAG: &str = "aurora-failover:run";
/// The tag that says under which epoch it was made.
pub const EPOCH_TAG: &str = "aurora-failover:epoch";

/// The tag, with the plan's name, without which nothing of a database is renamed, stopped or deleted: the stack with the rights to do so
/// goes by it.
pub const RIGHTS_TAG: &str = "aurora-failover";

/// Whether some run of a plan has made what has these tags.
#[must_use]
pub fn is_of_plan(tags: &BTreeMap<String, String>, plan: &PlanName) -> bool {
    let is_ours = tags.get(RIGHTS_TAG).is_some_and(|of| of == plan.as_str());
    is_ours && tags.contains_key(RUN_TAG)
}

/// What tells the names of one run from those of another: the first eight characters of its name, or a hash of all of it where RDS would
/// not take them.
#[must_use]
pub fn short(run_id: &RunId) -> String {
    let first: String = run_id.as_str().chars().take(8).collect();
    let is_taken = first.len() == 8 && first.chars().all(|c| c.is_ascii_alphanumeric());
    if is_taken {
        return first.to_ascii_lowercase();
    }
    let hash = format!("{:016x}", stable_hash(run_id.as_str()));
    hash.chars().take(8).collect()
}

/// What stands at home while its successor takes its name.
#[must_use]
pub fn old(identifier: &str, short: &str) -> String {
    with_suffix(identifier, &format!("-old-{short}"))
}

/// What came home and was taken back.
#[must_use]
pub fn failed(identifier: &str, short: &str) -> String {
    with_suffix(identifier, &format!("-failed-{short}"))
}

/// What a rehearsal builds beside.
#[must_use]
pub fn rehearsal(identifier: &str) -> String {
    with_suffix(identifier, "-rehearsal")
}

/// The only instance of a cluster that a rehearsal builds.
#[must_use]
pub fn rehearsal_instance(identifier: &str) -> String {
    with_suffix(identifier, "-rehearsal-1")
}

/// The snapshot of a round of copies, in both Regions.
#[must_use]
pub fn snapshot(plan: &PlanName, resource: &str, round: u32, short: &str) -> String {
    with_suffix(&stem(plan, resource), &format!("-{round}-{short}"))
}

/// The new home's first recovery point.
#[must_use]
pub fn point(plan: &PlanName, resource: &str, short: &str) -> String {
    with_suffix(&stem(plan, resource), &format!("-home-{short}"))
}

/// What RDS takes of both names: single hyphens, no capitals.
fn stem(plan: &PlanName, resource: &str) -> String {
    let text = format!("af-{plan}-{resource}").to_ascii_lowercase();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use failover::topology::names::is_identifier;

    use super::*;

    #[test]
    fn every_name_is_one_that_rds_takes_however_long_it_is_made_of() {
        let plan = PlanName(format!("shop--a-{}", "p".repeat(30)));
        for run in ["1f0c9d34-0000", "restore-home-1", "x", "Ü-1234567"] {
            let short = short(&RunId::from(run));
            let long = "o".repeat(63);
            for name in [
                old(&long, &short),
                failed(&long, &short),
                rehearsal(&long),
                rehearsal_instance(&long),
                snapshot(&plan, &"r".repeat(40), 48, &short),
                point(&plan, "orders", &short),
            ] {
                assert!(is_identifier(&name), "{name}");
            }
        }
    }

    #[test]
    fn names_say_the_run_and_the_round_that_they_are_of() {
        let short = short(&RunId::from("1f0c9d34-aaaa"));
        assert_eq!(old("orders", &short), "orders-old-1f0c9d34");
        assert_eq!(failed("orders", &short), "orders-failed-1f0c9d34");
        assert_eq!(rehearsal("orders"), "orders-rehearsal");
        let plan = PlanName::from("shop");
        assert_eq!(
            snapshot(&plan, "orders", 3, &short),
            "af-shop-orders-3-1f0c9d34"
        );
        let other = super::short(&RunId::from("restore-home-2"));
        assert_ne!(other, super::short(&RunId::from("restore-home-1")));
        assert_eq!(other.len(), 8);
    }
}
