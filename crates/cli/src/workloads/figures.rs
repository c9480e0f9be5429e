//! How far AWS is with a resource, as people read it: percent, bytes, rate and end.

use jiff::Timestamp;
use workload::row::Progress;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// A number of bytes, in the largest unit of which there is one, with one digit behind the point.
pub(crate) fn bytes(count: u64) -> String {
    let units = [(TIB, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")];
    let fits = units.into_iter().find(|(unit, _)| count >= *unit);
    let Some((unit, name)) = fits else {
        return format!("{count} B");
    };
    let tenths = u128::from(count) * 10 / u128::from(unit);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// What AWS tells of how far it is, and nothing that it does not tell.
pub(crate) fn progress(progress: &Progress) -> String {
    let percent = progress.percent.map(|percent| format!("{percent} %"));
    let moved = match (progress.done_bytes, progress.total_bytes) {
        (Some(done), Some(total)) => Some(format!("{} of {}", bytes(done), bytes(total))),
        (Some(done), None) => Some(bytes(done)),
        (None, Some(total)) => Some(format!("of {}", bytes(total))),
        (None, None) => None,
    };
    let rate = progress.bytes_per_second;
    let rate = rate.map(|rate| format!("{}/s", bytes(rate)));
    let ends = progress.ends_at.map(|at| format!("until {}", clock(at)));
    let parts: Vec<_> = [percent, moved, rate, ends].into_iter().flatten().collect();
    match (progress.what.is_empty(), parts.is_empty()) {
        (true, _) => parts.join(", "),
        (false, true) => progress.what.clone(),
        (false, false) => format!("{}: {}", progress.what, parts.join(", ")),
    }
}

/// A time of the next days.
fn clock(at: Timestamp) -> String {
    at.strftime("%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_the_largest_unit_of_which_there_is_one() {
        let said = [0, 1_023, KIB, 10 * MIB + MIB / 2, GIB, 3 * TIB, u64::MAX].map(bytes);
        assert_eq!(
            said,
            [
                "0 B",
                "1023 B",
                "1.0 KiB",
                "10.5 MiB",
                "1.0 GiB",
                "3.0 TiB",
                "16777215.9 TiB"
            ]
        );
    }

    #[test]
    fn only_what_aws_tells_is_said() {
        let whole = Progress {
            percent: Some(42),
            done_bytes: Some(4 * GIB),
            total_bytes: Some(10 * GIB),
            bytes_per_second: Some(35 * MIB),
            ends_at: Some("2026-01-31T03:10:00Z".parse().unwrap()),
            what: "the copy".into(),
        };
        assert_eq!(
            progress(&whole),
            "the copy: 42 %, 4.0 GiB of 10.0 GiB, 35.0 MiB/s, until 01-31 03:10 UTC"
        );
        let what = Progress {
            what: "the backup".into(),
            ..Progress::default()
        };
        assert_eq!(progress(&what), "the backup");
        assert_eq!(progress(&Progress::default()), "");
    }
}
