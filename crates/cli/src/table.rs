//! Columns for people: as wide as what stands in them, two spaces apart, and folded where the terminal ends.

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
}
