//! Which plans there are, by the parameters and the ledgers of each Region.

use std::collections::{BTreeMap, BTreeSet};

use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::{Endpoints, KeptPlan},
    plan::{Plan, parameters as path, read_named},
    switches::{Switches, kill, maintenance},
};

use crate::ending::{Answer, Ending};

/// What one Region says of all plans.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(super) parameters: Result<BTreeMap<String, String>, Error>,
    pub(super) known: Result<Vec<KeptPlan>, Error>,
}

/// What every Region that was asked says of all plans.
pub(crate) type Directories = BTreeMap<Region, Directory>;

/// A plan's parameter in one Region.
#[derive(Debug)]
pub enum Document {
    /// It could not be read.
    Unread(Error),
    /// There is none.
    Missing,
    /// It is no plan.
    Broken(Error),
    /// It is this one.
    Plan(Box<Plan>),
}

impl Directory {
    /// Why nothing is known of the Region, where nothing is.
    pub(super) fn silence(&self) -> Option<&Error> {
        self.parameters
            .as_ref()
            .err()
            .and(self.known.as_ref().err())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = PlanName> {
        let parameters = self.parameters.iter().flat_map(BTreeMap::keys);
        let written = parameters.filter_map(|name| Some(name.strip_prefix(&path())?.into()));
        let known = self.known.iter().flatten();
        written.chain(known.map(|known| known.plan.plan.clone()))
    }

    pub(super) fn document(&self, name: &PlanName) -> Document {
        let parameters = match &self.parameters {
            Ok(parameters) => parameters,
            Err(why) => return Document::Unread(why.clone()),
        };
        let Some(text) = parameters.get(&format!("{}{name}", path())) else {
            return Document::Missing;
        };
        match read_named(name, text) {
            Ok(plan) => Document::Plan(Box::new(plan)),
            Err(why) => Document::Broken(why),
        }
    }

    pub(super) fn switches(&self, name: &PlanName) -> Option<Switches> {
        let parameters = self.parameters.as_ref().ok()?;
        let on = |name: &str| {
            let value = parameters.get(name).cloned();
            value.filter(|value| value.trim() != "off")
        };
        Some(Switches {
            kill: on(&kill()),
            maintenance: on(&maintenance(name)),
        })
    }
}

/// The newest document of a plan, else the last one that a probe kept.
pub(super) fn plan_of(directories: &Directories, name: &PlanName) -> Option<Plan> {
    let written = directories.values().filter_map(|directory| {
        let Document::Plan(plan) = directory.document(name) else {
            return None;
        };
        Some(*plan)
    });
    let known = directories
        .values()
        .flat_map(|one| one.known.iter().flatten());
    let known = known
        .map(|known| &known.plan)
        .filter(|plan| plan.plan == *name);
    let newest = written.max_by_key(|plan| plan.revision);
    newest.or_else(|| known.max_by_key(|plan| plan.revision).cloned())
}

/// Where each member is reached, as the probes keep it. What a Region says of its own member counts before what others say.
pub(super) fn endpoints_of(
    directories: &Directories,
    name: &PlanName,
) -> BTreeMap<Region, Endpoints> {
    let mut found = BTreeMap::new();
    for (region, directory) in directories {
        let kept = directory.known.iter().flatten();
        let kept = kept.filter(|kept| kept.plan.plan == *name);
        for (member, endpoints) in kept.flat_map(|kept| &kept.endpoints) {
            if member == region || !found.contains_key(member) {
                found.insert(member.clone(), endpoints.clone());
            }
        }
    }
    found
}

pub(super) fn names(directories: &Directories) -> BTreeSet<PlanName> {
    directories.values().flat_map(Directory::names).collect()
}

/// The Regions that gave no answer, and in what words.
fn silences(directories: &Directories) -> Vec<String> {
    let silent = directories.iter().filter_map(|(region, directory)| {
        let why = directory.silence()?;
        Some(format!("{region} could not be asked ({why})"))
    });
    silent.collect()
}

fn listed<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<_> = all.into_iter().map(|one| one.to_string()).collect();
    all.join(", ")
}

/// What is said where nobody who was asked knows the plan.
pub(super) fn unknown(
    directories: &Directories,
    wanted: &PlanName,
    names: &BTreeSet<PlanName>,
) -> Answer {
    let silent = silences(directories);
    if !silent.is_empty() {
        let why = format!(
            "plan {wanted} was not found, and {}; name another member Region with --regions",
            silent.join(", ")
        );
        return Answer::none(Ending::Unknown, why);
    }
    let there = if names.is_empty() {
        "no plan is known there".to_owned()
    } else {
        format!("the plans there are {}", listed(names))
    };
    let why = format!(
        "plan {wanted} is not known in {}: {there}; correct the name, or name another member Region with --regions",
        listed(directories.keys())
    );
    Answer::none(Ending::Misused, why)
}

/// What is said where nobody who was asked knows any plan.
pub(super) fn nothing(directories: &Directories) -> Answer {
    let silent = silences(directories);
    let fix = "name another member Region with --regions";
    if silent.is_empty() {
        let why = format!("no plan is known in {}; {fix}", listed(directories.keys()));
        return Answer::none(Ending::Misused, why);
    }
    Answer::none(Ending::Unknown, format!("{}; {fix}", silent.join(", ")))
}
