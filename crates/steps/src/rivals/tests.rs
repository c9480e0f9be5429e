//! Which plan is named, and to whom, before one is adopted.

use super::*;
use failover::testing;

/// A plan of this name over these clusters in us-west-2 and us-east-1, and this global cluster.
fn plan(name: &str, clusters: [&str; 2], global_cluster: &str) -> Plan {
    let mut document = testing::plan_document();
    document["plan"] = name.into();
    document["topology"]["global_cluster"] = global_cluster.into();
    document["topology"]["members"]["us-west-2"]["cluster"] = clusters[0].into();
    document["topology"]["members"]["us-east-1"]["cluster"] = clusters[1].into();
    failover::plan::read(&document.to_string()).unwrap()
}

/// Where plan orders is adopted, over orders-west, orders-east and orders-global-1.
fn adopted() -> testing::Books {
    testing::Books::with(&testing::row("us-west-2", 1))
}

async fn judged(books: &testing::Books, plan: &Plan) -> Result<(), Error> {
    none(books, plan, None).await
}

#[tokio::test]
async fn a_second_plan_over_one_database_is_not_adopted_and_the_first_is_named() {
    let books = adopted();
    for (second, shared) in [
        (
            plan("shop", ["orders-west", "shop-east"], "shop-global"),
            "cluster orders-west in us-west-2",
        ),
        (
            plan("shop", ["shop-west", "shop-east"], "orders-global-1"),
            "global cluster orders-global-1",
        ),
    ] {
        let why = judged(&books, &second).await.unwrap_err();
        assert_eq!(why.name(), "InvalidRequest");
        for part in [shared, "which plan orders protects already", "plans/orders"] {
            assert!(why.to_string().contains(part), "{why} lacks {part}");
        }
    }
}

#[tokio::test]
async fn a_plan_of_its_own_and_the_successor_of_one_that_was_taken_away_are_adopted() {
    let books = adopted();
    let own = plan("shop", ["shop-west", "shop-east"], "shop-global");
    assert_eq!(judged(&books, &own).await, Ok(()));
    let again = plan("orders", ["orders-west", "orders-east"], "orders-global-1");
    assert_eq!(judged(&books, &again).await, Ok(()));
    let renamed = plan("shop", ["orders-west", "orders-east"], "orders-global-1");
    assert_eq!(judged(&books.without_documents(), &renamed).await, Ok(()));
}

#[tokio::test]
async fn a_plan_that_was_taken_away_is_ended_in_every_member_region_by_its_successor_and_named_where_not()
 {
    let successor = plan("shop", ["orders-west", "orders-east"], "orders-global-1");
    let ours = testing::row("us-west-2", 1).current.unwrap();
    let end =
        async |books: &testing::Books, plan: &Plan| end_predecessors(books, plan, &ours).await;
    let books = adopted().without_documents();
    assert_eq!(end(&books, &successor).await, Vec::<String>::new());
    let everywhere =
        ["us-east-1", "us-west-2"].map(|region| format!("plan orders ended in {region}"));
    assert_eq!(books.told(), everywhere);
    let full = adopted().without_documents().silence_writes("us-west-2");
    let stays = end(&full, &successor).await;
    assert_eq!(
        stays,
        ["plan orders counts on in us-west-2: us-west-2 takes no write"]
    );
    assert_eq!(full.told(), everywhere[..1]);
    let silent = adopted().without_documents().silence("us-west-2");
    assert_eq!(end(&silent, &successor).await.len(), 1);
    // Neither one whose parameter stands, nor itself, nor one of another database; nor one whose third member nobody would fence.
    for (books, plan) in [
        (adopted(), &successor),
        (
            adopted().without_documents(),
            &plan("orders", ["orders-west", "orders-east"], "orders-global-1"),
        ),
        (
            adopted().without_documents(),
            &plan("shop", ["shop-west", "shop-east"], "shop-global"),
        ),
    ] {
        assert_eq!(
            (end(&books, plan).await, books.told()),
            (Vec::new(), Vec::new())
        );
    }
    let wider = adopted().without_documents().of_three("eu-west-1");
    let stays = end(&wider, &successor).await;
    assert_eq!((stays.len(), wider.told()), (2, Vec::new()));
    assert!(
        stays[0].contains("names a member that plan shop does not"),
        "{stays:?}"
    );
}

#[tokio::test]
async fn a_second_plan_that_only_another_member_region_knows_is_named_and_a_silent_one_is_asked_for()
 {
    let second = plan("shop", ["orders-west", "shop-east"], "shop-global");
    let elsewhere = adopted().ignorant("us-east-1");
    let why = judged(&elsewhere, &second).await.unwrap_err();
    let said = why.to_string();
    for part in [
        "cluster orders-west",
        "plan orders protects already in us-west-2",
    ] {
        assert!(said.contains(part), "{said} lacks {part}");
    }
    assert_eq!(reasons(&elsewhere, &second, None).await, [said]);
    let silent = adopted().ignorant("us-east-1").silence("us-west-2");
    let why = judged(&silent, &second).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
    let said = "nobody knows whether us-west-2 has another plan over this database";
    assert!(why.to_string().starts_with(said), "{why}");
    assert_eq!(reasons(&silent, &second, None).await, [why.to_string()]);
    let nobody = adopted().ignorant("us-east-1").ignorant("us-west-2");
    assert_eq!(reasons(&nobody, &second, None).await, Vec::<String>::new());
}
