//! Whether applications can write where the plan's names lead.

use super::*;
use failover::{ledger::Rows, testing};

#[tokio::test]
async fn where_no_name_leads_to_the_writer_it_says_what_was_not_observed() {
    let mut run = testing::run();
    let reader = Route::Ssm {
        parameter: "/orders/reader".into(),
        endpoint: Endpoint::Reader,
    };
    for dns in [Vec::new(), vec![reader]] {
        run.plan.routes = dns;
        let pass = Pass {
            run: run.clone(),
            rows: Rows([("us-east-1".into(), testing::row("us-east-1", 8))].into()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: false,
        };
        let books = testing::Books::with(&testing::row("us-east-1", 8));
        let seen = VerifyWrites.observe(&books, &pass).await.unwrap();
        let action = next_action(&seen).unwrap();
        let said = Step::<testing::Books>::reason(&VerifyWrites, &pass, &seen, &action);
        assert!(
            said.contains("where applications write was not observed")
                && said.contains("us-east-1 takes writes was seen when it was proven"),
            "{said}"
        );
    }
}

/// What is seen of a name that leads to a writer which does not answer.
fn fails(given_up: Option<&str>) -> Observed {
    Observed {
        name: "writer.orders.internal".into(),
        leads_to: Some("orders-west".into()),
        write: Some(Write::Failed {
            why: "no answer within 3s".into(),
        }),
        given_up: given_up.map(str::to_owned),
        is_application: false,
    }
}

#[test]
fn an_applications_name_has_followed_when_it_leads_to_the_target_and_no_more_to_the_other() {
    let set = |all: &[&str]| -> BTreeSet<IpAddr> {
        all.iter().map(|address| address.parse().unwrap()).collect()
    };
    let silent = || {
        Err(Write::Failed {
            why: "it does not resolve".into(),
        })
    };
    let target = "east.example.com";
    let other = set(&["10.9.0.1"]);
    let own = || Ok(set(&["10.0.0.1", "10.0.0.2"]));
    let leads = |found, own| followed(target, found, (own, &other));
    let there = (Some(target.to_owned()), None);
    assert_eq!(leads(Ok(set(&["10.0.0.2"])), own()), there);
    let of_many = Ok(set(&["10.0.0.2", "10.0.0.3"]));
    assert_eq!(leads(of_many, own()), there, "a balancer answers in turn");
    for found in [&["10.9.0.1"][..], &["10.0.0.1", "10.9.0.1"], &[]] {
        let (_, write) = leads(Ok(set(found)), own());
        let why = write.unwrap().to_string();
        assert!(why.contains("not where east.example.com is"), "{why}");
    }
    assert!(leads(silent(), own()).1.is_some());
    assert!(leads(Ok(set(&["10.0.0.1"])), silent()).1.is_some());
}

#[test]
fn a_name_that_nothing_leads_over_any_more_is_not_waited_for() {
    let refused = "zone Z0 could not be changed: it is refused";
    let why = next_action(&[fails(Some(refused))]).unwrap_err();
    let Error::NotReady(why) = why else {
        panic!("{why}")
    };
    for part in ["leads to orders-west: ", refused] {
        assert!(why.contains(part), "{why}");
    }
    let both = [fails(Some(refused)), fails(None)];
    assert!(matches!(next_action(&both), Ok(Action::Wait(_))));
    let mut committed = fails(Some(refused));
    committed.write = None;
    assert_eq!(next_action(&[committed]), Ok(Action::Verify));
}

/// A run that has come here at 100 s, where people are told; and the ledgers that keep it.
fn waiting() -> (testing::Books, Pass) {
    let at = jiff::Timestamp::from_second(100).unwrap();
    let mut run = testing::run();
    let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
    run.plan.notify.insert("us-east-1".into(), topic.into());
    run.note(at, "ecs_restart", "restart", "it is restarted");
    let books = testing::Books::with(&testing::row("us-east-1", 8));
    let pass = Pass {
        run,
        rows: Rows(books.rows()),
        now: at,
        dry_run: false,
    };
    (books, pass)
}

/// How often people were told of what is seen, at each of these seconds.
async fn told_at(
    (books, pass): (&testing::Books, &mut Pass),
    seen: &[Observed],
    seconds: [i64; 3],
) -> Vec<usize> {
    let mut times = Vec::new();
    for second in seconds {
        pass.now = jiff::Timestamp::from_second(second).unwrap();
        let waits = waits(seen, "it leads elsewhere");
        news::waits(books, pass, waits).await.unwrap();
        times.push(books.told().len());
    }
    times
}

#[tokio::test]
async fn people_are_told_once_that_applications_cannot_write_yet() {
    let (books, mut pass) = waiting();
    let seen = [fails(None)];
    let times = told_at((&books, &mut pass), &seen, [159, 160, 900]).await;
    assert_eq!(times, [0, 1, 1]);
    let kept = &books.runs()[&pass.run.run_id];
    assert_eq!(kept, &pass.run, "the next pass knows");
}

#[tokio::test]
async fn people_are_told_later_of_a_name_that_health_checks_lead() {
    let (books, mut pass) = waiting();
    let mut seen = [fails(None), fails(None)];
    for name in &mut seen {
        name.is_application = true;
    }
    let times = told_at((&books, &mut pass), &seen, [399, 400, 900]).await;
    assert_eq!(times, [0, 1, 1]);
    let told = books.told();
    assert!(
        told[0].contains("application's name does not lead to us-east-1 yet"),
        "{told:?}"
    );
    seen[0].is_application = false;
    assert!(matches!(waits(&seen, "why"), news::Waits::Database("why")));
}

#[tokio::test]
async fn what_applications_wait_for_is_told_as_its_examples_show() {
    use testing::example;
    let books = example::books();
    let why = "writer.orders.internal leads to orders-west.cluster-x.us-west-2.rds.amazonaws.com";
    for (name, waits) in [
        ("cannot-write", news::Waits::Database(why)),
        (
            "name-waits",
            news::Waits::Application("shop.example.com leads to us-west-2"),
        ),
    ] {
        let mut run = example::run();
        run.note(
            example::before(600),
            "ecs_restart",
            "restart",
            "it is restarted",
        );
        let mut pass = Pass {
            run,
            rows: Rows(books.rows()),
            now: example::sent(),
            dry_run: false,
        };
        news::waits(&books, &mut pass, waits).await.unwrap();
        example::is_told(name, &books);
    }
}
