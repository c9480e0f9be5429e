//! The report as one page for people: verdict, figures, the picture of the timeline, tables.
//!
//! The page stands alone: no script, no request, nothing but itself. Every text goes through maud, which escapes it.

mod canvas;
mod lanes;
mod marks;
mod picture;
mod scale;
mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{PlannedMove, Report, Verdict, seconds, words};

/// How a page of the drill looks.
pub const STYLE: &str = include_str!("html/style.css");

/// The page for a report.
pub(crate) fn render(report: &Report) -> String {
    let (word, class) = match report.verdict {
        Verdict::Pass => ("pass", "held"),
        Verdict::Fail => ("fail", "broken"),
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (report.scenario) ": " (word) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.kicker {
                        "Failover drill · " (report.started_at.strftime("%Y-%m-%d %H:%M UTC"))
                        " · aurora-failover " (report.version)
                    }
                    h1 { (report.scenario) " " span.verdict.(class) { (word) } }
                    p.simulated { (simulated(report)) }
                    p.story { (report.summary) }
                    @if report.verdict == Verdict::Fail {
                        @for reason in &report.verdict_reasons { p.failed { (reason) } }
                    }
                }
                (picture(report))
                (figures(report))
                (tables::evidence(report))
                (tables::messages(&report.messages))
                (checks(report))
                (tables::runs(&report.runs))
                (tables::timeline(report))
                (tables::calls(&report.calls))
                (tables::profile(report))
            }
        }
    }
    .into_string()
}

/// What is not real in it: how long the simulated RDS took, of what it was asked for.
fn simulated(report: &Report) -> String {
    let simulator = report.profile.get("simulator");
    let lasts = |name: &str| {
        let ms = simulator?.get(name)?.as_i64()?;
        let text = format!("{}", seconds(ms));
        Some(text)
    };
    let asked = |operation: &str| {
        let mut calls = report.calls.iter();
        calls.any(|call| call.operation == operation && call.count > call.errors)
    };
    let simulated: Vec<_> = [
        ("RemoveFromGlobalCluster", "promotion", "promote_ms"),
        (
            "FailoverGlobalCluster",
            "managed failover",
            "managed_failover_ms",
        ),
        ("SwitchoverGlobalCluster", "switchover", "switchover_ms"),
    ]
    .into_iter()
    .filter(|(operation, ..)| asked(operation))
    .filter_map(|(_, what, name)| Some(format!("{what} simulated at {} s", lasts(name)?)))
    .collect();
    if simulated.is_empty() {
        return "local drill, RDS simulated".into();
    }
    format!("local drill, {}", simulated.join(", "))
}

fn figures(report: &Report) -> Markup {
    let writes = &report.writes;
    let stopped = if writes.outages.is_empty() {
        ("never".to_owned(), "for more than a second".to_owned())
    } else if let Some(missing) = writes.missing_seconds() {
        (
            format!("over {}", words::duration(Some(missing))),
            "not back when the drill ended".to_owned(),
        )
    } else {
        (
            words::duration(writes.outage_seconds),
            "for the application".to_owned(),
        )
    };
    let of_all = format!("of {} acknowledged", words::number(writes.acknowledged));
    let mut cards = vec![
        ("Writes stopped", stopped, false),
        (
            "Rows lost",
            (words::count(writes.lost), of_all),
            // Some loss can be what the scenario expects; its checks know.
            writes.lost != Some(0) && report.verdict == Verdict::Fail,
        ),
        (
            "Rows duplicated",
            (
                words::count(writes.duplicated),
                "on the current writer".into(),
            ),
            writes.duplicated != Some(0),
        ),
    ];
    if report.recovered() {
        let (lost, beats) = words::loss(&report.rpo);
        let recovery = [
            (
                "RTO",
                (
                    words::duration(report.rto.seconds),
                    "measured by the run's ledger".into(),
                ),
                false,
            ),
            (
                "Overhead",
                (
                    words::duration(report.rto.overhead_seconds),
                    "explained by no configured wait".into(),
                ),
                false,
            ),
            ("RPO", (lost, beats), false),
        ];
        cards.splice(1..1, recovery);
    }
    cards.splice(1..1, report.planned_moves.iter().map(moved));
    html! {
        dl.cards {
            @for (name, (value, meaning), bad) in cards {
                div.card.bad[bad] { dt { (name) } dd.value { (value) } dd.note { (meaning) } }
            }
        }
    }
}

/// A planned move's own outage.
fn moved(planned: &PlannedMove) -> (&'static str, (String, String), bool) {
    let outage = planned.outage_seconds;
    let outage = outage.map_or("< 1 s".to_owned(), |outage| words::duration(Some(outage)));
    let rto = words::duration(planned.rto_seconds);
    let meaning = format!("without writes, to {}; RTO {rto}", planned.to);
    ("Planned move", (outage, meaning), false)
}

fn checks(report: &Report) -> Markup {
    html! {
        section {
            h2 { "What had to come out" }
            @if report.checks.is_empty() {
                @for reason in &report.verdict_reasons { p { (reason) } }
            }
            ul.checks {
                @for check in &report.checks {
                    li class=(if check.held { "held" } else { "broken" }) {
                        span.sign aria-hidden="true" { (if check.held { "✓" } else { "✗" }) }
                        span { (check.expected) span.note { "found: " (check.found) } }
                    }
                }
            }
        }
    }
}

fn picture(report: &Report) -> Markup {
    let zero = if scale::first_fault(report).is_some() {
        "Time counts from the fault."
    } else {
        "Time counts from the drill's beginning."
    };
    html! {
        section {
            h2 { "What it looked like" }
            div.picture { (picture::draw(report, canvas::BROAD)) (picture::draw(report, canvas::SLIM)) }
            p.note {
                "Each bar is the number of rows acknowledged to the application in a short time, coloured by the \
                 cluster that took them. " (zero) " Point at anything to read more."
            }
            @if report.recovered() { (tables::phases(report)) }
        }
    }
}

#[cfg(test)]
mod tests;
