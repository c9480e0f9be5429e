//! What the Regions know of workloads: documents, switches, who serves, runs, and what is kept of each resource.

use std::collections::{BTreeMap, BTreeSet};

use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::{PlanState, Rows},
    switches::{Switches, kill, maintenance},
};
use futures::future::{join, join_all};
use workload::{
    plan::{WorkloadPlan, parameter, parameters, read},
    row::Row,
    run::WorkloadRun,
};

use crate::{
    account::Account,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{self, PATIENCE, Parameters, Survey, patiently},
};

/// A plan's parameter in one Region.
#[derive(Debug)]
pub(crate) enum Document {
    /// It could not be read.
    Unread(Error),
    /// There is none.
    Missing,
    /// It is no plan.
    Broken(Error),
    /// It is this one.
    Plan(Box<WorkloadPlan>),
}

/// What one Region says of a workload.
#[derive(Debug)]
pub(crate) struct There {
    pub(crate) document: Document,
    /// What is switched on; `None` where that could not be read.
    pub(crate) switches: Option<Switches>,
    pub(crate) row: Result<PlanState, Error>,
    /// The run of each kind that opened last.
    pub(crate) runs: Result<Vec<WorkloadRun>, Error>,
}

/// What the Regions say of a workload.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) name: PlanName,
    /// The newest document.
    pub(crate) plan: Option<WorkloadPlan>,
    pub(crate) regions: BTreeMap<Region, There>,
    /// What is kept of each resource in the run that opened last.
    pub(crate) resources: Result<Vec<Row>, Error>,
}

impl Found {
    /// The rows of those that answered.
    pub(crate) fn rows(&self) -> Rows {
        let rows = self.regions.iter();
        let rows = rows.filter_map(|(region, there)| {
            let row = there.row.as_ref().ok()?;
            Some((region.clone(), row.clone()))
        });
        Rows(rows.collect())
    }

    /// Every run that is known, the newest first. The record of home has the last word on one.
    pub(crate) fn runs(&self) -> Vec<&WorkloadRun> {
        let home = self.plan.as_ref().map(|plan| &plan.home_region);
        let mut runs = BTreeMap::new();
        for (region, there) in &self.regions {
            for run in there.runs.iter().flatten() {
                if Some(region) == home || !runs.contains_key(&run.run_id) {
                    runs.insert(run.run_id.clone(), run);
                }
            }
        }
        let mut runs: Vec<_> = runs.into_values().collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.opened_at));
        runs
    }

    /// The plan.
    ///
    /// # Errors
    /// An answer that says why there is none.
    pub(crate) fn sound(&self) -> Result<&WorkloadPlan, Answer> {
        self.plan.as_ref().ok_or_else(|| {
            let why = self.regions.values().find_map(|there| match &there.document {
                Document::Broken(why) => Some(why.to_string()),
                Document::Unread(_) | Document::Missing | Document::Plan(_) => None,
            });
            let why = why.unwrap_or_else(|| "no Region that answers holds it".to_owned());
            let why = format!(
                "workload {} has no document that is a plan: {why}; write it with aurora-failover plan put FILE",
                self.name
            );
            Answer::none(Ending::NotWell, why)
        })
    }
}

/// What all Regions know of one workload, or of every one; nothing where nobody who answers knows any.
pub(crate) async fn found(
    account: &Account,
    first: &[Region],
    wanted: Option<&PlanName>,
) -> Vec<Found> {
    let directories = directories(account, first, wanted).await;
    of(account, &directories, wanted).await
}

/// The same, and what the Regions say of databases, where each is asked once for its plans.
pub(crate) async fn everything(
    account: &Account,
    first: &[Region],
    wanted: Option<&PlanName>,
) -> (Result<Vec<Survey>, Answer>, Vec<Found>) {
    let more = |parameters: &Parameters| regions(parameters, wanted);
    let directories = survey::directories(account, first, wanted, more).await;
    let parameters = survey::parameters(&directories);
    let databases = survey::of(account, &directories, wanted);
    join(databases, of(account, &parameters, wanted)).await
}

/// The same, where the parameters of every Region were read.
pub(crate) async fn of(
    account: &Account,
    directories: &Parameters,
    wanted: Option<&PlanName>,
) -> Vec<Found> {
    let names = names(directories, wanted);
    let found = names
        .into_iter()
        .map(|name| one(account, directories, name));
    join_all(found).await
}

/// The Regions of the plans that lie in those which were asked.
pub(crate) fn regions(directories: &Parameters, wanted: Option<&PlanName>) -> BTreeSet<Region> {
    let plans = names(directories, wanted);
    let plans = plans.iter().filter_map(|name| newest(directories, name));
    let regions = plans.flat_map(|plan| plan.regions().map(Clone::clone));
    regions.collect()
}

/// What all Regions know of a workload that there is.
///
/// # Errors
/// An answer that says why nothing is known of it.
pub(crate) async fn the(desk: &Desk<'_>, plan: &PlanName) -> Result<Found, Answer> {
    let found = found(desk.account, desk.first, Some(plan)).await;
    found.into_iter().next().ok_or_else(|| {
        let why = format!(
            "workload {plan} was not found; name its home Region with --regions, as in --regions us-east-1"
        );
        Answer::none(Ending::Unknown, why)
    })
}

/// The parameters of the first Regions, and of those that the plans there name.
async fn directories(account: &Account, first: &[Region], wanted: Option<&PlanName>) -> Parameters {
    let mut directories = Parameters::new();
    let mut next: BTreeSet<Region> = first.iter().cloned().collect();
    // Ends: each Region is asked once.
    while !next.is_empty() {
        let asked = next
            .iter()
            .map(|region| patiently(region, PATIENCE, account.parameters(region)));
        let answers = join_all(asked).await;
        directories.extend(next.into_iter().zip(answers));
        let regions = regions(&directories, wanted).into_iter();
        next = regions
            .filter(|region| !directories.contains_key(region))
            .collect();
    }
    directories
}

fn names(directories: &Parameters, wanted: Option<&PlanName>) -> BTreeSet<PlanName> {
    let path = parameters();
    let there = directories.values().flatten().flat_map(BTreeMap::keys);
    let names = there.filter_map(|name| Some(PlanName::from(name.strip_prefix(&path)?)));
    names
        .filter(|name| wanted.is_none_or(|wanted| wanted == name))
        .collect()
}

fn newest(directories: &Parameters, name: &PlanName) -> Option<WorkloadPlan> {
    let documents = directories.values().map(|there| document(there, name));
    let plans = documents.filter_map(|document| match document {
        Document::Plan(plan) => Some(*plan),
        Document::Unread(_) | Document::Missing | Document::Broken(_) => None,
    });
    plans.max_by_key(|plan| plan.revision)
}

fn document(there: &Result<BTreeMap<String, String>, Error>, name: &PlanName) -> Document {
    let there = match there {
        Ok(there) => there,
        Err(why) => return Document::Unread(why.clone()),
    };
    match there.get(&parameter(name)) {
        None => Document::Missing,
        Some(text) => match read(text, Some(name.as_str())) {
            Ok(plan) => Document::Plan(Box::new(plan)),
            Err(why) => Document::Broken(why),
        },
    }
}

async fn one(account: &Account, directories: &Parameters, name: PlanName) -> Found {
    let plan = newest(directories, &name);
    let regions: Vec<Region> = match &plan {
        Some(plan) => plan.regions().map(Clone::clone).into(),
        None => {
            let all = directories.iter();
            let knowing = all.filter(|(_, there)| match there {
                Ok(there) => there.contains_key(&parameter(&name)),
                Err(_) => false,
            });
            knowing.map(|(region, _)| region.clone()).collect()
        }
    };
    let entries = regions.into_iter().map(async |region| {
        let there = there(account, directories, (&region, &name)).await;
        (region, there)
    });
    let mut found = Found {
        regions: join_all(entries).await.into_iter().collect(),
        resources: Ok(Vec::new()),
        name,
        plan,
    };
    found.resources = resources(account, &found).await;
    found
}

async fn there(
    account: &Account,
    directories: &Parameters,
    (region, name): (&Region, &PlanName),
) -> There {
    let unasked = || Err(Error::Unavailable(format!("{region} was not asked")));
    let directory = directories.get(region).cloned().unwrap_or_else(unasked);
    let (row, runs) = match &directory {
        // A dead Region is not waited for twice.
        Err(why @ Error::Unavailable(_)) => (Err(why.clone()), Err(why.clone())),
        Ok(_) | Err(_) => {
            let row = patiently(region, PATIENCE, account.row(region, name));
            let runs = patiently(region, PATIENCE, account.workload_runs(region, name));
            join(row, runs).await
        }
    };
    There {
        document: document(&directory, name),
        switches: directory.ok().map(|there| switches(&there, name)),
        row,
        runs,
    }
}

fn switches(there: &BTreeMap<String, String>, name: &PlanName) -> Switches {
    let on = |name: &str| {
        let value = there.get(name).cloned();
        value.filter(|value| value.trim() != "off")
    };
    Switches {
        kill: on(&kill()),
        maintenance: on(&maintenance(name)),
    }
}

/// The rows lie in the ledger of home.
async fn resources(account: &Account, found: &Found) -> Result<Vec<Row>, Error> {
    let runs = found.runs();
    let (Some(plan), Some(run)) = (&found.plan, runs.first()) else {
        return Ok(Vec::new());
    };
    let home = &plan.home_region;
    if let Some(Err(why)) = found.regions.get(home).map(|there| &there.runs) {
        return Err(why.clone());
    }
    let rows = account.workload_rows(home, &found.name, &run.run_id);
    patiently(home, PATIENCE, rows).await
}
