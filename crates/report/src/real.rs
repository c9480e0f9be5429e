//! A run of the real thing, as its record in the ledger tells it: the page that shows it.

use std::collections::BTreeMap;

use failover::{
    domain::Region,
    ledger::{Answer, Closed, Outcome, Run as Record},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    Confirmed, Gap, Profile, Rpo, Run, RunState, TimelineEntry,
    html::{self, Card, Noted, Page},
    seconds,
    timeline::{Event, Kind, mark},
    words,
};

/// The page of a run: its record, the Region whose ledger holds that, and who or what started it.
#[must_use]
pub fn page_of(record: &Record, (region, started_by): (&Region, &str)) -> String {
    let events = events(record, region);
    let opened_at = record.opened_at;
    let last = events.last().map(|event| crate::timestamp(event.at_ms));
    html::render_run(Page {
        plan: record.name().to_string(),
        run: run(record, region),
        story: format!(
            "{} of plan {} from {} to {}, at epoch {}, started by {started_by}.",
            capitalized(words::kind(record.kind)),
            record.name(),
            record.from,
            record.to,
            record.epoch
        ),
        verdict: verdict(record.closed.as_ref()),
        opened_at,
        until: last.unwrap_or(opened_at),
        outage: outage(record),
        cards: cards(record),
        confirmed: Confirmed::of(record),
        timeline: TimelineEntry::from_events(&events, opened_at.as_millisecond()),
        calls: noted(record),
        document: document(record),
    })
}

fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn verdict(closed: Option<&Closed>) -> (String, bool) {
    let Some(closed) = closed else {
        return ("not closed".to_owned(), false);
    };
    let is_well = match closed.outcome {
        Outcome::Succeeded | Outcome::StoodDown | Outcome::HandedOver | Outcome::Rebuilt => true,
        Outcome::Aborted | Outcome::Failed => false,
    };
    (closed.outcome.name().replace('_', " "), is_well)
}

/// Its machine, and each step from the entry before it to its own last one.
fn run(record: &Record, region: &Region) -> Run {
    let closed = record.closed.as_ref();
    Run {
        name: record.run_id.to_string(),
        machine: words::kind(record.kind).to_owned(),
        region: region.to_string(),
        status: String::new(),
        outcome: closed.map(|closed| closed.outcome.name().to_owned()),
        left: closed.map_or_else(Vec::new, |closed| closed.left.clone()),
        states: states(record),
    }
}

fn states(record: &Record) -> Vec<RunState> {
    let mut states: Vec<RunState> = Vec::new();
    let mut before = record.opened_at;
    for entry in &record.timeline {
        let name = state(&entry.step);
        match states.iter_mut().find(|state| state.name == name) {
            Some(state) => state.exited_at = Some(entry.at),
            None => states.push(RunState {
                name,
                entered_at: before,
                exited_at: Some(entry.at),
                passes: 1,
            }),
        }
        before = entry.at;
    }
    states
}

/// The state of a step, which bears its name.
fn state(step: &str) -> String {
    step.split('_').map(capitalized).collect()
}

/// The time without writes that its RTO measures, up to the first beat on the new writer.
fn outage(record: &Record) -> Option<Gap> {
    let lasted = record.closed.as_ref()?.rto_seconds?;
    let until = record.proof.as_ref()?.beat.at;
    let from = until - SignedDuration::try_from_secs_f64(lasted).ok()?;
    Some(Gap {
        from,
        until: Some(until),
    })
}

/// Its timeline, and what the record tells besides.
fn events(record: &Record, region: &Region) -> Vec<Event> {
    let event = |at: Timestamp, kind, text: String, label: Option<String>| Event {
        at_ms: at.as_millisecond(),
        kind,
        source: region.to_string(),
        text,
        label,
    };
    let noted = record.timeline.iter().map(|entry| {
        let state = state(&entry.step);
        let kind = Kind::of_state(&state).unwrap_or(Kind::Run);
        let label = mark(&state, &entry.action);
        event(entry.at, kind, format!("{state}: {}", entry.reason), label)
    });
    let confirmed = record.confirmed.as_ref();
    let out = confirmed.and_then(|confirmed| confirmed.outage_since);
    let out = out.map(|at| {
        let text = format!("met the first failure of the writer in {}", record.from);
        event(at, Kind::Noticing, text, Some("first failure".to_owned()))
    });
    let asked = record.asked.as_ref().map(|asked| {
        let text = "asks a human whether to go on".to_owned();
        event(asked.at, Kind::Confirming, text, Some("asked".to_owned()))
    });
    let approved = record.approved_at.map(|at| {
        let text = "is told by a human to go on".to_owned();
        event(at, Kind::Confirming, text, Some("approved".to_owned()))
    });
    let closed = record.closed.as_ref().map(|closed| {
        let text = format!(
            "closes the run: {}",
            closed.outcome.name().replace('_', " ")
        );
        event(closed.at, Kind::Run, text, Some("run closed".to_owned()))
    });
    let others = [out, asked, approved, closed].into_iter().flatten();
    let mut events: Vec<_> = noted.chain(others).collect();
    events.sort_by_key(|event| event.at_ms);
    events
}

fn cards(record: &Record) -> Vec<Card> {
    let closed = record.closed.as_ref();
    let lasted = closed
        .map(|closed| seconds(closed.at.as_millisecond() - record.opened_at.as_millisecond()));
    let lasted = lasted.map_or_else(
        || ("not closed".to_owned(), "when this was read".to_owned()),
        |lasted| {
            (
                words::duration(Some(lasted)),
                "from its opening to its end".to_owned(),
            )
        },
    );
    let mut cards = vec![("Run", lasted, closed.is_none())];
    if let Some(mark) = &record.false_alarm {
        let at = mark.at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        cards.push(("False alarm", (at, mark.why.clone()), false));
    }
    // Of a run that moved nothing there is nothing to measure.
    let moved = closed.filter(|closed| {
        closed.rto_seconds.is_some()
            || matches!(closed.outcome, Outcome::Succeeded | Outcome::Failed)
    });
    let Some(closed) = moved else {
        return cards;
    };
    let rpo = Rpo {
        lost_beats: closed.rpo.as_ref().map(|loss| loss.beats),
        lost_window_seconds: closed.rpo.as_ref().map(|loss| loss.seconds),
    };
    let rto = words::duration(closed.rto_seconds);
    cards.push((
        "RTO",
        (rto, "from the first failure to the first beat".to_owned()),
        false,
    ));
    cards.push(("RPO", words::loss(&rpo), false));
    if let Some(most) = closed.at_most_seconds {
        let meaning = "of writes can be lost, whatever was counted".to_owned();
        cards.push(("At most", (words::duration(Some(most)), meaning), false));
    }
    if let Some(until) = closed.came_back_until {
        let at = until.strftime("%H:%M:%S UTC").to_string();
        let meaning = "the old writer committed a beat after it was left, which no count has";
        cards.push(("Came back", (at, meaning.to_owned()), true));
    }
    if closed.is_heard_again {
        let meaning = "the Region that was left: what its writer took meanwhile is in no count";
        cards.push((
            "Heard again",
            (record.from.to_string(), meaning.to_owned()),
            true,
        ));
    }
    cards
}

fn noted(record: &Record) -> Vec<Noted> {
    let calls = record.attempts.iter().map(|call| {
        let (answer, is_taken) = match &call.answer {
            Some(Answer::Taken) => ("taken".to_owned(), true),
            Some(Answer::Refused(why)) => (format!("refused: {why}"), false),
            None => (
                "none was seen, so that it may have been carried out".to_owned(),
                false,
            ),
        };
        Noted {
            step: state(&call.step),
            action: call.action.clone(),
            first_at: call.first_at,
            times: call.times,
            answer,
            is_taken,
        }
    });
    calls.collect()
}

/// The plan, group by group, each field by its path.
fn document(record: &Record) -> Profile {
    let mut groups = Profile::new();
    let plan = serde_json::to_value(&record.plan).unwrap_or_default();
    for (name, value) in plan.as_object().into_iter().flatten() {
        let is_group = value.is_object() || value.is_array();
        let group = if is_group { name.as_str() } else { "plan" };
        let path = if is_group { "" } else { name.as_str() };
        flatten(path, value, groups.entry(group.to_owned()).or_default());
    }
    groups.retain(|_, values| !values.is_empty());
    groups
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                flatten(&below(name), field, into);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&below(&(index + 1).to_string()), item, into);
            }
        }
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            into.insert(path.to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests;
