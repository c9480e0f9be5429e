//! A plan that is broken, or one too many.

use super::*;
use failover::testing;

fn known() -> KeptPlan {
    KeptPlan {
        plan: testing::run().plan,
        endpoints: Default::default(),
    }
}

#[test]
fn a_plan_that_is_no_json_goes_on_as_it_was_read_last_under_its_parameters_name() {
    let name = "orders".into();
    let mut another = testing::plan_document();
    another["plan"] = "billing".into();
    for document in ["{\"plan\": \"orders\",,}", "", &another.to_string()] {
        let found = readable(&[known()], &name, document).ok().unwrap();
        assert_eq!(found.plan, known().plan, "{document}");
        assert!(found.fault.is_some(), "{document}");
        let unknown = readable(&[], &name, document).err().unwrap();
        assert_eq!(unknown.0, name, "{document}");
    }
}

#[test]
fn a_plan_beyond_what_an_invocation_watches_has_a_fault_that_says_so() {
    let readable = |fault| Ok(as_known(known(), fault));
    let broken = Some(Fault::Parameter("it is not JSON".into()));
    let mut plans = vec![
        readable(None),
        readable(None),
        readable(None),
        readable(broken.clone()),
        Err(("billing".into(), "it is not JSON".to_owned())),
    ];
    crowd(&mut plans, 2, 2);
    let faults: Vec<_> = plans
        .iter()
        .flatten()
        .map(|plan| plan.fault.clone())
        .collect();
    assert_eq!(
        (&faults[0], &faults[1], &faults[3]),
        (&None, &None, &broken)
    );
    let Some(Fault::Crowded(why)) = &faults[2] else {
        panic!("{faults:?}");
    };
    for part in [
        "watches 2 plans at once",
        "plan orders comes too late",
        "more WatchShards than 2",
    ] {
        assert!(why.contains(part), "{why} lacks {part}");
    }
}

#[tokio::test]
async fn a_plan_too_many_in_the_last_shard_says_that_the_region_is_full_and_asks_for_no_more_shards()
 {
    let mut plans = vec![Ok(as_known(known(), None))];
    crowd(&mut plans, 0, SHARDS_MAX);
    let fault = plans[0].as_ref().unwrap().fault.clone().unwrap();
    let books = testing::Books::with(&PlanState::new("orders".into()));
    let here = "us-east-1".into();
    let mut known = failover::ports::Ledger::all_known(&books, &here)
        .await
        .unwrap();
    let plan = known.remove(0).plan;
    tell_fault(
        &books,
        &plan,
        &PlanState::new("orders".into()),
        Some(&fault),
    )
    .await;
    let told = books.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("us-east-1 is full"), "{told:?}");
    let said = fault.words();
    assert!(
        said.contains("WatchShards is 4 and cannot be more"),
        "{said}"
    );
    assert!(!said.contains("with more WatchShards"), "{said}");
}

#[tokio::test]
async fn people_are_told_once_that_a_plan_comes_too_late() {
    let books = testing::Books::with(&PlanState::new("orders".into()));
    let plan = failover::ports::Ledger::all_known(&books, &"us-east-1".into())
        .await
        .unwrap()
        .remove(0)
        .plan;
    let fault = Fault::Crowded("orders comes too late".into());
    for _ in 0..2 {
        let row = books.rows()[&"us-east-1".into()].clone();
        tell_fault(&books, &plan, &row, Some(&fault)).await;
    }
    let told = books.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("too many plans to watch this one"),
        "{told:?}"
    );
    let row = books.rows()[&"us-east-1".into()].clone();
    tell_fault(&books, &plan, &row, None).await;
    assert_eq!(books.rows()[&"us-east-1".into()].plan_fault, None);
}

#[test]
fn a_plan_that_is_right_is_taken_as_it_is() {
    let mut newer = testing::plan_document();
    newer["revision"] = 4.into();
    let found = readable(&[known()], &"orders".into(), &newer.to_string());
    let found = found.ok().unwrap();
    assert_eq!((found.plan.revision, found.fault), (4, None));
}

#[test]
fn a_plan_that_cannot_be_watched_is_told_as_its_examples_show() {
    use failover::testing::example;
    let here = "us-east-1".into();
    let wrong = "plan orders: $.detection.failures is 0; use 1 to 100".to_owned();
    let late = "one invocation of the probe watches 10 plans at once, and plan orders comes too late for that".to_owned();
    for (name, fault) in [
        ("plan-wrong", Fault::Parameter(wrong)),
        ("plan-late", Fault::Crowded(late.clone())),
        ("region-full", Fault::Full(late)),
    ] {
        example::is(name, &faulty(&here, &example::plan(), &fault));
    }
}
