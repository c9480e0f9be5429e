//! The form of `report.json` and how the verdict follows from the checks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    fixtures::{findings, path_impaired, record, region_loss},
    *,
};

/// Every path of the document, list items as `[]`.
fn paths(value: &Value, prefix: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                paths(field, &format!("{prefix}.{name}"), into);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object()) => {
            for item in items {
                paths(item, &format!("{prefix}[]"), into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            into.insert(prefix.trim_start_matches('.').into());
        }
    }
}

#[test]
fn the_report_has_the_promised_fields_and_no_others() {
    let mut report = region_loss();
    report.profile = [("group".into(), [("value".into(), json!(1))].into())].into();
    let mut found = BTreeSet::new();
    paths(&serde_json::to_value(&report).unwrap(), "", &mut found);
    let found: Vec<String> = found.into_iter().collect();
    assert_eq!(found.join("\n") + "\n", include_str!("golden_fields.txt"));
}

#[test]
fn unknown_figures_are_null() {
    let mut report = path_impaired();
    report.writes = Writes::new(&record(31.0, None), None);
    let value = serde_json::to_value(&report).unwrap();
    for path in [
        "/rto/seconds",
        "/rto/overhead_seconds",
        "/rto/phases/noticing",
        "/rpo/lost_beats",
        "/rpo/lost_window_seconds",
        "/writes/lost",
        "/writes/duplicated",
    ] {
        assert_eq!(value.pointer(path), Some(&Value::Null), "{path}");
    }
    assert_eq!(value.pointer("/writes/outage_seconds"), Some(&json!(0.0)));
}

#[test]
fn one_failed_check_fails_the_drill_and_only_it_is_named() {
    let checks = [
        Check::new("a", "as expected", true),
        Check::new("no row is there twice", "3 duplicated", false),
    ];
    assert_eq!(
        judge(&checks),
        (
            Verdict::Fail,
            vec!["expected: no row is there twice; found: 3 duplicated".to_owned()]
        )
    );
}

#[test]
fn a_negative_figure_fails_the_drill_and_is_named() {
    let mut findings = findings();
    assert!(findings.no_figure_is_negative().held);
    findings.rto.phases.dns = Some(-24.7);
    let check = findings.no_figure_is_negative();
    assert_eq!(check.found, "rto.phases.dns = -24.7");
    findings.checks.push(check);
    assert_eq!(Report::from(findings).verdict, Verdict::Fail);
}

#[test]
fn a_drill_that_checked_nothing_does_not_pass() {
    assert_eq!(judge(&[]).0, Verdict::Fail);
}

#[test]
fn the_timeline_counts_from_the_drills_beginning() {
    let report = region_loss();
    assert_eq!(report.timeline[2].seconds, 62.0);
    let value = serde_json::to_value(&report.timeline[2]).unwrap();
    assert_eq!(value["kind"], "fault");
    assert_eq!(value["at"], "2026-09-21T14:14:22Z");
}
