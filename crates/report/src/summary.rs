//! The last lines on the terminal: the verdict, the figures and every reason, for somebody who sees them first.

use super::{Check, PlannedMove, Report, Verdict, words};

const WIDTH: usize = 110;
const NAME_WIDTH: usize = 18;
const VALUE_WIDTH: usize = 11;

impl Report {
    /// The closing block of lines, each ended by a line feed.
    pub fn summary(&self, coloured: bool) -> String {
        let ink = Ink { coloured };
        let (word, paint) = match self.verdict {
            Verdict::Pass => ("PASS", "1;32"),
            Verdict::Fail => ("FAIL", "1;31"),
        };
        let mut lines = vec![
            String::new(),
            "─".repeat(WIDTH),
            format!(
                "{}  {}",
                ink.paint(paint, word),
                ink.paint("1", &self.scenario)
            ),
        ];
        lines.extend(wrap(&self.summary, WIDTH));
        lines.push(String::new());
        lines.extend(self.figures());
        lines.push(String::new());
        for check in &self.checks {
            lines.extend(check_lines(check, &ink));
        }
        if self.checks.is_empty() {
            lines.extend(self.verdict_reasons.iter().cloned());
        }
        lines.push("─".repeat(WIDTH));
        lines.join("\n") + "\n"
    }

    fn figures(&self) -> Vec<String> {
        let writes = &self.writes;
        let mut lines = self.outage();
        if self.recovered() {
            let (seconds, beats) = words::loss(&self.rpo);
            lines.extend([
                figure(
                    "RTO",
                    &words::duration(self.rto.seconds),
                    "recovery time, as the run's ledger measured it",
                ),
                figure(
                    "  overhead",
                    &words::duration(self.rto.overhead_seconds),
                    "of the outage, explained by no configured wait",
                ),
                figure(
                    "RPO",
                    &seconds,
                    &format!("{beats}, as the probes measured it"),
                ),
            ]);
        }
        lines.extend(self.planned_moves.iter().flat_map(moved));
        lines.extend([
            figure(
                "Rows acknowledged",
                &words::number(writes.acknowledged),
                &format!(
                    "and {} of unknown fate, {} of them in the database",
                    words::number(writes.unknown),
                    words::count(writes.unacknowledged_present)
                ),
            ),
            figure(
                "Rows lost",
                &words::count(writes.lost),
                "acknowledged, but not on the current writer",
            ),
            figure(
                "Rows duplicated",
                &words::count(writes.duplicated),
                "more than once on the current writer",
            ),
        ]);
        lines
    }

    fn outage(&self) -> Vec<String> {
        let writes = &self.writes;
        if writes.outages.is_empty() {
            return vec![figure("Writes stopped", "never", "for more than a second")];
        }
        let stopped = match writes.missing_seconds() {
            Some(missing) => figure(
                "Writes stopped",
                &format!("over {}", words::duration(Some(missing))),
                "they had not come back when the drill ended",
            ),
            None => figure(
                "Writes stopped",
                &words::duration(writes.outage_seconds),
                &match writes.outages.len() {
                    1 => "for the application".into(),
                    times => format!("for the application, {times} times"),
                },
            ),
        };
        let mut lines = vec![stopped];
        let phases = &self.rto.phases;
        let durations = [
            phases.noticing,
            phases.confirming,
            phases.promotion,
            phases.dns,
            phases.reconnecting,
        ];
        if self.recovered() {
            if writes.outages.len() > 1 {
                let outage = words::duration(self.rto.outage_seconds());
                lines.push(figure("Failover", &outage, "of that, in one outage:"));
            }
            lines.extend(
                words::PHASES
                    .iter()
                    .zip(durations)
                    .map(|((name, meaning), seconds)| {
                        figure(&format!("  {name}"), &words::duration(seconds), meaning)
                    }),
            );
        }
        lines
    }

    /// Whether there was anything to recover from, so that its figures mean something: an outage that no planned move explains.
    pub(crate) fn recovered(&self) -> bool {
        let mut outages = self.writes.outages.iter();
        let unplanned = outages.any(|gap| !self.planned_moves.iter().any(|one| one.explains(gap)));
        unplanned || self.rto.seconds.is_some()
    }
}

/// A planned move's own outage and its parts.
fn moved(planned: &PlannedMove) -> Vec<String> {
    let of_it =
        |name: &str, seconds, meaning: &str| figure(name, &words::duration(Some(seconds)), meaning);
    let to = format!("without writes, to {}", planned.to);
    let mut lines = match planned.outage_seconds {
        None => vec![figure("Planned move", "< 1 s", &to)],
        Some(outage) => vec![
            of_it("Planned move", outage, &format!("{to}:")),
            of_it(
                "  switchover",
                planned.switchover_seconds,
                "until RDS had moved the writer",
            ),
            of_it(
                "  cached name",
                planned.ttl_wait_seconds,
                "until the application asked DNS again",
            ),
            of_it("  overhead", planned.overhead_seconds, "the rest"),
        ],
    };
    lines.push(figure(
        "  RTO",
        &words::duration(planned.rto_seconds),
        "from beat to beat, as the run's ledger measured it",
    ));
    lines
}

struct Ink {
    coloured: bool,
}

impl Ink {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.coloured {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.into()
        }
    }
}

fn figure(name: &str, value: &str, meaning: &str) -> String {
    format!("{name:<NAME_WIDTH$}{value:>VALUE_WIDTH$}   {meaning}")
}

fn check_lines(check: &Check, ink: &Ink) -> Vec<String> {
    let (sign, paint) = if check.held {
        ("✓", "32")
    } else {
        ("✗", "1;31")
    };
    let mut lines = Vec::new();
    for (index, part) in wrap(&check.expected, WIDTH - 2).into_iter().enumerate() {
        lines.push(if index == 0 {
            format!("{} {part}", ink.paint(paint, sign))
        } else {
            format!("  {part}")
        });
    }
    let found = format!("found: {}", check.found);
    lines.extend(
        wrap(&found, WIDTH - 4)
            .into_iter()
            .map(|part| format!("    {part}")),
    );
    lines
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.into()),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
