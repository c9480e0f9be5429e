//! The scenarios, one file each, by topology; and what several of them share.

pub(crate) mod actions;
pub(crate) mod aurora_global;
pub(crate) mod checks;
pub(crate) mod rds;
pub(crate) mod rds_replica;
#[cfg(test)]
mod reference;
mod selection;

use crate::scenario::Scenario;

pub use selection::selection;

/// The folders of the topologies, each with its scenarios in the order in which they are played.
static TOPOLOGIES: &[(&str, &[&Scenario])] = &[
    ("aurora_global", aurora_global::ALL),
    ("rds_replica", rds_replica::ALL),
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

    use super::*;

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
}
