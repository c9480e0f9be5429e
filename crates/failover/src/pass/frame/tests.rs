//! What the frame writes down, and when, whatever the step.

use std::sync::Mutex;

use super::*;
use crate::{
    evidence::Verdict,
    ledger::{Attempt, Looks, Run, Seen},
    pass::calls,
    ports,
    testing::{self, Books},
    topology::FailoverState,
};

/// A step whose action came to what it is told, and which looks at the run's record while it acts.
struct Toy {
    calls_out: bool,
    then: Then,
    comes_to: Result<Came, Error>,
    refuses: Option<Error>,
    follows_proof: bool,
    is_blind: bool,
    recorded_before: Mutex<Option<Run>>,
}

impl Step<Books> for Toy {
    const NAME: &'static str = "toy";
    type Observed = ();
    type Action = Acting;

    fn acting(action: &Acting) -> Acting {
        *action
    }

    async fn observe(&self, _: &Books, _: &Pass) -> Result<(), Error> {
        if self.is_blind {
            return Err(Error::Unavailable("Rate exceeded".into()));
        }
        Ok(())
    }

    fn outlasts_silence(&self, pass: &Pass) -> bool {
        calls::outlasts_silence(&pass.run, pass.now)
    }

    fn admit(&self, pass: &Pass) -> Result<(), Error> {
        if self.follows_proof {
            pass.require_proven()?;
        }
        Ok(())
    }

    fn next_action(&self, _: &Pass, (): &()) -> Result<Acting, Error> {
        self.refuses.clone().map_or(
            Ok(Acting {
                name: "detach",
                calls_out: self.calls_out,
                then: self.then,
            }),
            Err,
        )
    }

    fn reasons(&self, (): &()) -> Vec<String> {
        vec!["no instance".into(), "no service".into()]
    }

    fn reason(&self, pass: &Pass, (): &(), _: &Acting) -> String {
        format!(
            "it still follows; {}",
            pass.says("detaching", "would detach")
        )
    }

    async fn act(
        &self,
        world: &Books,
        pass: &mut Pass,
        (): &mut (),
        _: &Acting,
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
        refuses: None,
        follows_proof: false,
        is_blind: false,
        recorded_before: Mutex::new(None),
    }
}

fn books() -> Books {
    Books::with(&crate::testing::row("us-west-2", 7))
}

fn pass(books: &Books, dry_run: bool) -> Pass {
    Pass {
        run: crate::testing::run(),
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
    (before, after, made.map(|made| made.reason))
}

/// A pass that comes in beside another one has read the record before that noted its call. It asks for nothing, and its refusal is
/// no answer to what the other one asked for.
#[tokio::test]
async fn of_two_passes_at_once_one_calls() {
    let books = books();
    let (first, second) = (
        toy(true, Ok(Came::AsDecided)),
        toy(true, Ok(Came::NotNow("pending".into()))),
    );
    make(&first, &books, pass(&books, false)).await.unwrap();
    let late = make(&second, &books, pass(&books, false)).await;
    assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
    assert_eq!(*second.recorded_before.lock().unwrap(), None);
    let attempts = &books.runs()[&"a".into()].attempts;
    let answers: Vec<_> = attempts.iter().map(|one| one.answer.clone()).collect();
    assert_eq!(answers, [Some(Answer::Taken)]);
    let waits = toy(false, Ok(Came::AsDecided));
    let late = make(&waits, &books, pass(&books, false)).await;
    assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
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
    assert_eq!(came.unwrap(), "it still follows; detaching");
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
async fn a_call_that_was_throttled_leaves_what_the_record_said_before_it() {
    let books = books();
    let mut pass = pass(&books, false);
    pass.run.attempt(books.now(), "toy", "detach");
    let lost = pass.run.attempts.clone();
    let throttled = toy(true, Ok(Came::Throttled("Rate exceeded".into())));
    let made = make(&throttled, &books, pass).await.unwrap();
    assert_eq!(made.reason, "Rate exceeded");
    assert_eq!(books.runs()[&"a".into()].attempts, lost);
}

#[tokio::test]
async fn a_look_that_nobody_answers_behind_an_open_call_is_taken_again_for_half_an_hour() {
    let blind = Toy {
        is_blind: true,
        ..toy(true, Ok(Came::AsDecided))
    };
    let after = async |change: &dyn Fn(&mut Run)| {
        let (books, mut pass) = (books(), pass(&books(), false));
        let operation = Some(FailoverState {
            status: "pending".into(),
            to: "arn".into(),
            loses: None,
        });
        pass.run.looks = Looks {
            quiet_since: Some(pass.now),
            ..pass.run.looks.after(Seen::Busy(operation), pass.now)
        };
        pass.run
            .attempt(pass.now, "detach_and_promote", "fail_over");
        change(&mut pass.run);
        pass.now += std::time::Duration::from_secs(1_799);
        let made = make(&blind, &books, pass).await;
        let kept = books.runs().remove(&"a".into());
        (
            made.map(|made| made.action),
            kept.map(|run| (run.looks, run.attempts.len())),
        )
    };
    let (action, kept) = after(&|_| {}).await;
    assert_eq!(action, Ok("wait"));
    let (looks, attempts) = kept.unwrap();
    assert_eq!((looks.quiet_since, attempts), (None, 1), "no quiet");
    assert!(looks.operation.is_some(), "as old as it was");
    let ends: [&dyn Fn(&mut Run); 3] = [
        &|run| run.attempts[0].at -= std::time::Duration::from_secs(1),
        &|run| run.answered(Answer::Refused("no".into())),
        &|run| run.forced = true,
    ];
    for change in ends {
        let (ended, kept) = after(change).await;
        assert_eq!((ended.unwrap_err().name(), kept), ("Unavailable", None));
    }
}

#[tokio::test]
async fn a_look_that_nobody_answers_before_any_call_is_taken_again_while_the_evidence_is_good() {
    let blind = Toy {
        is_blind: true,
        ..toy(true, Ok(Came::AsDecided))
    };
    let after = async |seconds, change: &dyn Fn(&mut Run)| {
        let (books, mut pass) = (books(), pass(&books(), false));
        let confirmed = testing::confirmed(Verdict::RegionDown);
        pass.now = confirmed.evidence.gathered_at + std::time::Duration::from_secs(seconds);
        pass.run.confirmed = Some(confirmed);
        change(&mut pass.run);
        let made = make(&blind, &books, pass).await;
        made.map(|made| made.action).map_err(|why| why.name())
    };
    assert_eq!(after(60, &|_| {}).await, Ok("wait"));
    let ends: [&dyn Fn(&mut Run); 3] = [
        &|run| run.confirmed = None,
        &|run| run.confirmed = Some(testing::confirmed(Verdict::PathImpaired)),
        &|run| run.forced = true,
    ];
    for change in ends {
        assert_eq!(after(60, change).await, Err("Unavailable"));
    }
    assert_eq!(after(61, &|_| {}).await, Err("Unavailable"));
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

fn by_hand(force: Option<&str>) -> Input {
    Input {
        force: force.map(Into::into),
        ..Input::of("orders".into())
    }
}

/// What a dry run and the forced call answer, of one step in one world each.
async fn both(toy: &dyn Fn() -> Toy) -> (Output<()>, Result<Output<()>, Error>) {
    let (calm, changed) = (books(), books());
    let dry = run(&toy(), &calm, &by_hand(None)).await.unwrap();
    assert!(calm.runs().is_empty(), "a dry run keeps no record");
    assert_eq!(calm.rows(), books().rows());
    assert!(dry.dry_run);
    (dry, run(&toy(), &changed, &by_hand(Some("orders@7"))).await)
}

#[tokio::test]
async fn a_dry_run_says_what_the_forced_call_would_do() {
    let (dry, forced) = both(&|| toy(true, Ok(Came::AsDecided))).await;
    let forced = forced.unwrap();
    assert_eq!((dry.action, forced.action), ("detach", "detach"));
    assert!(dry.reason.contains("would detach"), "{}", dry.reason);
    assert!(!forced.dry_run && forced.reason.contains("; detaching"));
    let told = serde_json::to_value(&dry).unwrap();
    assert_eq!(told["dry_run"], true);
    assert_eq!(serde_json::to_value(&forced).unwrap().get("dry_run"), None);
}

#[tokio::test]
async fn a_dry_run_answers_the_refusal_that_the_forced_call_would_meet() {
    let follows = || Toy {
        follows_proof: true,
        ..toy(true, Ok(Came::AsDecided))
    };
    let (dry, forced) = both(&follows).await;
    let refusal = dry.refusal.unwrap();
    let why = forced.unwrap_err();
    assert_eq!(refusal.error, why.name());
    assert_eq!(refusal.reasons, [why.to_string()]);
    assert_eq!(dry.action, "refused");
}

#[tokio::test]
async fn a_dry_run_of_what_is_not_ready_answers_the_list_of_reasons_and_a_runs_pass_fails() {
    let not_ready = || Toy {
        refuses: Some(Error::NotReady("2 reason(s) against it".into())),
        ..toy(true, Ok(Came::AsDecided))
    };
    let (dry, forced) = both(&not_ready).await;
    let refusal = dry.refusal.unwrap();
    assert_eq!(refusal.error, "NotReady");
    assert_eq!(refusal.reasons, ["no instance", "no service"]);
    assert_eq!(forced.unwrap_err().name(), "NotReady");
    let of_a_run = make(&not_ready(), &books(), pass(&books(), false)).await;
    assert!(of_a_run.is_err());
}

#[tokio::test]
async fn a_dry_run_fails_where_nobody_can_tell_or_the_words_are_wrong() {
    for why in [
        Error::Unavailable("silent".into()),
        Error::Denied("no right".into()),
        Error::InvalidRequest("wrong".into()),
    ] {
        let toy = Toy {
            refuses: Some(why.clone()),
            ..toy(true, Ok(Came::AsDecided))
        };
        let failed = run(&toy, &books(), &by_hand(None)).await;
        assert_eq!(failed.unwrap_err(), why);
    }
}

#[tokio::test]
async fn a_dry_pass_of_a_run_renews_no_lease() {
    let books = books();
    let (run_of, now) = (crate::testing::run(), books.now());
    let claim = crate::ledger::Claim::of(&run_of);
    for region in ["us-east-1", "us-west-2"].map(crate::domain::Region::from) {
        let claimed = ports::update(&books, &region, run_of.name(), |row| {
            row.claim(&claim, now - std::time::Duration::from_secs(60))
        });
        claimed.await.unwrap();
    }
    books.put_run(books.region(), &run_of).await.unwrap();
    let before = books.rows();
    let input = Input {
        run_id: Some("a".into()),
        epoch: Some(crate::domain::Epoch(7)),
        dry_run: true,
        ..Input::of("orders".into())
    };
    let dry = run(&toy(true, Ok(Came::AsDecided)), &books, &input).await;
    assert!(dry.unwrap().dry_run);
    assert_eq!(books.rows(), before);
}
