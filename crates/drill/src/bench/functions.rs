//! What the packaged functions weigh: binary, start, first pass, memory. Each runs as Lambda would run it, before a
//! stand-in for the Runtime API and an HTTPS stand-in for AWS that holds a plan and a ledger and refuses all else: a first
//! pass reads both, and ends where it asks for more.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use failover::ledger::KeptPlan;
use serde_json::Value;
use tokio::{process::Command, sync::mpsc};
use tokio_rustls::TlsAcceptor;

use super::{
    account::Account,
    median,
    stand_ins::{at_once, runtime_answers, serve},
};
use crate::{
    certificates::Certificates,
    emulator::peak_mb,
    functions::{self, Function},
    profile::{PLAN, Profile, STANDBY},
    report,
    world::Trouble,
};

/// A function that has not answered by then never will.
const LIMIT: Duration = Duration::from_secs(10);

/// What is to be reached.
struct Targets {
    ready_ms: f64,
    first_ms: f64,
    memory_mb: f64,
    binary_mb: f64,
}

const TARGETS: Targets = Targets {
    ready_ms: 10.0,
    first_ms: 60.0,
    memory_mb: 30.0,
    binary_mb: 16.0,
};

/// One function's medians.
#[derive(Debug, Clone, PartialEq)]
struct Weight {
    name: String,
    /// From the start of the process until it asks for its first event.
    ready_ms: f64,
    /// From the first event to its answer.
    first_ms: f64,
    /// The peak by then.
    memory_mb: f64,
    binary_mb: f64,
}

/// What the functions weigh.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    weights: Vec<Weight>,
    runs: u32,
}

/// Starts each of the repository's functions in `binaries` `runs` times; `folder` is the bench's own.
///
/// # Errors
/// When a binary is missing, or a function does not answer.
pub async fn weigh(
    runs: u32,
    root: &Path,
    binaries: &Path,
    folder: &Path,
) -> Result<Weights, Trouble> {
    let certificates = Certificates::create(folder)?;
    let tls = certificates.server(&["127.0.0.1"])?;
    let plan = Profile::quick("detach").plan(PLAN, "Z0EXAMPLE");
    let plan = failover::plan::read(&plan.to_string())?;
    let account = Account::new(vec![plan.clone()], STANDBY, BTreeMap::new(), 0);
    let endpoints = BTreeMap::new();
    account.knows(STANDBY, &KeptPlan { plan, endpoints });
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    let answers = move |asked| {
        counted.fetch_add(1, Ordering::Relaxed);
        at_once(account.answer_a_read(&asked))
    };
    let (aws, _aws) = serve(Some(TlsAcceptor::from(tls)), Arc::new(answers)).await?;
    let mut weights = Vec::new();
    for Function { name, first_event } in functions::all(root)? {
        let program = binaries.join(&name);
        let bytes = std::fs::metadata(&program)
            .map_err(|why| format!("{}: {why}; run `make bench`", program.display()))?
            .len();
        let mut seen = Vec::new();
        for _ in 0..runs {
            let before = calls.load(Ordering::Relaxed);
            seen.push(start(&program, &first_event, aws, certificates.bundle()).await?);
            if calls.load(Ordering::Relaxed) < before + 2 {
                return Err(format!("{name} answered without reading plan and ledger").into());
            }
        }
        let middle = |of: fn(&Start) -> f64| {
            median(seen.iter().map(|start| Some(of(start)))).unwrap_or_default()
        };
        weights.push(Weight {
            name,
            ready_ms: middle(|start| start.ready_ms),
            first_ms: middle(|start| start.first_ms),
            memory_mb: middle(|start| start.memory_mb),
            binary_mb: bytes as f64 / 1e6,
        });
    }
    Ok(Weights { weights, runs })
}

/// One start.
struct Start {
    ready_ms: f64,
    first_ms: f64,
    memory_mb: f64,
}

async fn start(
    program: &Path,
    event: &Value,
    aws: SocketAddr,
    trusted: &Path,
) -> Result<Start, Trouble> {
    let (happened, mut happens) = mpsc::unbounded_channel();
    let event = Mutex::new(Some(event.to_string()));
    let (runtime, _runtime) = serve(
        None,
        Arc::new(move |asked| at_once(runtime_answers(&asked, &event, &happened))),
    )
    .await?;
    let began = Instant::now();
    let mut function = Command::new(program);
    super::function::surround(&mut function, runtime, aws, trusted);
    let mut function = function.spawn()?;
    let mut next = async || {
        let happened = tokio::time::timeout(LIMIT, happens.recv())
            .await
            .ok()
            .flatten();
        happened.ok_or_else(|| format!("{} said nothing for {LIMIT:?}", program.display()))
    };
    let (asked, answered) = (next().await?, next().await?);
    let memory_mb = function
        .id()
        .and_then(|id| peak_mb(id.cast_signed()))
        .ok_or("its memory cannot be read")?;
    function.kill().await?;
    let ms = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1_000.0;
    Ok(Start {
        ready_ms: ms(began, asked),
        first_ms: ms(asked, answered),
        memory_mb,
    })
}

impl Weight {
    const fn figures(&self) -> [(f64, f64); 4] {
        [
            (self.binary_mb, TARGETS.binary_mb),
            (self.ready_ms, TARGETS.ready_ms),
            (self.first_ms, TARGETS.first_ms),
            (self.memory_mb, TARGETS.memory_mb),
        ]
    }

    fn is_met(&self) -> bool {
        self.figures().iter().all(|(found, target)| found <= target)
    }
}

impl Weights {
    /// Pass when every target is met.
    #[must_use]
    pub fn verdict(&self) -> report::Verdict {
        if self.weights.iter().all(Weight::is_met) {
            report::Verdict::Pass
        } else {
            report::Verdict::Fail
        }
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "functions: medians of {} starts each; ready: process start to first event asked for;",
            self.runs
        )?;
        writeln!(f, "first pass: event to answer, with its first HTTPS calls")?;
        writeln!(
            f,
            "{:<20} {:>9} {:>9} {:>11} {:>10}",
            "function", "MB", "ready ms", "first ms", "memory MB"
        )?;
        for weight in &self.weights {
            let [binary, ready, first, memory] = weight.figures().map(|(found, _)| found);
            let met = if weight.is_met() {
                ""
            } else {
                "  above target"
            };
            writeln!(
                f,
                "{:<20} {binary:>9.1} {ready:>9.1} {first:>11.1} {memory:>10.1}{met}",
                weight.name
            )?;
        }
        let Targets {
            binary_mb,
            ready_ms,
            first_ms,
            memory_mb,
        } = TARGETS;
        write!(
            f,
            "{:<20} {binary_mb:>9.1} {ready_ms:>9.1} {first_ms:>11.1} {memory_mb:>10.1}",
            "target, at most"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_above_its_target_fails_and_is_marked() {
        let weight = |ready_ms| Weight {
            name: "dns-flip".into(),
            ready_ms,
            first_ms: 40.0,
            memory_mb: 20.0,
            binary_mb: 11.0,
        };
        let weights = |ready_ms| Weights {
            weights: vec![weight(ready_ms)],
            runs: 1,
        };
        assert_eq!(weights(9.0).verdict(), report::Verdict::Pass);
        assert_eq!(weights(11.0).verdict(), report::Verdict::Fail);
        assert!(weights(11.0).to_string().contains("above target"));
    }
}
