//! What many cases came to. They are played on every core, each on a clock of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use crate::{
    case::{Case, Kind},
    execution::Definition,
    fault::{PassWay, Way},
    play::{Played, play},
    truth::Rule,
};

/// So many distinct ends are counted at most.
const DIGESTS: usize = 4_000_000;

/// How a rule was broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// In how many cases.
    pub cases: u64,
    /// One of them. Which one depends on the cores.
    pub case: Case,
    /// What was seen in it.
    pub what: String,
}

/// What many cases came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many there were.
    pub cases: u64,
    /// How many of each kind.
    pub by_kind: BTreeMap<Kind, u64>,
    /// How many executions ended, by machine and state.
    pub ended: BTreeMap<(&'static str, String), u64>,
    /// How many calls went wrong, and how.
    pub faulted: BTreeMap<Way, u64>,
    /// How many invocations did.
    pub disturbed: BTreeMap<PassWay, u64>,
    /// How often each event happened, by its name.
    pub events: BTreeMap<String, u64>,
    /// The transitions of machines that were taken, by machine, state and next state.
    pub transitions: BTreeSet<(&'static str, String, String)>,
    /// A number for each end that the world came to.
    pub digests: BTreeSet<u64>,
    /// Broken rules.
    pub broken: BTreeMap<Rule, Broken>,
}

impl Tally {
    fn add(&mut self, case: &Case, played: Played) {
        self.cases += 1;
        *self.by_kind.entry(case.kind).or_default() += 1;
        for (end, count) in played.ended {
            *self.ended.entry(end).or_default() += count;
        }
        for (way, count) in played.faulted {
            *self.faulted.entry(way).or_default() += count;
        }
        for (way, count) in played.disturbed {
            *self.disturbed.entry(way).or_default() += count;
        }
        for timed in &case.events {
            *self.events.entry(timed.event.name()).or_default() += 1;
        }
        self.transitions.extend(played.transitions);
        if self.digests.len() < DIGESTS {
            self.digests.insert(played.digest);
        }
        let rules: BTreeMap<_, _> = played
            .violations
            .into_iter()
            .map(|found| (found.rule, found.what))
            .collect();
        for (rule, what) in rules {
            let broken = self.broken.entry(rule).or_insert_with(|| Broken {
                cases: 0,
                case: case.clone(),
                what,
            });
            broken.cases += 1;
        }
    }

    /// The transitions that no case has taken.
    #[must_use]
    pub fn not_taken(&self) -> Vec<(&'static str, String, String)> {
        let all = machines::all().into_iter().flat_map(|machine| {
            let transitions = Definition::of(&machine).transitions();
            let of_machine = move |(from, to)| (machine.name, from, to);
            transitions.into_iter().map(of_machine)
        });
        all.filter(|one| !self.transitions.contains(one)).collect()
    }
}

/// Plays cases on every core, until there is none left.
pub fn play_all(next: impl Fn() -> Option<Case> + Sync) -> Tally {
    let tally = Mutex::new(Tally::default());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(case) = next() {
                    let Ok(played) = play(&case, false) else {
                        return;
                    };
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    tally.add(&case, played);
                }
            });
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Plays a list of cases on every core.
#[must_use]
pub fn play_list(cases: impl IntoIterator<Item = Case, IntoIter: Send>) -> Tally {
    let left = Mutex::new(cases.into_iter());
    play_all(|| left.lock().unwrap_or_else(PoisonError::into_inner).next())
}
