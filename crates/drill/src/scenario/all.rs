//! Several scenarios, two at a time: a table at the end and one page over the reports.

mod page;

use std::{cell::Cell, fmt, path::Path, time::Instant};

use aws_sdk_rds::error::DisplayErrorContext;

use super::{PROGRAMS, Scenario, alone, empty, hold, play};
use crate::{
    report::{self, Report, Verdict, words},
    timeline::Timeline,
    world::{Deployed, Trouble},
};

/// What came out of one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name.
    pub scenario: &'static str,
    /// Whether everything came out as expected; `None` where it is left out.
    pub verdict: Option<Verdict>,
    /// Seconds in which the application could not write.
    pub outage: Option<f64>,
    /// Seconds of that which no configured wait explains.
    pub overhead: Option<f64>,
    /// Acknowledged rows that are lost.
    pub lost: Option<u64>,
    /// Seconds that playing it took.
    pub seconds: f64,
    /// What was not as expected, or why it is left out.
    pub reasons: Vec<String>,
}

/// What came out of all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// In the order in which they were taken.
    pub lines: Vec<Line>,
    /// Seconds that all of it took.
    pub seconds: f64,
}

/// How many worlds are played at a time. Most of a scenario is waiting, so that two share two cores well; three do not.
const LANES: usize = 2;

/// Plays scenarios, two at a time, each on a deployment that it shares with those before it; their reports go into
/// `target/drill/<word>/<scenario>`, and `index.html` beside them. One that cannot be played counts as failed; the others
/// are played all the same. One that this machine lacks something for is left out, and says so.
///
/// # Errors
/// When nothing can be deployed, or the page cannot be written.
pub async fn run_all(
    word: &str,
    scenarios: &[&'static Scenario],
    root: &Path,
    timeline: impl Fn() -> Timeline,
) -> Result<Summary, Trouble> {
    let folder = root.join("target/drill").join(word);
    let _held = hold(&folder)?;
    empty(&folder)?;
    let began = Instant::now();
    let (played, mut lines) = sorted_out(scenarios, root);
    let queue = Queue {
        scenarios: &played,
        next: Cell::new(0),
    };
    let lanes =
        (0..LANES.min(played.len())).map(|number| lane(&queue, root, &folder, number, &timeline));
    let lanes = futures::future::join_all(lanes).await;
    for lane in lanes {
        lines.extend(lane?);
    }
    lines.sort_by_key(|(place, _)| *place);
    let summary = Summary {
        lines: lines.into_iter().map(|(_, line)| line).collect(),
        seconds: began.elapsed().as_secs_f64(),
    };
    std::fs::write(folder.join("index.html"), page::page(&summary))?;
    Ok(summary)
}

/// A scenario and its place in the order that was asked for.
type Placed = (usize, &'static Scenario);

/// What can be played on this machine, and a line of each other one.
fn sorted_out(scenarios: &[&'static Scenario], root: &Path) -> (Vec<Placed>, Vec<(usize, Line)>) {
    let (mut played, mut lines) = (Vec::new(), Vec::new());
    for (place, scenario) in scenarios.iter().enumerate() {
        match scenario.left_out(root) {
            None => played.push((place, *scenario)),
            Some(why) => {
                let line = left_out(scenario.name, why);
                println!("{line}");
                lines.push((place, line));
            }
        }
    }
    (played, lines)
}

/// What is still to be played; each lane takes the next one when it is free.
struct Queue<'a> {
    scenarios: &'a [Placed],
    next: Cell<usize>,
}

impl Queue<'_> {
    fn take(&self) -> Option<Placed> {
        let next = self.next.get();
        let placed = self.scenarios.get(next)?;
        self.next.set(next + 1);
        Some(*placed)
    }
}

/// Plays what it takes from the queue on a deployment of its own; answers each one's line with its place in the queue.
async fn lane(
    queue: &Queue<'_>,
    root: &Path,
    folder: &Path,
    number: usize,
    timeline: impl Fn() -> Timeline,
) -> Result<Vec<(usize, Line)>, Trouble> {
    let members = queue
        .scenarios
        .iter()
        .map(|(_, scenario)| scenario.profile().members);
    let members = members
        .max_by_key(|members| members.len())
        .unwrap_or_default();
    let beneath = folder.join(format!("lane-{number}"));
    std::fs::create_dir_all(&beneath)?;
    let programs = (root, &*root.join(PROGRAMS));
    let deployed = Deployed::start(programs, &beneath, members, &timeline()).await?;
    let mut lines = Vec::new();
    while let Some((place, scenario)) = queue.take() {
        let name = scenario.name;
        println!("{} of {}: {name}", queue.next.get(), queue.scenarios.len());
        let own = folder.join(name);
        std::fs::create_dir_all(&own)?;
        let began = Instant::now();
        let told = timeline().named(name);
        let played = if scenario.profile().from_nothing {
            alone(programs, scenario, &own, told).await
        } else {
            play::play(scenario, &deployed, &own, told).await
        };
        let line = match played {
            Ok(report) => {
                report::write(&report, &own)?;
                line(name, &report, began)
            }
            Err(trouble) => {
                let mut line = failed(name, trouble.as_ref(), began);
                // What it left must not disturb the next one.
                if let Err(why) = deployed.quiet().await {
                    line.reasons
                        .push(format!("it could not be cleared away: {why}"));
                }
                line
            }
        };
        println!("{line}");
        lines.push((place, line));
    }
    deployed.end().await?;
    Ok(lines)
}

fn line(scenario: &'static str, report: &Report, began: Instant) -> Line {
    let broken = report.checks.iter().filter(|check| !check.held);
    Line {
        scenario,
        verdict: Some(report.verdict),
        outage: report.writes.outage_seconds,
        overhead: report.rto.overhead_seconds,
        lost: report.writes.lost,
        seconds: began.elapsed().as_secs_f64(),
        reasons: broken
            .map(|check| format!("expected: {}; found: {}", check.expected, check.found))
            .collect(),
    }
}

fn failed(
    scenario: &'static str,
    trouble: &(dyn std::error::Error + 'static),
    began: Instant,
) -> Line {
    let why = format!("it could not be played: {}", DisplayErrorContext(trouble));
    Line {
        verdict: Some(Verdict::Fail),
        seconds: began.elapsed().as_secs_f64(),
        ..left_out(scenario, why)
    }
}

fn left_out(scenario: &'static str, why: String) -> Line {
    Line {
        scenario,
        verdict: None,
        outage: None,
        overhead: None,
        lost: None,
        seconds: 0.0,
        reasons: vec![why],
    }
}

impl Summary {
    /// Pass when every scenario did that was played; `None` when none was.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let all = self
            .played()
            .all(|line| line.verdict == Some(Verdict::Pass));
        let verdict = if all { Verdict::Pass } else { Verdict::Fail };
        self.played().next().map(|_| verdict)
    }

    /// Those that are not left out.
    fn played(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.verdict.is_some())
    }
}

const fn word(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Pass) => "PASS",
        Some(Verdict::Fail) => "FAIL",
        None => "SKIP",
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<38}{:<6}", self.scenario, word(self.verdict))?;
        if self.verdict.is_some() {
            write!(
                f,
                "{:>9}{:>10}{:>7}{:>8.0} s",
                words::duration(self.outage),
                words::duration(self.overhead),
                words::count(self.lost),
                self.seconds
            )?;
        }
        for reason in &self.reasons {
            write!(f, "\n    {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:<38}{:<6}{:>9}{:>10}{:>7}{:>10}",
            "scenario", "", "outage", "overhead", "lost", "took"
        )?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        let held = self
            .lines
            .iter()
            .filter(|line| line.verdict == Some(Verdict::Pass));
        let played = self.played().count();
        write!(
            f,
            "{} of {played} scenarios came out as expected, in {:.1} minutes",
            held.count(),
            self.seconds / 60.0
        )?;
        match self.lines.len() - played {
            0 => Ok(()),
            skipped => write!(f, "; {skipped} left out on this machine"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn summary(verdict: Verdict) -> Summary {
        Summary {
            lines: vec![Line {
                scenario: "blip",
                verdict: Some(verdict),
                outage: None,
                overhead: Some(0.87),
                lost: Some(0),
                seconds: 30.0,
                reasons: vec!["expected: <b>; found: none".into()],
            }],
            seconds: 30.0,
        }
    }

    #[test]
    fn one_failure_fails_them_all_and_says_why() {
        assert_eq!(summary(Verdict::Pass).verdict(), Some(Verdict::Pass));
        let failed = summary(Verdict::Fail);
        assert_eq!(failed.verdict(), Some(Verdict::Fail));
        let text = failed.to_string();
        assert!(
            text.contains("found: none") && text.contains("0 of 1 scenarios"),
            "{text}"
        );
    }

    #[test]
    fn what_is_left_out_counts_for_itself_and_says_why() {
        let mut some = summary(Verdict::Pass);
        let why = "there is no MariaDB here";
        some.lines
            .push(left_out("replica-mariadb-switchover", why.into()));
        assert_eq!(some.verdict(), Some(Verdict::Pass));
        let text = some.to_string();
        for part in [
            "1 of 1 scenarios",
            "; 1 left out on this machine",
            "SKIP",
            why,
        ] {
            assert!(text.contains(part), "{text}");
        }
        some.lines.remove(0);
        assert_eq!(some.verdict(), None);
    }
}
