//! Rehearsed passes stand on what forced ones would.

use super::*;

/// Whoever rehearses a pass reads what the forced one reads, and is refused where it is.
#[tokio::test]
async fn a_rehearsed_pass_stands_on_what_the_forced_one_would_and_takes_nothing() {
    let books = Books::with(&row()).silence("us-west-2");
    let pass = rehearse(&books, "dns_flip", &input(None), unknown)
        .await
        .unwrap();
    assert!(pass.dry_run && pass.run.forced);
    assert_eq!(pass.run.leased, ["us-east-1".into()].into());
    assert!(books.runs().is_empty() && is_free(&books));
    let elsewhere = Input {
        target_region: Some("us-west-2".into()),
        ..input(None)
    };
    for wrong in [input(Some("orders@6")), elsewhere] {
        let rehearsed = rehearse(&books, "dns_flip", &wrong, unknown)
            .await
            .unwrap_err();
        assert_eq!(rehearsed.name(), "InvalidRequest");
    }
}

#[tokio::test]
async fn a_rehearsed_pass_is_refused_while_a_run_holds_the_plan() {
    let claim = Claim {
        run_id: "a".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    let held = row().claim(&claim, jiff::Timestamp::from_second(999).unwrap());
    let books = Books::with(&held.unwrap());
    let why = rehearse(&books, "dns_flip", &input(None), unknown)
        .await
        .unwrap_err();
    assert!(why.to_string().contains("run a holds plan orders"), "{why}");
}
