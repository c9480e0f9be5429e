//! The table of what was planted, and what caught it.

use std::{collections::BTreeMap, fmt::Write};

use simulate::planted::{Caught, Planted};

/// What came of one planted bug.
pub(crate) struct Outcome {
    pub(crate) bug: Planted,
    pub(crate) caught: Option<Caught>,
}

/// The whole file.
pub(crate) fn written(outcomes: &[Outcome]) -> String {
    let caught = outcomes.iter().filter(|outcome| outcome.caught.is_some());
    let mut text = format!(
        "# Planted bugs\n\nWritten by `make planted UPDATE_GOLDEN=1` from [planted.json](planted.json). Each takes one rule of the product away, or puts a fault of\n\
         [the faults](../../docs/reference/faults.md) back. {} of {} are caught by the simulation.\n\n",
        caught.count(),
        outcomes.len()
    );
    text.push_str(
        "| bug | fault | what is wrong | caught by | in | after |\n|---|---|---|---|---|---|\n",
    );
    for Outcome { bug, caught } in outcomes {
        let fault = bug.fault.as_deref().unwrap_or("");
        let found = match caught {
            Some(caught) => {
                let Caught {
                    rule, name, number, ..
                } = caught;
                format!("`{rule}` | {name} | {}", number + 1)
            }
            None => format!("**not caught** | {} | {}", bug.cases, bug.at_most),
        };
        let _ = writeln!(text, "| `{}` | {fault} | {} | {found} |", bug.id, bug.what);
    }
    text.push_str("\n| rule | bugs |\n|---|---|\n");
    for (rule, count) in by_rule(outcomes) {
        let _ = writeln!(text, "| `{rule}` | {count} |");
    }
    for Outcome { bug, caught } in outcomes {
        let Some(caught) = caught else { continue };
        let _ = write!(text, "\n## {}\n\n{}\n\n```\n", bug.id, caught.what);
        for line in &caught.end {
            let _ = writeln!(text, "{line}");
        }
        text.push_str("```\n");
    }
    text
}

fn by_rule(outcomes: &[Outcome]) -> BTreeMap<&str, usize> {
    let mut rules = BTreeMap::new();
    for caught in outcomes
        .iter()
        .filter_map(|outcome| outcome.caught.as_ref())
    {
        *rules.entry(caught.rule.as_str()).or_default() += 1;
    }
    rules
}
