//! Several losses of a Region and planned moves in a row, and the medians of what they cost.

use std::{fmt, path::Path};

use super::median;
use crate::{
    report::{CallCount, Report, Verdict},
    scenario::{self, Scenario},
    scenarios::{
        aurora_global::region_loss,
        rds_replica::{replica_region_loss, replica_switchover},
    },
    timeline::Timeline,
    world::Trouble,
};

/// What is played, and the most of an outage that no configured wait may explain in the middle of all runs, in seconds.
static PLAYED: [Played; 3] = [
    Played {
        scenario: &region_loss::SCENARIO,
        overhead_max: 2.0,
    },
    Played {
        scenario: &replica_region_loss::SCENARIO,
        overhead_max: 1.5,
    },
    Played {
        scenario: &replica_switchover::SCENARIO,
        overhead_max: 2.5,
    },
];

/// A scenario and its target.
#[derive(Debug)]
struct Played {
    scenario: &'static Scenario,
    overhead_max: f64,
}

/// What one loss or one planned move cost, in seconds; unknown is `None`.
#[derive(Debug, Clone, PartialEq)]
struct Cost {
    outage: Option<f64>,
    noticing: Option<f64>,
    rto: Option<f64>,
    overhead: Option<f64>,
    /// Calls of the run's steps to AWS; the probes' beats are none of them.
    calls: Option<f64>,
}

/// The costs of every run of one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Bench {
    scenario: &'static str,
    overhead_max: f64,
    costs: Vec<Cost>,
    /// How many runs, and how many of them did not come out as expected.
    runs: (u8, u8),
}

/// Plays each scenario `runs` times with the functions that are in `binaries`; only the figures are printed.
///
/// # Errors
/// When a drill cannot be held.
pub async fn play(runs: u8, root: &Path, binaries: &Path) -> Result<Vec<Bench>, Trouble> {
    let mut benches = Vec::new();
    for Played {
        scenario,
        overhead_max,
    } in &PLAYED
    {
        let mut bench = Bench {
            scenario: scenario.name,
            overhead_max: *overhead_max,
            costs: Vec::new(),
            runs: (runs, 0),
        };
        for run in 1..=runs {
            eprintln!("{} {run} of {runs} …", scenario.name);
            let report = scenario::run_with(binaries, scenario, root, Timeline::silent()).await?;
            bench.runs.1 += u8::from(report.verdict == Verdict::Fail);
            bench.costs.extend(costs(&report));
        }
        benches.push(bench);
    }
    Ok(benches)
}

/// What a report tells: of each planned move, or of the one loss.
fn costs(report: &Report) -> Vec<Cost> {
    if report.planned_moves.is_empty() {
        return vec![Cost {
            outage: report.writes.outage_seconds,
            noticing: report.rto.phases.noticing,
            rto: report.rto.seconds,
            overhead: report.rto.overhead_seconds,
            calls: Some(calls(report)),
        }];
    }
    let moves = report.planned_moves.iter();
    let moves = moves.map(|planned| Cost {
        outage: planned.outage_seconds,
        noticing: None,
        rto: planned.rto_seconds,
        overhead: Some(planned.overhead_seconds),
        calls: None,
    });
    moves.collect()
}

fn calls(report: &Report) -> f64 {
    let of_steps = |call: &&CallCount| !call.function.ends_with("health-probe");
    let counts = report.calls.iter().filter(of_steps).map(|call| call.count);
    counts.sum::<u64>() as f64
}

impl Bench {
    fn middle(&self, of: impl Fn(&Cost) -> Option<f64>) -> Option<f64> {
        median(self.costs.iter().map(of))
    }

    /// Pass when every run did, and the median overhead is within its target.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let overhead = self.middle(|cost| cost.overhead);
        let within = overhead.is_some_and(|seconds| seconds <= self.overhead_max);
        if self.runs.1 == 0 && within {
            Verdict::Pass
        } else {
            Verdict::Fail
        }
    }
}

impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, name: &str, cost: &Cost| {
            let known = |value: Option<f64>, digits: usize| {
                value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
            };
            let [outage, noticing, rto, overhead] =
                [cost.outage, cost.noticing, cost.rto, cost.overhead].map(|value| known(value, 2));
            let calls = known(cost.calls, 0);
            writeln!(
                f,
                "{name:<8} {outage:>8} {noticing:>9} {rto:>8} {overhead:>9} {calls:>7}"
            )
        };
        writeln!(f, "{}, seconds", self.scenario)?;
        writeln!(
            f,
            "{:<8} {:>8} {:>9} {:>8} {:>9} {:>7}",
            "", "outage", "noticing", "RTO", "overhead", "calls"
        )?;
        for (number, cost) in (1..).zip(&self.costs) {
            line(f, &format!("{number}"), cost)?;
        }
        let middle = Cost {
            outage: self.middle(|cost| cost.outage),
            noticing: self.middle(|cost| cost.noticing),
            rto: self.middle(|cost| cost.rto),
            overhead: self.middle(|cost| cost.overhead),
            calls: self.middle(|cost| cost.calls),
        };
        line(f, "median", &middle)?;
        let (runs, failed) = self.runs;
        writeln!(
            f,
            "{} of {runs} runs came out as expected; target: a median overhead of at most {} s",
            runs - failed,
            self.overhead_max
        )
    }
}
