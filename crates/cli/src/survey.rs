//! Asks every Region at the same time what it knows of plans. A dead one costs five seconds, once.

mod directory;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use failover::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region},
    ledger::{Endpoints, Lease, PlanState, Rows},
    plan::Plan,
    switches::Switches,
};
use futures::future::{join, join_all, join3};
use jiff::Timestamp;

use directory::Directories;
pub use directory::Document;
use directory::{Directory, endpoints_of, names, nothing, plan_of, unknown};

use crate::{
    RunSummary,
    account::{Account, Listed},
    ending::Answer,
};

/// How long a Region is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What one Region's ledger holds of a plan.
#[derive(Debug)]
pub struct Books {
    /// Its row.
    pub row: PlanState,
    /// What its probe last saw.
    pub vantage: Option<Vantage>,
    /// The runs that acted from there, as far as they could be read.
    pub runs: Vec<RunSummary>,
    /// What of it could not be read, one sentence each. Its row could.
    pub unread: Vec<String>,
}

/// What one Region says of a plan.
#[derive(Debug)]
pub struct Entry {
    /// The plan's parameter.
    pub document: Document,
    /// What is switched on there; `None` where that could not be read.
    pub switches: Option<Switches>,
    /// Its ledger.
    pub books: Result<Books, Error>,
}

/// What all member Regions say of a plan.
#[derive(Debug)]
pub struct Survey {
    /// The plan's name.
    pub name: PlanName,
    /// Its newest document, or the last one that a probe kept.
    pub plan: Option<Plan>,
    /// Its Regions.
    pub regions: BTreeMap<Region, Entry>,
    /// Where its members are reached, as far as a probe ever read that.
    pub endpoints: BTreeMap<Region, Endpoints>,
}

impl Survey {
    /// The rows of those that answered.
    #[must_use]
    pub fn rows(&self) -> Rows {
        let rows = self.regions.iter().filter_map(|(region, entry)| {
            let books = entry.books.as_ref().ok()?;
            Some((region.clone(), books.row.clone()))
        });
        Rows(rows.collect())
    }

    /// Whether the Region gave no answer, so that it is not waited for once more.
    #[must_use]
    pub fn is_silent(&self, region: &Region) -> bool {
        let entry = self.regions.get(region);
        let is_silence = |why: &Error| matches!(why, Error::Unavailable(_));
        entry.is_some_and(|entry| {
            matches!(&entry.document, Document::Unread(why) if is_silence(why))
                && entry.books.as_ref().err().is_some_and(is_silence)
        })
    }

    /// The run that holds the plan, by any ledger that answers.
    #[must_use]
    pub fn lease(&self, now: Timestamp) -> Option<Lease> {
        let rows = self.rows();
        let leases = rows.0.values().filter_map(|row| row.live_lease(now));
        leases.max_by_key(|lease| lease.expires_at).cloned()
    }

    /// The Regions whose runs are not all known, and why.
    pub fn unlisted(&self) -> impl Iterator<Item = (&Region, String)> {
        self.regions.iter().filter_map(|(region, entry)| {
            let why = match &entry.books {
                Ok(books) if books.unread.is_empty() => return None,
                Ok(books) => books.unread.join(", and "),
                Err(why) => why.to_string(),
            };
            Some((region, why))
        })
    }

    /// Every run that the ledgers hold which answered.
    pub fn runs(&self) -> impl Iterator<Item = &RunSummary> {
        let books = self.regions.values();
        let books = books.filter_map(|entry| entry.books.as_ref().ok());
        books.flat_map(|books| &books.runs)
    }
}

/// The parameters of each Region that was asked.
pub(crate) type Parameters = BTreeMap<Region, Result<BTreeMap<String, String>, Error>>;

/// Which plans there are, as the first Regions and those of the wanted plans' members say, and those that `more` finds in parameters.
pub(crate) async fn directories(
    account: &Account,
    first: &[Region],
    wanted: Option<&PlanName>,
    more: impl Fn(&Parameters) -> BTreeSet<Region>,
) -> Directories {
    let mut directories = Directories::new();
    let mut next: BTreeSet<Region> = first.iter().cloned().collect();
    // Ends: each Region is asked once.
    while !next.is_empty() {
        let asked = next.iter().map(|region| directory(account, region));
        let answers = join_all(asked).await;
        directories.extend(next.into_iter().zip(answers));
        let of_wanted = |name: &PlanName| wanted.is_none_or(|wanted| wanted == name);
        let plans = names(&directories).into_iter().filter(of_wanted);
        let plans = plans.filter_map(|name| plan_of(&directories, &name));
        let members = plans.flat_map(|plan| plan.members().clone().into_keys());
        let mut found: BTreeSet<Region> = members.collect();
        found.extend(more(&parameters(&directories)));
        next = found
            .into_iter()
            .filter(|region| !directories.contains_key(region))
            .collect();
    }
    directories
}

/// The parameters alone.
pub(crate) fn parameters(directories: &Directories) -> Parameters {
    let all = directories.iter();
    let parameters = all.map(|(region, one)| (region.clone(), one.parameters.clone()));
    parameters.collect()
}

async fn directory(account: &Account, region: &Region) -> Directory {
    let parameters = patiently(region, PATIENCE, account.parameters(region));
    let known = patiently(region, PATIENCE, account.known(region));
    let (parameters, known) = join(parameters, known).await;
    Directory { parameters, known }
}

/// What every member Region says of one plan, or of all.
///
/// # Errors
/// An answer that says why there is nothing to tell: nobody answered, or nobody knows the plan.
pub async fn surveys(
    account: &Account,
    first: &[Region],
    wanted: Option<&PlanName>,
) -> Result<Vec<Survey>, Answer> {
    let no_more = |_: &Parameters| BTreeSet::new();
    let directories = directories(account, first, wanted, no_more).await;
    of(account, &directories, wanted).await
}

/// The same, where the Regions were asked for their plans.
///
/// # Errors
/// As [`surveys`].
pub(crate) async fn of(
    account: &Account,
    directories: &Directories,
    wanted: Option<&PlanName>,
) -> Result<Vec<Survey>, Answer> {
    let mut names = names(directories);
    if let Some(wanted) = wanted {
        if !names.contains(wanted) {
            return Err(unknown(directories, wanted, &names));
        }
        names = [wanted.clone()].into();
    }
    if names.is_empty() {
        return Err(nothing(directories));
    }
    let surveys = names
        .into_iter()
        .map(|name| survey(account, directories, name));
    Ok(join_all(surveys).await)
}

async fn survey(account: &Account, directories: &Directories, name: PlanName) -> Survey {
    let plan = plan_of(directories, &name);
    let members = plan
        .as_ref()
        .map(|plan| plan.members().keys().cloned().collect());
    let members: Vec<Region> = members.unwrap_or_else(|| {
        let knows = |directory: &Directory| directory.names().any(|one| one == name);
        let knowing = directories.iter().filter(|(_, directory)| knows(directory));
        knowing.map(|(region, _)| region.clone()).collect()
    });
    let entries = members.into_iter().map(async |region| {
        let entry = entry(account, directories, &region, &name).await;
        (region, entry)
    });
    let regions = join_all(entries).await.into_iter().collect();
    Survey {
        endpoints: endpoints_of(directories, &name),
        name,
        plan,
        regions,
    }
}

async fn entry(
    account: &Account,
    directories: &Directories,
    region: &Region,
    name: &PlanName,
) -> Entry {
    let unasked = || Error::Unavailable(format!("{region} was not asked"));
    let Some(directory) = directories.get(region) else {
        return Entry {
            document: Document::Unread(unasked()),
            switches: None,
            books: Err(unasked()),
        };
    };
    // A dead Region is not waited for twice.
    let books = match directory.silence() {
        Some(why) => Err(why.clone()),
        None => books(account, region, name).await,
    };
    Entry {
        document: directory.document(name),
        switches: directory.switches(name),
        books,
    }
}

/// The row decides: where that is read, the rest of the ledger may be late or unreadable.
async fn books(account: &Account, region: &Region, name: &PlanName) -> Result<Books, Error> {
    let row = patiently(region, PATIENCE, account.row(region, name));
    let vantage = patiently(region, PATIENCE, account.vantage(region, name));
    let runs = patiently(region, PATIENCE, account.runs(region, name));
    let (row, vantage, runs) = join3(row, vantage, runs).await;
    let row = row?;
    let mut unread = Vec::new();
    let vantage = vantage.unwrap_or_else(|why| {
        unread.push(format!("what the probe in {region} last saw: {why}"));
        None
    });
    let runs = runs.unwrap_or_else(|why| Listed {
        unread: vec![why.to_string()],
        ..Listed::default()
    });
    let untold = runs.unread.into_iter();
    unread.extend(untold.map(|why| format!("runs in {region}: {why}")));
    Ok(Books {
        row,
        vantage,
        runs: runs.runs,
        unread,
    })
}

pub(crate) async fn patiently<T>(
    region: &Region,
    patience: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answer = tokio::time::timeout(patience, asked).await;
    answer.unwrap_or_else(|_| {
        Err(Error::Unavailable(format!(
            "{region} gave no answer within {} seconds",
            patience.as_secs()
        )))
    })
}

#[cfg(test)]
mod tests;
