//! Columns for people: as wide as what stands in them, two spaces apart.

/// Lays rows out under their headings, each line indented.
pub(crate) fn columns(headings: &[&str], rows: &[Vec<String>]) -> String {
    let headings = headings.iter().map(|&heading| heading.to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&headings).chain(rows).collect();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let laid_out = lines.iter().map(|line| {
        let cells = line.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            format!("{cell:width$}")
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        format!("  {}\n", line.trim_end())
    });
    laid_out.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_its_widest_cell_and_no_line_ends_in_spaces() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["us-west-2", "wörd", "x"]), row(["a", "", ""])];
        let text = columns(&["REGION", "R", "LAST"], &rows);
        assert_eq!(text, "  REGION     R     LAST\n  us-west-2  wörd  x\n  a\n");
    }
}
