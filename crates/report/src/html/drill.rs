//! The page of a drill: verdict, figures, the picture, evidence, what people were told, what had to come out, and tables.

use maud::{Markup, html};

use super::{
    Card, Head, cards, document, picture,
    shown::{Shown, Words},
    tables,
};
use crate::{PlannedMove, Report, Verdict, seconds, words};

const WORDS: Words = Words {
    clock: "Drill",
    beginning: "the drill's beginning",
    end: "the drill's end",
    picture: "Each bar is the number of rows acknowledged to the application in a short time, coloured by the cluster that took \
              them.",
};

/// The page for a report.
pub(crate) fn render(report: &Report) -> String {
    let (word, class) = match report.verdict {
        Verdict::Pass => ("pass", "held"),
        Verdict::Fail => ("fail", "broken"),
    };
    let failed = match report.verdict {
        Verdict::Pass => &[][..],
        Verdict::Fail => &report.verdict_reasons,
    };
    let head = Head {
        kicker: format!(
            "Failover drill · {}",
            report.started_at.strftime("%Y-%m-%d %H:%M UTC")
        ),
        version: &report.version,
        title: &report.scenario,
        verdict: (word, class),
        reality: simulated(report),
        story: &report.summary,
        failed,
    };
    let shown = Shown::from(report);
    let body = html! {
        (picture(&shown))
        (figures(report))
        (tables::evidence(report.confirmed.as_ref()))
        (tables::messages(&report.messages))
        (checks(report))
        (tables::runs(&report.runs, tables::Passes::Counted))
        (tables::timeline(&shown))
        (tables::calls(&report.calls))
        (tables::profile(&report.profile, ("Profile", "every configured duration and choice")))
    };
    document(&head, &body)
}

impl<'a> From<&'a Report> for Shown<'a> {
    fn from(report: &'a Report) -> Self {
        let rate = &report.writes.rate;
        Self {
            started_at: report.started_at,
            calm: (rate.from, rate.until),
            writes: Some(&report.writes),
            outages: &report.writes.outages,
            recovery: report.recovered().then_some(&report.rto),
            runs: &report.runs,
            timeline: &report.timeline,
            words: WORDS,
        }
    }
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
    let mut shown: Vec<Card> = vec![
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
        shown.splice(1..1, recovery);
    }
    shown.splice(1..1, report.planned_moves.iter().map(moved));
    cards(shown)
}

/// A planned move's own outage.
fn moved(planned: &PlannedMove) -> Card {
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
