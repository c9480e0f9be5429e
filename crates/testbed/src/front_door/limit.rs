//! An account's limit of calls a second to a service, whoever makes them.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
    time::{Duration, Instant},
};

use super::locked;

const SECOND: Duration = Duration::from_secs(1);

/// The limits, and the calls that each let through within the last second. A call that was refused does not count.
#[derive(Default)]
pub(super) struct Limits {
    limits: Mutex<HashMap<String, Limit>>,
}

struct Limit {
    per_second: usize,
    taken: VecDeque<Instant>,
}

impl Limits {
    pub(super) fn set(&self, service: &str, per_second: usize) {
        let limit = Limit {
            per_second,
            taken: VecDeque::new(),
        };
        locked(&self.limits).insert(service.to_owned(), limit);
    }

    /// Whether a call to a service is let through now.
    pub(super) fn takes(&self, service: &str, now: Instant) -> bool {
        let mut limits = locked(&self.limits);
        let Some(limit) = limits.get_mut(service) else {
            return true;
        };
        limit
            .taken
            .retain(|taken| now.saturating_duration_since(*taken) < SECOND);
        let takes = limit.taken.len() < limit.per_second;
        if takes {
            limit.taken.push_back(now);
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_calls_of_any_second_are_let_through_and_refused_ones_do_not_count() {
        let limits = Limits::default();
        limits.set("route53", 5);
        let began = Instant::now();
        let at = |ms: u64| began + Duration::from_millis(ms);
        let taken = [0, 100, 200, 300, 400, 500, 999, 1_000, 1_050, 1_100];
        let taken = taken.map(|ms| limits.takes("route53", at(ms)));
        let (t, f) = (true, false);
        assert_eq!(taken, [t, t, t, t, t, f, f, t, f, t]);
        assert!(limits.takes("rds", at(500)));
    }
}
