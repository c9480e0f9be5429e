//! Times, durations and kinds of runs as people read them.

use jiff::Timestamp;

pub(crate) use report::words::kind;

/// How long ago something was: one number and its unit.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", duration(now.duration_since(then).as_secs()))
}

/// A duration: one number and its unit.
pub(crate) fn duration(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// A time in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_one_number_that_people_can_take_in() {
        let said = [-1, 0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(duration);
        assert_eq!(
            said,
            [
                "0 s", "0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"
            ]
        );
    }

    #[test]
    fn a_time_is_in_utc() {
        assert_eq!(time(Timestamp::UNIX_EPOCH), "1970-01-01 00:00:00 UTC");
    }
}
