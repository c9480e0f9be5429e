//! The page: no script, no request, nothing but itself. Every text goes through maud, which escapes it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use failover::{ledger::Question, notify::utc};

use super::{decision::Refusal, request::Word};

/// How it looks.
const STYLE: &str = include_str!("style.css");

/// What a browser may do with the page: show it in its own style, and send its form back.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'sha256-oSsuWuEaEGpP0xtJg8eI0deONl3hho0WvJ6Zamm4LiY='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page that says one sentence.
pub(super) fn told(sentence: &str) -> String {
    page("aurora-failover", html! { main { p.told { (sentence) } } })
}

/// The question, with what keeps it from being answered, or with a way to each word.
pub(super) fn question(question: &Question, refused: Option<&Refusal>) -> String {
    let open = Refusal::open(refused);
    let content = html! {
        main {
            (head(question))
            @if let Some(refused) = refused { p.told { (refused.sentence(&question.run_id)) } }
            (facts(question))
            section {
                h2 { "What it rests on" }
                @for line in question.evidence.lines().filter(|line| !line.is_empty()) { p { (line) } }
            }
            @if !question.considerations.is_empty() {
                section {
                    h2 { "Consider before you answer" }
                    @for consider in &question.considerations { p { (consider) } }
                }
            }
            @if !open.is_empty() {
                p.note {
                    "This page knows what was answered by this link, and nothing of what was answered elsewhere or asked anew. "
                    "aurora-failover run " (question.run_id) " tells."
                }
                form.answers method="post" {
                    @for approved in open { (answer(question, *approved)) }
                }
            }
        }
    };
    page(&format!("{}: {}", question.plan, question.what), content)
}

/// A button that leads on to the page that asks once more, and what follows the word.
fn answer(question: &Question, approved: bool) -> Markup {
    let (name, value, follows) = if approved {
        ("Approve …", "yes", &question.yes)
    } else {
        ("Refuse …", "no", &question.no)
    };
    html! {
        div {
            button class=(value) name="answer" value=(value) { (name) }
            p.note { (follows) }
        }
    }
}

/// The page that asks once more: the plan's name is typed.
pub(super) fn once_more(question: &Question, word: &Word) -> String {
    let (asks, value, button, follows) = if word.approved {
        ("Approve this?", "yes", "Approve", &question.yes)
    } else {
        ("Refuse this?", "no", "Refuse", &question.no)
    };
    let plan = question.plan.as_str();
    let content = html! {
        main {
            p.kicker { "plan " (question.plan) }
            h1 { (asks) }
            p { (question.what) }
            p { (follows) " This link takes one answer, and this is it." }
            @if let Some(typed) = &word.typed {
                p.told { "Nothing was changed: " (typed) " is not the plan's name, which is " (plan) "." }
            }
            form method="post" {
                input type="hidden" name="answer" value=(value);
                @if !word.approved {
                    label for="why" { "Why, for those who read the run (may be left empty)" }
                    input id="why" name="why" maxlength="500" autocomplete="off" value=(word.why);
                }
                label for="plan" { "Type " b { (plan) } " to go on" }
                input id="plan" name="plan" required autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false";
                button class=(value) { (button) }
            }
        }
    };
    page(&format!("{plan}: {asks}"), content)
}

/// What was answered.
pub(super) fn given(question: &Question, approved: bool) -> String {
    let (said, follows) = if approved {
        ("The run was told yes", &question.yes)
    } else {
        ("The run was told no", &question.no)
    };
    let content = html! {
        main {
            p.kicker { "plan " (question.plan) }
            h1 { (said) }
            p { (follows) }
            p.note { "Look at it with aurora-failover run " (question.run_id) ". This page can be closed." }
        }
    };
    page(&format!("{}: {said}", question.plan), content)
}

fn head(question: &Question) -> Markup {
    html! {
        p.kicker { "plan " (question.plan) " · asked at " (utc(question.asked_at)) }
        h1 { (question.what) }
    }
}

fn facts(question: &Question) -> Markup {
    html! {
        dl {
            @if let Some(since) = question.out_since {
                dt { "Writes are out since" } dd { (utc(since)) }
            }
            dt { "Answer until" } dd { (utc(question.until)) }
            dt { "Run" } dd { (question.run_id) }
        }
    }
}

fn page(title: &str, content: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    }
    .into_string()
}
