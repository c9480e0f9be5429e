//! The scenarios, one file each, by topology; and what several of them share.

pub(crate) mod actions;
pub(crate) mod aurora_global;
pub(crate) mod checks;
pub(crate) mod rds;
pub(crate) mod rds_replica;
#[cfg(test)]
mod reference;
mod selection;
pub(crate) mod shop;
pub(crate) mod workload;

use crate::scenario::Scenario;

pub use selection::selection;

/// The folders of the topologies, each with its scenarios in the order in which they are played.
static TOPOLOGIES: &[(&str, &[&Scenario])] = &[
    ("aurora_global", aurora_global::ALL),
    ("rds_replica", rds_replica::ALL),
    ("workload", workload::ALL),
];

/// Every scenario, in the order in which they are played.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    TOPOLOGIES
        .iter()
        .flat_map(|(_, scenarios)| scenarios.iter().copied())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use failover::domain::Region;

    use super::*;
    use crate::scenario::Told;

    #[test]
    fn every_file_of_a_topology_is_a_scenario_of_its_list_and_bears_its_name() {
        for (topology, scenarios) in TOPOLOGIES {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scenarios");
            let files = fs::read_dir(folder.join(topology)).unwrap().map(|entry| {
                let path = entry.unwrap().path();
                path.file_stem().unwrap().to_str().unwrap().to_owned()
            });
            let files: BTreeSet<_> = files.collect();
            let names = scenarios.iter();
            let names: Vec<_> = names.map(|it| it.name.replace('-', "_")).collect();
            assert_eq!(names.iter().cloned().collect::<BTreeSet<_>>(), files);
            assert_eq!(names.len(), files.len(), "one is listed twice");
        }
    }

    #[test]
    fn every_scenario_has_a_summary_and_its_plan_has_no_fault() {
        for scenario in all() {
            let name = scenario.name;
            assert!(!scenario.summary.is_empty(), "{name} has no summary");
            assert!(!scenario.comes_out.is_empty(), "{name} comes to no end");
            let profile = scenario.profile();
            for plan in profile.plans {
                let plan = profile.plan(plan, "Z0EXAMPLE").to_string();
                failover::plan::read(&plan).unwrap_or_else(|why| panic!("{name}: {why}"));
            }
        }
    }

    /// A subject's words, whatever its plan, Regions and verdict are.
    fn worded(subject: &str) -> String {
        let words = subject.split(' ').enumerate();
        let words = words.map(|(number, word)| {
            let bare = word.trim_end_matches([':', ',', '?']);
            let is_plan = number == 0 && word.ends_with(':');
            match word {
                _ if is_plan => "PLAN:".to_owned(),
                _ if Region::from(bare).is_valid() => word.replace(bare, "REGION"),
                _ if word.starts_with('(') => "(VERDICT)".to_owned(),
                _ => word.replace("orders-west", "orders-east"),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_part_of_a_subject_that_a_scenario_waits_for_is_in_an_example() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let page = fs::read_to_string(root.join("docs/reference/messages.md")).unwrap();
        let subjects = page
            .lines()
            .filter_map(|line| line.strip_prefix("Subject: "));
        let subjects: Vec<_> = subjects
            .filter_map(|subject| Some(worded(subject.split_once(' ')?.1)))
            .collect();
        assert!(subjects.len() > 40, "this check sees only {subjects:#?}");
        for scenario in all() {
            let Told::Once(parts) = scenario.told else {
                continue;
            };
            for part in parts {
                let part = worded(part);
                let is_shown = subjects.iter().any(|subject| subject.contains(&part));
                assert!(is_shown, "{}: {part}", scenario.name);
            }
        }
    }
}
