//! Which Regions are asked, and what is said where nobody knows the plan.

use super::*;
use crate::{
    ending::Ending,
    fake::{Fake, HOME, OTHER, well},
};

async fn complaint(account: &Fake, first: &[Region], wanted: Option<&str>) -> (Ending, String) {
    let wanted = wanted.map(PlanName::from);
    let answer = surveys(&account.account(), first, wanted.as_ref())
        .await
        .unwrap_err();
    (answer.ending, answer.complaints.join("\n"))
}

#[tokio::test]
async fn one_region_is_enough_to_find_the_others() {
    let account = well();
    let found = surveys(&account.account(), &[OTHER.into()], None)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    let regions: Vec<_> = found[0].regions.keys().map(Region::as_str).collect();
    assert_eq!(regions, [OTHER, HOME]);
    assert!(found[0].regions.values().all(|entry| entry.books.is_ok()));
}

#[tokio::test]
async fn a_dead_region_is_asked_once_and_the_others_are_told_all_the_same() {
    let mut account = well();
    account.dead.insert(HOME.into());
    let first = [HOME.into(), OTHER.into()];
    let found = surveys(&account.account(), &first, None).await.unwrap();
    assert!(found[0].regions[&HOME.into()].books.is_err());
    assert!(found[0].regions[&OTHER.into()].books.is_ok());
    let asked = account.asked();
    let of_dead: Vec<_> = asked
        .iter()
        .filter(|asked| asked.starts_with(HOME))
        .collect();
    assert_eq!(of_dead, ["us-west-2 parameters", "us-west-2 known"]);
}

#[tokio::test]
async fn where_only_dead_regions_are_named_another_one_is_asked_for() {
    let mut account = well();
    account.dead.insert(HOME.into());
    for wanted in [None, Some("orders")] {
        let (ending, why) = complaint(&account, &[HOME.into()], wanted).await;
        assert_eq!(ending, Ending::Unknown);
        for part in [
            "us-west-2 could not be asked",
            "timed out",
            "with --regions",
        ] {
            assert!(why.contains(part), "{part} is missing from: {why}");
        }
    }
}

#[tokio::test]
async fn a_plan_that_nobody_knows_is_answered_with_those_there_are() {
    let (ending, why) = complaint(&well(), &[HOME.into()], Some("ordres")).await;
    assert_eq!(ending, Ending::Misused);
    assert!(
        why.contains("the plans there are orders; correct the name"),
        "{why}"
    );
    let (ending, why) = complaint(&Fake::default(), &[HOME.into()], Some("orders")).await;
    assert_eq!(ending, Ending::Misused);
    assert!(why.contains("no plan is known there"), "{why}");
    let (ending, why) = complaint(&Fake::default(), &[HOME.into()], None).await;
    assert_eq!(ending, Ending::Misused);
    assert!(
        why.starts_with("no plan is known in us-west-2; name another member"),
        "{why}"
    );
}

#[tokio::test]
async fn the_last_plan_that_a_probe_kept_goes_on_where_every_document_is_broken() {
    let mut account = well();
    for region in [HOME, OTHER] {
        let parameters = &mut account.place(region).parameters;
        parameters.insert("/aurora-failover/plans/orders".into(), "{".into());
    }
    let found = surveys(&account.account(), &[HOME.into()], None)
        .await
        .unwrap();
    let plan = found[0].plan.as_ref().unwrap();
    assert_eq!((plan.revision, found[0].regions.len()), (3, 2));
    let document = &found[0].regions[&HOME.into()].document;
    assert!(matches!(document, Document::Broken(_)), "{document:?}");
}

#[tokio::test]
async fn whoever_gives_no_answer_is_not_waited_for_longer() {
    let patience = Duration::from_millis(10);
    let never = std::future::pending::<Result<(), Error>>();
    let why = patiently(&HOME.into(), patience, never).await.unwrap_err();
    assert!(
        why.to_string()
            .starts_with("us-west-2 gave no answer within"),
        "{why}"
    );
}
