//! Columns for people: as wide as what stands in them, two spaces apart, and folded where the terminal ends. Lines for a window: no longer than it is wide.

use std::sync::OnceLock;

use comfy_table::{ContentArrangement, Table, presets::NOTHING};

/// How many columns the terminal has, where there is one.
static WIDTH: OnceLock<u16> = OnceLock::new();

/// Has every table fit into so many columns from now on. It is said once, when the process begins.
pub fn fit(width: u16) {
    let _ = WIDTH.set(width);
}

/// Lays rows out under their headings, each line indented.
pub(crate) fn columns(headings: &[&str], rows: &[Vec<String>]) -> String {
    within(WIDTH.get().copied(), headings, rows)
}

fn within(width: Option<u16>, headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headings)
        .add_rows(rows);
    if let Some(width) = width {
        // One is the indentation.
        table.set_width(width.saturating_sub(1));
    }
    let lines = table.lines();
    lines
        .map(|line| format!(" {}\n", line.trim_end()))
        .collect()
}

/// What goes on in the next line stands so much further to the right.
const HANGS: usize = 4;

/// The same text in lines of `width` letters at most, broken at spaces. A word that is longer than a line stays whole.
pub(crate) fn folded(text: &str, width: usize) -> String {
    let mut folded = String::new();
    for line in text.lines() {
        let indent = line.chars().take_while(|letter| *letter == ' ').count();
        let mut begins = 0;
        let mut rest = line.trim_start();
        // Ends: each round takes a word at least.
        while let Some(at) = breaks_at(rest, width.saturating_sub(indent + begins)) {
            let (head, tail) = rest.split_at(at);
            push(&mut folded, indent + begins, head.trim_end());
            rest = tail.trim_start();
            begins = HANGS;
        }
        push(&mut folded, indent + begins, rest);
    }
    folded
}

fn push(text: &mut String, indent: usize, line: &str) {
    if !line.is_empty() {
        text.extend(std::iter::repeat_n(' ', indent));
        text.push_str(line);
    }
    text.push('\n');
}

/// The space at which a line that is too long is broken: the last one within the width, else the first one behind it.
fn breaks_at(line: &str, width: usize) -> Option<usize> {
    if line.chars().count() <= width {
        return None;
    }
    let spaces = || {
        let spaces = line.char_indices().filter(|(_, letter)| *letter == ' ');
        spaces.map(|(at, _)| at)
    };
    let is_within = |at: &usize| line[..*at].chars().count() <= width;
    let within = spaces().take_while(is_within).last();
    let is_between = |at: &usize| !line[*at..].trim_start().is_empty();
    within.or_else(|| spaces().next()).filter(is_between)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
        cells.map(str::to_owned).to_vec()
    }

    #[test]
    fn a_column_is_as_wide_as_its_widest_cell_and_no_line_ends_in_spaces() {
        let rows = [row(["us-west-2", "wörd", "x"]), row(["a", "", ""])];
        let text = columns(&["REGION", "R", "LAST"], &rows);
        assert_eq!(text, "  REGION     R     LAST\n  us-west-2  wörd  x\n  a\n");
    }

    #[test]
    fn what_is_wider_than_the_terminal_is_folded_in_its_column() {
        let long = "a sentence of many words that would run over the edge";
        let text = within(Some(40), &["REGION", "WHY"], &[row(["us-west-2", long])]);
        assert!(text.lines().all(|line| line.len() <= 40), "{text}");
        assert!(text.lines().count() > 2, "{text}");
    }

    #[test]
    fn a_line_that_is_too_long_is_broken_at_spaces_and_nothing_of_it_is_lost() {
        let text = "orders: the writer is in us-west-2\n  ! the probe in us-east-1 has not looked yet\n\n  end\n";
        assert_eq!(
            folded(text, 24),
            "\
orders: the writer is in
    us-west-2
  ! the probe in
      us-east-1 has not
      looked yet

  end
"
        );
        assert_eq!(folded(text, 80), text);
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        for width in 0..40 {
            let folded = folded(text, width);
            assert_eq!(words(&folded), words(text), "{width}");
            let long = |line: &&str| line.chars().count() > width && line.trim().contains(' ');
            assert_eq!(folded.lines().find(long), None, "{width}");
        }
    }

    #[test]
    fn letters_count_and_not_bytes() {
        assert_eq!(folded("wörd wörd wörd\n", 9), "wörd wörd\n    wörd\n");
    }
}
