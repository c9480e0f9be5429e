//! Several losses of a Region in a row, and the medians of what they cost.

use std::{fmt, path::Path};

use super::median;
use crate::{
    report::{CallCount, Report, Verdict},
    scenario,
    scenarios::aurora_global::region_loss,
    timeline::Timeline,
    world::Trouble,
};

/// The most of an outage that no configured wait may explain, in seconds.
const OVERHEAD_MAX: f64 = 2.0;

/// What one loss cost, in seconds; unknown is `None`.
#[derive(Debug, Clone, PartialEq)]
struct Cost {
    outage: Option<f64>,
    noticing: Option<f64>,
    rto: Option<f64>,
    overhead: Option<f64>,
    /// Calls of the run's steps to AWS; the probes' beats are none of them.
    calls: Option<f64>,
}

/// The costs of every run.
#[derive(Debug, Clone, PartialEq)]
pub struct Bench {
    costs: Vec<Cost>,
    failed: usize,
}

/// Plays `region-loss` `runs` times with the functions that are in `binaries`; only the figures are printed.
///
/// # Errors
/// When a drill cannot be held.
pub async fn region_loss(runs: u8, root: &Path, binaries: &Path) -> Result<Bench, Trouble> {
    let mut bench = Bench {
        costs: Vec::new(),
        failed: 0,
    };
    for run in 1..=runs {
        eprintln!("region-loss {run} of {runs} …");
        let (lost, silent) = (&region_loss::SCENARIO, Timeline::silent());
        let report = scenario::run_with(binaries, lost, root, silent).await?;
        bench.failed += usize::from(report.verdict == Verdict::Fail);
        bench.costs.push(cost(&report));
    }
    Ok(bench)
}

fn cost(report: &Report) -> Cost {
    Cost {
        outage: report.writes.outage_seconds,
        noticing: report.rto.phases.noticing,
        rto: report.rto.seconds,
        overhead: report.rto.overhead_seconds,
        calls: Some(calls(report)),
    }
}

fn calls(report: &Report) -> f64 {
    let of_steps = |call: &&CallCount| !call.function.ends_with("health-probe");
    let counts = report.calls.iter().filter(of_steps).map(|call| call.count);
    counts.sum::<u64>() as f64
}

impl Bench {
    fn overhead(&self) -> Option<f64> {
        median(self.costs.iter().map(|cost| cost.overhead))
    }

    /// Pass when every run did, and the median overhead is within its target.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let within = self
            .overhead()
            .is_some_and(|seconds| seconds <= OVERHEAD_MAX);
        if self.failed == 0 && within {
            Verdict::Pass
        } else {
            Verdict::Fail
        }
    }
}

impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known =
            |value: Option<f64>| value.map_or("unknown".to_owned(), |value| format!("{value:.2}"));
        let line = |f: &mut fmt::Formatter<'_>, name: &str, cost: &Cost| {
            let [outage, noticing, rto, overhead] =
                [cost.outage, cost.noticing, cost.rto, cost.overhead].map(known);
            let calls = cost.calls.unwrap_or_default();
            writeln!(
                f,
                "{name:<8} {outage:>8} {noticing:>9} {rto:>8} {overhead:>9} {calls:>7}"
            )
        };
        writeln!(f, "region-loss, seconds")?;
        writeln!(
            f,
            "{:<8} {:>8} {:>9} {:>8} {:>9} {:>7}",
            "run", "outage", "noticing", "RTO", "overhead", "calls"
        )?;
        for (number, cost) in (1..).zip(&self.costs) {
            line(f, &format!("{number}"), cost)?;
        }
        let median = Cost {
            outage: median(self.costs.iter().map(|cost| cost.outage)),
            noticing: median(self.costs.iter().map(|cost| cost.noticing)),
            rto: median(self.costs.iter().map(|cost| cost.rto)),
            overhead: self.overhead(),
            calls: median(self.costs.iter().map(|cost| cost.calls)),
        };
        line(f, "median", &median)?;
        write!(
            f,
            "{} of {} runs came out as expected; target: a median overhead of at most {OVERHEAD_MAX} s",
            self.costs.len() - self.failed,
            self.costs.len()
        )
    }
}
