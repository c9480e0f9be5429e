//! A stage for whole runs: the shelf, a kind of resource that is as small as can be, and whoever answers questions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use failover::{Error, domain::Region, ledger::PlanState, ports::Runtime};
use serde_json::{Map, Value, json};

use crate::{
    jobs::{Judged, Judges, handle},
    kinds::Serving,
    phase::Phase,
    plan::Resource,
    row::Row,
    run::WorkloadRun,
    testing::{HOME, RECOVERY, Shelf, document},
    verbs::{Next, On, Progress, Verbs},
};

/// The steps of a run home and what its state machine tells each.
const STEPS: [(&str, Option<&str>, Option<&str>); 8] = [
    ("prepare", None, Some("prepared")),
    ("sync", Some("prepared"), Some("suspend")),
    ("suspend", Some("suspend"), None),
    ("last_sync", None, None),
    ("cut_over", None, None),
    ("verify", None, Some("verified")),
    ("retire", Some("verified"), None),
    ("conclude", None, None),
];

/// What resources are and what they were asked for.
#[derive(Default)]
pub(super) struct Things {
    /// What was done: the resource, the phase, and which time.
    done: Mutex<BTreeSet<(String, Phase, u32, bool)>>,
    calls: Mutex<Vec<(String, Phase)>>,
    /// Which refuse, in which phase.
    refusing: Mutex<BTreeSet<(String, Phase)>>,
    /// Which do not run.
    stopped: Mutex<BTreeSet<String>>,
    /// So many answers are lost.
    lost: Mutex<u32>,
    /// Whether each round of copies moves much.
    growing: Mutex<bool>,
}

impl Things {
    pub(super) fn refuse(&self, name: &str, phase: Phase) {
        self.refusing.lock().unwrap().insert((name.into(), phase));
    }

    pub(super) fn relent(&self, name: &str, phase: Phase) {
        self.refusing.lock().unwrap().remove(&(name.into(), phase));
    }

    pub(super) fn stop(&self, name: &str) {
        self.stopped.lock().unwrap().insert(name.into());
    }

    pub(super) fn start(&self, name: &str) {
        self.stopped.lock().unwrap().remove(name);
    }

    pub(super) fn grow(&self) {
        *self.growing.lock().unwrap() = true;
    }

    pub(super) fn lose_answers(&self, times: u32) {
        *self.lost.lock().unwrap() = times;
    }
}

/// A resource that does what it is asked for in each phase but those which only look.
#[derive(Clone, Copy)]
pub(super) struct Toy<'a>(&'a Things);

fn key(on: &On<'_>) -> (String, Phase, u32, bool) {
    let answered = on.phase == Phase::Rehearse && on.run.answered(Phase::Rehearse).is_some();
    let round = if on.phase == Phase::Sync {
        on.row.rounds
    } else {
        0
    };
    (on.resource.name().into(), on.phase, round, answered)
}

impl Verbs<Shelf> for Toy<'_> {
    type Seen = bool;
    type Call = ();

    /// Another pass may come in meanwhile.
    async fn look(self, _: &Shelf, on: &On<'_>) -> Result<bool, Error> {
        tokio::task::yield_now().await;
        Ok(self.0.done.lock().unwrap().contains(&key(on)))
    }

    fn decide(self, on: &On<'_>, seen: &bool) -> Result<Next<()>, Error> {
        let name = on.resource.name().to_owned();
        if self.0.refusing.lock().unwrap().contains(&(name, on.phase)) {
            return Err(Error::NotReady("it does not want to".into()));
        }
        let is_counted = on.row.bytes.contains_key(&(on.row.rounds + 1));
        if on.phase == Phase::Sync && *self.0.growing.lock().unwrap() && !is_counted {
            let progress = Progress {
                done_bytes: Some(9 << 30),
                ..Progress::default()
            };
            return Ok(Next::Wait {
                reason: format!("round {} moves", on.row.rounds + 1),
                progress: Some(progress),
            });
        }
        if *seen || [Phase::Prepare, Phase::Verify].contains(&on.phase) {
            return Ok(Next::Done {
                reason: "it is done".into(),
                keep: Map::new(),
            });
        }
        Ok(Next::Call {
            name: "do",
            reason: "it is to be done".into(),
            keep: Map::from_iter([(on.phase.name().to_owned(), json!(true))]),
            call: (),
        })
    }

    async fn call(self, _: &Shelf, on: &On<'_>, (): &()) -> Result<(), Error> {
        assert_eq!(on.row.kept[on.phase.name()], true, "kept before the call");
        assert!(on.row.last_call("do").is_some(), "noted before the call");
        let call = (on.resource.name().into(), on.phase);
        self.0.calls.lock().unwrap().push(call);
        self.0.done.lock().unwrap().insert(key(on));
        let mut lost = self.0.lost.lock().unwrap();
        if *lost > 0 {
            *lost -= 1;
            return Err(Error::Unavailable("the answer was lost".into()));
        }
        Ok(())
    }
}

impl Serving<Shelf> for Toy<'_> {
    async fn missing(
        self,
        _: &Shelf,
        resource: &Resource,
        (region, called): (&Region, &str),
    ) -> Result<Option<String>, Error> {
        let is_stopped = self.0.stopped.lock().unwrap().contains(resource.name());
        Ok(is_stopped.then(|| format!("{called} in {region} is stopped")))
    }
}

impl Judges for Shelf {
    async fn judge(&self, _: &Region, function: &str, _: &Value) -> Result<Judged, Error> {
        Ok(Judged {
            yes: function == "says-yes-failover-hook",
            reason: "it looked".into(),
        })
    }
}

/// Ledgers, people, and resources.
pub(super) struct Stage {
    pub(super) shelf: Shelf,
    pub(super) things: Things,
}

/// All that is kept anywhere.
type Everything = (
    BTreeMap<Region, PlanState>,
    BTreeMap<String, Row>,
    Vec<WorkloadRun>,
    Vec<(String, Phase)>,
    usize,
);

impl Stage {
    pub(super) fn usual() -> Self {
        Self::of(&document())
    }

    pub(super) fn of(document: &Value) -> Self {
        Self::on(Shelf::with(&crate::testing::ledger_row(), document))
    }

    pub(super) fn with_row(row: &PlanState) -> Self {
        Self::on(Shelf::with(row, &document()))
    }

    pub(super) fn on(shelf: Shelf) -> Self {
        Self {
            shelf,
            things: Things::default(),
        }
    }

    pub(super) async fn call(&self, payload: Value) -> Result<Value, Error> {
        handle(&self.shelf, Toy(&self.things), payload).await
    }

    pub(super) async fn try_open(&self, kind: &str, execution: &str) -> Result<Value, Error> {
        let payload =
            json!({"operation": "open", "plan": "orders", "kind": kind, "execution": execution});
        self.call(payload).await
    }

    pub(super) async fn open(&self, kind: &str, execution: &str) -> Value {
        self.try_open(kind, execution).await.unwrap()
    }

    /// What every step of a run is told, and more.
    pub(super) fn told(run: &Value, more: &[(&str, Value)]) -> Value {
        let mut told = run["run"].clone();
        for (name, value) in more {
            told[*name] = value.clone();
        }
        told
    }

    pub(super) async fn pass(
        &self,
        run: &Value,
        step: &str,
        answered: Option<&str>,
    ) -> Result<Value, Error> {
        let told = [("operation", json!(step)), ("answered", json!(answered))];
        self.call(Self::told(run, &told)).await
    }

    /// Passes of a step until it is done, as the state machine makes them: what is not answered is tried again.
    pub(super) async fn done(
        &self,
        run: &Value,
        step: &str,
        answered: Option<&str>,
    ) -> Result<(), Error> {
        for _ in 0..40 {
            match self.pass(run, step, answered).await {
                Ok(passed) if passed["progress"] == "done" => return Ok(()),
                Ok(passed) => {
                    let seconds = passed["wait_seconds"].as_u64().unwrap();
                    assert!(seconds <= 60, "{passed}");
                    self.shelf.pause(Duration::from_secs(seconds.max(5))).await;
                }
                Err(Error::Unavailable(_)) => self.shelf.pause(Duration::from_secs(5)).await,
                Err(why) => return Err(why),
            }
        }
        panic!("{step} comes to no end");
    }

    pub(super) async fn ask(&self, run: &Value, question: &str) -> Result<Value, Error> {
        let token = format!("token-{question}");
        let told = [
            ("operation", json!("ask")),
            ("phase", json!(question)),
            ("token", json!(token)),
        ];
        self.call(Self::told(run, &told)).await
    }

    pub(super) async fn answer(
        &self,
        run: &Value,
        question: &str,
        answer: &str,
    ) -> Result<Value, Error> {
        let payload = json!({"operation": answer, "plan": "orders", "run_id": run["run_id"], "phase": question, "by": "ada"});
        self.call(payload).await
    }

    /// A question and its yes, tried again where it is not answered.
    pub(super) async fn yes(&self, run: &Value, question: &str) {
        let mut asked = self.ask(run, question).await;
        for _ in 0..3 {
            if asked.is_ok() {
                break;
            }
            asked = self.ask(run, question).await;
        }
        asked.unwrap();
        self.answer(run, question, "approve").await.unwrap();
    }

    /// A run up to a step.
    pub(super) async fn until(&self, run: &Value, last: &str) -> Result<(), Error> {
        for (step, answered, question) in STEPS {
            if step == last {
                return Ok(());
            }
            self.done(run, step, answered).await?;
            let is_home = run["kind"] == "restore_home" || question == Some("prepared");
            if let Some(question) = question.filter(|_| is_home) {
                self.yes(run, question).await;
            }
            // Behind its rounds a rehearsal builds.
            if step == "sync" && last == "rehearse" {
                return Ok(());
            }
        }
        Ok(())
    }

    /// A whole run home, but for its closing.
    pub(super) async fn home(&self, run: &Value) -> Result<(), Error> {
        self.until(run, "the end").await
    }

    pub(super) async fn close(&self, run: &Value) -> Value {
        let told = Self::told(run, &[("operation", json!("close"))]);
        self.call(told).await.unwrap()
    }

    /// The resources that were called for in a phase, in order.
    pub(super) fn calls_in(&self, phase: Phase) -> Vec<String> {
        let calls = self.things.calls.lock().unwrap();
        let of_phase = calls.iter().filter(|(_, of)| *of == phase);
        of_phase.map(|(name, _)| name.clone()).collect()
    }

    /// Every call.
    pub(super) fn calls(&self) -> Vec<(String, Phase)> {
        self.things.calls.lock().unwrap().clone()
    }

    pub(super) fn everything(&self) -> Everything {
        (
            self.shelf.books.rows(),
            self.shelf.kept(),
            [HOME, RECOVERY]
                .into_iter()
                .flat_map(|region| self.shelf.runs_in(region).into_values())
                .collect(),
            self.calls(),
            self.shelf.books.told().len() + self.shelf.books.given().len(),
        )
    }
}

fn serves(stage: &Stage, region: &str, epoch: u64) {
    for (of, row) in stage.shelf.books.rows() {
        let current = row.current.unwrap();
        let found = (current.writer.as_str(), current.epoch.0);
        assert_eq!(found, (region, epoch), "the row of {of}");
        assert!(row.intent.is_none(), "the row of {of}");
    }
}

pub(super) fn home_serves(stage: &Stage, epoch: u64) {
    serves(stage, HOME, epoch);
}

pub(super) fn recovery_serves(stage: &Stage, epoch: u64) {
    serves(stage, RECOVERY, epoch);
}

pub(super) fn nobody_holds(stage: &Stage) {
    for (region, row) in stage.shelf.books.rows() {
        assert!(row.lease.is_none(), "{region}");
    }
}
