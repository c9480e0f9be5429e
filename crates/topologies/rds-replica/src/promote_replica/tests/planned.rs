//! Behind a stopped writer: who agrees first, and what gives the stop back.

use failover::{
    domain::{Epoch, Region},
    ledger::{Claim, Intent, Stage},
    ports::Ledger as _,
    testing::Books,
    topology::Accepted,
};

use super::*;
use crate::members::{
    Backups,
    exports::Exported,
    stops::{
        Asked,
        tests::{member, shown, stopped},
    },
};

fn stop(stage: Stage) -> Stop {
    Stop {
        token: "a".into(),
        epoch: Epoch(8),
        from: "us-west-2".into(),
        to: "us-east-1".into(),
        run_id: "a".into(),
        written_at: Timestamp::from_second(990).unwrap(),
        stage,
    }
}

/// A planned move's run, behind its stop.
fn moving(observed: Observed) -> (Pass, Observed) {
    let mut pass = pass();
    pass.run.kind = RunKind::PlannedFailover;
    pass.run.leased = ["us-east-1".into(), "us-west-2".into()].into();
    let observed = Observed {
        stop: Some(stop(Stage::Stopping)),
        ..observed
    };
    (pass, observed)
}

fn judged((pass, observed): &(Pass, Observed)) -> Result<&'static str, &'static str> {
    next_action(pass, observed)
        .map(|action| action.acting().name)
        .map_err(|why| why.name())
}

#[test]
fn nothing_is_promoted_behind_a_writer_that_no_stop_holds() {
    let (pass, observed) = moving(replica());
    let open = Observed {
        stop: None,
        ..observed
    };
    assert_eq!(judged(&(pass, open)), Err("NotReady"));
}

#[test]
fn behind_a_stop_the_intent_is_written_and_then_promoted_without_evidence_of_an_outage() {
    let unwritten = Observed {
        intent: IntentState::Nothing,
        ..replica()
    };
    assert_eq!(judged(&moving(unwritten)), Ok("write_intent"));
    assert_eq!(judged(&moving(replica())), Ok("promote"));
}

#[test]
fn what_ends_a_move_before_its_call_gives_the_stop_back() {
    let refused = Observed {
        refusal: Some(Error::NotReady("a switch is on".into())),
        ..replica()
    };
    let of_another = Observed {
        follows_the_writer: false,
        ..replica()
    };
    for observed in [refused, of_another, with_status(replica(), "storage-full")] {
        assert_eq!(judged(&moving(observed)), Ok("give_back"));
    }
}

#[test]
fn a_call_that_may_come_about_is_never_given_back() {
    let called = Observed {
        tried: Tried {
            open_seconds: Some(600.0),
            is_taken: true,
            refused_seconds: None,
        },
        refusal: Some(Error::NotReady("a switch is on".into())),
        ..replica()
    };
    assert_eq!(judged(&moving(called.clone())), Ok("wait"));
    let goes_on = Observed {
        refusal: None,
        ..called
    };
    let (mut pass, observed) = refused_for(600, goes_on);
    assert_eq!(judged(&(pass.clone(), observed.clone())), Ok("promote"));
    pass.run.attempts.clear();
    assert_eq!(judged(&(pass, observed)), Ok("promote"));
}

/// A run whose call RDS refuses for so many seconds since both Regions agreed.
fn refused_for(seconds: i64, observed: Observed) -> (Pass, Observed) {
    let (mut pass, observed) = moving(observed);
    let then = pass.now;
    let row = testing::row("us-west-2", 7);
    let row = row.claim(&Claim::of(&pass.run), then).unwrap();
    let row = row.stop(stop(Stage::Stopping)).unwrap();
    let intent = Intent {
        epoch: Epoch(8),
        ..pass.intent(None)
    };
    let agreed = row.promote_stopped(&"a".into(), intent).unwrap();
    pass.rows = Rows([("us-east-1".into(), agreed)].into());
    pass.run.attempt(then, STEP, PROMOTE);
    pass.run.answered(Answer::Refused("backing up".into()));
    pass.now = Timestamp::from_second(1_000 + seconds).unwrap();
    (pass, observed)
}

#[test]
fn a_call_that_rds_goes_on_refusing_is_given_up_a_minute_after_both_regions_agreed() {
    assert_eq!(judged(&refused_for(60, replica())), Ok("promote"));
    assert_eq!(judged(&refused_for(61, replica())), Ok("give_back"));
    let (mut resumed, observed) = refused_for(600, replica());
    resumed.run.run_id = "another".into();
    resumed.run.attempts.clear();
    let goes_forward = judged(&(resumed, observed));
    assert_eq!(
        goes_forward,
        Ok("promote"),
        "what another run began goes forward"
    );
}

#[test]
fn what_another_run_began_is_taken_over_before_it_is_given_back() {
    let (pass, observed) = moving(Observed {
        refusal: Some(Error::NotReady("a switch is on".into())),
        intent: IntentState::AnotherRunsIntent,
        ..replica()
    });
    let begun = Observed {
        stop: Some(stop(Stage::Promoting)),
        ..observed
    };
    assert_eq!(judged(&(pass.clone(), begun.clone())), Ok("write_intent"));
    let own = Observed {
        intent: IntentState::OwnIntent,
        ..begun
    };
    assert_eq!(judged(&(pass, own)), Ok("give_back"));
}

#[tokio::test]
async fn a_move_of_which_nothing_is_on_record_is_not_said_to_be_given_back() {
    let (_, mut pass, observed) = books().await;
    let free = Books::with(&testing::row("us-west-2", 7)).of_plan(plan());
    let why = Action::GiveBack(Error::NotReady("a switch is on".into()));
    let refused = carry_out::act(&free, &mut pass, &observed, &why).await;
    assert_eq!(refused.unwrap_err().name(), "NotReady");
}

impl Members for Books {
    async fn look(&self, _: &Region, _: &str) -> failover::evidence::Rds {
        failover::evidence::Rds::Silent {
            why: "nobody asked".into(),
        }
    }

    async fn instance(&self, _: &Region, _: &str) -> Result<Option<Instance>, Error> {
        Ok(Some(east(Some(WEST))))
    }

    async fn backups(&self, _: &Region, _: &str) -> Result<Option<Backups>, Error> {
        Ok(None)
    }

    async fn exports(&self, _: &Region, _: &str) -> Result<Option<Exported>, Error> {
        Ok(None)
    }

    async fn promote(&self, _: &Region, _: &str, _: Option<u32>) -> Result<Accepted, Error> {
        Err(Error::NotReady("InvalidDBInstanceState: no".into()))
    }
}

/// The ledgers of such a run, which bear its stop.
async fn books() -> (Books, Pass, Observed) {
    let (mut pass, observed) = moving(Observed {
        intent: IntentState::Nothing,
        ..replica()
    });
    let row = testing::row("us-west-2", 7);
    let row = row.claim(&Claim::of(&pass.run), pass.now).unwrap();
    let row = row.stop(stop(Stage::Stopping)).unwrap();
    let books = Books::with(&row).of_plan(plan());
    books.put_run(&pass.run.to, &pass.run).await.unwrap();
    pass.rows = Rows(books.rows());
    (books, pass, observed)
}

#[tokio::test]
async fn the_region_that_is_left_agrees_first_and_a_stop_that_it_withdrew_promotes_nothing() {
    let (books, mut pass, observed) = books().await;
    carry_out::act(&books, &mut pass, &observed, &Action::WriteIntent)
        .await
        .unwrap();
    for region in ["us-west-2", "us-east-1"] {
        let row = &books.rows()[&region.into()];
        let stage = row.stop.as_ref().map(|stop| stop.stage);
        assert_eq!(stage, Some(Stage::Promoting), "{region}");
        let intent = row.intent.as_ref().unwrap();
        assert_eq!((intent.epoch, intent.to.as_str()), (Epoch(8), "us-east-1"));
    }
    let (books, mut pass, observed) = self::books().await;
    let home = "us-west-2".into();
    failover::ports::update_if(&books, &home, pass.run.name(), |row| {
        row.withdraw_stop(&"a".into())
    })
    .await
    .unwrap();
    let why = carry_out::act(&books, &mut pass, &observed, &Action::WriteIntent).await;
    assert_eq!(why.unwrap_err().name(), "RunRefused");
    assert!(books.rows()[&"us-east-1".into()].intent.is_none());
}

#[tokio::test]
async fn a_refusal_for_good_takes_both_rows_back_and_asks_for_the_writer_to_be_opened() {
    let (books, mut pass, observed) = books().await;
    member(stopped(7, "a"));
    carry_out::act(&books, &mut pass, &observed, &Action::WriteIntent)
        .await
        .unwrap();
    pass.rows = Rows(books.rows());
    let now = pass.now;
    pass.run.attempt(now, STEP, PROMOTE);
    books.note_call(&pass.run.to, &pass.run).await.unwrap();
    let refused = carry_out::act(&books, &mut pass, &observed, &Action::Promote).await;
    assert_eq!(refused.unwrap_err().name(), "NotReady");
    for row in books.rows().values() {
        assert!(row.stop.is_none() && row.intent.is_none(), "{row:?}");
        assert_eq!(row.spent_epoch(), Epoch(8));
    }
    let asked = shown().asked;
    assert!(
        matches!(asked.as_slice(), [(region, Asked::Open(of))] if region.as_str() == "us-west-2" && of.token == "a".into()),
        "{asked:?}"
    );
}
