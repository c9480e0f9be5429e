//! `make simulate`: plays cases until a time has passed, and says what it saw.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};
use simulate::{
    case::{self, Case, Kind},
    draw::draw,
    fault::Way,
    play::{Played, play},
    shrink::shrink,
    systematic,
    truth::Violation,
};

/// Plays the whole system on a virtual clock, under every fault, with the truth known.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Plays drawn cases for so long.
    Random {
        /// Seconds of this machine's time.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// The first seed. Without one it is drawn.
        #[arg(long)]
        seed: Option<u64>,
        /// Only cases of this kind, such as `region_loss`.
        #[arg(long)]
        kind: Option<String>,
        /// Where a case that broke a rule is written.
        #[arg(long, default_value = "target/simulate")]
        into: PathBuf,
    },
    /// Plays each call of each kind of run going wrong once, in every way.
    Systematic {
        /// Only the baseline of this name.
        #[arg(long)]
        baseline: Option<String>,
        /// Every so-manieth case.
        #[arg(long, default_value_t = 1)]
        every: usize,
        /// Where a case that broke a rule is written.
        #[arg(long, default_value = "target/simulate")]
        into: PathBuf,
    },
    /// Plays the baseline of this name, in which no call goes wrong, and prints all that happens.
    Baseline {
        /// Its name.
        name: String,
    },
    /// Plays one drawn case, and prints all that happens.
    Seed {
        /// Its kind.
        kind: String,
        /// Its seed.
        seed: u64,
    },
    /// Plays a case that was written down, and prints all that happens.
    Replay {
        /// Its file.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let came = match Arguments::parse().what {
        What::Random {
            seconds,
            seed,
            kind,
            into,
        } => random(seconds, seed, kind.as_deref(), &into),
        What::Systematic {
            baseline,
            every,
            into,
        } => systematically(baseline.as_deref(), every, &into),
        What::Baseline { name } => baseline(&name).and_then(|case| show(&case)),
        What::Seed { kind, seed } => kind_of(&kind).and_then(|kind| show(&draw(kind, seed))),
        What::Replay { file } => std::fs::read_to_string(&file)
            .map_err(|why| format!("{} cannot be read: {why}", file.display()))
            .and_then(|text| case::read(&text))
            .and_then(|case| show(&case)),
    };
    match came {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

fn kind_of(word: &str) -> Result<Kind, String> {
    serde_json::from_value(word.into()).map_err(|_| {
        let all = Kind::ALL.map(word_of);
        format!("there is no kind {word:?}; choose {}", all.join(", "))
    })
}

fn baseline(name: &str) -> Result<Case, String> {
    let all = systematic::baselines();
    let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
    let said = format!("there is no baseline {name:?}; choose {}", names.join(", "));
    let mut all = all.into_iter();
    all.find(|(known, _)| *known == name)
        .map(|(_, case)| case)
        .ok_or(said)
}

fn word_of(kind: Kind) -> String {
    let word = serde_json::to_value(kind).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Plays one case, and prints it.
fn show(case: &Case) -> Result<bool, String> {
    let played = play(case, true).map_err(|why| why.to_string())?;
    for line in &played.trace {
        println!("{line}");
    }
    println!("{}", serde_json::to_string_pretty(case).unwrap_or_default());
    for violation in &played.violations {
        println!("VIOLATED {:?}: {}", violation.rule, violation.what);
    }
    println!("digest {:016x}", played.digest);
    Ok(played.violations.is_empty())
}

/// What was seen in all.
#[derive(Default)]
struct Seen {
    cases: u64,
    by_kind: BTreeMap<Kind, u64>,
    ended: BTreeMap<(&'static str, String), u64>,
    faulted: BTreeMap<Way, u64>,
    transitions: std::collections::BTreeSet<(String, String)>,
    digests: std::collections::BTreeSet<u64>,
    broken: Vec<(Case, Violation)>,
}

impl Seen {
    fn add(&mut self, case: &Case, played: Played) {
        self.cases += 1;
        *self.by_kind.entry(case.kind).or_default() += 1;
        for (end, count) in played.ended {
            *self.ended.entry(end).or_default() += count;
        }
        for (way, count) in played.faulted {
            *self.faulted.entry(way).or_default() += count;
        }
        self.transitions.extend(played.transitions);
        self.digests.insert(played.digest);
        let violations = played.violations.into_iter();
        self.broken
            .extend(violations.map(|violation| (case.clone(), violation)));
    }

    fn say(&self, began: Instant) {
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{} cases in {seconds:.1} s, {:.0} a minute, {} distinct ends, {} transitions of machines",
            self.cases,
            f64::from(u32::try_from(self.cases).unwrap_or(u32::MAX)) / seconds * 60.0,
            self.digests.len(),
            self.transitions.len()
        );
        for (kind, count) in &self.by_kind {
            println!("    {count:>6} of {}", word_of(*kind));
        }
        for ((machine, end), count) in &self.ended {
            println!("    {count:>6} {machine} ended in {end}");
        }
        let faulted = self
            .faulted
            .iter()
            .map(|(way, count)| format!("{way:?} {count}"));
        println!(
            "    calls that went wrong: {}",
            faulted.collect::<Vec<_>>().join(", ")
        );
    }
}

/// Plays cases on every core, until there is none left.
fn all(next: impl Fn() -> Option<Case> + Sync) -> Seen {
    let seen = Mutex::new(Seen::default());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(case) = next() {
                    let Ok(played) = play(&case, false) else {
                        return;
                    };
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.add(&case, played);
                }
            });
        }
    });
    seen.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn random(
    seconds: u64,
    seed: Option<u64>,
    kind: Option<&str>,
    into: &std::path::Path,
) -> Result<bool, String> {
    if seconds == 0 {
        return Err("seconds is 0; write how many seconds cases are played, such as 60".into());
    }
    let kind = kind.map(kind_of).transpose()?;
    let first = seed.unwrap_or_else(|| fastrand::u64(0..1_000_000_000));
    println!("seeds from {first}");
    let (began, count) = (Instant::now(), AtomicU64::new(0));
    let next = || {
        if began.elapsed() >= Duration::from_secs(seconds) {
            return None;
        }
        let number = count.fetch_add(1, Ordering::Relaxed);
        let kinds = Kind::ALL;
        let index = usize::try_from(number % 7).unwrap_or_default();
        let kind = kind.unwrap_or(kinds[index]);
        Some(draw(kind, first + number))
    };
    let seen = all(next);
    seen.say(began);
    Ok(report(&seen, into))
}

fn systematically(
    baseline: Option<&str>,
    every: usize,
    into: &std::path::Path,
) -> Result<bool, String> {
    let chosen = match baseline {
        Some(name) => vec![(name, self::baseline(name)?)],
        None => systematic::baselines(),
    };
    let mut held = true;
    for (name, case) in chosen {
        let began = Instant::now();
        let cases = systematic::each_call_once(&case).map_err(|why| why.to_string())?;
        println!("{name}: {} cases", cases.len());
        let left = Mutex::new(cases.into_iter().step_by(every.max(1)));
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let seen = all(next);
        seen.say(began);
        held &= report(&seen, into);
    }
    Ok(held)
}

/// Says which rules were broken, and writes the smallest case of each.
fn report(seen: &Seen, into: &std::path::Path) -> bool {
    let mut rules = BTreeMap::new();
    for (case, violation) in &seen.broken {
        rules
            .entry(violation.rule)
            .or_insert_with(Vec::new)
            .push((case, violation));
    }
    for (rule, broken) in &rules {
        let Some((case, violation)) = broken.first() else {
            continue;
        };
        println!(
            "VIOLATED {rule:?} in {} cases, such as {}",
            broken.len(),
            violation.what
        );
        let small = shrink(case, *rule);
        let file = into.join(format!(
            "{rule:?}-{}-{}.json",
            word_of(case.kind),
            case.seed
        ));
        let text = serde_json::to_string_pretty(&small).unwrap_or_default();
        let written = std::fs::create_dir_all(into).and_then(|()| std::fs::write(&file, text));
        match written {
            Ok(()) => println!("    target/release/simulate replay {}", file.display()),
            Err(why) => println!("    {} cannot be written: {why}", file.display()),
        }
    }
    rules.is_empty()
}
