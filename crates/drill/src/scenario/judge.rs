//! What must come out of a scenario, each expectation a sentence.

mod recovered;
mod seen;
mod unchanged;

use failover::notify;

use super::{Ends, Scenario, Told, measure::Measured, outcome::Outcome};
use crate::{
    report::{Check, PlannedMove},
    world::World,
};

/// Judges what came out.
pub(super) async fn checks(
    scenario: &Scenario,
    world: &World,
    outcome: &Outcome,
    measured: &Measured,
) -> Vec<Check> {
    let seen = seen::observe(world, scenario.target).await;
    let mut checks = outcome.played.checks.clone();
    checks.extend(rows(outcome));
    checks.extend((scenario.checks)(outcome));
    match scenario.ends {
        Ends::Recovered(verdict, strategy) => {
            let wanted = (verdict, strategy);
            checks.extend(recovered::checks(
                wanted,
                scenario.target,
                world,
                outcome,
                measured,
                &seen,
            ));
        }
        Ends::Unchanged {
            verdict,
            outcome: ended,
            writes_go_on,
        } => {
            let wanted = unchanged::Wanted {
                verdict,
                ended,
                writes_go_on,
            };
            checks.extend(unchanged::checks(&wanted, world, outcome, measured, &seen));
        }
        Ends::AsPlayed { .. } => {}
    }
    if scenario.moves_are_short {
        let stops = !world.profile.topology.runs().moving_promotes;
        let most = if stops {
            STOPPED_OVERHEAD_MAX
        } else {
            PLANNED_OVERHEAD_MAX
        };
        let moves = measured.planned_moves.iter();
        checks.extend(moves.map(|planned| short(planned, most)));
    }
    if let Told::Once(parts) = scenario.told {
        checks.extend(told(world, parts));
    }
    checks.push(no_secret_was_told(world, outcome));
    checks.push(told_in_sentences(world));
    checks
}

/// What people are told holds neither Rust values nor JSON; commands stand on lines of their own.
fn told_in_sentences(world: &World) -> Check {
    let messages = world.messages();
    let found: Vec<_> = messages
        .iter()
        .flat_map(|message| notify::unreadable(message))
        .collect();
    let text = if found.is_empty() {
        format!("all {} messages", messages.len())
    } else {
        found.join(" | ")
    };
    Check::new("people are told in sentences", text, found.is_empty())
}

/// The longest that a planned move may keep the application from writing, beyond what RDS and the cached name take, in
/// seconds. Drills are played several at a time; what a move takes on a quiet machine is the bench's to say.
const PLANNED_OVERHEAD_MAX: f64 = 4.0;
/// The same where the writer is stopped before, by calls of functions in both Regions.
const STOPPED_OVERHEAD_MAX: f64 = 8.0;

/// A planned move costs the application little more than RDS itself.
fn short(planned: &PlannedMove, most: f64) -> Check {
    Check::new(
        format!(
            "the planned move to {} takes at most {most} s of writes beyond RDS and the cached name",
            planned.to
        ),
        format!(
            "{:.2} s of {:.2} s",
            planned.overhead_seconds,
            planned.outage_seconds.unwrap_or_default()
        ),
        planned.overhead_seconds <= most,
    )
}

/// People are told each of these once.
fn told(world: &World, parts: &[&str]) -> Vec<Check> {
    let messages = world.messages();
    let subjects: Vec<_> = messages
        .iter()
        .filter_map(|message| message.lines().next())
        .collect();
    let mut checks: Vec<_> = parts
        .iter()
        .map(|part| {
            let times = subjects.iter().filter(|subject| subject.contains(part));
            let times = times.count();
            Check::new(
                format!("people are told once: {part}"),
                format!("{times} times"),
                times == 1,
            )
        })
        .collect();
    if parts.is_empty() {
        checks.push(Check::new(
            "people are told nothing",
            listed(&subjects),
            subjects.is_empty(),
        ));
    }
    checks
}

/// No row is duplicated or made up, and none is lost that could have been kept.
fn rows(outcome: &Outcome) -> Vec<Check> {
    let comparison = &outcome.comparison;
    let lost = comparison.lost.len();
    // Where no writer died, all must be there.
    let unreplicated = outcome.played.unreplicated;
    let bound = unreplicated.unwrap_or_default();
    let found = unreplicated.map_or_else(
        || format!("{lost} lost"),
        |bound| format!("{lost} lost; {bound} had not reached the standby when the writer died"),
    );
    let kept = comparison.acknowledged > 0 && u64::try_from(lost).is_ok_and(|lost| lost <= bound);
    let odd = comparison.duplicated.len() + comparison.unexpected.len();
    vec![
        Check::new(
            match unreplicated {
                Some(_) => "no acknowledged row is lost that had reached the standby",
                None => "no acknowledged row is lost",
            },
            found,
            kept,
        ),
        Check::new(
            "no row is duplicated or made up",
            format!("{odd} are"),
            odd == 0,
        ),
    ]
}

/// No password of the drill stands in any log of the functions, in what people were told, in a history or in the timeline.
fn no_secret_was_told(world: &World, outcome: &Outcome) -> Check {
    let (files, mut found) = world.secrets_told();
    let messages = world.messages();
    let told = messages.iter().map(|text| ("a message", text));
    let histories = outcome.histories.iter();
    let histories = histories.map(|(_, text)| ("an execution's history", text));
    let leaks = told
        .chain(histories)
        .filter(|(_, text)| world.holds_a_secret(text));
    found.extend(leaks.map(|(place, _)| place.to_owned()));
    let text = if found.is_empty() {
        format!(
            "nowhere; searched {files} logs, {} messages, {} histories and the timeline",
            messages.len(),
            outcome.histories.len()
        )
    } else {
        found.join(", ")
    };
    // Finding nothing where nothing was searched would mean nothing: every history holds its plan at least.
    let plans = world.profile.plans;
    let searched = |(_, text): (&String, &String)| plans.iter().any(|plan| text.contains(plan));
    let held = found.is_empty() && files > 0 && outcome.histories.iter().all(searched);
    Check::new(
        "no secret stands in a log, a message, a history or the timeline",
        text,
        held,
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
