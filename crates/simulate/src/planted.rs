//! Planted bugs: a rule of the product taken away, by a small change of one source file. The simulation must catch each of them.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    case::{Case, Kind},
    draw::draw,
    play::play,
    systematic,
    truth::Violation,
};

/// The file that lists the planted bugs.
pub const ROWS: &str = "crates/simulate/planted.json";
/// The file that tells what caught them.
pub const TABLE: &str = "crates/simulate/planted.md";

/// One planted bug.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planted {
    /// Its name.
    pub id: String,
    /// The fault of `docs/reference/faults.md` that it puts back, where it is one.
    #[serde(default)]
    pub fault: Option<String>,
    /// What is wrong then, in one sentence.
    pub what: String,
    /// The source file.
    pub file: String,
    /// Text that occurs there once.
    pub from: String,
    /// What stands in its place.
    pub to: String,
    /// Which cases are played: `written`, `baseline <name>`, `each call <name>`, `each pass <name>`, a kind that is drawn, or `all kinds`.
    pub cases: String,
    /// The one that is written.
    #[serde(default)]
    pub case: Option<Case>,
    /// Which call its fault is to meet. Calls are numbered, and a change of the product moves the numbers.
    #[serde(default)]
    pub meets: Option<String>,
    /// How many at most.
    pub at_most: usize,
}

impl Planted {
    /// A source with the bug in it.
    ///
    /// # Errors
    /// A sentence, where the text that it replaces does not occur exactly once.
    pub fn put_into(&self, source: &str) -> Result<String, String> {
        match source.matches(&self.from).count() {
            1 => Ok(source.replacen(&self.from, &self.to, 1)),
            count => Err(format!(
                "{}: its text occurs {count} times in {}, and once is wanted",
                self.id, self.file
            )),
        }
    }
}

/// Reads the list.
///
/// # Errors
/// A sentence that names what is wrong with it.
pub fn read(root: &Path) -> Result<Vec<Planted>, String> {
    let file = root.join(ROWS);
    let text = fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    serde_json::from_str(&text).map_err(|why| format!("{}: {why}", file.display()))
}

/// A case in which a bug was caught.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Caught {
    /// Its number among those that are played, from 0 on.
    pub number: usize,
    /// What it is called.
    pub name: String,
    /// The case.
    pub case: Case,
    /// The first broken rule, by its name, and what was seen.
    pub rule: String,
    /// What was seen.
    pub what: String,
    /// The end of its trace.
    pub end: Vec<String>,
}

/// The first case from `first` on that breaks a rule.
///
/// # Errors
/// Where there are no such cases, or the system gives no runtime.
pub fn catch(bug: &Planted, first: usize) -> Result<Option<Caught>, String> {
    let (all, at_most) = (listed(bug)?, bug.at_most);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut next = first;
    while next < at_most {
        let until = (next + cores).min(at_most);
        let batch: Vec<_> = (next..until).filter_map(|number| all.nth(number)).collect();
        if batch.is_empty() {
            return Ok(None);
        }
        let found = std::thread::scope(|scope| {
            let played = batch
                .into_iter()
                .zip(next..)
                .map(|((name, case), number)| scope.spawn(move || broken(number, name, case)));
            let played: Vec<_> = played.collect();
            played
                .into_iter()
                .map(|one| one.join().unwrap_or_else(|_| Err("a case panicked".into())))
                .collect::<Result<Vec<_>, String>>()
        })?;
        if let Some(caught) = found.into_iter().flatten().next() {
            return Ok(Some(caught));
        }
        next = until;
    }
    Ok(None)
}

/// Cases by their numbers.
enum Listed {
    Written(Vec<(String, Case)>),
    Drawn(Vec<Kind>),
}

impl Listed {
    fn nth(&self, number: usize) -> Option<(String, Case)> {
        match self {
            Self::Written(all) => all.get(number).cloned(),
            Self::Drawn(kinds) => {
                let kind = *kinds.get(number % kinds.len())?;
                let seed = u64::try_from(number / kinds.len()).ok()? + 1;
                Some((format!("seed {} {seed}", word_of(kind)), draw(kind, seed)))
            }
        }
    }
}

fn word_of(kind: Kind) -> String {
    let word = serde_json::to_value(kind).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn listed(bug: &Planted) -> Result<Listed, String> {
    let cases = bug.cases.as_str();
    if let (Some(case), "written") = (&bug.case, cases) {
        return Ok(Listed::Written(vec![(cases.to_owned(), case.clone())]));
    }
    if cases == "all kinds" {
        // The table numbers the cases by the kinds that there were when it was begun.
        let kinds = Kind::ALL.into_iter();
        let kinds = kinds.filter(|kind| *kind != Kind::Meddled);
        return Ok(Listed::Drawn(kinds.collect()));
    }
    if let Some(name) = cases.strip_prefix("baseline ") {
        return Ok(Listed::Written(vec![(cases.to_owned(), baseline(name)?)]));
    }
    let of_calls = cases.strip_prefix("each call ");
    if let Some(name) = of_calls.or_else(|| cases.strip_prefix("each pass ")) {
        let whole = baseline(name)?;
        let each = if of_calls.is_some() {
            systematic::each_call_once(&whole)
        } else {
            systematic::each_pass_once(&whole)
        };
        let each = each.map_err(|why| why.to_string())?.into_iter();
        let each = each.map(|case| (named(name, &case), case));
        return Ok(Listed::Written(each.collect()));
    }
    let kind = serde_json::from_value(cases.into());
    kind.map(|kind| Listed::Drawn(vec![kind]))
        .map_err(|_| format!("there are no cases {cases:?}"))
}

fn baseline(name: &str) -> Result<Case, String> {
    let mut all = systematic::baselines().into_iter();
    let found = all.find(|(known, _)| *known == name);
    found
        .map(|(_, case)| case)
        .ok_or_else(|| format!("there is no baseline {name:?}"))
}

/// What a case is called in which one call goes wrong, or one pass.
fn named(baseline: &str, case: &Case) -> String {
    let calls = case.faults.each();
    let calls = calls.map(|(function, call, way)| format!("call {call} of {function} {way:?}"));
    let passes = case.passes.each();
    let passes = passes.map(|(function, pass, way)| format!("pass {pass} of {function} {way:?}"));
    format!(
        "{baseline}, {}",
        calls.chain(passes).collect::<Vec<_>>().join(", ")
    )
}

/// Plays a case, and once more with its trace where it breaks a rule.
fn broken(number: usize, name: String, case: Case) -> Result<Option<Caught>, String> {
    let play = |is_traced| play(&case, is_traced).map_err(|why| why.to_string());
    if play(false)?.violations.is_empty() {
        return Ok(None);
    }
    let played = play(true)?;
    let Some(first) = played.violations.first() else {
        return Ok(None);
    };
    Ok(Some(Caught {
        number,
        name,
        rule: rule_of(first),
        what: first.what.clone(),
        end: end(&played.trace, &first.what),
        case,
    }))
}

fn rule_of(violation: &Violation) -> String {
    let word = serde_json::to_value(violation.rule).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Whether a case breaks a rule here.
///
/// # Errors
/// Where the system gives no runtime.
pub fn breaks(case: &Case, rule: &str) -> Result<bool, String> {
    let played = play(case, false).map_err(|why| why.to_string())?;
    Ok(played.violations.iter().any(|one| rule_of(one) == rule))
}

/// The last lines of a trace, up to the moment that a violation names.
fn end(trace: &[String], what: &str) -> Vec<String> {
    const LINES: usize = 6;
    const WIDE: usize = 160;
    // 2026-01-05T00:03:10.5Z: …
    let moment = what.get(11..19).filter(|_| what.starts_with("2026-"));
    let until = moment.map_or(trace.len(), |moment| {
        trace
            .iter()
            .take_while(|line| line.get(..8) <= Some(moment))
            .count()
    });
    let lines = trace.iter().take(until).skip(until.saturating_sub(LINES));
    lines
        .map(|line| line.chars().take(WIDE).collect())
        .collect()
}
