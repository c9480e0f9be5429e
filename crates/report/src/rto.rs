//! The recovery time, split into phases, and what of it nobody asked for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{seconds, timestamp};

/// The recovery time and its parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rto {
    /// The run's own measure, from its ledger: last acknowledged write → first one on the new writer.
    pub seconds: Option<f64>,
    /// What the client's outage was spent on.
    pub phases: Phases,
    /// The outage without what was configured or simulated: what this software itself took.
    pub overhead_seconds: Option<f64>,
    /// The moments between the phases.
    pub moments: Moments,
}

/// The client's outage in consecutive parts, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// From the last acknowledged write until a probe suspected the writer.
    pub noticing: Option<f64>,
    /// Until the outage was confirmed.
    pub confirming: Option<f64>,
    /// Until the standby was promoted and had proven it with a write.
    pub promotion: Option<f64>,
    /// Until the writer's name led to the new writer.
    pub dns: Option<f64>,
    /// Until the client's first acknowledged write there.
    pub reconnecting: Option<f64>,
}

/// The moments that bound the phases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moments {
    /// The client's last acknowledged write on the old writer.
    pub last_write: Option<Timestamp>,
    /// A probe suspected the writer.
    pub suspected: Option<Timestamp>,
    /// The outage was confirmed.
    pub confirmed: Option<Timestamp>,
    /// The standby was promoted and had proven it.
    pub promoted: Option<Timestamp>,
    /// DNS served the new writer.
    pub dns_moved: Option<Timestamp>,
    /// The client's first acknowledged write on the new writer.
    pub first_write: Option<Timestamp>,
}

impl Moments {
    /// Each phase's name, beginning and end, in order.
    pub fn spans(&self) -> [(&'static str, Option<Timestamp>, Option<Timestamp>); 5] {
        [
            ("noticing", self.last_write, self.suspected),
            ("confirming", self.suspected, self.confirmed),
            ("promotion", self.confirmed, self.promoted),
            ("dns", self.promoted, self.dns_moved),
            ("reconnecting", self.dns_moved, self.first_write),
        ]
    }
}

/// Waits that were asked for; each counts no further than its phase really lasted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowances {
    /// The plan's bound for gathering evidence.
    pub confirm_timeout_seconds: f64,
    /// How long the simulator held the promotion.
    pub promotion_seconds: Option<f64>,
    /// How long the client went on with a cached DNS answer.
    pub ttl_wait_seconds: Option<f64>,
}

impl Rto {
    /// The phases between `moments` and the overhead: the outage without noticing and the allowed waits.
    ///
    /// `ledger_seconds` is the run's own measure. What lacks a moment stays unknown.
    pub fn measure(ledger_seconds: Option<f64>, moments: Moments, allowances: &Allowances) -> Self {
        let [noticing, confirming, promotion, dns, reconnecting] =
            moments.spans().map(|(_, from, until)| between(from, until));
        let phases = Phases {
            noticing,
            confirming,
            promotion,
            dns,
            reconnecting,
        };
        Self {
            seconds: ledger_seconds.map(rounded),
            overhead_seconds: overhead(&phases, &moments, allowances),
            phases,
            moments,
        }
    }
}

impl Rto {
    /// How long the application could not write in the outage that was recovered from.
    pub(crate) fn outage_seconds(&self) -> Option<f64> {
        between(self.moments.last_write, self.moments.first_write)
    }
}

fn overhead(phases: &Phases, moments: &Moments, allowances: &Allowances) -> Option<f64> {
    let outage = between(moments.last_write, moments.first_write)?;
    // A time-out that was not used up must not hide time lost elsewhere.
    let confirming = allowances.confirm_timeout_seconds.min(phases.confirming?);
    let promotion = allowances.promotion_seconds?.min(phases.promotion?);
    let reconnecting = allowances.ttl_wait_seconds?.min(phases.reconnecting?);
    Some(rounded(
        outage - phases.noticing? - confirming - promotion - reconnecting,
    ))
}

fn between(from: Option<Timestamp>, until: Option<Timestamp>) -> Option<f64> {
    Some(seconds(until?.as_millisecond() - from?.as_millisecond()))
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

impl Moments {
    /// The moments given in milliseconds of Unix time, in the order of the fields.
    pub fn from_ms(ms: [Option<i64>; 6]) -> Self {
        let [
            last_write,
            suspected,
            confirmed,
            promoted,
            dns_moved,
            first_write,
        ] = ms.map(|at| at.map(timestamp));
        Self {
            last_write,
            suspected,
            confirmed,
            promoted,
            dns_moved,
            first_write,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments() -> Moments {
        Moments::from_ms([0, 15_000, 18_500, 23_500, 24_600, 28_100].map(Some))
    }

    fn allowances() -> Allowances {
        Allowances {
            confirm_timeout_seconds: 3.0,
            promotion_seconds: Some(4.0),
            ttl_wait_seconds: Some(3.2),
        }
    }

    #[test]
    fn the_phases_follow_each_other_and_add_up_to_the_outage() {
        let rto = Rto::measure(Some(27.9), moments(), &allowances());
        assert_eq!(
            rto.phases,
            Phases {
                noticing: Some(15.0),
                confirming: Some(3.5),
                promotion: Some(5.0),
                dns: Some(1.1),
                reconnecting: Some(3.5),
            }
        );
        assert_eq!(rto.seconds, Some(27.9));
    }

    #[test]
    fn overhead_is_what_no_configured_wait_explains() {
        // 28.1 − 15 − 3 − 4 − 3.2
        let rto = Rto::measure(None, moments(), &allowances());
        assert_eq!(rto.overhead_seconds, Some(2.9));
    }

    #[test]
    fn an_allowance_never_counts_for_more_than_its_phase_took() {
        let mut moments = moments();
        moments.confirmed = Some(timestamp(15_400));
        // Confirming took 0.4 s of its 3 s: 28.1 − 15 − 0.4 − 4 − 3.2
        let rto = Rto::measure(None, moments, &allowances());
        assert_eq!(rto.overhead_seconds, Some(5.5));
    }

    #[test]
    fn an_unknown_moment_leaves_its_phases_and_the_overhead_unknown() {
        let mut moments = moments();
        moments.promoted = None;
        let rto = Rto::measure(Some(1.0), moments, &allowances());
        assert_eq!(rto.phases.promotion, None);
        assert_eq!(rto.phases.dns, None);
        assert_eq!(rto.phases.reconnecting, Some(3.5));
        assert_eq!(rto.overhead_seconds, None);
    }

    #[test]
    fn an_unknown_allowance_leaves_the_overhead_unknown() {
        let allowances = Allowances {
            promotion_seconds: None,
            ..allowances()
        };
        assert_eq!(
            Rto::measure(None, moments(), &allowances).overhead_seconds,
            None
        );
    }
}
