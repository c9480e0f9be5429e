//! The page of a run of the real thing: the same pieces as a drill's, without what only a drill knows, and with what a record alone
//! tells.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{
    Card, Head, cards, document, picture,
    shown::{Shown, Words},
    tables,
};
use crate::{Confirmed, Gap, Profile, Run, TimelineEntry};

const WORDS: Words = Words {
    clock: "Run",
    beginning: "the run's opening",
    end: "the run's end",
    picture: "Shaded is the time without writes, as the probes' beats measured it. Each bar goes from the entry before it to the \
              last one of that step.",
};

/// What no record of a run tells, in a page's words.
const UNTOLD: [&str; 4] = [
    "What applications wrote, and which of their rows were lost. RTO and RPO are measured by the probes' beats, and the loss ledger \
     lists rows.",
    "When applications wrote again, by which a drill divides an outage into phases.",
    "The messages that people were sent, and when they came.",
    "How often each step looked, and its calls that only read.",
];

/// What a run's page shows.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) plan: String,
    pub(crate) run: Run,
    pub(crate) story: String,
    /// What came of it in a word, and whether that is well.
    pub(crate) verdict: (String, bool),
    pub(crate) opened_at: Timestamp,
    /// The last moment that it tells of.
    pub(crate) until: Timestamp,
    pub(crate) outage: Option<Gap>,
    pub(crate) cards: Vec<Card>,
    pub(crate) confirmed: Option<Confirmed>,
    pub(crate) timeline: Vec<TimelineEntry>,
    pub(crate) calls: Vec<Noted>,
    pub(crate) document: Profile,
}

/// Calls that change something, as they were noted.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) step: String,
    pub(crate) action: String,
    pub(crate) first_at: Timestamp,
    pub(crate) times: u32,
    pub(crate) answer: String,
    pub(crate) is_taken: bool,
}

/// How much earlier than what happened the picture begins, and how much later it ends, in parts of its whole.
const MARGIN: i64 = 12;

/// The page.
pub(crate) fn render(page: Page) -> String {
    let (word, is_well) = &page.verdict;
    let head = Head {
        kicker: format!(
            "Run of plan {} · {}",
            page.plan,
            page.opened_at.strftime("%Y-%m-%d %H:%M UTC")
        ),
        version: env!("CARGO_PKG_VERSION"),
        title: &page.run.name,
        verdict: (word, if *is_well { "held" } else { "broken" }),
        reality: format!(
            "a real run, by its record in the ledger in {}",
            page.run.region
        ),
        story: &page.story,
        failed: if *is_well {
            &[]
        } else {
            page.run.left.as_slice()
        },
    };
    let runs = std::slice::from_ref(&page.run);
    let shown = Shown {
        started_at: page.opened_at,
        calm: window(&page),
        writes: None,
        outages: page.outage.as_slice(),
        recovery: None,
        runs,
        timeline: &page.timeline,
        words: WORDS,
    };
    let body = html! {
        (picture(&shown))
        (cards(page.cards))
        (tables::evidence(page.confirmed.as_ref()))
        (left(&page.run.left))
        (tables::runs(runs, tables::Passes::Unknown))
        (tables::timeline(&shown))
        (calls(&page.calls))
        (untold())
        (tables::profile(&page.document, ("Plan", "as it stood when the run opened")))
    };
    document(&head, &body)
}

/// What the picture shows: from the outage, or from the opening, to the end, with some room on both sides.
fn window(page: &Page) -> (Timestamp, Timestamp) {
    let from = page.outage.as_ref().map_or(page.opened_at, |gap| gap.from);
    let from = from.min(page.opened_at).as_millisecond();
    let until = page.until.as_millisecond().max(from);
    let room = ((until - from) / MARGIN).max(1_000);
    (
        crate::timestamp(from - room),
        crate::timestamp(until + room),
    )
}

fn left(left: &[String]) -> Markup {
    html! {
        section {
            h2 { "What is left to do" }
            @if left.is_empty() { p.note { "Nothing, by its record." } }
            ul { @for one in left { li { (one) } } }
        }
    }
}

/// Every call that changes something.
fn calls(calls: &[Noted]) -> Markup {
    html! {
        section {
            details open {
                summary { h2 { "Calls that change something" } " " span.note { "each was noted before it was made" } }
                @if calls.is_empty() { p.note { "None was made." } }
                div.wide { table {
                    thead { tr {
                        th { "Step" } th { "Call" } th { "First made" } th.figure { "Times" } th { "Answer" }
                    } }
                    tbody { @for call in calls {
                        tr {
                            td { (call.step) }
                            td { strong { (call.action) } }
                            td.moment { (tables::clock(call.first_at)) }
                            td.figure { (call.times) }
                            td.bad[!call.is_taken] { (call.answer) }
                        }
                    } }
                } }
            }
        }
    }
}

fn untold() -> Markup {
    html! {
        section {
            h2 { "What its record does not tell" }
            ul { @for one in UNTOLD { li { (one) } } }
        }
    }
}
