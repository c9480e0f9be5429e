//! The key events' labels above the picture, stacked so that none covers another and no line crosses a label.

use super::shown::Shown;
use crate::timeline::Kind;

/// Labels stack no higher; a mark beyond keeps its line and loses its label.
pub(super) const MAX_ROWS: usize = 9;
/// More letters than a label needs.
const MAX_LETTERS: usize = 26;
/// More marks than a picture can show.
const MAX_MARKS: usize = 40;
const LETTER_WIDTH: f64 = 7.2;
const PADDING: f64 = 14.0;

/// A key event of the picture.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) at_ms: i64,
    pub(super) kind: Kind,
    pub(super) label: String,
    /// The whole sentence, shown when pointed at.
    pub(super) sentence: String,
}

/// The marked events from `from_ms` on, oldest first.
pub(super) fn marks(shown: &Shown<'_>, from_ms: i64) -> Vec<Mark> {
    shown
        .timeline
        .iter()
        .filter(|entry| entry.at.as_millisecond() >= from_ms)
        .filter_map(|entry| {
            let label = entry.label.as_ref()?;
            Some(Mark {
                at_ms: entry.at.as_millisecond(),
                kind: entry.kind,
                label: shortened(label),
                sentence: format!("{} {}", entry.source, entry.text),
            })
        })
        .take(MAX_MARKS)
        .collect()
}

/// The width that a label takes, its line included.
pub(super) fn label_width(label: &str) -> f64 {
    label.chars().fold(PADDING, |width, _| width + LETTER_WIDTH)
}

/// The row of each label, 0 next to the picture; `None` where no row is left. Positions must be ascending.
pub(super) fn rows(labels: &[(f64, f64)]) -> Vec<Option<usize>> {
    let mut rows = vec![None; labels.len()];
    // From the right: a label lies above all that begin under it, so no later one's line runs through it.
    for index in (0..labels.len()).rev() {
        let (x, width) = labels[index];
        let row = labels
            .iter()
            .zip(&rows)
            .skip(index + 1)
            .take_while(|((later, _), _)| *later < x + width)
            .map(|(_, row)| row.map_or(0, |row| row + 1))
            .max()
            .unwrap_or(0);
        rows[index] = (row < MAX_ROWS).then_some(row);
    }
    rows
}

fn shortened(label: &str) -> String {
    if label.chars().count() <= MAX_LETTERS {
        return label.into();
    }
    label.chars().take(MAX_LETTERS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaps(labels: &[(f64, f64)], rows: &[Option<usize>]) -> bool {
        let shown: Vec<_> = labels
            .iter()
            .zip(rows)
            .filter_map(|((x, width), row)| Some((*x, *width, (*row)?)))
            .collect();
        shown.iter().enumerate().any(|(index, (x, width, row))| {
            shown[index + 1..].iter().any(|(later, _, later_row)| {
                // Same row: the labels meet. A higher row: the later one's line runs through this label.
                *later < x + width && later_row >= row
            })
        })
    }

    #[test]
    fn labels_far_apart_share_the_lowest_row() {
        assert_eq!(
            rows(&[(0.0, 80.0), (100.0, 80.0), (190.0, 80.0)]),
            [Some(0); 3]
        );
    }

    #[test]
    fn labels_at_one_moment_are_stacked() {
        assert_eq!(
            rows(&[(50.0, 80.0), (50.0, 80.0), (60.0, 80.0)]),
            [Some(2), Some(1), Some(0)]
        );
    }

    #[test]
    fn a_crowd_is_stacked_up_to_the_bound_and_nothing_overlaps() {
        let labels: Vec<(f64, f64)> = (0..40).map(|n| (f64::from(n) * 9.0, 90.0)).collect();
        let rows = rows(&labels);
        assert!(!overlaps(&labels, &rows));
        assert!(rows.iter().flatten().count() >= MAX_ROWS);
        assert!(rows.iter().flatten().all(|row| *row < MAX_ROWS));
    }

    #[test]
    fn long_labels_are_shortened() {
        assert_eq!(shortened(&"x".repeat(60)).chars().count(), MAX_LETTERS);
        assert_eq!(shortened("promoted"), "promoted");
    }
}
