//! The picture's time axis: which stretch of the drill it shows, and where a moment lies on it.

use super::{
    marks::{Mark, label_width},
    shown::Shown,
};
use crate::seconds;

/// Steps between two ticks that read well, in milliseconds.
const STEPS_MS: [i64; 13] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
];
/// A tick has this much room at least.
const TICK_WIDTH: f64 = 70.0;
const BEFORE_MS: i64 = 6_000;
const AFTER_MS: i64 = 3_000;

/// Maps moments to horizontal positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    from_ms: i64,
    until_ms: i64,
    /// The axis' zero.
    zero_ms: i64,
    left: f64,
    width: f64,
}

impl Scale {
    /// Shows the drill from shortly before its first fault until all has ended, with room for every mark's label.
    pub(super) fn new(shown: &Shown<'_>, marks: &[Mark], left: f64, width: f64) -> Self {
        let (from_ms, until_ms) = window(shown);
        let mut until_ms = until_ms.max(from_ms + 1_000);
        for mark in marks {
            // The label begins at its mark and must end within the picture.
            let share = 1.0 - (label_width(&mark.label) / width).min(0.5);
            let needed = seconds(mark.at_ms - from_ms) / share * 1000.0;
            until_ms = until_ms.max(from_ms + whole(needed));
        }
        Self {
            from_ms,
            until_ms,
            zero_ms: zero_ms(shown),
            left,
            width,
        }
    }

    /// The horizontal position of a moment, kept within the picture.
    pub(super) fn x(&self, at_ms: i64) -> f64 {
        let at = at_ms.clamp(self.from_ms, self.until_ms);
        self.left + self.width * seconds(at - self.from_ms) / seconds(self.until_ms - self.from_ms)
    }

    /// Whether any part of the stretch is shown.
    pub(super) fn shows(&self, from_ms: i64, until_ms: i64) -> bool {
        from_ms <= self.until_ms && until_ms >= self.from_ms
    }

    /// The last moment shown.
    pub(super) fn until_ms(&self) -> i64 {
        self.until_ms
    }

    /// How wide a stretch of time is.
    pub(super) fn width_of(&self, duration_ms: i64) -> f64 {
        self.width * seconds(duration_ms) / seconds(self.until_ms - self.from_ms)
    }

    /// Round moments with the text below them, counted from the axis' zero.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let span = self.until_ms - self.from_ms;
        let most = whole(self.width / TICK_WIDTH).max(2);
        let step = STEPS_MS
            .into_iter()
            .find(|step| span / step <= most)
            .unwrap_or(span / most);
        let digits = usize::from(step % 1_000 != 0);
        let first = (self.from_ms - self.zero_ms).div_euclid(step) + 1;
        (first..=first + most)
            .map(|index| self.zero_ms + index * step)
            .take_while(|at| *at <= self.until_ms)
            .map(|at| (self.x(at), relative(at - self.zero_ms, digits)))
            .collect()
    }
}

/// The first moment that the picture shows.
pub(super) fn starts_ms(shown: &Shown<'_>) -> i64 {
    window(shown).0
}

/// The moment that the picture counts from: the first fault, else the beginning.
pub(super) fn zero_ms(shown: &Shown<'_>) -> i64 {
    let fault = shown.first_fault();
    fault.unwrap_or(shown.started_at).as_millisecond()
}

/// `+12 s`, `0 s` or `−3 s`; with as many decimals as asked for.
pub(super) fn relative(ms: i64, digits: usize) -> String {
    let sign = match ms.signum() {
        1 => "+",
        -1 => "−",
        _ => "",
    };
    let value = seconds(ms.abs());
    format!("{sign}{value:.digits$} s")
}

fn window(shown: &Shown<'_>) -> (i64, i64) {
    let (from, until) = shown.calm;
    let Some(fault) = shown.first_fault() else {
        return (from.as_millisecond(), until.as_millisecond());
    };
    let open_end = shown.outages.iter().any(|gap| gap.until.is_none());
    let last = shown
        .timeline
        .iter()
        .filter(|entry| entry.label.is_some())
        .map(|entry| entry.at)
        .chain(shown.runs.iter().flat_map(|run| {
            run.states
                .iter()
                .map(|state| state.exited_at.unwrap_or(state.entered_at))
        }))
        .chain(shown.outages.iter().filter_map(|gap| gap.until))
        .chain(open_end.then_some(until))
        .max()
        .unwrap_or(fault);
    (
        fault.as_millisecond() - BEFORE_MS,
        last.max(fault).as_millisecond() + AFTER_MS,
    )
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a picture's milliseconds are far below 2^52"
)]
fn whole(ms: f64) -> i64 {
    ms.ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{path_impaired, region_loss};
    use crate::html::marks::marks;

    #[test]
    fn the_window_reaches_from_before_the_fault_to_after_the_end_with_room_for_every_label() {
        for report in [region_loss(), path_impaired()] {
            let shown = Shown::from(&report);
            let marks = marks(&shown, starts_ms(&shown));
            let scale = Scale::new(&shown, &marks, 100.0, 900.0);
            assert_eq!(scale.from_ms, zero_ms(&shown) - BEFORE_MS);
            for mark in &marks {
                assert!(scale.x(mark.at_ms) + label_width(&mark.label) <= 1000.5);
            }
        }
    }

    #[test]
    fn ticks_are_few_round_and_counted_from_the_fault() {
        let report = region_loss();
        let ticks = Scale::new(&Shown::from(&report), &[], 0.0, 900.0).ticks();
        let texts: Vec<_> = ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert!(
            texts.contains(&"0 s") && texts.contains(&"+5 s"),
            "{texts:?}"
        );
        assert!(ticks.len() <= 14, "{texts:?}");
        assert!(ticks.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_drill_that_broke_nothing_shows_the_clients_whole_time() {
        let mut report = path_impaired();
        report.timeline.clear();
        report.runs.clear();
        let scale = Scale::new(&Shown::from(&report), &[], 0.0, 900.0);
        assert_eq!(scale.from_ms, report.writes.rate.from.as_millisecond());
        assert_eq!(scale.until_ms, report.writes.rate.until.as_millisecond());
    }

    #[test]
    fn a_report_without_anything_still_has_an_axis() {
        let mut report = path_impaired();
        report.timeline.clear();
        report.runs.clear();
        report.writes = crate::Writes::default();
        assert!(
            !Scale::new(&Shown::from(&report), &[], 0.0, 900.0)
                .ticks()
                .is_empty()
        );
    }
}
