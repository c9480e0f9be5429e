//! What an unplanned run goes by where the plan's document is broken: the last good plan, and no laxer than either.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Mode, Plan, Topology, UnknownLoss, Unplanned};

/// The last good plan, as an outage may be met with it while the parameter holds `text`, which is no plan.
///
/// Where the document is JSON whose `topology` (its members aside) and `unplanned` can be read and are the last good ones,
/// somebody broke something else, and what was decided about an outage stands. Else a human is asked. Whatever is stricter in the
/// document and can be read wins.
#[must_use]
pub fn salvaged(text: &str, last: &Plan) -> Plan {
    // As strictly as a plan is read: of a field that stands twice nobody can tell which one was meant.
    let document = crate::json::parse(text).unwrap_or_default();
    let topology = topology(&document["topology"], last);
    let unplanned: Option<Unplanned> = read(&document["unplanned"]);
    let mut plan = last.clone();
    if topology.as_ref() == Some(&last.topology) && unplanned.as_ref() == Some(&last.unplanned) {
        return plan;
    }
    let written = &document["unplanned"];
    let modes = &mut plan.unplanned;
    for (mode, field) in [
        (&mut modes.region_down, "region_down"),
        (&mut modes.writer_down, "writer_down"),
    ] {
        let asks = stricter(*mode, Mode::Approval);
        *mode = read(&written[field]).map_or(asks, |written| stricter(asks, written));
    }
    if read(&written["unknown_loss"]) == Some(UnknownLoss::Refuse) {
        modes.unknown_loss = UnknownLoss::Refuse;
    }
    let bound: Option<u64> = read(&written["max_lost_seconds"]);
    modes.max_lost_seconds = bound.map_or(modes.max_lost_seconds, |bound| {
        modes.max_lost_seconds.min(bound)
    });
    plan
}

/// The topology that is written, with the last good members.
fn topology(written: &Value, last: &Plan) -> Option<Topology> {
    let mut fields = written.as_object()?.clone();
    fields.insert("members".into(), json!(last.topology)["members"].clone());
    read(&Value::Object(fields))
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// Whatever lets the system do less by itself.
const fn stricter(one: Mode, other: Mode) -> Mode {
    match (one, other) {
        (Mode::Observe, _) | (_, Mode::Observe) => Mode::Observe,
        (Mode::Approval, _) | (_, Mode::Approval) => Mode::Approval,
        (Mode::Automatic, Mode::Automatic) => Mode::Automatic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan_document as good;

    fn last() -> Plan {
        super::super::read(&good().to_string()).unwrap()
    }

    fn modes(text: &str) -> [Mode; 2] {
        let unplanned = salvaged(text, &last()).unplanned;
        [unplanned.region_down, unplanned.writer_down]
    }

    #[test]
    fn a_broken_plan_asks_unless_topology_and_modes_can_be_read_and_are_the_last_good_ones() {
        let mut elsewhere = good();
        elsewhere["colour"] = json!("red");
        elsewhere["topology"]["members"]["us-east-1"] = json!(7);
        elsewhere.as_object_mut().unwrap().remove("database");
        assert_eq!(modes(&elsewhere.to_string()), [Mode::Automatic; 2]);
        let mut topology = good();
        topology["topology"]["global_cluster"] = json!(7);
        let mut other = good();
        other["topology"]["global_cluster"] = json!("another");
        let mut detached = good();
        detached["topology"]["strategy"] = json!("detach");
        let mut missing = good();
        missing["topology"]
            .as_object_mut()
            .unwrap()
            .remove("strategy");
        let no_json = good().to_string().replacen(',', ",,", 1);
        for text in [
            topology.to_string(),
            other.to_string(),
            detached.to_string(),
            missing.to_string(),
            no_json,
        ] {
            assert_eq!(modes(&text), [Mode::Approval; 2], "{text}");
        }
        let twice = good().to_string().replacen(
            "\"region_down\"",
            "\"region_down\":\"observe\",\"region_down\"",
            1,
        );
        assert_eq!(modes(&twice), [Mode::Approval; 2], "which one was meant?");
        for text in ["", "[]", "null", "7"] {
            assert_eq!(modes(text), [Mode::Approval; 2], "{text}");
        }
    }

    #[test]
    fn whatever_is_stricter_in_a_broken_plan_and_can_be_read_wins() {
        let mut stricter = good();
        stricter["unplanned"] =
            json!({"region_down": "observe", "writer_down": 7, "max_lost_seconds": 5});
        let plan = salvaged(&stricter.to_string(), &last());
        assert_eq!(
            modes(&stricter.to_string()),
            [Mode::Observe, Mode::Approval]
        );
        assert_eq!(plan.unplanned.max_lost_seconds, 5);
        let mut laxer = last();
        laxer.unplanned.region_down = Mode::Observe;
        let mut document = good();
        document["unplanned"]["max_lost_seconds"] = json!(600);
        let plan = salvaged(&document.to_string(), &laxer);
        assert_eq!(
            plan.unplanned.region_down,
            Mode::Observe,
            "the last good one was stricter"
        );
        assert_eq!(plan.unplanned.max_lost_seconds, 30);
    }
}
