//! What must hold before anything is changed.

use jiff::Timestamp;

use crate::{
    Error,
    domain::{Epoch, Region, RunId, seconds_between},
    ledger::{Confirmed, Rows},
    plan::{Plan, UnknownLoss},
};

/// The oldest evidence that may lead to an unplanned promotion.
pub const EVIDENCE_SECONDS_MAX: f64 = 60.0;

/// Guard (a): the run holds the lease in the acting Region, and the epoch is the input's or its own.
///
/// # Errors
/// `RunRefused`.
pub fn lease(
    rows: &Rows,
    acting: &Region,
    run_id: &RunId,
    epoch: Epoch,
    now: Timestamp,
) -> Result<(), Error> {
    let row = rows
        .0
        .get(acting)
        .ok_or_else(|| Error::RunRefused(format!("{acting} holds no ledger of this plan")))?;
    row.renew(run_id, epoch, now).map(|_| ())
}

/// Guard (b), as far as the ledgers say it: the writer is the Region that the run leaves, or already its target.
///
/// # Errors
/// `UnexpectedTopology` when the ledgers name another writer, or an intent to another target is open.
pub fn writer(rows: &Rows, from: &Region, to: &Region) -> Result<(), Error> {
    let Some(current) = rows.current() else {
        return Err(Error::UnexpectedTopology(
            "no ledger names a writer; run recovery-ledger with {\"operation\": \"adopt\"} first"
                .into(),
        ));
    };
    if current.writer != *from && current.writer != *to {
        return Err(Error::UnexpectedTopology(format!(
            "the writer of epoch {} is in {}, neither in {from} nor in {to}",
            current.epoch, current.writer
        )));
    }
    match rows.intent() {
        Some(open) if open.to != *to => Err(Error::UnexpectedTopology(format!(
            "a change of writer to {} (epoch {}) was begun by run {} and is not proven; finish it first",
            open.to, open.epoch, open.run_id
        ))),
        _ => Ok(()),
    }
}

/// Guard (c): the evidence is fresh and its verdict still leads on.
///
/// # Errors
/// `EvidenceStale`.
pub fn freshness(confirmed: Option<&Confirmed>, now: Timestamp) -> Result<(), Error> {
    let Some(confirmed) = confirmed else {
        return Err(Error::EvidenceStale(
            "the outage has not been confirmed".into(),
        ));
    };
    let age = seconds_between(confirmed.evidence.gathered_at, now);
    if age > EVIDENCE_SECONDS_MAX {
        return Err(Error::EvidenceStale(format!(
            "the evidence is {age:.0} s old, {EVIDENCE_SECONDS_MAX:.0} s are allowed; confirming again"
        )));
    }
    Ok(())
}

/// The plan's bound on the loss.
///
/// # Errors
/// `DataLossTooLarge` when the loss exceeds it, or is unknown and the plan refuses that.
pub fn loss(plan: &Plan, confirmed: &Confirmed, accept_data_loss: bool) -> Result<(), Error> {
    let bound = plan.unplanned.max_lost_seconds;
    match &confirmed.loss {
        _ if accept_data_loss => Ok(()),
        #[expect(
            clippy::cast_precision_loss,
            reason = "a bound in seconds is far below 2^52"
        )]
        Some(loss) if loss.seconds > bound as f64 => Err(Error::DataLossTooLarge(format!(
            "promoting would lose {:.1} s of writes ({} beats), {:.1} s more than unplanned.max_lost_seconds ({bound}) allows",
            loss.seconds,
            loss.beats,
            loss.seconds - bound as f64
        ))),
        Some(_) => Ok(()),
        None if plan.unplanned.unknown_loss == UnknownLoss::Accept => Ok(()),
        None => Err(Error::DataLossTooLarge(
            "what promoting would lose is unknown, and unplanned.unknown_loss is \"refuse\"".into(),
        )),
    }
}
