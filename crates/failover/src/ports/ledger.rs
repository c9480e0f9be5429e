//! The ledgers of all Regions, in DynamoDB, and how a row is changed: by one conditional write, looking again when somebody else
//! wrote first.

use crate::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region, RunId},
    ledger::{KeptPlan, Losses, PlanState, Rows, Run},
    ports::Runtime,
    topology::{Blueprint, Healthy},
};

/// How often a conditional write is tried again after somebody else wrote first.
const CONFLICTS_MAX: usize = 5;

/// The ledgers of all Regions.
pub trait Ledger: Sync {
    /// Reads a plan's row, consistently; a row never written is [`PlanState::new`].
    fn row(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<PlanState, Error>> + Send;
    /// Replaces the row of version `row.version` by `row` with the next version; `false` when another write came first.
    fn replace_row(
        &self,
        region: &Region,
        row: &PlanState,
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
    /// Writes a run's record, unless it holds more calls by now than the pass has read of: `Unavailable`.
    fn put_run(&self, region: &Region, run: &Run)
    -> impl Future<Output = Result<(), Error>> + Send;
    /// Writes a run's record with a call that is about to be made, unless another pass has noted one meanwhile: `Unavailable`.
    fn note_call(
        &self,
        region: &Region,
        run: &Run,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// Reads the last plan and addresses that this Region's probe kept.
    fn known(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<Option<KeptPlan>, Error>> + Send;
    /// Every plan that a Region's probe kept.
    fn all_known(
        &self,
        region: &Region,
    ) -> impl Future<Output = Result<Vec<KeptPlan>, Error>> + Send;
    /// Asks a Region's ledger, once. Any response counts, an error too: one that is throttled or in trouble is there.
    fn ask_ledger(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<String, Error>> + Send;
    /// Writes this Region's vantage record.
    fn put_vantage(
        &self,
        plan: &PlanName,
        vantage: &Vantage,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// Remembers a plan and its members' endpoints in this Region's ledger.
    fn put_known(&self, known: &KeptPlan) -> impl Future<Output = Result<(), Error>> + Send;
    /// Marks in a Region's ledger that a plan whose parameter was taken away counts no more there. A parameter that is written
    /// again ends that.
    fn end_known(
        &self,
        region: &Region,
        known: &KeptPlan,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// What has been found of a cluster of a Region, in that Region's ledger.
    fn losses(
        &self,
        region: &Region,
        plan: &PlanName,
        cluster: &str,
    ) -> impl Future<Output = Result<Option<Losses>, Error>> + Send;
    /// Keeps what was found of a cluster of this Region.
    fn put_losses(
        &self,
        plan: &PlanName,
        losses: &Losses,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// What the member of a Region was when it was retired, as its own Region's ledger keeps it.
    fn blueprint(
        &self,
        plan: &PlanName,
        member: &Region,
    ) -> impl Future<Output = Result<Option<Blueprint>, Error>> + Send;
    /// Keeps what a member was when it was retired.
    fn put_blueprint(
        &self,
        plan: &PlanName,
        member: &Region,
        blueprint: &Blueprint,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// What a member was when it was last healthy and in its right role, as its own Region's ledger keeps it.
    fn healthy(
        &self,
        plan: &PlanName,
        member: &Region,
    ) -> impl Future<Output = Result<Option<Healthy>, Error>> + Send;
    /// Keeps that.
    fn put_healthy(
        &self,
        plan: &PlanName,
        member: &Region,
        healthy: &Healthy,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Several Regions' rows of one plan, read in one pass, all at once.
///
/// # Errors
/// `Unavailable` when any of them does not answer: the caller names only Regions it counts on.
pub async fn rows(
    ledger: &impl Ledger,
    regions: impl IntoIterator<Item = &Region>,
    plan: &PlanName,
) -> Result<Rows, Error> {
    let reads = regions
        .into_iter()
        .map(async |region| Ok((region.clone(), ledger.row(region, plan).await?)));
    let rows = futures::future::join_all(reads)
        .await
        .into_iter()
        .collect::<Result<_, Error>>()?;
    Ok(Rows(rows))
}

/// Changes a row by `change` under a conditional write, looking again when somebody else wrote first.
///
/// # Errors
/// What `change` answers; `Unavailable` when the ledger does not answer or the row keeps changing.
pub async fn update(
    ledger: &impl Ledger,
    region: &Region,
    plan: &PlanName,
    change: impl Fn(&PlanState) -> Result<PlanState, Error>,
) -> Result<PlanState, Error> {
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
    change: impl Fn(&PlanState) -> Option<PlanState>,
) -> Result<Option<PlanState>, Error> {
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
/// Region holds nothing up. It is noted like a call before, so that of two passes of the run that come in at once, one that takes
/// back and one that calls, only the first to note goes on. Whether there was one.
///
/// # Errors
/// `Unavailable` when the target's ledger does not answer, or another pass noted a call.
pub async fn withdraw(ledger: &(impl Ledger + Runtime), run: &mut Run) -> Result<bool, Error> {
    let written = ledger.row(&run.to, run.name()).await?;
    if written.withdraw(&run.run_id).is_none() {
        return Ok(false);
    }
    run.count();
    ledger.note_call(ledger.region(), run).await?;
    let change = |row: &PlanState| row.withdraw(&run.run_id);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Epoch,
        ledger::{Claim, Intent},
        testing,
    };

    #[tokio::test]
    async fn a_change_of_writer_is_not_taken_back_beside_a_call_of_another_pass() {
        let mut run = testing::run();
        let intent = Intent {
            epoch: run.epoch,
            from: run.from.clone(),
            to: run.to.clone(),
            global_cluster: None,
            run_id: run.run_id.clone(),
            written_at: run.opened_at,
        };
        let row = testing::row("us-west-2", 1).claim(&Claim::of(&run), run.opened_at);
        let begun = row.unwrap().intend(intent).unwrap();
        let books = testing::Books::with(&begun);
        books.put_run(&run.to, &run).await.unwrap();
        let mut calls = run.clone();
        calls.attempt(run.opened_at, "planned_failover", "switch_over");
        let is_begun = || books.rows()[&run.to].intent.is_some();

        books.note_call(&run.to, &calls).await.unwrap();
        let mut late = run.clone();
        assert!(withdraw(&books, &mut late).await.is_err());
        assert!(is_begun(), "RDS was asked");

        let alone = testing::Books::with(&begun);
        assert_eq!(withdraw(&alone, &mut run).await, Ok(true));
        assert!(alone.rows()[&run.to].intent.is_none());
        assert!(
            alone.note_call(&run.to, &calls).await.is_err(),
            "a pass that has not read that"
        );
        assert_eq!(withdraw(&alone, &mut run).await, Ok(false));
        assert_eq!(alone.rows()[&run.to].spent_epoch(), Epoch(7));
    }
}
