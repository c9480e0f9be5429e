//! The pause after an unplanned promotion.

use jiff::Timestamp;

use crate::{Error, domain::seconds_between, ledger::Current, plan::Plan};

/// The cool-down: after an unplanned promotion no other follows until its time has passed or a human acknowledged it.
///
/// # Errors
/// `RunRefused`.
pub fn cooldown(current: Option<&Current>, plan: &Plan, now: Timestamp) -> Result<(), Error> {
    let Some(current) =
        current.filter(|current| current.unplanned && current.acknowledged_at.is_none())
    else {
        return Ok(());
    };
    let minutes = plan.unplanned.cooldown_minutes;
    let since = seconds_between(current.proven_at, now);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a number of minutes is far below 2^52"
    )]
    if since >= minutes as f64 * 60.0 {
        return Ok(());
    }
    Err(Error::RunRefused(format!(
        "cool-down: run {run} failed over to {writer} {ago:.0} min ago, and unplanned.cooldown_minutes is {minutes}; look why it \
         happens again, then call recovery-ledger with the operation acknowledge, this plan and this run_id",
        run = current.run_id,
        writer = current.writer,
        ago = since / 60.0,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Epoch, testing};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_cool_down_lasts_until_its_time_has_passed_or_it_is_acknowledged() {
        let plan = testing::run().plan;
        let mut current = Current {
            epoch: Epoch(8),
            writer: "us-east-1".into(),
            global_cluster: None,
            run_id: "a".into(),
            proven_at: at(0),
            unplanned: true,
            acknowledged_at: None,
        };
        let refused = |current: &Current, now| cooldown(Some(current), &plan, at(now)).is_err();
        assert_eq!(
            [3599, 3600].map(|now| refused(&current, now)),
            [true, false]
        );
        current.acknowledged_at = Some(at(1));
        assert!(!refused(&current, 2));
        current.acknowledged_at = None;
        current.unplanned = false;
        assert!(!refused(&current, 2));
        assert!(cooldown(None, &plan, at(0)).is_ok());
    }
}
