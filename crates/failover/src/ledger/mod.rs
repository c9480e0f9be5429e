//! The ledger: what each Region durably knows about a plan, and how several Regions' ledgers are read as one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    Error,
    beat::Vantage,
    domain::{Epoch, PlanName, Region, RunId},
};

mod attempt;
mod looks;
mod row;
mod run;

pub use attempt::{Answer, Attempt};

pub use looks::{Looks, Seen, Sight};
pub use row::{
    Claim, Current, Declined, Heard, Intent, LEASE, Lease, NO_RUN, REFUSED, Row, RunKind,
    SERVED_FRESH, SUPERSEDED_AFTER, Served, Unheard,
};
pub use run::{
    Asked, Closed, Confirmed, DnsChange, Endpoints, Entry, HandOver, Known, Outcome, Proof,
    Resolved, Restart, Run, Unled,
};

/// How often a conditional write is tried again after somebody else wrote first.
const CONFLICTS_MAX: usize = 5;

/// The ledgers of all Regions.
pub trait Ledger: Sync {
    /// Reads a plan's row, consistently; a row never written is [`Row::new`].
    fn row(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<Row, Error>> + Send;
    /// Replaces the row of version `row.version` by `row` with the next version; `false` when another write came first.
    fn replace_row(
        &self,
        region: &Region,
        row: &Row,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
    /// Reads a Region's own vantage record.
    fn vantage(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<Option<Vantage>, Error>> + Send;
    /// Reads a run's record.
    fn run(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &RunId,
    ) -> impl Future<Output = Result<Option<Run>, Error>> + Send;
    /// Writes a run's record.
    fn put_run(&self, region: &Region, run: &Run)
    -> impl Future<Output = Result<(), Error>> + Send;
    /// Reads the last plan and addresses that this Region's probe kept.
    fn known(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<Option<Known>, Error>> + Send;
    /// Every plan that a Region's probe kept.
    fn all_known(&self, region: &Region) -> impl Future<Output = Result<Vec<Known>, Error>> + Send;
}

/// Changes a row by `change` under a conditional write, looking again when somebody else wrote first.
///
/// # Errors
/// What `change` answers; `Unavailable` when the ledger does not answer or the row keeps changing.
pub async fn update(
    ledger: &impl Ledger,
    region: &Region,
    plan: &PlanName,
    change: impl Fn(&Row) -> Result<Row, Error>,
) -> Result<Row, Error> {
    for _ in 0..CONFLICTS_MAX {
        let next = change(&ledger.row(region, plan).await?)?;
        if ledger.replace_row(region, &next).await? {
            return Ok(next);
        }
    }
    Err(conflict(region, plan))
}

/// Changes a row by `change` where that has something to change; answers the new row, or `None` when nothing was written.
///
/// # Errors
/// `Unavailable` when the ledger does not answer or the row keeps changing.
pub async fn update_if(
    ledger: &impl Ledger,
    region: &Region,
    plan: &PlanName,
    change: impl Fn(&Row) -> Option<Row>,
) -> Result<Option<Row>, Error> {
    for _ in 0..CONFLICTS_MAX {
        let Some(next) = change(&ledger.row(region, plan).await?) else {
            return Ok(None);
        };
        if ledger.replace_row(region, &next).await? {
            return Ok(Some(next));
        }
    }
    Err(conflict(region, plan))
}

/// Takes a run's own change of writer back, in its target's row first: from there on copies elsewhere are void, so that a silent
/// Region holds nothing up. Whether there was one.
///
/// # Errors
/// `Unavailable` when the target's ledger does not answer.
pub async fn withdraw(ledger: &impl Ledger, run: &Run) -> Result<bool, Error> {
    let change = |row: &Row| row.withdraw(&run.run_id);
    if update_if(ledger, &run.to, run.name(), change)
        .await?
        .is_none()
    {
        return Ok(false);
    }
    for region in run.leased.iter().filter(|region| **region != run.to) {
        match update_if(ledger, region, run.name(), change).await {
            Err(Error::Unavailable(why)) => {
                tracing::warn!(%region, why, "a copy of the withdrawn change of writer stays, and is void");
            }
            other => drop(other?),
        }
    }
    Ok(true)
}

fn conflict(region: &Region, plan: &PlanName) -> Error {
    Error::Unavailable(format!(
        "the ledger row of plan {plan} in {region} changed {CONFLICTS_MAX} times meanwhile"
    ))
}

/// Several Regions' rows of one plan, read in one pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows(pub BTreeMap<Region, Row>);

impl Rows {
    /// Reads the rows of `regions`, one after the other.
    ///
    /// # Errors
    /// `Unavailable` when any of them does not answer: the caller names only Regions it counts on.
    pub async fn read(
        ledger: &impl Ledger,
        regions: impl IntoIterator<Item = &Region>,
        plan: &PlanName,
    ) -> Result<Self, Error> {
        let reads = regions
            .into_iter()
            .map(async |region| Ok((region.clone(), ledger.row(region, plan).await?)));
        let rows = futures::future::join_all(reads)
            .await
            .into_iter()
            .collect::<Result<_, Error>>()?;
        Ok(Self(rows))
    }

    /// The highest epoch any of them knows, intents included.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.0.values().map(Row::epoch).max().unwrap_or_default()
    }

    /// The proven writer with the highest epoch.
    #[must_use]
    pub fn current(&self) -> Option<&Current> {
        self.0
            .values()
            .filter_map(|row| row.current.as_ref())
            .max_by_key(|current| current.epoch)
    }

    /// The epoch that the next change of writer takes: above every one that was given out, withdrawn ones included.
    #[must_use]
    pub fn next_epoch(&self) -> Epoch {
        let spent = self.0.values().map(Row::spent_epoch).max();
        spent.unwrap_or_default().next()
    }

    /// The open intent with the highest epoch, where it outranks the current writer. A copy that its target's row says was
    /// withdrawn is none.
    #[must_use]
    pub fn intent(&self) -> Option<&Intent> {
        let proven = self.current().map(|current| current.epoch);
        let is_withdrawn = |intent: &&Intent| {
            let target = self.0.get(&intent.to);
            target.is_some_and(|row| intent.epoch <= row.withdrawn)
        };
        let highest = self
            .0
            .values()
            .filter_map(|row| row.intent.as_ref())
            .filter(|intent| !is_withdrawn(intent))
            .max_by_key(|intent| intent.epoch);
        highest.filter(|intent| proven.is_none_or(|epoch| intent.epoch > epoch))
    }

    /// The Regions whose lease `run_id` holds and that has not lapsed.
    #[must_use]
    pub fn leased_by(&self, run_id: &RunId, now: Timestamp) -> BTreeSet<Region> {
        let holds = |row: &Row| {
            row.lease
                .as_ref()
                .is_some_and(|lease| lease.run_id == *run_id && lease.expires_at > now)
        };
        self.0
            .iter()
            .filter(|(_, row)| holds(row))
            .map(|(region, _)| region.clone())
            .collect()
    }
}
