//! One event as aligned text: seconds, kind and a sentence, wrapped so that no line is over 110 columns.

use std::fmt::Write as _;

use super::{Event, Kind};

/// Columns of the kind's word.
pub(super) const KIND_WIDTH: usize = 10;
/// Columns before the sentence: `  12.3s  noticing   `.
const INDENT: usize = 6 + 1 + 2 + KIND_WIDTH + 1;
const WIDTH: usize = 110;
const SENTENCE_WIDTH: usize = WIDTH - INDENT;

/// Columns of the story's name, where several are told at the same time.
const NAME_WIDTH: usize = 24;

/// The event's lines, each ended by a line feed; the story's `name` stands before each where it has one.
pub(super) fn format(event: &Event, started_at_ms: i64, coloured: bool, name: &str) -> String {
    let before = if name.is_empty() {
        String::new()
    } else {
        format!("{name:<NAME_WIDTH$} ")
    };
    let sentence = plain_words(&format!("{} {}", event.source, event.text));
    let (on, off) = if coloured {
        (colour(event.kind), "\u{1b}[0m")
    } else {
        ("", "")
    };
    let mut text = String::new();
    for (index, part) in wrap(&sentence).iter().enumerate() {
        // Writing into a string cannot fail.
        let _ = if index == 0 {
            writeln!(
                text,
                "{before}{seconds:>6.1}s  {on}{word:<KIND_WIDTH$}{off} {part}",
                seconds = seconds_since(started_at_ms, event.at_ms),
                word = event.kind.word(),
            )
        } else {
            writeln!(text, "{before}{:INDENT$}{part}", "")
        };
    }
    text
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a drill's milliseconds are far below 2^52"
)]
fn seconds_since(start_ms: i64, at_ms: i64) -> f64 {
    (at_ms - start_ms) as f64 / 1000.0
}

/// The text without control characters, which could move a terminal's cursor, and with single spaces.
fn plain_words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .flat_map(|word| {
            let letters: Vec<char> = word.chars().collect();
            letters
                .chunks(SENTENCE_WIDTH)
                .map(|part| part.iter().collect::<String>())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn wrap(words: &[String]) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for word in words {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > SENTENCE_WIDTH {
            lines.push(String::new());
            width = 0;
        }
        if let Some(line) = lines.last_mut() {
            if width > 0 {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += length;
        }
    }
    lines
}

const fn colour(kind: Kind) -> &'static str {
    match kind {
        Kind::Setup => "\u{1b}[2m",
        Kind::Client => "\u{1b}[32m",
        Kind::Fault => "\u{1b}[1;31m",
        Kind::Noticing => "\u{1b}[33m",
        Kind::Confirming => "\u{1b}[35m",
        Kind::Promotion => "\u{1b}[1;34m",
        Kind::Dns | Kind::Services => "\u{1b}[36m",
        Kind::Run => "\u{1b}[34m",
        Kind::Verdict => "\u{1b}[1m",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Event {
        Event {
            at_ms: 112_340,
            kind: Kind::Noticing,
            source: "us-east-1".into(),
            text: text.into(),
            label: None,
        }
    }

    #[test]
    fn a_line_has_seconds_kind_and_a_sentence() {
        assert_eq!(
            format(
                &event("suspects the writer in us-west-2"),
                100_000,
                false,
                ""
            ),
            "  12.3s  noticing   us-east-1 suspects the writer in us-west-2\n"
        );
    }

    #[test]
    fn colour_wraps_the_kind_only_and_keeps_the_columns() {
        let coloured = format(&event("waits"), 100_000, true, "");
        assert_eq!(
            coloured,
            "  12.3s  \u{1b}[33mnoticing  \u{1b}[0m us-east-1 waits\n"
        );
    }

    #[test]
    fn long_sentences_go_on_under_their_beginning_within_110_columns() {
        let text = format(&event(&"evidence ".repeat(40)), 100_000, false, "");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
        assert!(
            lines[1..]
                .iter()
                .all(|line| line.starts_with(&" ".repeat(INDENT)))
        );
        assert_eq!(text.matches("evidence").count(), 40);
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken_and_nothing_is_lost() {
        let text = format(&event(&"é".repeat(300)), 100_000, false, "");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert_eq!(text.matches('é').count(), 300);
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let text = format(&event("says\u{1b}[2J\nhello\r\t"), 100_000, false, "");
        assert_eq!(text, "  12.3s  noticing   us-east-1 says [2J hello\n");
    }

    #[test]
    fn a_story_told_beside_others_has_its_name_before_each_line() {
        let text = format(
            &event(&"evidence ".repeat(20)),
            100_000,
            false,
            "region-loss",
        );
        assert!(text.lines().count() > 1);
        assert!(
            text.lines().all(|line| line.starts_with("region-loss ")),
            "{text}"
        );
    }
}
