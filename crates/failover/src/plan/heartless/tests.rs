//! What a plan of SQL Server may say, and what it never leads to.

use serde_json::{Value, json};

use crate::{
    evidence::Verdict,
    plan::read,
    policy::{Decision, Human, decide},
    testing::sqlserver_document as good,
};

/// What is said against the good document with another value at one place; without one where that is null.
fn with(place: &str, value: Value) -> String {
    let mut document = good();
    let (parent, field) = place.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[field] = value;
    let refused = read(&document.to_string()).err();
    refused.map(|why| why.to_string()).unwrap_or_default()
}

#[test]
fn a_plan_of_sql_server_is_taken_without_any_login() {
    let plan = read(&good().to_string()).unwrap();
    assert!(!plan.has_heart());
    assert_eq!(plan.database.engine.in_rds(), "sqlserver-ee");
    for why in [
        plan.database.probe().unwrap_err(),
        plan.database.admin_secret().unwrap_err(),
    ] {
        assert_eq!(why.name(), "NotReady");
        assert!(why.to_string().contains("engine is sqlserver"), "{why}");
    }
    let again = serde_json::to_value(&plan).unwrap();
    assert_eq!(read(&again.to_string()).unwrap(), plan);
}

#[test]
fn what_needs_a_heart_is_refused_in_a_plan_of_sql_server() {
    let login = json!({"user": "probe", "auth": {"kind": "iam"}});
    for (place, value, says) in [
        ("/database/probe", login, "database.probe is given"),
        (
            "/database/admin_secret",
            json!("a"),
            "database.admin_secret is given",
        ),
        (
            "/unplanned/region_down",
            json!("automatic"),
            "unplanned.region_down is automatic",
        ),
        (
            "/unplanned/writer_down",
            json!("automatic"),
            "unplanned.writer_down is automatic",
        ),
        (
            "/unplanned/unknown_loss",
            json!("refuse"),
            "unplanned.unknown_loss is refuse",
        ),
        (
            "/loss_ledger",
            json!([{"table": "a.b", "key": ["id"]}]),
            "loss_ledger names tables",
        ),
        (
            "/topology",
            crate::testing::plan_document()["topology"].clone(),
            "topology.kind is aurora_global",
        ),
    ] {
        let said = with(place, value);
        assert!(
            said.contains(says) && said.contains("sqlserver"),
            "{place}: {said}"
        );
    }
}

#[test]
fn the_schema_refuses_it_too() {
    let schema: Value = serde_json::from_str(crate::plan::SCHEMA).unwrap();
    let general = jsonschema::validator_for(&schema).unwrap();
    let valid = |place: &str, value: Value| {
        let mut document = good();
        let (parent, field) = place.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[field] = value;
        general.is_valid(&document)
    };
    assert!(valid("/revision", json!(4)));
    for (place, value) in [
        (
            "/database/probe",
            json!({"user": "probe", "auth": {"kind": "iam"}}),
        ),
        ("/database/admin_secret", json!("a")),
        ("/unplanned/region_down", json!("automatic")),
        ("/unplanned/writer_down", json!("automatic")),
        ("/unplanned/unknown_loss", json!("refuse")),
        ("/loss_ledger", json!([{"table": "a.b", "key": ["id"]}])),
        // Any other engine needs its logins.
        ("/database/engine", json!("mariadb")),
    ] {
        assert!(!valid(place, value.clone()), "{place} = {value}");
    }
}

#[test]
fn nothing_goes_on_without_a_humans_word_whatever_the_plan_says() {
    let mut plan = read(&good().to_string()).unwrap();
    // As if a plan had been kept that nobody would take today.
    plan.unplanned.region_down = crate::plan::Mode::Automatic;
    plan.unplanned.writer_down = crate::plan::Mode::Automatic;
    plan.unplanned.without_witness = Some(crate::plan::Accept::Accept);
    for verdict in [
        Verdict::RegionDown,
        Verdict::RegionDownUnwitnessed,
        Verdict::WriterDown,
        Verdict::WriterDownUnconfirmed,
    ] {
        assert_eq!(decide(verdict, &plan, Human::default()), Decision::Ask);
    }
}

#[test]
fn a_planned_move_is_refused_in_one_sentence_that_says_what_to_do_instead() {
    let plan = read(&good().to_string()).unwrap();
    let why = plan.movable().unwrap_err();
    assert_eq!(why.name(), "NotReady");
    for part in ["nobody can stop the writer", "by hand", "unplanned run"] {
        assert!(why.to_string().contains(part), "{why}");
    }
    let other = crate::testing::run().plan;
    assert_eq!(other.movable(), Ok(()));
    assert_eq!(
        (other.cannot_be_fenced(), other.cannot_be_known()),
        (None, None)
    );
}
