//! `docs/runbook/refusals`: each sentence that is shown there begins as the code words it.

use tests::repository::{documents, sources, text};

const PAGES: &str = "docs/runbook/refusals";
/// Characters of its own that a sentence of the code must share with the one that is shown.
const SHARED: usize = 14;

/// The sentence of each entry, as far as it is shown.
fn shown() -> Vec<String> {
    let pages = documents(PAGES).into_iter().map(|name| text(&name));
    let pages: String = pages.collect();
    let entries = pages.split("\n> `").skip(1);
    let sentences = entries.filter_map(|entry| entry.split_once('`').map(|(words, _)| words));
    let sentences = sentences.map(|words| words.split_whitespace().collect::<Vec<_>>().join(" "));
    // What comes from RDS is in RDS's words.
    let own = sentences.filter(|words| words.contains(' ') && !words.starts_with("RDS "));
    own.map(|words| {
        let begins = words.trim_end_matches('…');
        let ends = &words[begins.len()..];
        begins.replace('…', "X") + ends
    })
    .collect()
}

/// Every string in the code, on one line.
fn strings() -> Vec<String> {
    let mut found = Vec::new();
    for file in sources("crates") {
        let code = text(&file).replace("'\"'", "").replace("\\\"", "\u{1}");
        for literal in code.split('"').skip(1).step_by(2) {
            let parts = literal.split("\\\n").enumerate();
            let parts = parts.map(|(at, part)| if at == 0 { part } else { part.trim_start() });
            found.push(parts.collect::<String>().replace('\u{1}', "\""));
        }
    }
    found
}

/// What a string says itself, between its placeholders.
fn pieces(string: &str) -> Vec<&str> {
    let mut rest = string.split('{');
    let first = rest.next();
    let others = rest.map(|part| part.split_once('}').map_or("", |(_, own)| own));
    first.into_iter().chain(others).collect()
}

/// How much of a piece's beginning is the end of what is shown.
fn overlap(shown: &str, piece: &str) -> usize {
    let ends = piece.char_indices().map(|(at, c)| at + c.len_utf8());
    let mut fits = ends.rev().filter(|end| shown.ends_with(&piece[..*end]));
    fits.next().unwrap_or_default()
}

/// How many characters of its own a string shares with a sentence that it might word; none where they differ.
fn shares(sentence: &str, string: &str) -> usize {
    let (mut rest, mut shared) = (sentence, 0);
    for (at, piece) in pieces(string).into_iter().enumerate() {
        // What is shown ends at an ellipsis.
        if rest.trim_start().starts_with('…') || piece.is_empty() {
            continue;
        }
        let found = if at == 0 {
            rest.starts_with(piece).then_some(0)
        } else {
            rest.find(piece)
        };
        let Some(place) = found else {
            let begins = rest.split('…').next().unwrap_or_default().trim_end();
            let is_other = at == 0 && !piece.starts_with(begins);
            return if is_other {
                0
            } else {
                shared + overlap(begins, piece)
            };
        };
        shared += piece.len();
        rest = &rest[place + piece.len()..];
    }
    shared
}

#[test]
fn every_refusal_that_is_shown_begins_as_the_code_says_it() {
    let strings = strings();
    let shown = shown();
    assert!(shown.len() > 80, "{}", shown.len());
    let strange: Vec<_> = shown
        .iter()
        .filter(|sentence| {
            let shared = strings.iter().map(|string| shares(sentence, string));
            shared.max().unwrap_or_default() < SHARED
        })
        .collect();
    assert_eq!(
        strange,
        Vec::<&String>::new(),
        "nothing in the code says so"
    );
}

#[test]
fn a_sentence_is_held_against_its_string_as_far_as_it_is_shown() {
    let string = "{own} could not be written: {why}";
    assert_eq!(shares("p could not be written: …", string), 23);
    let string = "force or {field} stands beside run_id; leave one out";
    assert_eq!(shares("force and run_id are both given …", string), 0);
    assert_eq!(shares("force or x stands beside run_id …", string), 30);
    assert_eq!(shares("force …", string), 5);
}
