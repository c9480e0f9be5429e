//! The page that a security team reads: every statement of every role and policy, made of the templates. `UPDATE_GOLDEN=1` writes it.

use std::fmt::Write as _;

use serde_json::Value;
use tests::template;

use crate::generated::is_as_made;

const HEAD: &str = "# Permissions

<!-- generated: UPDATE_GOLDEN=1 cargo test --release --workspace --test cross_checks -->

What each role and each policy of the templates allows, statement by statement, and nothing else is allowed. `${…}` stands for a
parameter of the [deployment](../how-to/deploy.md#answers). *Where given* marks a statement that is only there where its parameter
has a value. `every_action_that_a_role_allows_is_called` and `every_call_is_allowed_by_its_functions_role` hold the functions' roles
to the calls that drills recorded.
";

/// A resource or a condition's value as text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => match fields.iter().next() {
            Some((name, inner)) if name == "Ref" => format!("${{{}}}", text(inner)),
            Some((name, inner)) if name == "Fn::GetAtt" => {
                format!("${{{}}}", text(inner).replace(", ", "."))
            }
            Some((name, inner)) if name == "Fn::If" => text(&inner[1]),
            Some((name, inner)) if name == "Fn::Sub" => inner
                .as_str()
                .map_or_else(|| text(&inner[0]), str::to_owned),
            Some((name, inner)) if name == "Fn::Join" => {
                let parts = text(&inner[1]);
                parts.replace(", ", inner[0].as_str().unwrap_or_default())
            }
            Some((name, inner)) if name == "Fn::Split" => text(&inner[1]),
            _ => value.to_string(),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Short forms of what stands in nearly every ARN.
fn shortened(arn: &str) -> String {
    arn.replace("${AWS::Partition}", "aws")
        .replace("${AWS::AccountId}", "${Account}")
        .replace("${AWS::Region}", "${Region}")
}

fn conditions(statement: &Value) -> Vec<String> {
    let operators = statement["Condition"].as_object().into_iter().flatten();
    let all = operators.flat_map(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(move |(key, value)| format!("`{key}` {operator} `{}`", shortened(&text(value))))
    });
    all.collect()
}

fn list(value: &Value) -> Vec<&Value> {
    value
        .as_array()
        .map_or_else(|| vec![value], |items| items.iter().collect())
}

fn section(page: &mut String, title: &str, documents: &[&Value]) {
    let _ = writeln!(page, "\n## {title}\n");
    for statement in documents
        .iter()
        .flat_map(|document| list(&document["Statement"]))
    {
        let choice = &statement["Fn::If"];
        let (statement, given) = if choice.is_null() {
            (statement, "")
        } else {
            (&choice[1], " *Where given.*")
        };
        let actions: Vec<_> = list(&statement["Action"])
            .into_iter()
            .map(|action| format!("`{}`", text(action)))
            .collect();
        let _ = writeln!(
            page,
            "- **{}**{given} {}",
            text(&statement["Sid"]),
            actions.join(", ")
        );
        for resource in list(&statement["Resource"]) {
            let _ = writeln!(page, "  - on `{}`", shortened(&text(resource)));
        }
        for condition in conditions(statement) {
            let _ = writeln!(page, "  - where {condition}");
        }
    }
}

#[test]
fn the_page_of_permissions_is_made_of_the_templates() {
    let mut page = HEAD.to_owned();
    for name in template::names() {
        let template = template::read(&name);
        for (id, role) in template::resources(&template, "AWS::IAM::Role") {
            let policies = list(&role["Policies"]);
            let documents: Vec<_> = policies
                .iter()
                .map(|policy| &policy["PolicyDocument"])
                .collect();
            section(&mut page, &format!("{id}, in `{name}.yaml`"), &documents);
        }
        for (id, policy) in template::resources(&template, "AWS::IAM::ManagedPolicy") {
            section(
                &mut page,
                &format!("{id}, in `{name}.yaml`"),
                &[&policy["PolicyDocument"]],
            );
        }
    }
    is_as_made("docs/reference/permissions.md", &page);
}

#[test]
fn people_who_answer_or_look_change_nothing_else() {
    let people = template::read("people");
    let of = |id: &str| -> Vec<String> {
        let policy = &people["Resources"][id]["Properties"]["PolicyDocument"];
        let statements = list(&policy["Statement"]);
        // Where a condition gives a statement, it counts as given.
        let given = statements.iter().map(|statement| {
            let parts = statement["Fn::If"].as_array();
            parts.map_or(*statement, |parts| &parts[1])
        });
        let actions = given.flat_map(|statement| list(&statement["Action"]));
        actions.map(text).collect()
    };
    // What a query of logs starts ends by itself, and a key that opens the ledgers opens nothing that may be written.
    let reads = [
        "Get",
        "Describe",
        "List",
        "Query",
        "Filter",
        "StartQuery",
        "Decrypt",
    ];
    for action in of("Viewer") {
        let (_, operation) = action.split_once(':').unwrap();
        assert!(
            reads.iter().any(|verb| operation.starts_with(verb)),
            "{action}"
        );
        assert!(
            !action.starts_with("s3:") && !action.contains("Secret"),
            "{action}"
        );
    }
    assert_eq!(
        of("Approver"),
        ["states:SendTaskSuccess", "states:SendTaskFailure"]
    );
    for action in of("Operator") {
        assert!(
            !action.starts_with("rds:") && !action.contains("SendTask"),
            "{action}"
        );
    }
}
