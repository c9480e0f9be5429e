//! A report as one page for people: what came of it, figures, the picture of the timeline, tables. A drill's page and that of a run
//! of the real thing are made of the same pieces.
//!
//! The page stands alone: no script, no request, nothing but itself. Every text goes through maud, which escapes it.

mod canvas;
mod drill;
mod lanes;
mod marks;
mod picture;
mod real;
mod scale;
mod shown;
mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(crate) use drill::render;
pub(crate) use real::{Noted, Page, render as render_run};

use shown::Shown;

/// How a page looks.
pub const STYLE: &str = include_str!("html/style.css");

/// What stands at the top of a page.
struct Head<'a> {
    /// What it is, and when it was.
    kicker: String,
    version: &'a str,
    title: &'a str,
    /// What came of it in a word, and whether that is good, as the style sheet knows it.
    verdict: (&'a str, &'static str),
    /// How real it was.
    reality: String,
    story: &'a str,
    /// Why it failed.
    failed: &'a [String],
}

/// A figure: its name, its value with what that means, and whether it is bad.
pub(crate) type Card = (&'static str, (String, String), bool);

/// A whole page.
fn document(head: &Head<'_>, body: &Markup) -> String {
    let (word, class) = head.verdict;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (head.title) ": " (word) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.kicker { (head.kicker) " · aurora-failover " (head.version) }
                    h1 { (head.title) " " span.verdict.(class) { (word) } }
                    p.simulated { (head.reality) }
                    p.story { (head.story) }
                    @for reason in head.failed { p.failed { (reason) } }
                }
                (body)
            }
        }
    }
    .into_string()
}

fn cards(cards: Vec<Card>) -> Markup {
    html! {
        dl.cards {
            @for (name, (value, meaning), bad) in cards {
                div.card.bad[bad] { dt { (name) } dd.value { (value) } dd.note { (meaning) } }
            }
        }
    }
}

fn picture(shown: &Shown<'_>) -> Markup {
    html! {
        section {
            h2 { "What it looked like" }
            div.picture { (picture::draw(shown, canvas::BROAD)) (picture::draw(shown, canvas::SLIM)) }
            p.note {
                (shown.words.picture) " Time counts from "
                (shown.first_fault().map_or(shown.words.beginning, |_| "the fault"))
                ". Point at anything to read more."
            }
            @if let Some(recovery) = shown.recovery { (tables::phases(recovery)) }
        }
    }
}

#[cfg(test)]
mod tests;
