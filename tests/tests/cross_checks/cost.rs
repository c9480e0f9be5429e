//! What it costs: the page has what the program derives, and the program counts what the templates have.

use std::process::Command;

use failover::{beat::Vantage, plan::read};
use serde_json::{Value, json};
use tests::{repository, template};

use crate::generated::holds;

/// What the program prints.
fn printed(words: &[&str]) -> String {
    let answer = Command::new("python3")
        .arg(repository::root().join("tools/cost.py"))
        .args(words)
        .output()
        .unwrap();
    assert!(answer.status.success(), "{answer:?}");
    String::from_utf8(answer.stdout).unwrap()
}

fn inputs() -> Value {
    serde_json::from_str(&repository::text("tools/cost.json")).unwrap()
}

#[test]
fn the_page_has_the_figures_that_the_program_derives() {
    holds("docs/reference/cost.md", &printed(&[]));
}

/// What a member Region has where nobody asks for more.
fn stacks() -> impl Iterator<Item = &'static str> {
    template::of_a_member().filter(|name| *name != template::OFF_BY_DEFAULT)
}

#[test]
fn the_program_counts_what_the_templates_of_a_member_region_have() {
    let counted: Value = serde_json::from_str(&printed(&["--counted"])).unwrap();
    let of = |kind: &str| {
        let names = template::names();
        let there = stacks().filter(|name| names.iter().any(|there| there == name));
        let templates = there.map(template::read);
        templates
            .map(|template| template::resources(&template, kind).len())
            .sum::<usize>()
    };
    assert_eq!(counted["alarms"], of("AWS::CloudWatch::Alarm"));
    assert_eq!(counted["dashboards"], of("AWS::CloudWatch::Dashboard"));
    let templates: Vec<_> = stacks().map(template::read).collect();
    let at = |rate: &str| {
        let rules = templates
            .iter()
            .flat_map(|template| template::resources(template, "AWS::Events::Rule"));
        rules
            .filter(|(_, rule)| rule["ScheduleExpression"] == rate)
            .count()
    };
    assert_eq!(counted["schedules_a_minute"], at("rate(1 minute)"));
    assert_eq!(counted["schedules_an_hour"], at("rate(1 hour)"));
    let sizes = template::member_functions().into_iter();
    let page = &template::read(template::OFF_BY_DEFAULT);
    let sizes = sizes.filter(|(.., template)| template != page);
    let sizes = sizes.map(|(_, function, template)| {
        let name = function["FunctionName"].as_str().unwrap();
        let name = name.strip_prefix("aurora-failover-").unwrap().to_owned();
        let size = &function["MemorySize"];
        let default = size["Ref"]
            .as_str()
            .map(|parameter| template["Parameters"][parameter]["Default"].clone());
        (name, default.unwrap_or_else(|| size.clone()))
    });
    assert_eq!(counted["functions"], Value::Object(sizes.collect()));
}

/// A look is what the plan of the example has it.
#[test]
fn the_interval_and_the_members_are_those_of_the_example() {
    let plan = read(&repository::text("examples/plans/aurora-global.json")).unwrap();
    let assumed = &inputs()["assumed"];
    assert_eq!(assumed["interval_seconds"], plan.detection.interval_seconds);
    assert_eq!(assumed["member_regions"], plan.members().len());
}

/// Each price has its page, and each input a price that there is.
#[test]
fn every_input_has_a_price_and_every_price_a_page_of_aws() {
    let inputs = inputs();
    let prices = inputs["prices"]["list"].as_object().unwrap();
    for (name, price) in prices {
        let page = price["page"].as_str().unwrap();
        assert!(page.starts_with("https://aws.amazon.com/"), "{name}");
        assert!(price["usd"].as_f64().unwrap() > 0.0, "{name}");
    }
    for input in inputs["inputs"].as_array().unwrap() {
        let price = input["price"].as_str().unwrap();
        assert!(price == "lambda" || prices.contains_key(price), "{input}");
    }
}

/// What DynamoDB counts of a value, by its developer guide: a number takes a byte for two digits and one more, a list and a map
/// three and one for each of theirs.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => number.to_string().len().div_ceil(2) + 1,
        Value::String(text) => text.len(),
        Value::Array(items) => 3 + items.iter().map(|item| 1 + size(item)).sum::<usize>(),
        Value::Object(entries) => {
            let entries = entries.iter();
            let each = entries.map(|(name, value)| 1 + name.len() + size(value));
            3 + each.sum::<usize>()
        }
    }
}

/// A plan of two members with the longest name, some time after a failover, and numbers and times as long as they get.
#[test]
fn the_record_of_a_look_at_a_healthy_writer_takes_one_write_unit() {
    let at = "2026-11-27T20:15:00.123456789Z";
    let beat = json!({"seq": u32::MAX, "epoch": u32::MAX, "at": at});
    let full = json!({
        "region": "us-east-1", "writer_region": "us-west-2", "at": at,
        "write": {"outcome": "committed", "beat": beat}, "last_beat": beat,
        "failing_since": null, "failures": 0,
        "reading": {
            "position": i64::MAX, "committed_at": null,
            "beats": {"us-east-1": beat, "us-west-2": beat},
        },
        "moved_at": at,
        "signs": {
            "newest_at": at, "newest_grew_at": at, "read_at": at, "others_moved_at": at,
            "others_moved_before_at": at, "lag_ms": u32::MAX, "late_since": null, "saturated_at": null,
            "answered_at": null, "spoke_at": null, "uncommitted_since": null, "left": ["us-east-1", beat],
        },
    });
    let record: Vantage = serde_json::from_value(full.clone()).unwrap();
    let body = serde_json::to_value(record).unwrap();
    assert_eq!(body, full, "a field is missing here");
    let item = json!({"plan": "a".repeat(40), "item": "vantage", "body": body});
    let units = size(&item).div_ceil(1_024);
    let inputs = inputs();
    let mut lines = inputs["inputs"].as_array().unwrap().iter();
    let writes = lines
        .find(|line| line["price"] == "dynamodb_write")
        .unwrap();
    assert_eq!(writes["amount"], units, "{} bytes", size(&item));
}
