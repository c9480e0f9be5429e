//! Several losses of a Region in a row, and the medians of what they cost.

use std::{fmt, path::Path};

use crate::{
    report::{Report, Verdict},
    scenario::{self, Scenario},
    timeline::Timeline,
    world::Trouble,
};

/// What one loss cost, in seconds; unknown is `None`.
#[derive(Debug, Clone, PartialEq)]
struct Cost {
    outage: Option<f64>,
    noticing: Option<f64>,
    rto: Option<f64>,
    overhead: Option<f64>,
}

/// The costs of every run.
#[derive(Debug, Clone, PartialEq)]
pub struct Bench {
    costs: Vec<Cost>,
    failed: usize,
}

/// Plays `region-loss` `runs` times; only the figures are printed.
///
/// # Errors
/// When a drill cannot be held.
pub async fn region_loss(runs: u8, root: &Path) -> Result<Bench, Trouble> {
    let mut bench = Bench {
        costs: Vec::new(),
        failed: 0,
    };
    for run in 1..=runs {
        eprintln!("region-loss {run} of {runs} …");
        let report = scenario::run(Scenario::RegionLoss, root, Timeline::silent()).await?;
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
    }
}

impl Bench {
    /// Pass when every run did.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        if self.failed == 0 {
            Verdict::Pass
        } else {
            Verdict::Fail
        }
    }
}

/// The middle value; unknown when any value is.
fn median(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect::<Option<_>>()?;
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        return values.get(middle).copied();
    }
    Some(f64::midpoint(
        *values.get(middle.checked_sub(1)?)?,
        *values.get(middle)?,
    ))
}

impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known =
            |value: Option<f64>| value.map_or("unknown".to_owned(), |value| format!("{value:.2}"));
        let line = |f: &mut fmt::Formatter<'_>, name: &str, cost: &Cost| {
            let [outage, noticing, rto, overhead] =
                [cost.outage, cost.noticing, cost.rto, cost.overhead].map(known);
            writeln!(
                f,
                "{name:<8} {outage:>8} {noticing:>9} {rto:>8} {overhead:>9}"
            )
        };
        writeln!(f, "region-loss, seconds")?;
        writeln!(
            f,
            "{:<8} {:>8} {:>9} {:>8} {:>9}",
            "run", "outage", "noticing", "RTO", "overhead"
        )?;
        for (number, cost) in (1..).zip(&self.costs) {
            line(f, &format!("{number}"), cost)?;
        }
        let median = Cost {
            outage: median(self.costs.iter().map(|cost| cost.outage)),
            noticing: median(self.costs.iter().map(|cost| cost.noticing)),
            rto: median(self.costs.iter().map(|cost| cost.rto)),
            overhead: median(self.costs.iter().map(|cost| cost.overhead)),
        };
        line(f, "median", &median)?;
        write!(
            f,
            "{} of {} runs came out as expected",
            self.costs.len() - self.failed,
            self.costs.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_and_unknown_when_one_is() {
        assert_eq!(median([3.0, 1.0, 2.0].map(Some).into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0].map(Some).into_iter()), Some(2.5));
        assert_eq!(median([Some(1.0), None].into_iter()), None);
        assert_eq!(median(std::iter::empty()), None);
    }
}
