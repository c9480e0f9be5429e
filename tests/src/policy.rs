//! What each function's role allows, as its template has it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::template;

/// What one statement allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The actions, such as `rds:DescribeDBClusters`.
    pub actions: Vec<String>,
    /// Where they may be called.
    pub regions: Regions,
}

/// The Regions that a statement's condition names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regions {
    /// No condition.
    Any,
    /// The function's own.
    Own,
    /// Those with a member.
    Members,
}

/// What a role allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Role(pub Vec<Statement>);

impl Role {
    /// Whether an action may be called in a Region by a function in `own`.
    pub fn allows(&self, action: &str, region: &str, own: &str, members: &[&str]) -> bool {
        self.0.iter().any(|statement| {
            statement.actions.iter().any(|allowed| allowed == action)
                && match statement.regions {
                    Regions::Any => true,
                    Regions::Own => region == own,
                    Regions::Members => members.contains(&region),
                }
        })
    }

    /// Every action that it allows.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .flat_map(|statement| statement.actions.iter().map(String::as_str))
    }
}

/// The roles of a template's functions, by the functions' names.
pub fn of_functions(name: &str) -> BTreeMap<String, Role> {
    let template = template::read(name);
    let functions = template::resources(&template, "AWS::Lambda::Function");
    assert!(!functions.is_empty(), "{name} has no function");
    functions
        .into_iter()
        .map(|(_, function)| {
            let role = function["Role"]["Fn::GetAtt"].as_str().unwrap();
            let role = of(&template, role.strip_suffix(".Arn").unwrap());
            (function["FunctionName"].as_str().unwrap().to_owned(), role)
        })
        .collect()
}

/// What the role with a logical id allows.
pub fn of(template: &Value, role: &str) -> Role {
    let properties = &template["Resources"][role]["Properties"];
    assert_eq!(
        properties["ManagedPolicyArns"],
        Value::Null,
        "{role} allows more than its template says"
    );
    let policies = properties["Policies"].as_array().unwrap();
    let statements = policies
        .iter()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap())
        // A statement that depends on a parameter counts as given.
        .map(|statement| {
            statement
                .get("Fn::If")
                .map_or(statement, |choice| &choice[1])
        })
        .filter(|statement| statement["Effect"] == "Allow")
        .map(statement);
    Role(statements.collect())
}

fn statement(statement: &Value) -> Statement {
    let action = &statement["Action"];
    let actions = match action.as_str() {
        Some(one) => vec![one.to_owned()],
        None => {
            let many = action.as_array().unwrap().iter();
            many.map(|action| action.as_str().unwrap().to_owned())
                .collect()
        }
    };
    let region = &statement["Condition"]["StringEquals"]["aws:RequestedRegion"];
    let regions = if region.is_null() {
        Regions::Any
    } else if *region == json!({"Ref": "AWS::Region"}) {
        Regions::Own
    } else if *region == json!({"Ref": "MemberRegions"}) {
        Regions::Members
    } else {
        panic!("{region} is no condition that these checks know")
    };
    Statement { actions, regions }
}
