//! `make simulate`: plays cases until a time has passed, and says what it saw.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};
use serde::Serialize;
use simulate::{
    case::{self, Case, Depth, Kind},
    draw::draw,
    play::play,
    shrink::shrink,
    systematic,
    tally::{Tally, play_all, play_list},
};

/// Plays the whole system on a virtual clock, under every fault, with the truth known.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// What of the product is inside: `ports`, or `adapters`, by which RDS is asked over HTTP. A case that was written down says it.
    #[arg(long, global = true, value_parser = depth_of)]
    depth: Option<Depth>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Plays drawn cases for so long.
    Random {
        /// Seconds of this machine's time.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// So many cases at most, so that the same seed plays the same ones.
        #[arg(long, default_value_t = u64::MAX)]
        cases: u64,
        /// The first seed. Without one it is drawn.
        #[arg(long)]
        seed: Option<u64>,
        /// Only cases of this kind, such as `region_loss`.
        #[arg(long)]
        kind: Option<String>,
        /// Where a case that broke a rule is written.
        #[arg(long, default_value = "target/simulate")]
        into: PathBuf,
        /// Lists the transitions of machines that no case has taken.
        #[arg(long)]
        not_taken: bool,
    },
    /// Plays each call and each pass of each kind of run going wrong once, in every way.
    Systematic {
        /// Only the baseline of this name.
        #[arg(long)]
        baseline: Option<String>,
        /// Every so-manieth case.
        #[arg(long, default_value_t = 1)]
        every: usize,
        /// Two calls go wrong in place of one.
        #[arg(long)]
        pairs: bool,
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
    let Arguments { what, depth } = Arguments::parse();
    let at = |case: Case| Case {
        depth: depth.unwrap_or(case.depth),
        ..case
    };
    let came = match what {
        What::Random {
            seconds,
            cases,
            seed,
            kind,
            into,
            not_taken,
        } => {
            let drawn = |kind, seed| at(draw(kind, seed));
            let most = (seconds, cases);
            random(most, seed, (kind.as_deref(), drawn), (&into, not_taken))
        }
        What::Systematic {
            baseline,
            every,
            pairs,
            into,
        } => systematically(baseline.as_deref(), at, (every, pairs), &into),
        What::Baseline { name } => baseline(&name).and_then(|case| show(&at(case))),
        What::Seed { kind, seed } => kind_of(&kind).and_then(|kind| show(&at(draw(kind, seed)))),
        What::Replay { file } => std::fs::read_to_string(&file)
            .map_err(|why| format!("{} cannot be read: {why}", file.display()))
            .and_then(|text| case::read(&text))
            .and_then(|case| show(&at(case))),
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
        let all = Kind::ALL.map(|kind| word_of(&kind));
        format!("there is no kind {word:?}; choose {}", all.join(", "))
    })
}

fn depth_of(word: &str) -> Result<Depth, String> {
    serde_json::from_value(word.into()).map_err(|_| {
        let all = Depth::ALL.iter().map(word_of).collect::<Vec<_>>();
        format!("there is no depth {word:?}; choose {}", all.join(", "))
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

fn word_of(one: &impl Serialize) -> String {
    let word = serde_json::to_value(one).ok();
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

/// Says what many cases came to.
fn say(tally: &Tally, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    let cases = f64::from(u32::try_from(tally.cases).unwrap_or(u32::MAX));
    let runs: u64 = tally.ended.values().sum();
    println!(
        "{} cases with {runs} runs in {seconds:.1} s, {:.0} cases a minute, {} distinct ends",
        tally.cases,
        cases / seconds * 60.0,
        tally.digests.len(),
    );
    for (kind, count) in &tally.by_kind {
        println!("    {count:>6} of {}", word_of(kind));
    }
    for ((machine, end), count) in &tally.ended {
        println!("    {count:>6} {machine} ended in {end}");
    }
    println!("    calls that went wrong: {}", counted(&tally.faulted));
    println!("    invocations that did: {}", counted(&tally.disturbed));
    println!("    what happened: {}", counted(&tally.events));
    let not_taken = tally.not_taken();
    println!(
        "    {} transitions of machines were taken, {} were not",
        tally.transitions.len(),
        not_taken.len()
    );
}

fn counted<T: std::fmt::Debug>(all: &BTreeMap<T, u64>) -> String {
    let all = all.iter().map(|(one, count)| format!("{one:?} {count}"));
    all.collect::<Vec<_>>().join(", ").replace('"', "")
}

/// The transitions that no case has taken, one a line.
fn list_not_taken(tally: &Tally) {
    for (machine, from, to) in tally.not_taken() {
        println!("    not taken: {machine}, {from} -> {to}");
    }
}

fn random(
    (seconds, cases): (u64, u64),
    seed: Option<u64>,
    (kind, drawn): (Option<&str>, impl Fn(Kind, u64) -> Case + Sync),
    (into, lists): (&std::path::Path, bool),
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
        if number >= cases {
            return None;
        }
        let kinds = Kind::ALL;
        let index = usize::try_from(number).unwrap_or_default() % kinds.len();
        let kind = kind.unwrap_or(kinds[index]);
        Some(drawn(kind, first + number))
    };
    let tally = play_all(next);
    say(&tally, began);
    if lists {
        list_not_taken(&tally);
    }
    Ok(report(&tally, into))
}

fn systematically(
    baseline: Option<&str>,
    at: impl Fn(Case) -> Case,
    (every, pairs): (usize, bool),
    into: &std::path::Path,
) -> Result<bool, String> {
    let chosen = match baseline {
        Some(name) => vec![(name, self::baseline(name)?)],
        None => systematic::baselines(),
    };
    let mut held = true;
    for (name, case) in chosen {
        let began = Instant::now();
        println!("{name}");
        let tally = one_by_one(&at(case), (every.max(1), pairs)).map_err(|why| why.to_string())?;
        say(&tally, began);
        held &= report(&tally, into);
    }
    Ok(held)
}

fn one_by_one(case: &Case, (every, pairs): (usize, bool)) -> std::io::Result<Tally> {
    if pairs {
        return Ok(play_list(systematic::each_pair(case)?.step_by(every)));
    }
    let mut cases = systematic::each_call_once(case)?;
    cases.extend(systematic::each_pass_once(case)?);
    Ok(play_list(cases.into_iter().step_by(every)))
}

/// Says which rules were broken, and writes the smallest case of each.
fn report(tally: &Tally, into: &std::path::Path) -> bool {
    for (rule, broken) in &tally.broken {
        println!(
            "VIOLATED {rule:?} in {} cases, such as {}",
            broken.cases, broken.what
        );
        let small = shrink(&broken.case, *rule);
        let (kind, seed) = (word_of(&small.kind), small.seed);
        let depth = if small.depth.is_ports() {
            String::new()
        } else {
            format!("-{}", word_of(&small.depth))
        };
        let file = into.join(format!("{rule:?}-{kind}-{seed}{depth}.json"));
        let text = serde_json::to_string_pretty(&small).unwrap_or_default();
        let written = std::fs::create_dir_all(into).and_then(|()| std::fs::write(&file, text));
        match written {
            Ok(()) => println!("    target/search/simulate replay {}", file.display()),
            Err(why) => println!("    {} cannot be written: {why}", file.display()),
        }
    }
    tally.broken.is_empty()
}
