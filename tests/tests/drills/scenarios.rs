//! What comes out of each scenario.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::drill::Ended;

use crate::held::{
    FAILBACK_ON_MARIADB, Held, PREFIX, failback, failback_on_mariadb, path_impaired, region_loss,
    region_loss_managed, replica_failback, switchover, workload_failback,
};

/// The fields that every report has, whatever the scenario.
fn holds_its_fields(held: &Held, scenario: &str) {
    let report = &held.report;
    assert_eq!(report["scenario"], scenario);
    let reasons = &report["verdict_reasons"];
    assert_eq!(report["verdict"], "pass", "{reasons:#}");
    assert!(!reasons.as_array().unwrap().is_empty());
    for (group, names) in [
        (
            "/profile/detection",
            &[
                "interval_seconds",
                "failures",
                "timeout_seconds",
                "in_region_grace_seconds",
            ][..],
        ),
        ("/profile/simulator", &["promote_ms", "managed_failover_ms"]),
        (
            "/profile/drill",
            &["dns_ttl_seconds", "ecs_rollout_ms", "confirm_timeout_ms"],
        ),
        ("/writes", &["acknowledged", "lost", "duplicated"]),
    ] {
        for name in names {
            assert!(
                report.pointer(group).unwrap()[name].is_u64(),
                "{group}/{name} in {report:#}"
            );
        }
    }
    for field in [
        "/writes/outage_seconds",
        "/rpo/lost_beats",
        "/rpo/lost_window_seconds",
        "/rto/seconds",
    ] {
        assert!(report.pointer(field).is_some(), "{field} is not there");
    }
    for phase in ["noticing", "confirming", "promotion", "dns", "reconnecting"] {
        assert!(
            report["rto"]["phases"].get(phase).is_some(),
            "{phase} is not there"
        );
    }
    for list in ["runs", "calls", "timeline"] {
        assert!(
            !report[list].as_array().unwrap().is_empty(),
            "{list} is empty"
        );
    }
    for call in report["calls"].as_array().unwrap() {
        for name in [
            "function",
            "caller_region",
            "service",
            "region",
            "operation",
        ] {
            assert!(!call[name].as_str().unwrap().is_empty(), "{name} in {call}");
        }
        assert!(call["count"].as_u64() > Some(0), "{call}");
    }
    assert!(number(report, "/writes/acknowledged") > 100.0);
    assert_eq!(number(report, "/writes/duplicated"), 0.0);
    let ended = &held.ended;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
    let plain = !ended.said.contains('\u{1b}');
    assert!(plain, "colours without a terminal:\n{}", ended.said);
}

fn number(report: &Value, field: &str) -> f64 {
    let value = report.pointer(field).and_then(Value::as_f64);
    value.unwrap_or_else(|| panic!("{field} is no number in {report:#}"))
}

/// What both ways to survive a lost Region have in common.
fn writes_went_on(held: &Held) {
    let report = &held.report;
    let outage = number(report, "/writes/outage_seconds");
    let phases: f64 = ["noticing", "confirming", "promotion", "dns", "reconnecting"]
        .iter()
        .map(|phase| number(report, &format!("/rto/phases/{phase}")))
        .sum();
    assert!(
        (outage - phases).abs() < 0.1,
        "the phases add up to {phases} s of {outage} s"
    );
    assert!((5.0..60.0).contains(&outage), "{outage} s");
    assert!(number(report, "/rto/overhead_seconds") < outage);
    assert!(number(report, "/rto/seconds") > 0.0);
    assert!(number(report, "/rpo/lost_beats") >= 0.0);
    assert!(number(report, "/rpo/lost_window_seconds") >= 0.0);
    let runs = report["runs"].as_array().unwrap();
    let succeeded: Vec<_> = runs
        .iter()
        .filter(|run| run["outcome"] == "succeeded")
        .collect();
    let [run] = succeeded.as_slice() else {
        panic!("not one run succeeded: {runs:#?}");
    };
    assert_eq!(
        (&run["status"], &run["region"]),
        (&"SUCCEEDED".into(), &"us-east-1".into())
    );
    let states: Vec<_> = run["states"]
        .as_array()
        .unwrap()
        .iter()
        .map(|state| state["name"].as_str().unwrap())
        .collect();
    for state in [
        "OpenRun",
        "ConfirmOutage",
        "DetachAndPromote",
        "ProveWriter",
        "FlipDns",
        "RestartEcs",
        "VerifyWrites",
        "CloseRun",
    ] {
        assert!(states.contains(&state), "{state} is not among {states:?}");
    }
}

#[test]
fn a_lost_region_is_survived_by_detaching_the_standby() {
    let held = region_loss();
    holds_its_fields(held, "region-loss");
    writes_went_on(held);
    assert!(
        called(&held.report, "RemoveFromGlobalCluster")
            && !called(&held.report, "FailoverGlobalCluster")
    );
}

#[test]
fn a_lost_region_is_survived_by_a_managed_failover() {
    let held = region_loss_managed();
    holds_its_fields(held, "region-loss-managed");
    writes_went_on(held);
    assert!(
        called(&held.report, "FailoverGlobalCluster")
            && !called(&held.report, "RemoveFromGlobalCluster")
    );
}

#[test]
fn an_impaired_path_changes_nothing() {
    let held = path_impaired();
    holds_its_fields(held, "path-impaired");
    let report = &held.report;
    assert_eq!(number(report, "/writes/lost"), 0.0);
    assert_eq!(report["writes"]["outages"].as_array().unwrap().len(), 0);
    for run in report["runs"].as_array().unwrap() {
        assert_eq!(run["outcome"], "stood_down", "{run}");
    }
    for change in [
        "FailoverGlobalCluster",
        "RemoveFromGlobalCluster",
        "ModifyDBCluster",
        "ChangeResourceRecordSets",
        "UpdateService",
    ] {
        assert!(!called(report, change), "{change} was called");
    }
}

#[test]
fn a_planned_move_and_the_way_back_lose_nothing() {
    let held = switchover();
    holds_its_fields(held, "switchover");
    let report = &held.report;
    assert_eq!(number(report, "/writes/lost"), 0.0);
    let runs = report["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    for run in runs {
        assert_eq!(run["outcome"], "succeeded", "{run}");
    }
    assert!(called(report, "SwitchoverGlobalCluster"));
    for change in ["FailoverGlobalCluster", "RemoveFromGlobalCluster"] {
        assert!(!called(report, change), "{change} was called");
    }
}

#[test]
fn the_way_home_after_a_detach_loses_nothing_and_takes_nothing_from_the_writer() {
    let held = failback();
    holds_its_fields(held, "failback-after-detach");
    let runs = held.report["runs"].as_array().unwrap();
    let outcomes: Vec<_> = runs.iter().map(|run| run["outcome"].clone()).collect();
    // The failover, the failback, and one more that is refused.
    assert_eq!(outcomes[..2], ["succeeded", "succeeded"]);
    assert_eq!((outcomes.len(), &outcomes[2]), (3, &Value::Null));
    let calls = held.report["calls"].as_array().unwrap();
    let takes = ["Delete", "Modify", "RemoveFrom"];
    for call in calls
        .iter()
        .filter(|call| call["function"] == format!("{PREFIX}-rebuild-global"))
    {
        let operation = call["operation"].as_str().unwrap();
        if takes.iter().any(|prefix| operation.starts_with(prefix)) {
            assert_eq!(call["region"], "us-west-2", "{call}");
        }
    }
}

#[test]
fn an_instance_comes_home_and_only_what_was_left_is_taken_away() {
    let held = replica_failback();
    holds_its_fields(held, "replica-failback");
    let runs = held.report["runs"].as_array().unwrap();
    let outcomes: Vec<_> = runs.iter().map(|run| run["outcome"].clone()).collect();
    assert_eq!(outcomes, ["succeeded", "succeeded"]);
    let calls = held.report["calls"].as_array().unwrap();
    let replaces = calls
        .iter()
        .filter(|call| call["function"] == "aurora-failover-replace-replica");
    let made = |operation: &str| {
        let of = replaces
            .clone()
            .filter(|call| call["operation"] == operation);
        of.map(|call| call["region"].as_str().unwrap())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(made("DeleteDBInstance"), ["us-west-2"].into());
    let created = made("CreateDBInstanceReadReplica");
    assert_eq!(created, ["us-east-1", "us-west-2"].into());
}

#[test]
fn an_instance_of_mariadb_comes_home_and_nothing_of_it_is_deleted() {
    let Some(held) = failback_on_mariadb() else {
        return;
    };
    holds_its_fields(held, FAILBACK_ON_MARIADB);
    let runs = held.report["runs"].as_array().unwrap();
    let outcomes: Vec<_> = runs.iter().map(|run| run["outcome"].clone()).collect();
    assert_eq!(outcomes, ["succeeded", "succeeded"]);
    assert!(!called(&held.report, "DeleteDBInstance"));
    assert!(called(&held.report, "CreateDBInstanceReadReplica"));
}

#[test]
fn a_workload_comes_home_and_nothing_of_it_is_deleted() {
    let held = workload_failback();
    assert_eq!(held.report["verdict"], "pass", "{:#}", held.report);
    let run = &held.report["runs"][0];
    assert_eq!(
        (&run["machine"], &run["outcome"]),
        (&"restore-home".into(), &"succeeded".into())
    );
    for made in [
        "CopyDBSnapshot",
        "CopyDBClusterSnapshot",
        "RestoreDBInstanceFromDBSnapshot",
        "RestoreDBClusterFromSnapshot",
    ] {
        assert!(called(&held.report, made), "{made}");
    }
    for deleted in ["DeleteDBInstance", "DeleteDBCluster"] {
        assert!(!called(&held.report, deleted), "{deleted}");
    }
}

#[test]
fn an_installation_with_a_prefix_of_its_own_calls_nothing_of_another_name() {
    let held = failback();
    let calls = held.report["calls"].as_array().unwrap();
    let names = calls.iter().map(|call| call["function"].as_str().unwrap());
    let names: BTreeSet<_> = names.collect();
    let own = names
        .iter()
        .filter(|name| name.starts_with(&format!("{PREFIX}-")));
    assert!(own.count() >= 8, "{names:?}");
    let others: Vec<_> = names
        .iter()
        .filter(|name| name.contains("aurora-failover"))
        .collect();
    assert_eq!(others, Vec::<&&str>::new());
}

fn called(report: &Value, operation: &str) -> bool {
    let calls = report["calls"].as_array().unwrap();
    calls.iter().any(|call| call["operation"] == operation)
}

fn each(check: impl Fn(&Held)) {
    failback_on_mariadb().into_iter().for_each(&check);
    for held in [
        region_loss(),
        region_loss_managed(),
        path_impaired(),
        switchover(),
        failback(),
        replica_failback(),
    ] {
        check(held);
    }
}

#[test]
fn a_drill_leaves_no_process_no_port_and_no_file() {
    each(|held| assert_eq!(held.left, Vec::<String>::new()));
}

#[test]
fn a_second_drill_of_the_same_scenario_is_refused() {
    each(|held| {
        let Ended { status, said } = &held.second;
        assert_eq!(status.code(), Some(2), "{said}");
        assert!(
            said.contains("another drill of this scenario is under way"),
            "{said}"
        );
    });
}

#[test]
fn each_line_that_a_function_logs_says_which_version_wrote_it() {
    each(|held| {
        let said = held.deployed.lines().last().unwrap_or_default();
        let (_, version) = said.split_once("version ").unwrap();
        let from = format!("deployed{{version=\"{version}\"}}");
        let lines = held.logged.lines();
        let mut lines = lines
            .filter(|line| line.contains("runtime invoke{"))
            .peekable();
        assert!(lines.peek().is_some(), "no function has logged anything");
        for line in lines {
            assert!(line.contains(&from), "{line}");
        }
    });
}

#[test]
fn the_page_needs_nothing_but_itself() {
    each(|held| {
        let page = &held.page;
        assert!(
            page.starts_with("<!DOCTYPE html>"),
            "{}",
            &page[..page.len().min(80)]
        );
        assert!(page.contains("<svg"), "there is no picture");
        for outside in ["<script", "<link", "<iframe", "<img", "@import", "url("] {
            assert!(!page.contains(outside), "the page says {outside}");
        }
        for attribute in ["src=\"", "href=\""] {
            let targets = page
                .split(attribute)
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap());
            let outside: Vec<_> = targets.filter(|target| !target.starts_with('#')).collect();
            assert_eq!(outside, Vec::<&str>::new());
        }
    });
}
