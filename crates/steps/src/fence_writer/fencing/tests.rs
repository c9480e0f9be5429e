//! When people are told, and how often.

use serde_json::json;

use super::{
    super::{
        handle,
        observe::observe,
        sweep::tests::{books, sweep_of},
    },
    fence,
};
use failover::{
    domain::Epoch,
    ledger::{PlanState, Rows},
    ports::{Access, Fenced, Ledger, Runtime},
    testing::Books,
};

const REPORT: &str = "orders_admin from 10.0.0.9 (report)";
const READER: &str = "orders_admin by the slot cdc";

fn row(books: &Books) -> PlanState {
    books.rows()[&"us-east-1".into()].clone()
}

/// How often people were told so.
fn told(books: &Books, what: &str) -> usize {
    let told = books.told();
    told.iter().filter(|told| told.contains(what)).count()
}

fn closed() -> Access {
    Access {
        epoch: Some(Epoch(7)),
        ..Access::default()
    }
}

#[tokio::test]
async fn the_ledger_calls_a_member_fenced_only_after_a_look_that_saw_it_shut() {
    let open = Access {
        sessions: 2,
        ..closed()
    };
    for after in [None, Some(open)] {
        let books = books(Ok(()));
        books.fencing(|fencing| fencing.fenced.after = after.clone());
        let why = sweep_of(&books).await.unwrap_err();
        assert_eq!((why.name(), row(&books).fenced), ("Unavailable", None));
        assert_eq!(told(&books, "split brain"), 1, "{after:?}");
        books.fencing(|fencing| fencing.fenced.after = Some(closed()));
        sweep_of(&books).await.unwrap();
        assert_eq!(row(&books).fenced, Some(Epoch(8)));
        // What was seen shut is seen open again, and cannot be shut any more.
        books.fencing(|fencing| fencing.fenced.refused = vec!["the role alien".into()]);
        sweep_of(&books).await.unwrap_err();
        assert_eq!(row(&books).fenced, None, "{after:?}");
    }
}

#[tokio::test]
async fn another_cause_under_the_same_name_of_an_error_is_told_and_the_same_one_is_not() {
    let books = books(Ok(()));
    for (role, times) in [("one", 1), ("one", 1), ("two", 2), ("two", 2)] {
        let refused = vec![format!("the role {role} keeps its login")];
        books.fencing(|fencing| fencing.fenced.refused = refused);
        let why = sweep_of(&books).await.unwrap_err();
        assert_eq!(why.name(), "NotReady");
        assert_eq!(told(&books, "split brain"), times, "{role}");
    }
}

#[tokio::test]
async fn an_all_clear_is_told_although_the_pass_that_took_the_logins_ended_before_it() {
    let books = books(Ok(()));
    books.fencing(|fencing| fencing.fenced.refused = vec!["the role alien".into()]);
    sweep_of(&books).await.unwrap_err();
    books.fencing(|fencing| {
        fencing.fenced = Fenced {
            after: Some(closed()),
            ..Fenced::default()
        };
    });
    books.deafen(1);
    sweep_of(&books).await.unwrap();
    assert_eq!(
        (told(&books, "was fenced"), row(&books).fenced),
        (0, Some(Epoch(8))),
        "SNS took nothing"
    );
    books.fencing(|fencing| fencing.access = closed());
    for _minute in 1..=2 {
        let answer = sweep_of(&books).await.unwrap();
        assert_eq!(answer[0]["reason"], "it is fenced");
        assert_eq!(told(&books, "was fenced"), 1);
    }
}

#[tokio::test]
async fn who_works_as_the_administrator_is_ended_and_named_at_every_sweep_and_told_once() {
    let books = books(Ok(()));
    books.fencing(|fencing| {
        fencing.access = Access {
            as_administrator: vec![REPORT.into()],
            ..closed()
        };
        fencing.fenced = Fenced {
            as_administrator: vec![REPORT.into()],
            sessions: 1,
            after: Some(closed()),
            ..Fenced::default()
        };
    });
    let first = sweep_of(&books).await.unwrap();
    let said = first[0]["reason"].as_str().unwrap();
    assert!(said.contains(REPORT), "{said}");
    for _minute in 2..=4 {
        let why = sweep_of(&books).await.unwrap_err().to_string();
        for part in [REPORT, "come back", "a role of its own", "rotate"] {
            assert!(why.contains(part), "{why}");
        }
        let administrator = told(&books, "an administrator works");
        assert_eq!((administrator, books.told().len()), (1, 2), "and fenced");
        assert_eq!(row(&books).fenced, Some(Epoch(8)), "a look saw it shut");
    }
    books.fencing(|fencing| {
        fencing.fenced.after = Some(Access {
            as_administrator: vec![REPORT.into()],
            ..closed()
        });
    });
    sweep_of(&books).await.unwrap_err();
    assert_eq!(row(&books).fenced, None, "it was back at once");
    assert_eq!(books.told().len(), 2);
}

#[tokio::test]
async fn a_reader_of_changes_as_the_administrator_ends_the_fences_loop_by_its_name() {
    let books = books(Ok(()));
    books.fencing(|fencing| {
        fencing.access = Access {
            senders: 1,
            as_administrator: vec![READER.into()],
            ..closed()
        };
        fencing.fenced = Fenced {
            senders: vec![READER.into()],
            as_administrator: vec![READER.into()],
            sessions: 1,
            after: Some(closed()),
            ..Fenced::default()
        };
    });
    let pass = async || {
        let forced = json!({"operation": "fence", "plan": "orders", "force": "orders@8"});
        Box::pin(handle(&books, forced)).await
    };
    assert_eq!(pass().await.unwrap()["progress"], "pending");
    let why = pass().await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(why.to_string().contains(READER), "{why}");
    assert_eq!(told(&books, "an administrator works"), 1);
}

#[tokio::test]
async fn a_second_one_who_works_as_the_administrator_is_told_too() {
    let books = books(Ok(()));
    for (who, times) in [(REPORT, 1), (REPORT, 1), (READER, 2), (REPORT, 2)] {
        books.fencing(|fencing| {
            fencing.fenced = Fenced {
                as_administrator: vec![who.into()],
                sessions: 1,
                after: Some(closed()),
                ..Fenced::default()
            };
        });
        let _ = sweep_of(&books).await;
        assert_eq!(told(&books, "an administrator works"), times, "{who}");
    }
}

/// The sessions of a role that another pass has taken were ended.
fn late() -> Fenced {
    Fenced {
        sessions: 1,
        after: Some(closed()),
        ..Fenced::default()
    }
}

#[tokio::test]
async fn two_fences_that_come_in_at_once_tell_once_that_the_member_was_fenced() {
    let books = books(Ok(()));
    let (one, another) = tokio::join!(sweep_of(&books), sweep_of(&books));
    for swept in [one, another] {
        assert_eq!(swept.unwrap()[0]["action"], "fence");
    }
    assert_eq!(told(&books, "was fenced"), 1);
    sweep_of(&books).await.unwrap();
    assert_eq!(
        (row(&books).fence_untold, row(&books).telling.len()),
        (false, 0)
    );
}

#[tokio::test]
async fn two_fences_that_fail_at_once_tell_once_that_the_member_is_not_fenced() {
    let books = books(Ok(()));
    books.fencing(|fencing| fencing.fenced.refused = vec!["the role alien".into()]);
    let (one, another) = tokio::join!(sweep_of(&books), sweep_of(&books));
    assert!(one.is_err() && another.is_err());
    assert_eq!(told(&books, "split brain"), 1);
}

#[tokio::test]
async fn a_fence_that_saw_the_member_open_before_another_one_shut_it_and_told_tells_nothing() {
    let books = books(Ok(()));
    let here = "us-east-1".into();
    let known = books.known(&here, &"orders".into()).await.unwrap().unwrap();
    let rows = Rows(books.rows());
    let observed = observe(&books, &known, &rows).await.unwrap();
    sweep_of(&books).await.unwrap();
    books.fencing(|fencing| fencing.fenced = late());
    fence(&books, &known, &observed).await.map(drop).unwrap();
    assert_eq!(told(&books, "was fenced"), 1);
}

#[tokio::test]
async fn what_a_fence_claimed_to_tell_and_did_not_is_told_once_a_minute_has_passed() {
    let books = books(Ok(()));
    let now = books.now();
    let fenced = row(&books).fence(Epoch(8), now, true).unwrap();
    let what = "the deposed writer in us-east-1 was fenced";
    let died = fenced.claim_telling(what, now).unwrap();
    let books = books.with_row("us-east-1", &died);
    books.fencing(|fencing| {
        fencing.access = closed();
        fencing.fenced = late();
    });
    sweep_of(&books).await.unwrap();
    assert_eq!(told(&books, "was fenced"), 0, "another pass may be telling");
    books.pause(std::time::Duration::from_secs(60)).await;
    for _minute in 1..=2 {
        sweep_of(&books).await.unwrap();
        assert_eq!(told(&books, "was fenced"), 1);
    }
}
