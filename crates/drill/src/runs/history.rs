//! An execution's history: which states it went through, when, and what they said.

use aws_sdk_sfn::{
    Client,
    types::{HistoryEvent, HistoryEventType},
};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    report::{Run, RunState},
    timeline::{Event, Kind, Timeline, mark},
};

const EVENTS_MAX: i32 = 1000;

/// Every event of an execution; `None` when it cannot be read this time.
pub(super) async fn read(client: &Client, arn: &str) -> Option<Vec<HistoryEvent>> {
    let mut pages = client
        .get_execution_history()
        .execution_arn(arn)
        .max_results(EVENTS_MAX)
        .into_paginator()
        .send();
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        events.extend(page.ok()?.events);
    }
    Some(events)
}

/// Everything that an execution's states took, gave and failed with; the SDK's own `Debug` leaves just that out.
pub(super) fn text(events: &[HistoryEvent]) -> String {
    let said = events.iter().flat_map(|event| {
        let started = event.execution_started_event_details();
        let entered = event.state_entered_event_details();
        let scheduled = event.task_scheduled_event_details();
        let succeeded = event.task_succeeded_event_details();
        let failed = event.task_failed_event_details();
        let exited = event.state_exited_event_details();
        let ended = event.execution_failed_event_details();
        let finished = event.execution_succeeded_event_details();
        [
            started.and_then(|details| details.input()),
            entered.and_then(|details| details.input()),
            scheduled.map(|details| details.parameters()),
            succeeded.and_then(|details| details.output()),
            failed.and_then(|details| details.error()),
            failed.and_then(|details| details.cause()),
            exited.and_then(|details| details.output()),
            ended.and_then(|details| details.error()),
            ended.and_then(|details| details.cause()),
            finished.and_then(|details| details.output()),
        ]
    });
    said.flatten().collect::<Vec<_>>().join("\n")
}

/// What was told of an execution so far.
#[derive(Default)]
pub(super) struct Told {
    events: usize,
    last: String,
}

/// Tells what the states said since the last time; a state that says the same again is not told twice.
pub(super) fn tell(events: &[HistoryEvent], timeline: &Timeline, region: &str, told: &mut Told) {
    for event in events.iter().skip(told.events) {
        let Some(details) = event.state_exited_event_details() else {
            continue;
        };
        let Some(output) = details
            .output()
            .and_then(|output| serde_json::from_str::<Value>(output).ok())
        else {
            continue;
        };
        let Some(reason) = output["reason"]
            .as_str()
            .filter(|_| is_step(details.name()))
        else {
            continue;
        };
        let text = format!("{}: {reason}", details.name());
        if text == told.last {
            continue;
        }
        timeline.record(Event {
            at_ms: at(event).as_millisecond(),
            kind: kind(details.name()),
            source: region.to_owned(),
            text: text.clone(),
            label: mark(
                details.name(),
                output["action"].as_str().unwrap_or_default(),
            ),
        });
        told.last = text;
    }
    told.events = events.len();
}

/// Choices and waits repeat what the step before them said.
fn is_step(state: &str) -> bool {
    Kind::of_state(state).is_some()
}

fn kind(state: &str) -> Kind {
    Kind::of_state(state).unwrap_or(Kind::Run)
}

/// The execution as the report shows it.
pub(super) fn run(
    events: &[HistoryEvent],
    name: &str,
    (machine, region): (&str, &str),
    status: &str,
) -> Run {
    let mut states: Vec<RunState> = Vec::new();
    let (mut outcome, mut left) = (None, Vec::new());
    for event in events {
        if let Some(details) = event
            .state_entered_event_details()
            .filter(|_| does_something(event))
        {
            match states.iter_mut().find(|state| state.name == details.name()) {
                Some(state) => state.passes += 1,
                None => states.push(RunState {
                    name: details.name().to_owned(),
                    entered_at: at(event),
                    exited_at: None,
                    passes: 1,
                }),
            }
        }
        if let Some(details) = event.state_exited_event_details() {
            if let Some(state) = states.iter_mut().find(|state| state.name == details.name()) {
                state.exited_at = Some(at(event));
            }
            let output = details
                .output()
                .and_then(|output| serde_json::from_str::<Value>(output).ok());
            let closed = output.filter(|output| output["outcome"].is_string());
            if let Some(closed) = closed {
                outcome = closed["outcome"].as_str().map(Into::into);
                let sentences = closed["left"].as_array().into_iter().flatten();
                left = sentences
                    .filter_map(|why| why.as_str().map(Into::into))
                    .collect();
            }
        }
    }
    Run {
        name: name.to_owned(),
        machine: machine.to_owned(),
        region: region.to_owned(),
        status: status.to_owned(),
        outcome,
        left,
        states,
    }
}

/// Choices and waits belong to the task before them.
fn does_something(event: &HistoryEvent) -> bool {
    use HistoryEventType::{FailStateEntered, SucceedStateEntered, TaskStateEntered};
    [TaskStateEntered, SucceedStateEntered, FailStateEntered].contains(event.r#type())
}

fn at(event: &HistoryEvent) -> Timestamp {
    let ms = event.timestamp().to_millis().unwrap_or_default();
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
