//! The tables below the picture: phases, runs, timeline, calls and the profile.

use maud::{Markup, html};

use super::{scale::relative, shown::Shown};
use crate::{CallCount, Confirmed, Profile, Rto, Run, Told, seconds, words};

/// What each part of the outage took.
pub(super) fn phases(recovery: &Rto) -> Markup {
    let phases = &recovery.phases;
    let durations = [
        phases.noticing,
        phases.confirming,
        phases.promotion,
        phases.dns,
        phases.reconnecting,
    ];
    html! {
        ul.phases {
            @for ((name, meaning), lasted) in words::PHASES.iter().zip(durations) {
                li {
                    span.swatch.(*name) {}
                    strong { (name) } " " span.amount { (words::duration(lasted)) }
                    span.note { (meaning) }
                }
            }
        }
    }
}

/// What the verdict rests on.
pub(super) fn evidence(confirmed: Option<&Confirmed>) -> Markup {
    html! {
        @if let Some(confirmed) = confirmed {
            section {
                h2 { "Why: " (confirmed.verdict) }
                dl.evidence {
                    @for piece in &confirmed.evidence { dt { (piece.asked) } dd { (piece.found) } }
                }
                p.note { "The evidence of run " (confirmed.run) "." }
            }
        }
    }
}

/// What people were told.
pub(super) fn messages(messages: &[Told]) -> Markup {
    html! {
        section {
            h2 { "What people were told" }
            @if messages.is_empty() { p.note { "Nothing." } }
            @for message in messages {
                details.message {
                    summary {
                        strong { (message.subject) }
                        " " span.note { (clock(message.at)) " UTC, in " (message.region) }
                    }
                    pre { (message.text) }
                }
            }
        }
    }
}

/// Whether somebody counted how often a state was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passes {
    Counted,
    Unknown,
}

/// Every run with its states.
pub(super) fn runs(runs: &[Run], passes: Passes) -> Markup {
    let is_counted = passes == Passes::Counted;
    html! {
        section {
            h2 { "Runs" }
            @if runs.is_empty() { p.note { "No state machine ran." } }
            @for run in runs {
                h3 {
                    (run.name) " "
                    span.note {
                        (run.machine) " in " (run.region)
                        @if !run.status.is_empty() { " · " (run.status) }
                        @if let Some(outcome) = &run.outcome { " · " (outcome) }
                    }
                }
                div.wide { table {
                    thead { tr { th { "State" } th { "Entered" } th.figure { "Lasted" } @if is_counted { th.figure { "Passes" } } } }
                    tbody { @for state in &run.states {
                        tr {
                            td { (state.name) }
                            td.moment { (clock(state.entered_at)) }
                            td.figure {
                                @match state.exited_at {
                                    Some(left) => (words::duration(Some(seconds(
                                        left.as_millisecond() - state.entered_at.as_millisecond()
                                    )))),
                                    None => "not left",
                                }
                            }
                            @if is_counted { td.figure { (state.passes) } }
                        }
                    } }
                } }
            }
        }
    }
}

/// Everything that was told.
pub(super) fn timeline(shown: &Shown<'_>) -> Markup {
    let fault = shown.first_fault();
    html! {
        section {
            details open {
                summary { h2 { "What happened" } }
                div.wide { table {
                    thead { tr {
                        th.figure { (shown.words.clock) }
                        @if fault.is_some() { th.figure { "Since the fault" } }
                        th { "About" } th { "Event" }
                    } }
                    tbody { @for entry in shown.timeline {
                        tr class=[entry.label.as_ref().map(|_| "key")] {
                            td.figure { (format!("{:.1} s", entry.seconds)) }
                            @if let Some(fault) = fault {
                                td.figure {
                                    (relative(entry.at.as_millisecond() - fault.as_millisecond(), 1))
                                }
                            }
                            td { span.kind { (entry.kind.word()) } }
                            td { strong { (entry.source) } " " (entry.text) }
                        }
                    } }
                } }
            }
        }
    }
}

/// Calls per function, the function named once.
pub(super) fn calls(calls: &[CallCount]) -> Markup {
    let total: u64 = calls.iter().map(|call| call.count).sum();
    let failed: u64 = calls.iter().map(|call| call.errors).sum();
    html! {
        section {
            details {
                summary {
                    h2 { "Calls to AWS" }
                    " " span.note { (words::plural(total, "call")) ", " (words::number(failed)) " failed or unanswered" }
                }
                div.wide { table {
                    thead { tr {
                        th { "Function" } th { "Its Region" } th { "Service" } th { "Operation" } th { "In" }
                        th.figure { "Calls" } th.figure { "Failed" }
                    } }
                    tbody { @for (index, call) in calls.iter().enumerate() {
                        @let again = index > 0 && same_caller(&calls[index - 1], call);
                        tr {
                            td { @if !again { strong { (call.function) } } }
                            td { @if !again { (call.caller_region) } }
                            td { (call.service) }
                            td { (call.operation) }
                            td { (call.region) }
                            td.figure { (words::number(call.count)) }
                            td.figure.bad[call.errors > 0] { (words::number(call.errors)) }
                        }
                    } }
                } }
            }
        }
    }
}

fn same_caller(one: &CallCount, other: &CallCount) -> bool {
    one.function == other.function && one.caller_region == other.caller_region
}

/// Configured durations and choices, group by group.
pub(super) fn profile(profile: &Profile, (name, note): (&str, &str)) -> Markup {
    html! {
        section {
            details {
                summary { h2 { (name) } " " span.note { (note) } }
                div.groups { @for (group, values) in profile {
                    table {
                        caption { (group) }
                        tbody { @for (name, value) in values {
                            tr { td { (name) } td.figure { (plain(value)) } }
                        } }
                    }
                } }
            }
        }
    }
}

fn plain(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}

pub(super) fn clock(at: jiff::Timestamp) -> String {
    at.strftime("%H:%M:%S%.3f").to_string()
}
