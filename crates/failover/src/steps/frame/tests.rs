//! What the frame writes down, and when, whatever the step.

use std::sync::Mutex;

use super::*;
use crate::{
    ledger::{Attempt, Current, Row, Run},
    steps::fake::Books,
};

/// A step whose action came to what it is told, and which looks at the run's record while it acts.
struct Toy {
    calls_out: bool,
    then: Then,
    comes_to: Result<Came, Error>,
    recorded_before: Mutex<Option<Run>>,
}

#[derive(Debug)]
struct Toys {
    calls_out: bool,
    then: Then,
}

impl Act for Toys {
    fn name(&self) -> &'static str {
        "detach"
    }

    fn then(&self) -> Then {
        self.then
    }

    fn calls_out(&self) -> bool {
        self.calls_out
    }
}

impl Step<Books> for Toy {
    const NAME: &'static str = "toy";
    type Observed = ();
    type Action = Toys;

    async fn observe(&self, _: &Books, _: &Pass) -> Result<(), Error> {
        Ok(())
    }

    fn next_action(&self, _: &Pass, (): &()) -> Result<Toys, Error> {
        Ok(Toys {
            calls_out: self.calls_out,
            then: self.then,
        })
    }

    fn reason(&self, _: &Pass, (): &(), _: &Toys) -> String {
        "it still follows".into()
    }

    async fn act(
        &self,
        world: &Books,
        pass: &mut Pass,
        (): &mut (),
        _: &Toys,
    ) -> Result<Came, Error> {
        *self.recorded_before.lock().unwrap() = world.runs().remove(&pass.run.run_id);
        self.comes_to.clone()
    }
}

fn toy(calls_out: bool, comes_to: Result<Came, Error>) -> Toy {
    Toy {
        calls_out,
        then: Then::Later,
        comes_to,
        recorded_before: Mutex::new(None),
    }
}

fn books() -> Books {
    let current = Current {
        epoch: crate::domain::Epoch(7),
        writer: "us-west-2".into(),
        global_cluster: None,
        run_id: "adopt".into(),
        proven_at: Timestamp::UNIX_EPOCH,
        unplanned: false,
        acknowledged_at: None,
    };
    Books::with(&Row {
        current: Some(current),
        ..Row::new("orders".into())
    })
}

fn pass(books: &Books, dry_run: bool) -> Pass {
    Pass {
        run: crate::steps::fake::run(),
        rows: crate::ledger::Rows(books.rows()),
        now: books.now(),
        dry_run,
    }
}

/// The attempts in the record while the call was made, and behind it; and what the pass came to.
async fn made(toy: &Toy) -> (Vec<Attempt>, Vec<Attempt>, Result<String, Error>) {
    let books = books();
    let made = make(toy, &books, pass(&books, false)).await;
    let attempts = |run: Option<Run>| run.map(|run| run.attempts).unwrap_or_default();
    let before = attempts(toy.recorded_before.lock().unwrap().take());
    let after = attempts(books.runs().remove(&"a".into()));
    (before, after, made.map(|made| made.output.reason))
}

#[tokio::test]
async fn a_call_is_in_the_record_before_it_is_made_and_its_answer_behind_it() {
    let (before, after, came) = made(&toy(true, Ok(Came::AsDecided))).await;
    assert_eq!(before.len(), 1);
    assert_eq!(
        (before[0].action.as_str(), &before[0].answer),
        ("detach", &None)
    );
    assert_eq!(after[0].answer, Some(Answer::Taken));
    assert_eq!(came.unwrap(), "it still follows");
}

#[tokio::test]
async fn a_refusal_is_kept_in_the_words_of_whoever_refused() {
    let not_now = Ok(Came::NotNow("RDS would not: InvalidState".into()));
    for comes_to in [
        not_now,
        Err(Error::NotReady("RDS would not: InvalidState".into())),
    ] {
        let (_, after, _) = made(&toy(true, comes_to)).await;
        let refused = Answer::Refused("RDS would not: InvalidState".into());
        assert_eq!(after[0].answer, Some(refused));
    }
}

#[tokio::test]
async fn a_call_whose_answer_was_lost_stays_open_in_the_record() {
    let lost = Err(Error::Unavailable("no answer within 6 s".into()));
    let (_, after, came) = made(&toy(true, lost)).await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].answer, None);
    assert_eq!(came.unwrap_err().name(), "Unavailable");
}

#[tokio::test]
async fn what_calls_nobody_is_not_noted_and_what_only_waits_writes_nothing() {
    let (before, after, _) = made(&toy(false, Ok(Came::AsDecided))).await;
    assert!(before.is_empty() && after.is_empty());
    let books = books();
    let waits = Toy {
        then: Then::Waits,
        ..toy(false, Ok(Came::AsDecided))
    };
    make(&waits, &books, pass(&books, false)).await.unwrap();
    assert!(books.runs().is_empty());
}

#[tokio::test]
async fn a_dry_run_acts_on_nothing_and_records_nothing() {
    let (books, toy) = (books(), toy(true, Ok(Came::AsDecided)));
    let before = books.rows();
    make(&toy, &books, pass(&books, true)).await.unwrap();
    assert!(toy.recorded_before.lock().unwrap().is_none());
    assert!(books.runs().is_empty());
    assert_eq!(books.rows(), before);
}
