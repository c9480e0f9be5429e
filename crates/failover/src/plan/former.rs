//! Fields of the plan's former form: which one took the place of each, and what was written there, so that the rest is judged.

use serde_json::{Map, Value, json};

use super::fault::{Found, Part};
use crate::json::shown;

/// A field that is none any more.
struct Former {
    /// Where it stood, by the names that lead to it.
    field: &'static str,
    /// The field that took its place.
    now: &'static str,
    /// What to do.
    fix: &'static str,
    /// What was written, as it is written now; `None` where nothing can be made of it.
    rewritten: fn(Value) -> Option<Value>,
}

const fn moved(field: &'static str, now: &'static str, fix: &'static str) -> Former {
    Former {
        field,
        now,
        fix,
        rewritten: Some,
    }
}

const FORMER: [Former; 7] = [
    moved("members", "topology.members", "move it to topology.members"),
    moved(
        "unplanned.strategy",
        "topology.strategy",
        "move it to topology.strategy",
    ),
    moved(
        "strategy",
        "topology.strategy",
        "move it to topology.strategy",
    ),
    moved(
        "global_cluster",
        "topology.global_cluster",
        "move it to topology.global_cluster",
    ),
    moved("engine", "database.engine", "move it to database.engine"),
    moved("dns", "routes", "rename it to routes"),
    Former {
        field: "ecs",
        now: "services",
        fix: "write each cluster into the list services, with \"kind\": \"ecs\" and its \"region\"",
        rewritten: services,
    },
];

/// The former fields of a document.
#[derive(Debug, Default)]
pub(super) struct Rewritten(Vec<(&'static str, &'static str)>);

/// Writes a document in the form of today, and says which of its fields are none any more.
pub(super) fn rewrite(document: &mut Value) -> (Rewritten, Vec<Found>) {
    let mut rewritten = Vec::new();
    let mut found = Vec::new();
    for former in &FORMER {
        let Some(value) = fields(document, former.field).and_then(|(all, name)| all.remove(name))
        else {
            continue;
        };
        let Former {
            field, now, fix, ..
        } = *former;
        let says = format!("{field} is {}; {fix}", shown(&value));
        found.push(Found::new(field, Part::Name, says));
        let value = (former.rewritten)(value);
        // What stands in its place already was meant.
        if let Some((all, name)) = fields(document, now)
            && let Some(value) = value.filter(|_| !all.contains_key(name))
        {
            all.insert(name.to_owned(), value);
            rewritten.push((field, now));
        }
    }
    (Rewritten(rewritten), found)
}

/// The object that a field stands in, or would, and its own name.
fn fields<'a, 'b>(
    document: &'a mut Value,
    field: &'b str,
) -> Option<(&'a mut Map<String, Value>, &'b str)> {
    let (parent, name) = match field.split_once('.') {
        Some((parent, name)) => (document.get_mut(parent)?, name),
        None => (document, field),
    };
    Some((parent.as_object_mut()?, name))
}

/// The list that took the place of an object with the ECS clusters of each Region.
fn services(ecs: Value) -> Option<Value> {
    let Value::Object(regions) = ecs else {
        return None;
    };
    let mut services = Vec::new();
    for (region, clusters) in regions {
        for cluster in clusters.as_array()? {
            let mut service = cluster.as_object()?.clone();
            service.insert("kind".to_owned(), json!("ecs"));
            service.insert("region".to_owned(), json!(region));
            services.push(Value::Object(service));
        }
    }
    Some(services.into())
}

impl Rewritten {
    /// Where a field stands in the text, whose form is the former one.
    pub(super) fn in_the_text(&self, field: &str) -> String {
        let mut all = self.0.iter();
        let found = all.find_map(|(former, now)| {
            let rest = field.strip_prefix(now)?;
            (rest.is_empty() || rest.starts_with('.')).then(|| format!("{former}{rest}"))
        });
        found.unwrap_or_else(|| field.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{check, read};

    /// A plan without fault, as it was written in the former form.
    fn former() -> Value {
        let mut document = crate::testing::plan_document();
        let topology = document["topology"].as_object_mut().unwrap();
        let members = topology.remove("members").unwrap();
        let strategy = topology.remove("strategy").unwrap();
        document["unplanned"]["strategy"] = strategy;
        document["members"] = members;
        let fields = document.as_object_mut().unwrap();
        let routes = fields.remove("routes").unwrap();
        fields.insert("dns".into(), routes);
        fields.remove("services");
        document["ecs"] = json!({"us-west-2": [{"cluster": "orders", "services": ["api"]}]});
        document
    }

    fn says(document: &Value) -> Vec<String> {
        let faults = check(&document.to_string()).unwrap_err();
        faults.into_iter().map(|fault| fault.says).collect()
    }

    #[test]
    fn each_former_field_is_named_with_the_one_that_took_its_place() {
        let mut document = former();
        document["dns"] = json!([]);
        assert_eq!(
            says(&document),
            [
                r#"members is {"us-east-1":{"cluster":"orders-east"},"us-west-2":{"cluster…; move it to topology.members"#,
                r#"unplanned.strategy is "auto"; move it to topology.strategy"#,
                "dns is []; rename it to routes",
                r#"ecs is {"us-west-2":[{"cluster":"orders","services":["api"]}]}; write each cluster into the list services, with "kind": "ecs" and its "region""#,
            ]
        );
    }

    #[test]
    fn what_stands_one_object_too_high_is_told_its_place_too() {
        let mut document = crate::testing::plan_document();
        for (object, field) in [
            ("topology", "global_cluster"),
            ("topology", "strategy"),
            ("database", "engine"),
        ] {
            let value = document[object].as_object_mut().unwrap().remove(field);
            document[field] = value.unwrap();
        }
        assert_eq!(
            says(&document),
            [
                r#"strategy is "auto"; move it to topology.strategy"#,
                r#"global_cluster is "orders-global-1"; move it to topology.global_cluster"#,
                r#"engine is "postgres"; move it to database.engine"#,
            ]
        );
    }

    #[test]
    fn every_other_fault_is_told_beside_them_by_its_new_name_and_its_place_in_the_text() {
        let mut document = former();
        document["members"]["us-west-2"]["cluster"] = json!("7orders");
        document["home_region"] = json!("eu-west-1");
        document["ecs"]["us-west-2"][0]["cluster"] = json!("a b");
        document["dns"][0]["ttl_seconds"] = json!(86_400);
        document["colour"] = json!("red");
        let text = serde_json::to_string_pretty(&document).unwrap();
        let faults = check(&text).unwrap_err();
        let line = |field: &str| {
            let fault = faults.iter().find(|fault| fault.field == field);
            let fault = fault.unwrap_or_else(|| panic!("{field}: {faults:?}"));
            text.lines().nth(fault.at.line - 1).unwrap().trim()
        };
        assert_eq!(faults.len(), 9, "{faults:?}");
        assert_eq!(
            line("topology.members.us-west-2.cluster"),
            r#""cluster": "7orders""#
        );
        assert_eq!(line("routes.0.ttl_seconds"), r#""ttl_seconds": 86400"#);
        assert_eq!(line("services.0.cluster"), r#""ecs": {"#);
        assert_eq!(line("home_region"), r#""home_region": "eu-west-1","#);
        assert_eq!(line("colour"), r#""colour": "red","#);
    }

    #[test]
    fn what_stands_in_its_new_place_too_is_what_was_meant() {
        let mut document = crate::testing::plan_document();
        document["members"] = json!(7);
        document["dns"] = json!("writer");
        assert_eq!(
            says(&document),
            [
                "members is 7; move it to topology.members",
                r#"dns is "writer"; rename it to routes"#
            ]
        );
    }

    #[test]
    fn what_nothing_can_be_made_of_is_named_all_the_same() {
        for ecs in [json!(7), json!({"us-west-2": 7}), json!({"us-west-2": [7]})] {
            let mut document = former();
            document["ecs"] = ecs;
            let why = read(&document.to_string()).unwrap_err().to_string();
            assert!(
                why.contains("4 fault(s)") && why.contains("ecs is "),
                "{why}"
            );
        }
    }
}
