//! What must hold before anything is changed.

use jiff::Timestamp;

use crate::{
    Error,
    beat::Loss,
    domain::{Epoch, PlanName, Region, RunId, seconds_between},
    installation,
    ledger::{Confirmed, Rows, Run},
    plan::{Plan, UnknownLoss},
    policy::{Decision, decide},
};

mod cooldown;

pub use cooldown::cooldown;

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

/// What is said of a plan of which no ledger names a writer.
#[must_use]
pub fn not_adopted(plan: &PlanName) -> Error {
    Error::NotReady(format!(
        "no ledger names a writer of plan {plan}; adopt it first: call recovery-ledger with the operation adopt"
    ))
}

/// Guard (b), as far as the ledgers say it: the writer is the Region that the run leaves, or already its target.
///
/// # Errors
/// `UnexpectedTopology` when the ledgers name another writer, or an intent to another target is open; `NotReady` when they name
/// none.
pub fn writer(rows: &Rows, from: &Region, to: &Region) -> Result<(), Error> {
    let Some(current) = rows.current() else {
        let row = rows.0.values().next();
        let row = row.ok_or_else(|| Error::UnexpectedTopology("no ledger was read".into()))?;
        return Err(not_adopted(&row.plan));
    };
    if current.writer != *from && current.writer != *to {
        return Err(Error::UnexpectedTopology(format!(
            "the writer of epoch {} is in {}, neither in {from} nor in {to}",
            current.epoch, current.writer
        )));
    }
    let rivals = rows.0.values().filter_map(|row| row.current.as_ref());
    if let Some(rival) = rivals
        .filter(|rival| rival.epoch == current.epoch)
        .find(|rival| rival.writer != current.writer)
    {
        return Err(Error::UnexpectedTopology(format!(
            "the ledgers name both {} and {} as the writer of epoch {}",
            current.writer, rival.writer, current.epoch
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
pub fn freshness(plan: &Plan, confirmed: Option<&Confirmed>, now: Timestamp) -> Result<(), Error> {
    let Some(confirmed) = confirmed else {
        return Err(Error::EvidenceStale(
            "the outage has not been confirmed".into(),
        ));
    };
    if decide(confirmed.verdict, plan, confirmed.human()) != Decision::GoOn {
        return Err(Error::EvidenceStale(format!(
            "the last verdict was {}, which leads to no promotion; confirming again",
            confirmed.verdict.name()
        )));
    }
    let age = seconds_between(confirmed.evidence.gathered_at, now);
    if age > EVIDENCE_SECONDS_MAX {
        return Err(Error::EvidenceStale(format!(
            "the evidence is {age:.0} s old, {EVIDENCE_SECONDS_MAX:.0} s are allowed; confirming again"
        )));
    }
    Ok(())
}

/// Guard (c), its other half: this Region's probe has seen no life of the writer since the evidence was gathered.
///
/// # Errors
/// `EvidenceStale`.
pub fn still_down(confirmed: Option<&Confirmed>, lived_at: Option<Timestamp>) -> Result<(), Error> {
    match (confirmed, lived_at) {
        (Some(confirmed), Some(at)) if at > confirmed.evidence.gathered_at => {
            Err(Error::EvidenceStale(format!(
                "the writer took a beat or answered at {at}, after the evidence was gathered; confirming again"
            )))
        }
        _ => Ok(()),
    }
}

/// What a forced promotion needs instead of evidence: the word of whoever forces it that writes may be lost.
///
/// # Errors
/// `DataLossTooLarge` without it.
pub fn forced(accept_data_loss: bool) -> Result<(), Error> {
    if accept_data_loss {
        return Ok(());
    }
    Err(Error::DataLossTooLarge(
        "what a forced promotion would lose is unknown; add \"accept_data_loss\": true if that is acceptable".into(),
    ))
}

/// How long a committed beat shows that the old writer lives, in seconds.
pub const LIVING_SECONDS: f64 = 60.0;

/// A forced promotion past a writer that answers needs that word by name: locks replicate, so that nothing can be fenced before it,
/// and whatever the old writer takes meanwhile is only there. A planned move loses nothing.
///
/// # Errors
/// `NotReady` without it, where a probe committed a beat on the old writer within the last minute, or no heart beats that could tell.
pub fn abandoned(run: &Run, committed_at: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    if !run.plan.has_heart() && !run.abandons_living_writer {
        return Err(Error::NotReady(format!(
            "no heart beats in this plan's databases, so that nothing here tells whether the writer in {from} lives, and nothing \
             fences it; shut it, or know that it is gone, look at the lag of the replica in {to}, then add \"abandon_living_writer\": true",
            from = run.from,
            to = run.to,
        )));
    }
    let age = committed_at.map(|at| seconds_between(at, now));
    match age.filter(|age| *age <= LIVING_SECONDS && !run.abandons_living_writer) {
        None => Ok(()),
        Some(age) => Err(Error::NotReady(format!(
            "the writer in {from} committed a beat {age:.0} s ago, and the standby in {to} follows it: {instead}; to promote past a \
             living writer all the same, add \"abandon_living_writer\": true, and fence it in {from} right after the new writer is proven",
            instead = instead_of_abandoning(run),
            from = run.from,
            to = run.to,
        ))),
    }
}

/// What loses nothing where the writer lives.
fn instead_of_abandoning(run: &Run) -> String {
    let kind = run.plan.kind();
    match kind.runs().planned {
        Some(planned) => format!(
            "move it as planned, which loses nothing (start {} in {})",
            installation::named(planned),
            run.to
        ),
        None => kind.has_no("planned failover"),
    }
}

/// The plan's bound on the loss.
///
/// # Errors
/// `DataLossTooLarge` when the loss exceeds it, or is unknown and the plan refuses that.
pub fn loss(plan: &Plan, loss: Option<&Loss>) -> Result<(), Error> {
    let bound = plan.unplanned.max_lost_seconds;
    match loss {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{beat::Beats, evidence::Verdict, ledger::PlanState, testing};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn confirmed(verdict: Verdict, loss: Option<f64>) -> Confirmed {
        Confirmed {
            verdict,
            evidence: testing::evidence(at(0)),
            loss: loss.map(|seconds| Loss { beats: 1, seconds }),
            acknowledged: Beats::new(),
            alive_at: None,
            maybe_alive_at: None,
            outage_since: None,
            writes_until: None,
            approved: false,
            by_hand: false,
        }
    }

    fn row(epoch: u64, writer: &str) -> PlanState {
        testing::row(writer, epoch)
    }

    fn rows<const N: usize>(rows: [(&str, PlanState); N]) -> Rows {
        Rows(rows.map(|(region, row)| (region.into(), row)).into())
    }

    fn name(result: Result<(), Error>) -> &'static str {
        result.err().map_or("ok", |why| why.name())
    }

    #[test]
    fn evidence_is_good_for_a_minute_and_only_for_a_verdict_that_leads_on() {
        let plan = testing::run().plan;
        let judged =
            |verdict, now| name(freshness(&plan, Some(&confirmed(verdict, None)), at(now)));
        assert_eq!(judged(Verdict::RegionDown, 60), "ok");
        assert_eq!(judged(Verdict::RegionDown, 61), "EvidenceStale");
        assert_eq!(judged(Verdict::PathImpaired, 1), "EvidenceStale");
        assert_eq!(name(freshness(&plan, None, at(0))), "EvidenceStale");
    }

    #[test]
    fn a_beat_that_the_writer_took_after_the_evidence_was_gathered_makes_that_stale() {
        let confirmed = confirmed(Verdict::RegionDown, None);
        let gathered_at = confirmed.evidence.gathered_at;
        let judged = |seen: Option<Timestamp>| name(still_down(Some(&confirmed), seen));
        assert_eq!(judged(None), "ok");
        assert_eq!(judged(Some(gathered_at)), "ok");
        let later = gathered_at + jiff::SignedDuration::from_secs(1);
        assert_eq!(judged(Some(later)), "EvidenceStale");
    }

    #[test]
    fn a_loss_beyond_the_bound_or_unknown_is_refused_and_a_forced_one_must_be_accepted() {
        let plan = testing::run().plan;
        let judged = |seconds| {
            let confirmed = confirmed(Verdict::RegionDown, seconds);
            name(loss(&plan, confirmed.loss.as_ref()))
        };
        assert_eq!(judged(Some(30.0)), "ok");
        assert_eq!(judged(Some(30.1)), "DataLossTooLarge");
        assert_eq!(judged(None), "DataLossTooLarge");
        assert_eq!(name(forced(false)), "DataLossTooLarge");
        assert_eq!(name(forced(true)), "ok");
    }

    #[test]
    fn the_writer_is_the_one_that_is_left_or_already_the_target() {
        let judged = |rows: &Rows| name(writer(rows, &"us-west-2".into(), &"us-east-1".into()));
        assert_eq!(judged(&rows([("us-east-1", row(7, "us-west-2"))])), "ok");
        assert_eq!(judged(&rows([("us-east-1", row(7, "us-east-1"))])), "ok");
        assert_eq!(
            judged(&rows([("us-east-1", row(7, "eu-west-1"))])),
            "UnexpectedTopology"
        );
        assert_eq!(judged(&rows([])), "UnexpectedTopology");
    }

    #[test]
    fn a_living_writer_is_promoted_past_only_by_a_word_of_its_own() {
        let (then, now) = (
            Timestamp::from_second(100).unwrap(),
            Timestamp::from_second(160).unwrap(),
        );
        let mut run = crate::testing::run();
        run.accept_data_loss = true;
        let why = abandoned(&run, Some(then), now).unwrap_err();
        assert_eq!(why.name(), "NotReady");
        for part in [
            "aurora-failover-planned-failover",
            "abandon_living_writer",
            "60 s ago",
        ] {
            assert!(why.to_string().contains(part), "{why}");
        }
        let later = Timestamp::from_second(161).unwrap();
        assert!(abandoned(&run, Some(then), later).is_ok(), "nobody knows");
        assert!(abandoned(&run, None, now).is_ok());
        run.abandons_living_writer = true;
        assert!(abandoned(&run, Some(then), now).is_ok());
        let document = crate::testing::sqlserver_document().to_string();
        run.plan = crate::plan::read(&document).unwrap();
        assert!(abandoned(&run, None, now).is_ok());
        run.abandons_living_writer = false;
        let why = abandoned(&run, None, now).unwrap_err();
        assert!(why.to_string().contains("no heart beats"), "{why}");
    }

    #[test]
    fn two_ledgers_that_name_different_writers_for_one_epoch_stop_everything() {
        let torn = rows([
            ("us-east-1", row(7, "us-west-2")),
            ("eu-west-1", row(7, "us-east-1")),
        ]);
        let judged = writer(&torn, &"us-west-2".into(), &"us-east-1".into());
        assert_eq!(name(judged), "UnexpectedTopology");
    }
}
