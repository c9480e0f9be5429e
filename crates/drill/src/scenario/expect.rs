//! What must come out of a scenario, each expectation a sentence.

mod by_hand;
mod recovered;
mod seen;
mod untouched;

use super::{Scenario, measure::Measured, play::Outcome};
use crate::{report::Check, world::World};

/// Judges what came out.
pub(super) async fn checks(
    scenario: Scenario,
    world: &World,
    outcome: &Outcome,
    measured: &Measured,
) -> Vec<Check> {
    let seen = seen::look(world).await;
    let mut checks = rows(scenario, outcome);
    checks.extend(match scenario {
        Scenario::RegionLoss | Scenario::RegionLossManaged => {
            recovered::checks(scenario, world, outcome, measured, &seen)
        }
        Scenario::PathImpaired => {
            // First the calls by hand, so that what they change, if anything, is seen too.
            let mut checks = by_hand::checks(world).await;
            checks.extend(untouched::checks(world, outcome, measured, &seen));
            checks
        }
    });
    checks.push(no_secret_was_told(world));
    checks
}

/// No row is duplicated or made up, and none is lost that could have been kept.
fn rows(scenario: Scenario, outcome: &Outcome) -> Vec<Check> {
    let comparison = &outcome.comparison;
    let lost = comparison.lost.len();
    let bound = outcome.unreplicated.unwrap_or_default();
    let found = format!("{lost} lost; {bound} had not reached the standby when the Region died");
    let kept = comparison.acknowledged > 0 && u64::try_from(lost).is_ok_and(|lost| lost <= bound);
    let odd = comparison.duplicated.len() + comparison.unexpected.len();
    let mut checks = vec![
        Check::new(
            "no acknowledged row is lost that had reached the standby",
            found,
            kept,
        ),
        Check::new(
            "no row is duplicated or made up",
            format!("{odd} are"),
            odd == 0,
        ),
    ];
    if scenario.replication_lags() {
        // Otherwise the measure of the loss would be tried on nothing.
        checks.push(Check::new(
            "the lag of replication costs rows",
            format!("{bound} had not reached the standby"),
            bound > 0,
        ));
    }
    checks
}

/// No password of the drill stands in any log of the functions or in the timeline.
fn no_secret_was_told(world: &World) -> Check {
    let found = world.secrets_told();
    let text = if found.is_empty() {
        "nowhere".to_owned()
    } else {
        found.join(", ")
    };
    Check::new(
        "no secret stands in a log or in the timeline",
        text,
        found.is_empty(),
    )
}

/// A value's name as the ledger writes it; `none` when there is none.
fn named(value: Option<&impl serde::Serialize>) -> String {
    let name = value.and_then(|value| serde_json::to_value(value).ok());
    name.and_then(|name| name.as_str().map(Into::into))
        .unwrap_or_else(|| "none".to_owned())
}

/// Several words with commas between them; `none` when there are none.
fn listed<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<_> = words
        .into_iter()
        .map(|word| word.as_ref().to_owned())
        .collect();
    if words.is_empty() {
        "none".into()
    } else {
        words.join(", ")
    }
}
