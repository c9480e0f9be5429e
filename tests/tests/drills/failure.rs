//! A drill that does not come out as expected says so, and what, and ends with 1.

use std::{fs, process::Stdio, time::Duration};

use serde_json::Value;
use tests::{drill::Drill, world::World};

use crate::held::Place;

const SCENARIO: &str = "region-loss";

/// Spoils the definition: a confirmed outage closes the run instead of promoting the standby.
fn spoil(world: &World) {
    let file = world
        .root()
        .join("statemachine/unplanned-failover.asl.json");
    let mut definition: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let go_on = &mut definition["States"]["ConfirmOutageProgress"]["Choices"][0]["Next"];
    assert_eq!(go_on, "HasBeforePromote");
    *go_on = "CloseRun".into();
    definition["States"]
        .as_object_mut()
        .unwrap()
        .retain(|name, _| {
            let is_left_out =
                name.starts_with("DetachAndPromote") || name.ends_with("BeforePromote");
            !is_left_out && name != "EvidenceStale"
        });
    fs::write(file, definition.to_string()).unwrap();
}

#[test]
fn a_system_that_promotes_nothing_fails_the_drill() {
    let world = World::new("failure");
    spoil(&world);
    let _place = Place::taken();
    let mut drill = Drill::start(&world, SCENARIO);
    let held = drill.wait_until_up();
    let ended = drill.end(Duration::from_secs(300));
    assert_eq!(ended.status.code(), Some(1), "{}", ended.said);
    let report: Value = serde_json::from_str(
        &fs::read_to_string(world.folder(SCENARIO).join("report.json")).unwrap(),
    )
    .unwrap();
    assert_eq!(report["verdict"], "fail");
    let reasons: Vec<_> = report["verdict_reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason.as_str().unwrap())
        .collect();
    // The terminal breaks long lines.
    let said: Vec<_> = ended.said.split_whitespace().collect();
    let said = said.join(" ");
    for reason in &reasons {
        let expected = reason.strip_prefix("expected: ").unwrap();
        let (expected, _) = expected.split_once("; found: ").unwrap();
        assert!(said.contains(expected), "{expected} is not told:\n{said}");
    }
    for promotion in ["the ledger names us-east-1", "on the new writer"] {
        let is_missed = reasons.iter().any(|reason| reason.contains(promotion));
        assert!(is_missed, "{promotion} is not among {reasons:#?}");
    }
    assert_eq!(
        report["writes"]["outage_seconds"],
        Value::Null,
        "an outage without an end has no length"
    );
    assert_eq!(drill.left(&held), Vec::<String>::new());
}

#[test]
fn an_unknown_scenario_is_refused_with_those_that_exist() {
    let world = World::new("unknown");
    let answer = world
        .drill("no-such-thing")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(answer.status.code(), Some(2));
    let said = String::from_utf8(answer.stderr).unwrap();
    for scenario in ["region-loss", "region-loss-managed", "path-impaired"] {
        assert!(said.contains(scenario), "{said}");
    }
    assert!(world.strays().is_empty() && !world.folder("no-such-thing").exists());
}
