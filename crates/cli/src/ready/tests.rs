//! What `ready` prints of dry runs, and how it ends.

use serde_json::json;

use super::*;
use crate::fake::{Fake, HOME, OTHER, refused, row, vantage, well, would};

const PLANNED: &str = "aurora-failover-planned-failover";
const REBUILD: &str = "aurora-failover-rebuild-global";

fn says(account: &mut Fake, region: &str, function: &str, said: Said) {
    account.place(region).says.insert(function.into(), said);
}

async fn said(account: &Fake, to: Option<&str>) -> Answer {
    let to = to.map(Region::from);
    let about = (&"orders".into(), to.as_ref());
    run(&account.account(), &[OTHER.into()], about, Output::Table).await
}

const READY: &str = "everything is ready; orders-east would take over from us-west-2";

#[tokio::test]
async fn the_other_region_is_asked_and_nobody_else() {
    let mut account = well();
    says(&mut account, OTHER, PLANNED, would(READY));
    let answer = said(&account, None).await;
    assert_eq!(
        answer.text,
        format!(
            "orders: the writer is in us-west-2\n  planned failover to us-east-1: ready\n    {READY}\n"
        )
    );
    assert_eq!(answer.ending, Ending::Well);
    let asked = account.asked();
    let calls: Vec<_> = asked
        .iter()
        .filter(|asked| asked.contains("aurora-failover-"))
        .collect();
    assert_eq!(calls, ["us-east-1 aurora-failover-planned-failover"]);
}

#[tokio::test]
async fn every_reason_against_it_is_a_line() {
    let mut account = well();
    let reasons = ["orders-east has no instance", "the kill switch is on"];
    says(&mut account, OTHER, PLANNED, refused(&reasons));
    let answer = said(&account, Some(OTHER)).await;
    assert!(
        answer.text.ends_with(
            "  planned failover to us-east-1: not ready\n    - orders-east has no instance\n    - the kill switch is on\n"
        ),
        "{}",
        answer.text
    );
    assert_eq!(answer.ending, Ending::NotWell);
}

#[tokio::test]
async fn a_warning_stands_beside_a_ready_move() {
    let mut account = well();
    let observed = json!({"warnings": ["the witness does not hear us-east-1"]});
    let warned = json!({"reason": READY, "dry_run": true, "observed": observed});
    says(&mut account, OTHER, PLANNED, Said::Answer(warned));
    let answer = said(&account, None).await;
    assert!(
        answer
            .text
            .ends_with("    ! the witness does not hear us-east-1\n"),
        "{}",
        answer.text
    );
    assert_eq!(answer.ending, Ending::Well);
}

/// An account whose writer is away from home.
fn away() -> Fake {
    let mut account = well();
    for region in [HOME, OTHER] {
        let place = account.place(region);
        place.row = Some(row(OTHER, 2));
        place.vantage = Some(vantage(region, OTHER));
    }
    account
}

#[tokio::test]
async fn home_is_asked_about_by_a_planned_move_and_by_a_failback_and_one_is_enough() {
    let mut account = away();
    let reason = "orders-west is no member of the ledger's current global cluster";
    says(&mut account, HOME, PLANNED, refused(&[reason]));
    says(
        &mut account,
        HOME,
        REBUILD,
        would("orders-west would be kept by a snapshot"),
    );
    let answer = said(&account, None).await;
    assert_eq!(
        answer.text,
        "\
orders: the writer is in us-east-1
  planned failover to us-west-2: not ready
    - orders-west is no member of the ledger's current global cluster
  failback to us-west-2: ready
    orders-west would be kept by a snapshot
"
    );
    assert_eq!(answer.ending, Ending::Well);
    says(&mut account, HOME, REBUILD, refused(&["not fenced"]));
    assert_eq!(said(&account, None).await.ending, Ending::NotWell);
}

#[tokio::test]
async fn a_region_that_cannot_be_asked_is_no_region_that_is_not_ready() {
    let mut account = well();
    account.dead.insert(OTHER.into());
    let about = (&"orders".into(), None);
    let answer = run(&account.account(), &[HOME.into()], about, Output::Table).await;
    assert_eq!(answer.ending, Ending::Unknown);
    assert!(
        answer.text.contains("planned failover to us-east-1: could not be asked\n    calling aurora-failover-planned-failover in us-east-1 got no answer"),
        "{}",
        answer.text
    );
    let mut account = well();
    let failed = |name: &str| Said::Failure {
        name: name.into(),
        why: "why".into(),
    };
    says(&mut account, OTHER, PLANNED, failed("Unavailable"));
    assert_eq!(said(&account, None).await.ending, Ending::Unknown);
    says(&mut account, OTHER, PLANNED, failed("InvalidRequest"));
    assert_eq!(said(&account, None).await.ending, Ending::NotWell);
}

#[tokio::test]
async fn a_region_that_cannot_be_meant_is_refused_with_those_that_can() {
    for (to, says) in [
        (
            HOME,
            "which has the writer already; choose one of us-east-1",
        ),
        (
            "eu-west-1",
            "which is no member Region of plan orders; choose one of us-east-1",
        ),
    ] {
        let answer = said(&well(), Some(to)).await;
        assert_eq!((answer.ending, answer.text.as_str()), (Ending::Misused, ""));
        assert!(
            answer.complaints[0].contains(says),
            "{:?}",
            answer.complaints
        );
    }
}

#[tokio::test]
async fn a_plan_that_nobody_adopted_cannot_be_moved() {
    let mut account = well();
    for region in [HOME, OTHER] {
        account.place(region).row = None;
    }
    let answer = said(&account, None).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(
        answer.complaints[0].contains("adopt it first"),
        "{:?}",
        answer.complaints
    );
}

#[tokio::test]
async fn programs_are_told_in_json() {
    let mut account = well();
    says(&mut account, OTHER, PLANNED, refused(&["a reason"]));
    let about = (&"orders".into(), None);
    let answer = run(&account.account(), &[OTHER.into()], about, Output::Json).await;
    let said: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(
        said,
        json!({"plan": "orders", "writer": "us-west-2", "moves": [{"to": "us-east-1", "ready": false, "ways": [
            {"kind": "planned_failover", "ready": false, "says": "would be refused: a reason", "reasons": ["a reason"],
             "warnings": []}]}]})
    );
}
