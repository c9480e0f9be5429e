//! What a look leaves behind: this Region's vantage record, and the row as it is by then.

use std::time::Duration;

use super::LedgerWriter;
use failover::{
    beat::{Look, Vantage},
    ledger::PlanState,
    plan::Plan,
    ports::{Ledger, Runtime},
};

/// Records a look and reads the row again, at once: a deposed writer may still answer, and the next look is at the writer that
/// was proven since. A run's fresh looks are recorded beside ours: the record goes on from the newer one. One that is about a later
/// writer already keeps that. A ledger that does not
/// answer costs no more than a look, and the row stays as it was.
pub(super) async fn record(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    before: Option<Vantage>,
    (look, target): (Look, &LedgerWriter),
    row: PlanState,
) -> (Vantage, PlanState) {
    let (here, detection) = (world.region(), &plan.detection);
    let limit = Duration::from_secs(detection.timeout_seconds);
    let after = |before: Option<&Vantage>| {
        let seen = Vantage::after(before, here, &target.writer, look.clone(), detection);
        seen.by(world.version())
    };
    let record = async {
        let held = world.vantage(here, &plan.plan).await.ok().flatten();
        let late = held
            .as_ref()
            .and_then(|held| held.after_a_late_look(&target.writer, target.epoch, &look.write));
        if let Some(kept) = late {
            let seen = after(before.as_ref());
            return world.put_vantage(&plan.plan, &kept).await.map(|()| seen);
        }
        let seen = after(Vantage::newer(before.clone(), held).as_ref());
        world.put_vantage(&plan.plan, &seen).await.map(|()| seen)
    };
    let (recorded, read) = tokio::join!(
        tokio::time::timeout(limit, record),
        tokio::time::timeout(limit, world.row(here, &plan.plan))
    );
    let seen = match recorded {
        Ok(Ok(seen)) => seen,
        unrecorded => {
            tracing::warn!(plan = %plan.plan, ?unrecorded, "the look could not be recorded");
            after(before.as_ref())
        }
    };
    match read {
        Ok(Ok(read)) => (seen, read),
        unread => {
            tracing::warn!(plan = %plan.plan, ?unread, "the row could not be read again");
            (seen, row)
        }
    }
}
