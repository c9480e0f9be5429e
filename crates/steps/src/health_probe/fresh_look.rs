//! One look at a plan's writer for whoever asks for it, as a run does that confirms an outage.

use std::time::Duration;

use super::{
    canaries::blind,
    sessions::{LedgerWriter, Sessions, read_once},
};
use crate::confirm_outage::TIMEOUT;
use failover::{
    Error,
    beat::Vantage,
    domain::PlanName,
    ledger::KeptPlan,
    pass::unknown,
    ports::{Confirmation, Heart, Ledger, Runtime, Secrets},
};

/// The longest a fresh look takes, so that its answer reaches the one who asked within what that one waits.
const FRESH: Duration = TIMEOUT.saturating_sub(Duration::from_secs(1));

/// What this Region's ledger notes of a plan: the plan itself, the writer to look at, and the last look.
async fn noted(
    world: &(impl Ledger + Runtime),
    name: &PlanName,
) -> Result<(KeptPlan, LedgerWriter, Option<Vantage>), Error> {
    let here = world.region();
    let (known, row, vantage) = tokio::join!(
        world.known(here, name),
        world.row(here, name),
        world.vantage(here, name)
    );
    let Some(known) = known? else {
        return Err(unknown(world, name).await);
    };
    known.plan.database.probe()?;
    let target = LedgerWriter::of(&row?).ok_or_else(|| failover::guard::not_adopted(name))?;
    Ok((known, target, vantage?))
}

/// One fresh look, on fresh connections, recorded like any other.
pub(super) async fn confirm(
    world: &(impl Ledger + Runtime + Secrets + Heart),
    name: &PlanName,
) -> Result<Confirmation, Error> {
    let here = world.region();
    let (known, target, before) = noted(world, name).await?;
    let limit = Duration::from_secs(known.plan.detection.timeout_seconds).min(FRESH);
    let mut sessions = Sessions::with(None);
    let look = sessions.look(world, &known, &target, limit);
    let ((look, readable), blind) = tokio::join!(look, blind(world, &known.plan, limit));
    let vantage = Vantage::after(
        before.as_ref(),
        here,
        &target.writer,
        look,
        &known.plan.detection,
    )
    .by(world.version());
    world.put_vantage(name, &vantage).await?;
    tracing::info!(plan = %name, write = ?vantage.write, readable, "confirmed");
    Ok(Confirmation {
        vantage,
        readable,
        blind,
    })
}

/// The look of a dry run, which commits no beat and records nothing: what this Region's probe recorded last, and whether the local
/// reader answers now.
///
/// # Errors
/// Those of a fresh look; `Unavailable` where nothing was recorded lately.
pub(super) async fn recorded(
    world: &(impl Ledger + Runtime + Secrets + Heart),
    name: &PlanName,
) -> Result<Confirmation, Error> {
    let here = world.region();
    let (known, target, held) = noted(world, name).await?;
    let detection = &known.plan.detection;
    let lately = |vantage: &Vantage| {
        vantage.writer_region == target.writer
            && world.now().duration_since(vantage.at) <= detection.home_age_max()
    };
    let vantage = held.filter(lately).ok_or_else(|| {
        Error::Unavailable(format!(
            "a dry run makes no look of its own, and the probe in {here} has recorded none at plan {name} lately; switch its schedule on"
        ))
    })?;
    let limit = Duration::from_secs(detection.timeout_seconds).min(FRESH);
    let (reading, blind) = tokio::join!(
        read_once(world, &known, limit),
        blind(world, &known.plan, limit)
    );
    Ok(Confirmation {
        vantage,
        readable: reading.is_some(),
        blind,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use failover::testing::{self, Books};

    #[tokio::test]
    async fn a_dry_look_commits_no_beat_and_records_nothing() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let row = testing::row("us-west-2", 7);
        let looked = |second| Books::with(&row).looked("us-east-1", at(second));
        let books = looked(990);
        let seen = recorded(&books, &"orders".into()).await.unwrap();
        assert_eq!((seen.vantage.at, seen.readable), (at(990), false));
        assert_eq!(books.looks(), [], "nothing is recorded");
        let old = recorded(&looked(900), &"orders".into()).await;
        let why = old.unwrap_err().to_string();
        assert!(why.contains("dry run"), "{why}");
    }
}
