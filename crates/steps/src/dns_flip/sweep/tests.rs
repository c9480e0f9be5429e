//! Which plans are swept, who is told, and what is asked of an operator.

use serde_json::{Value, json};

use super::*;
use failover::{
    domain::Region,
    ledger::Current,
    plan::{Route, Switch},
    testing::{self, Books},
};

const STANDBY: (&str, &str) = ("orders-east", "switch");
const PRIMARY: (&str, &str) = ("orders-west", "switch");

fn route() -> Route {
    let switch = |(bucket, key): (&str, &str)| Switch {
        bucket: bucket.into(),
        key: key.into(),
        canary: None,
    };
    Route::HealthSwitch {
        name: "shop.example.com".into(),
        primary: "us-west-2".into(),
        switches: [
            ("us-east-1".into(), switch(STANDBY)),
            ("us-west-2".into(), switch(PRIMARY)),
        ]
        .into(),
        targets: [
            ("us-east-1".into(), "east.example.com".into()),
            ("us-west-2".into(), "west.example.com".into()),
        ]
        .into(),
        check_interval_seconds: 10,
        check_failures: 3,
        by_hand_minutes: 5,
    }
}

/// The writer is in us-east-1 since epoch 8.
fn row() -> PlanState {
    testing::row("us-east-1", 8)
}

fn books(row: &PlanState) -> Books {
    Books::with(row).routed(vec![route()])
}

/// What each object holds once it was swept.
async fn swept(books: &Books) -> (String, [Option<String>; 2]) {
    let found = sweep(books).await.unwrap();
    let [found] = found.as_slice() else {
        panic!("{found:?}")
    };
    (found.reason.clone(), held(books))
}

fn held(books: &Books) -> [Option<String>; 2] {
    [
        books.object_in("us-east-1", STANDBY),
        books.object_in("us-west-2", PRIMARY),
    ]
}

fn word(epoch: u64, says: &str) -> Option<String> {
    Some(format!("{{\"epoch\": {epoch}, \"says\": \"{says}\"}}\n"))
}

#[tokio::test]
async fn every_object_holds_the_word_of_the_proven_epoch_and_a_second_sweep_writes_nothing() {
    let books = books(&row());
    let (said, found) = swept(&books).await;
    assert!(
        said.contains("object switch of bucket orders-west in us-west-2 now says"),
        "{said}"
    );
    assert_eq!(found, [word(8, "standby-active"), word(8, "nothing")]);
    let (said, _) = swept(&books).await;
    assert_eq!(said, "every object says what the epoch wants");
    assert_eq!(books.told(), Vec::<String>::new());
}

#[tokio::test]
async fn a_plan_that_a_run_holds_or_whose_epoch_is_not_known_is_left_alone() {
    let mut run = testing::run();
    run.leased = ["us-east-1".into(), "us-west-2".into()].into();
    let held_by_run = Books::leased(&run, &row()).await.routed(vec![route()]);
    let off = books(&row()).switched_on();
    let silent = books(&row()).silence("us-west-2");
    let unadopted = books(&PlanState::new("orders".into()));
    let taken_away = books(&row()).without_documents();
    for (books, part) in [
        (held_by_run, "a run holds the plan"),
        (off, "switch is on"),
        (silent, "the ledger in us-west-2 does not answer"),
        (unadopted, "no writer was adopted yet"),
        (taken_away, "there is no plan orders"),
    ] {
        let (said, found) = swept(&books).await;
        assert!(said.contains(part), "{said}");
        assert_eq!(found, [None, None], "{said}");
    }
    let unread = sweep(&books(&row()).switches_unread()).await.unwrap_err();
    assert!(
        unread.to_string().contains("orders: Unavailable"),
        "{unread}"
    );
    let without = Books::with(&row());
    assert_eq!(sweep(&without).await, Ok(vec![]), "it has no switch");
}

#[tokio::test]
async fn what_was_put_by_hand_is_told_once_each_time_and_written_over_after_the_plans_minutes() {
    let books = books(&row());
    swept(&books).await;
    books.write_object("us-east-1", STANDBY, "primary again");
    for _minute in 0..5 {
        let (said, found) = swept(&books).await;
        assert!(said.contains("was put there by hand"), "{said}");
        assert_eq!(found[0].as_deref(), Some("primary again"));
        books.pause(std::time::Duration::from_secs(60)).await;
    }
    let told = books.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("an object of shop.example.com was put by hand"),
        "{told:?}"
    );
    let (_, found) = swept(&books).await;
    assert_eq!(found[0], word(8, "standby-active"));
    books.write_object("us-east-1", STANDBY, "primary again");
    swept(&books).await;
    assert_eq!(books.told().len(), 2, "it is another one");
    // The other Region's is told by that Region.
    books.write_object("us-west-2", PRIMARY, "primary-active");
    swept(&books).await;
    assert_eq!(books.told().len(), 2);
}

#[test]
fn people_hear_where_an_object_leads_and_until_when() {
    let found = |leads_to: Option<&str>| ByHand {
        name: "shop.example.com".into(),
        region: "us-east-1".into(),
        what: "object switch of bucket orders-east in us-east-1".into(),
        at: Some(jiff::Timestamp::UNIX_EPOCH),
        leads_to: leads_to.map(Region::from),
        minutes: 5,
    };
    let said = |leads_to| message(&found(leads_to), "then");
    let leads = said(Some("us-east-1"));
    assert!(
        leads
            .evidence
            .contains("finds in it that us-east-1 is active"),
        "{leads:?}"
    );
    assert!(
        leads.next.contains("5 minutes after it was written"),
        "{leads:?}"
    );
    assert!(
        said(None)
            .evidence
            .contains("No health check finds anything")
    );
}

async fn by_hand(books: &Books, payload: Value) -> Result<Swept, Error> {
    set_up(books, &serde_json::from_value(payload).unwrap()).await
}

#[tokio::test]
async fn an_operator_sets_a_plans_objects_up_and_hears_what_that_would_do() {
    let home = PlanState {
        current: Some(Current {
            writer: "us-west-2".into(),
            ..row().current.unwrap()
        }),
        ..row()
    };
    let books = books(&home);
    let dry = by_hand(&books, json!({"plan": "orders", "dry_run": true})).await;
    assert!(dry.unwrap().reason.contains("would say"));
    assert_eq!(held(&books), [None, None]);
    let wet = by_hand(&books, json!({"plan": "orders"})).await.unwrap();
    assert_eq!(wet.action, "put_object");
    assert_eq!(held(&books), [word(8, "nothing"), word(8, "nothing")]);
    let unknown = by_hand(&books, json!({"plan": "ordres"})).await;
    assert_eq!(unknown.unwrap_err().name(), "InvalidRequest");
    let without = by_hand(&Books::with(&home), json!({"plan": "orders"})).await;
    let why = without.unwrap_err().to_string();
    assert!(
        why.contains("plan orders has no route of kind health_switch"),
        "{why}"
    );
}

#[test]
fn an_object_that_was_put_by_hand_is_told_as_its_example_shows() {
    use failover::testing::example;
    let at = example::before(50);
    let found = ByHand {
        name: "shop.example.com".into(),
        region: "us-east-1".into(),
        what: "object standby-active of bucket orders-switch-us-east-1 in us-east-1".into(),
        at: Some(at),
        leads_to: Some("us-east-1".into()),
        minutes: 5,
    };
    example::is("put-by-hand", &message(&found, &utc(at)));
}
