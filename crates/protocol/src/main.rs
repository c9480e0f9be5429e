//! `make check-protocol`: searches, and says what it saw.

use std::{process::ExitCode, time::Instant};

use protocol::searches::{
    ABLATIONS, Ablation, LARGE, REPLICA, REPLICA_LARGE, SMALL, STEPS_MAX, Search,
};

fn main() -> ExitCode {
    let asked = std::env::args().nth(1);
    let parts = asked
        .as_deref()
        .map_or(vec!["small", "large", "rules"], |part| vec![part]);
    let mut held = true;
    for part in parts {
        // Every one of a part is shown, whatever came of the one before it.
        let fell_short = match part {
            "small" => {
                let small = SMALL.iter().chain(&REPLICA);
                small.filter(|search| !holds(search, None)).count()
            }
            "large" => {
                let large = LARGE.iter().chain(&REPLICA_LARGE);
                large
                    .filter(|search| !holds(search, Some(STEPS_MAX)))
                    .count()
            }
            "rules" => ABLATIONS
                .iter()
                .filter(|ablation| !breaks(ablation))
                .count(),
            words
                if ABLATIONS
                    .iter()
                    .any(|one| format!("{:?}", one.rule) == words) =>
            {
                ABLATIONS
                    .iter()
                    .filter(|one| format!("{:?}", one.rule) == words && !breaks(one))
                    .count()
            }
            "instances" => {
                let large = REPLICA_LARGE.iter();
                let large = large.filter(|search| !holds(search, Some(STEPS_MAX)));
                large.count() + REPLICA.iter().filter(|search| !holds(search, None)).count()
            }
            words => {
                let small = SMALL.iter().chain(&REPLICA);
                let mut named = small.chain(&LARGE).chain(&REPLICA_LARGE);
                let Some(search) = named.find(|search| search.name.contains(words)) else {
                    eprintln!(
                        "there is no part and no search {words:?}; choose small, large, instances, rules, a rule, words of a search's name, or nothing for all"
                    );
                    return ExitCode::from(2);
                };
                usize::from(!holds(search, None))
            }
        };
        held &= fell_short == 0;
    }
    println!("memory at its peak: {}", memory());
    if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Searches everything within bounds, or as much of it as it may; whether every property held.
fn holds(search: &Search, steps_max: Option<usize>) -> bool {
    let started = Instant::now();
    println!("{}", search.name);
    let saw = match search.run(steps_max) {
        Ok(saw) => saw,
        Err(why) => {
            println!("    the model's plan is wrong: {why}");
            return false;
        }
    };
    println!(
        "    {} states, {}, {} steps deep, {:.1} s, {} violations",
        saw.states,
        if saw.is_whole { "the whole" } else { "cut off" },
        saw.depth,
        started.elapsed().as_secs_f64(),
        saw.violations.len()
    );
    for violation in &saw.violations {
        println!("    VIOLATED: {violation}");
    }
    saw.violations.is_empty()
}

/// Searches without a rule; whether its absence breaks what it should.
fn breaks(ablation: &Ablation) -> bool {
    let (states, trace) = ablation.run();
    println!("without {:?}: {states} states", ablation.rule);
    match &trace {
        Some(trace) => println!("    breaks {:?}: {trace}", ablation.breaks),
        None => println!("    NOT FOUND: {:?}", ablation.breaks),
    }
    trace.is_some()
}

/// The peak of resident memory, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or("unknown".into(), |peak| peak.trim().into())
}
