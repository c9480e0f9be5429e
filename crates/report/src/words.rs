//! Figures as people read them; shared by the terminal's summary and the page.

use failover::ledger::RunKind;

use super::Rpo;

/// What a phase of the outage ends with.
pub const PHASES: [(&str, &str); 5] = [
    ("noticing", "until a probe suspected the writer"),
    ("confirming", "until the outage was confirmed"),
    (
        "promotion",
        "until the standby was promoted and had proven it with a write",
    ),
    ("dns", "until the writer's name led to the new writer"),
    ("reconnecting", "until the application wrote again"),
];

/// What a run does.
#[must_use]
pub const fn kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::UnplannedFailover => "unplanned failover",
        RunKind::PlannedFailover => "planned failover",
        RunKind::Failback => "failback",
    }
}

/// `27.4 s`, finer below one second; `unknown` when it is.
pub fn duration(seconds: Option<f64>) -> String {
    match seconds {
        None => "unknown".into(),
        Some(seconds) if seconds != 0.0 && seconds.abs() < 1.0 => format!("{seconds:.2} s"),
        Some(seconds) => format!("{seconds:.1} s"),
    }
}

/// `12,345`.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The number, or `unknown`.
pub fn count(value: Option<u64>) -> String {
    value.map_or_else(|| "unknown".into(), number)
}

/// `1 beat`, `2 beats`.
pub fn plural(value: u64, noun: &str) -> String {
    let ending = if value == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", number(value))
}

/// The measured loss: the time that is lost, and the beats in it.
pub fn loss(rpo: &Rpo) -> (String, String) {
    let beats = rpo.lost_beats.map(|beats| plural(beats, "beat"));
    let beats = beats.unwrap_or_else(|| "an unknown number of beats".into());
    (
        duration(rpo.lost_window_seconds),
        format!("of writes lost, {beats}"),
    )
}

/// An endpoint's first label, which is its cluster's name.
pub fn cluster_of(endpoint: &str) -> &str {
    endpoint.split('.').next().unwrap_or(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_said_and_never_shown_as_zero() {
        assert_eq!(duration(None), "unknown");
        assert_eq!(count(None), "unknown");
        assert_eq!(duration(Some(0.0)), "0.0 s");
        assert_eq!(count(Some(0)), "0");
    }

    #[test]
    fn a_loss_is_the_time_first_and_the_beats_as_far_as_known() {
        let rpo = |lost_beats, lost_window_seconds| Rpo {
            lost_beats,
            lost_window_seconds,
        };
        let told = |rpo| {
            let (seconds, beats) = loss(&rpo);
            format!("{seconds} {beats}")
        };
        assert_eq!(
            told(rpo(Some(2), Some(0.4))),
            "0.40 s of writes lost, 2 beats"
        );
        assert_eq!(told(rpo(Some(0), None)), "unknown of writes lost, 0 beats");
        assert_eq!(
            told(rpo(None, None)),
            "unknown of writes lost, an unknown number of beats"
        );
    }

    #[test]
    fn figures_are_grouped_and_short_times_are_finer() {
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(duration(Some(27.44)), "27.4 s");
        assert_eq!(duration(Some(0.042)), "0.04 s");
        assert_eq!(plural(1, "beat"), "1 beat");
        assert_eq!(plural(0, "beat"), "0 beats");
    }
}
