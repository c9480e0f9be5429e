//! What a writer that cannot be proven yet is waited for.

use super::*;

#[test]
fn a_committed_epoch_that_the_ledger_cannot_be_told_is_told_by_a_later_pass() {
    let mut pass = Pass {
        run: failover::testing::run(),
        rows: Rows(Default::default()),
        now: jiff::Timestamp::UNIX_EPOCH,
        dry_run: false,
    };
    let seen = Observed {
        writer: "us-east-1".into(),
        epoch: Epoch(8),
        write: None,
        loss: None,
    };
    let throttled = || Err(Error::Unavailable("Rate exceeded".into()));
    assert!(concluded(throttled(), &pass, &seen).is_err());
    pass.run.promoted_at = Some(pass.now);
    let told = concluded(throttled(), &pass, &seen);
    assert!(matches!(told, Ok(Came::NotYet(_))), "{told:?}");
    let later = Err(Error::UnexpectedTopology("later epoch".into()));
    assert!(concluded(later, &pass, &seen).is_err());
    assert_eq!(concluded(Ok(()), &pass, &seen), Ok(Came::AsDecided));
}

#[test]
fn without_a_heart_nothing_but_a_humans_word_proves_a_writer() {
    assert_eq!(of_word(Stands::Promoted, false), Action::Ask);
    assert_eq!(of_word(Stands::Promoted, true), Action::Conclude);
    for is_said in [false, true] {
        let early = of_word(Stands::NotPromoted, is_said);
        assert_eq!(early, Action::Wait, "a word proves no replica");
        let again = of_word(Stands::Proven, is_said);
        assert_eq!(again, Action::Conclude, "nobody is asked twice");
    }
    let asks = Action::Ask.acting();
    assert_eq!(
        (asks.name, asks.then),
        ("ask", Then::Later),
        "it is not done"
    );
}

#[test]
fn a_word_counts_behind_its_question_and_ten_minutes_from_when_it_was_heard() {
    let at = |seconds| jiff::Timestamp::from_second(seconds).unwrap();
    let mut pass = Pass {
        run: failover::testing::run(),
        rows: Rows(Default::default()),
        now: at(0),
        dry_run: false,
    };
    let ledger = "recovery_ledger";
    pass.run.note(at(0), ledger, "ask", "may it be promoted");
    pass.run.note(at(5), STEP, "ask", "does it take writes");
    assert!(!is_answered(&pass), "that was another question");
    pass.run.note(at(10), ledger, "ask", "does it take writes");
    let limit = 10 + 600 + pass.run.plan.unplanned.approval_minutes * 60;
    let limit = i64::try_from(limit).unwrap();
    for (now, counts) in [(11, true), (limit, true), (limit + 1, false)] {
        pass.now = at(now);
        assert_eq!(is_answered(&pass), counts, "after {now} s");
    }
    pass.run.approve(at(30), STEP_OF_WORD);
    for (now, counts) in [(30, true), (630, true), (631, false)] {
        pass.now = at(now);
        assert_eq!(is_answered(&pass), counts, "heard at 30 s, after {now} s");
    }
}

#[tokio::test]
async fn a_writer_that_a_human_vouched_for_is_proven_in_the_ledgers() {
    use failover::{
        ledger::Run,
        testing::{self, Books},
    };
    let document = testing::sqlserver_document().to_string();
    let run = Run {
        plan: failover::plan::read(&document).unwrap(),
        ..testing::run()
    };
    let books = Books::leased(&run, &testing::row("us-west-2", 7)).await;
    let mut pass = Pass {
        run,
        rows: Rows(books.rows()),
        now: books.now(),
        dry_run: false,
    };
    let intent = pass.intent(None);
    for region in pass.run.leased.clone() {
        let written = failover::ports::update(&books, &region, pass.run.name(), |row| {
            row.intend(intent.clone())
        });
        written.await.unwrap();
    }
    pass.rows = Rows(books.rows());
    let seen = Observed {
        writer: "us-east-1".into(),
        epoch: epoch(&pass).unwrap(),
        write: None,
        loss: None,
    };
    let came = by_word(&books, &mut pass, &seen, Action::Ask).await;
    assert_eq!(came, Ok(Came::AsDecided));
    let current = |books: &Books| books.rows()[&"us-east-1".into()].current.clone().unwrap();
    assert_eq!(current(&books).writer, "us-west-2".into());
    let came = by_word(&books, &mut pass, &seen, Action::Conclude).await;
    assert_eq!(came, Ok(Came::AsDecided));
    assert_eq!(current(&books).writer, "us-east-1".into());
    assert_eq!(current(&books).epoch, Epoch(8));
    assert_eq!(pass.run.proof.unwrap().loss, None);
}

#[test]
fn a_writer_that_does_not_take_writes_yet_is_waited_for() {
    for write in [
        Write::ReadOnly,
        Write::Failed {
            why: "starting up".into(),
        },
    ] {
        assert_eq!(next_action(&write, 9_999.0), Ok(Action::Wait));
    }
}

#[test]
fn a_login_that_the_promoted_writer_refuses_is_waited_for_ten_minutes_and_then_named() {
    let refused = Write::Misconfigured {
        why: "password authentication failed (SQLSTATE 28P01)".into(),
    };
    for seconds in [0.0, 599.0] {
        assert_eq!(next_action(&refused, seconds), Ok(Action::Wait));
    }
    let why = next_action(&refused, 600.0).unwrap_err();
    assert!(
        why.name() == "NotReady" && why.to_string().contains("28P01"),
        "{why}"
    );
}

#[test]
fn a_database_with_a_later_epoch_stops_the_run() {
    assert_eq!(
        next_action(&Write::OtherEpoch { epoch: Epoch(9) }, 0.0)
            .unwrap_err()
            .name(),
        "UnexpectedTopology"
    );
}
