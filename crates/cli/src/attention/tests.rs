//! Each thing that needs attention, alone in a world that is well.

use failover::{
    beat::Write,
    ledger::{Entry, Intent, Lease, RunKind, Stop},
};

use super::*;
use crate::{
    fake::{Fake, HOME, OTHER, VERSION, before, now, row, run, vantage, well},
    survey::surveys,
};

async fn found(account: &Fake) -> Vec<String> {
    let surveys = surveys(&account.account(), &[OTHER.into()], None)
        .await
        .unwrap();
    of(&surveys[0], now())
}

/// The one thing that needs attention.
async fn only(account: &Fake) -> String {
    let found = found(account).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn lease(seconds_left: i64, waits_for_human: bool) -> Lease {
    Lease {
        run_id: "a".into(),
        token: 1,
        kind: RunKind::UnplannedFailover,
        from: HOME.into(),
        to: OTHER.into(),
        expires_at: before(-seconds_left),
        waits_for_human,
    }
}

fn intent() -> Intent {
    Intent {
        epoch: Epoch(2),
        from: HOME.into(),
        to: OTHER.into(),
        global_cluster: None,
        run_id: "a".into(),
        written_at: before(600),
    }
}

fn change(account: &mut Fake, region: &str, change: impl FnOnce(&mut PlanState)) {
    change(account.place(region).row.as_mut().unwrap());
}

#[tokio::test]
async fn where_all_is_well_nothing_needs_attention() {
    assert_eq!(found(&well()).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_dead_region_is_named_with_what_was_seen_instead_of_an_answer() {
    let mut account = well();
    account.dead.insert(HOME.into());
    let why = only(&account).await;
    assert!(why.starts_with("us-west-2 does not answer: "), "{why}");
}

#[tokio::test]
async fn functions_of_two_versions_are_told_with_their_regions() {
    let mut account = well();
    let vantage = account.place(HOME).vantage.as_mut().unwrap();
    vantage.version = Some("90ab".into());
    assert_eq!(
        only(&account).await,
        format!(
            "the Regions run different versions of the functions: {VERSION} in us-east-1, 90ab in us-west-2; deploy again in all of them"
        )
    );
    account.place(HOME).vantage.as_mut().unwrap().version = None;
    assert_eq!(found(&account).await, Vec::<String>::new(), "not known");
}

#[tokio::test]
async fn a_plan_without_a_writer_is_to_be_adopted() {
    let mut account = well();
    for region in [HOME, OTHER] {
        account.place(region).row = None;
    }
    assert!(only(&account).await.contains("adopt the plan"));
}

#[tokio::test]
async fn a_change_of_writer_without_a_run_is_told_and_one_with_a_run_is_not() {
    let mut account = well();
    change(&mut account, OTHER, |row| row.intent = Some(intent()));
    let why = only(&account).await;
    assert!(
        why.contains("begun 10 min ago by run a and no run carries it out"),
        "{why}"
    );
    change(&mut account, OTHER, |row| {
        row.lease = Some(lease(600, false))
    });
    assert_eq!(found(&account).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_writer_that_is_stopped_for_a_planned_move_is_told_until_the_promotion_goes_forward() {
    let mut account = well();
    let begun = intent();
    let stop = |stage| {
        Some(Box::new(Stop {
            token: "a".into(),
            epoch: begun.epoch,
            from: HOME.into(),
            to: OTHER.into(),
            run_id: begun.run_id.clone(),
            written_at: begun.written_at,
            stage,
        }))
    };
    change(&mut account, HOME, |row| row.stop = stop(Stage::Stopping));
    let why = only(&account).await;
    let said =
        format!("writes in {HOME} are stopped for a planned move to {OTHER}, by run a 10 min ago");
    assert!(why.contains(&said), "{why}");
    change(&mut account, HOME, |row| row.stop = stop(Stage::Promoting));
    assert_eq!(found(&account).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_run_that_died_or_waits_for_somebody_is_told() {
    let mut account = well();
    change(&mut account, OTHER, |row| {
        row.lease = Some(lease(-180, false))
    });
    assert!(only(&account).await.contains("its lease ended 3 min ago"));
    change(&mut account, OTHER, |row| {
        row.lease = Some(lease(180, true))
    });
    assert!(
        only(&account)
            .await
            .contains("waits for somebody's yes or no")
    );
}

#[tokio::test]
async fn a_switch_that_is_on_is_told_with_what_it_says() {
    let mut account = well();
    let name = "/aurora-failover/maintenance/orders";
    let parameters = &mut account.place(HOME).parameters;
    parameters.insert(name.into(), "moving racks".into());
    let why = only(&account).await;
    assert_eq!(
        why,
        format!("{name} is on in us-west-2 (moving racks): no run acts there until it says off")
    );
    let parameters = &mut account.place(HOME).parameters;
    parameters.insert(name.into(), "off".into());
    assert_eq!(found(&account).await, Vec::<String>::new());
}

#[tokio::test]
async fn documents_that_are_missing_broken_or_not_alike_are_told() {
    let name = "/aurora-failover/plans/orders";
    let text = well().places[&HOME.into()].parameters[name].clone();
    for (document, says) in [
        (None, "us-west-2 has no document of the plan"),
        (
            Some("{".to_owned()),
            "the plan's document in us-west-2 is wrong",
        ),
        (
            Some(text.replace("\"revision\": 3", "\"revision\": 2")),
            "us-west-2 has revision 2 of the plan, another Region has 3",
        ),
        (
            Some(text.replace("\"ttl_seconds\": 5", "\"ttl_seconds\": 6")),
            "has another document of revision 3",
        ),
    ] {
        let mut account = well();
        let parameters = &mut account.place(HOME).parameters;
        parameters.remove(name);
        parameters.extend(document.map(|text| (name.to_owned(), text)));
        let why = only(&account).await;
        assert!(why.contains(says), "{why}");
    }
}

#[tokio::test]
async fn a_probe_that_does_not_look_or_cannot_write_is_told() {
    let mut account = well();
    account.place(OTHER).vantage = None;
    assert_eq!(
        only(&account).await,
        "the probe in us-east-1 has not looked yet"
    );
    let mut old = vantage(OTHER, HOME);
    old.at = before(720);
    account.place(OTHER).vantage = Some(old);
    assert!(only(&account).await.contains("looked last 12 min ago"));
    let mut failing = vantage(OTHER, HOME);
    failing.write = Write::Failed {
        why: "timed out".into(),
    };
    failing.failing_since = Some(before(30));
    account.place(OTHER).vantage = Some(failing);
    let why = only(&account).await;
    assert!(
        why.contains("since 2026-01-31 01:59:30 UTC (30 s ago): timed out"),
        "{why}"
    );
}

/// Everything after a failover to the other Region, whose old writer is deposed.
fn failed_over() -> Fake {
    let mut account = well();
    for region in [HOME, OTHER] {
        let place = account.place(region);
        place.row = Some(row(OTHER, 2));
        place.vantage = Some(vantage(region, OTHER));
    }
    account
}

#[tokio::test]
async fn a_deposed_member_is_told_open_or_fenced_until_it_is_rebuilt() {
    let mut account = failed_over();
    change(&mut account, HOME, |row| {
        row.unfenced = vec!["2/the login is refused".into()]
    });
    let why = only(&account).await;
    assert!(
        why.contains("is not fenced, and may take writes that are lost: the login"),
        "{why}"
    );
    change(&mut account, HOME, |row| {
        row.unfenced = vec!["1/past".into()];
        (row.fenced, row.fenced_at) = (Some(Epoch(2)), Some(before(3_600)));
    });
    let why = only(&account).await;
    assert!(
        why.contains("has been fenced since 2026-01-31 01:00:00 UTC"),
        "{why}"
    );
    let mut rebuilt = run("b", 600, Outcome::Rebuilt);
    rebuilt.kind = RunKind::Failback;
    account.place(HOME).runs.push(rebuilt);
    assert_eq!(found(&account).await, Vec::<String>::new());
    let made = |action: &str, seconds| Entry {
        at: before(seconds),
        step: "rebuild_global".into(),
        action: action.into(),
        reason: String::new(),
    };
    for (entry, is_made) in [
        (made("none", 600), true),
        (made("create_member", 600), false),
        (made("none", 7_200), false),
    ] {
        let mut under_way = run("c", 600, Outcome::Succeeded);
        under_way.timeline = vec![entry];
        account.place(HOME).runs = vec![under_way];
        assert_eq!(found(&account).await.is_empty(), is_made);
    }
}

#[tokio::test]
async fn a_ledger_that_has_not_heard_of_the_new_writer_is_told() {
    let mut account = failed_over();
    account.place(HOME).row = Some(row(HOME, 1));
    assert_eq!(
        only(&account).await,
        "the ledger of us-west-2 stands at epoch 1, and epoch 2 is current"
    );
}

#[tokio::test]
async fn the_cool_down_is_told_until_it_is_acknowledged() {
    let mut account = failed_over();
    let cooling = |row: &mut PlanState| {
        let current = row.current.as_mut().unwrap();
        (current.unplanned, current.proven_at) = (true, before(600));
    };
    change(&mut account, OTHER, cooling);
    change(&mut account, HOME, cooling);
    let why = only(&account).await;
    assert!(why.contains("before 2026-01-31 02:50:00 UTC"), "{why}");
    for region in [HOME, OTHER] {
        change(&mut account, region, |row| {
            row.current.as_mut().unwrap().acknowledged_at = Some(before(1));
        });
    }
    assert_eq!(found(&account).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_the_last_run_that_acted_has_left_is_told_whatever_stood_down_since() {
    let mut account = failed_over();
    let mut failed = run("a", 900, Outcome::Failed);
    failed.closed.as_mut().unwrap().left = vec!["writer.orders.internal".into()];
    account.place(OTHER).runs = vec![failed, run("b", 60, Outcome::StoodDown)];
    assert_eq!(
        only(&account).await,
        "left by unplanned failover a: writer.orders.internal"
    );
    account
        .place(OTHER)
        .runs
        .push(run("c", 30, Outcome::Succeeded));
    assert_eq!(found(&account).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_stands_against_a_planned_move_is_named_and_so_is_a_schedule_that_looks_no_more() {
    let unready = |seconds, reasons: &[&str]| {
        let reasons: Vec<_> = reasons.iter().map(|one| (*one).to_owned()).collect();
        move |row: &mut PlanState| *row = row.note_readiness(&reasons, &[], before(seconds))
    };
    let leads = |row: &mut PlanState| {
        let current = row.current.as_mut().unwrap();
        current.global_cluster = Some("orders-global-1".into());
    };
    let mut account = well();
    for region in [HOME, OTHER] {
        change(&mut account, region, leads);
    }
    let never = only(&account).await;
    assert!(never.contains("was looked at never"), "{never}");
    change(&mut account, OTHER, unready(300, &["no key", "no topic"]));
    assert_eq!(
        only(&account).await,
        "the writer could not be moved to us-east-1 by plan, as was found 5 min ago: no key; no topic"
    );
    change(&mut account, OTHER, unready(900, &[]));
    assert_eq!(found(&account).await, Vec::<String>::new());
    change(&mut account, OTHER, unready(7_200, &[]));
    let old = only(&account).await;
    assert!(old.contains("was looked at last 2 h ago"), "{old}");
    change(&mut account, OTHER, |row| {
        row.lease = Some(lease(60, false))
    });
    assert_eq!(
        found(&account).await,
        Vec::<String>::new(),
        "a run holds it"
    );
    let mut deposed = well();
    for region in [HOME, OTHER] {
        deposed.place(region).row = Some(row(HOME, 1));
    }
    change(&mut deposed, OTHER, |row| {
        leads(row);
        unready(300, &["rebuild it first"])(row);
        (row.fenced, row.fenced_at) = (Some(Epoch(1)), Some(before(60)));
    });
    let why = only(&deposed).await;
    assert!(why.contains("is deposed"), "{why}");
}
