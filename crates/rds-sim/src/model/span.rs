//! How far something has come that takes its time.

/// Milliseconds since the Unix epoch.
pub type Millis = u64;

/// When something began, and how long it lasts at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) begun_at: Millis,
    pub(crate) lasts_ms: u64,
}

impl Span {
    /// Hundredths that have passed at a time. The last one passes only when the storage has done its part, too.
    pub(crate) fn percent(self, at: Millis) -> u64 {
        let passed = at.saturating_sub(self.begun_at).saturating_mul(100);
        let percent = passed.checked_div(self.lasts_ms).unwrap_or(99);
        percent.min(99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_grows_with_the_clock_and_is_not_whole_before_its_end() {
        let span = Span {
            begun_at: 1_000,
            lasts_ms: 200,
        };
        let at = [900, 1_000, 1_050, 1_199, 1_200, 9_000];
        assert_eq!(at.map(|at| span.percent(at)), [0, 0, 25, 99, 99, 99]);
    }

    #[test]
    fn what_lasts_no_time_at_all_waits_for_the_storage_alone() {
        let span = Span {
            begun_at: 1_000,
            lasts_ms: 0,
        };
        assert_eq!(span.percent(1_000), 99);
    }
}
