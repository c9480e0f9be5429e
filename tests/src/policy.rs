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

/// The roles of a member Region's functions, by the functions' names, while a failback may be made.
pub fn of_members() -> BTreeMap<String, Role> {
    let functions = template::of_functions().into_iter().flat_map(of_functions);
    let mut roles: BTreeMap<_, _> = functions.collect();
    for (function, added) in of_failback() {
        let role = roles.get_mut(&function);
        let role = role.unwrap_or_else(|| panic!("there is no {function}"));
        role.0.extend(added.0);
    }
    roles
}

/// What a failback adds to roles, by the names of their functions.
pub fn of_failback() -> BTreeMap<String, Role> {
    let template = template::read(template::OF_FAILBACK);
    let policies = template::resources(&template, "AWS::IAM::ManagedPolicy");
    let added = policies.into_iter().flat_map(|(_, policy)| {
        let role = allowed([&policy["PolicyDocument"]]);
        let names = policy["Roles"].as_array().unwrap().iter();
        names.map(move |name| (function_of(name).to_owned(), role.clone()))
    });
    added.collect()
}

/// The function whose role has a name.
fn function_of(role: &Value) -> &str {
    let name = role["Fn::Sub"].as_str().unwrap();
    name.strip_suffix("-${AWS::Region}").unwrap()
}

/// The roles of a template's functions, by the functions' names.
pub fn of_functions(name: &str) -> BTreeMap<String, Role> {
    let template = template::read(name);
    let functions = template::resources(&template, "AWS::Lambda::Function");
    assert!(!functions.is_empty(), "{name} has no function");
    functions
        .into_iter()
        .map(|(_, function)| {
            let id = function["Role"]["Fn::GetAtt"].as_str().unwrap();
            let id = id.strip_suffix(".Arn").unwrap();
            let name = function["FunctionName"].as_str().unwrap();
            let role = &template["Resources"][id]["Properties"]["RoleName"];
            assert_eq!(function_of(role), name, "policies are added by it");
            (name.to_owned(), of(&template, id))
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
    allowed(policies.iter().map(|policy| &policy["PolicyDocument"]))
}

/// What policies allow.
fn allowed<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Role {
    let statements = documents
        .into_iter()
        .flat_map(|document| document["Statement"].as_array().unwrap())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_allows_its_statements_where_their_conditions_hold() {
        let condition =
            |region: &str| json!({"StringEquals": {"aws:RequestedRegion": {"Ref": region}}});
        let statements = json!([
            {"Effect": "Allow", "Action": "rds:DescribeDBClusters", "Condition": condition("AWS::Region")},
            {"Fn::If": ["HasLedger",
                {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Condition": condition("MemberRegions")},
                {"Ref": "AWS::NoValue"}]},
            {"Effect": "Allow", "Action": ["route53:GetChange"]},
            {"Effect": "Deny", "Action": ["ec2:DescribeSubnets"]},
        ]);
        let policies = json!([{"PolicyDocument": {"Statement": statements}}]);
        let role = of(
            &json!({"Resources": {"R": {"Properties": {"Policies": policies}}}}),
            "R",
        );
        let allows =
            |action, region| role.allows(action, region, "us-east-1", &["us-east-1", "us-west-2"]);
        assert!(allows("rds:DescribeDBClusters", "us-east-1"));
        assert!(!allows("rds:DescribeDBClusters", "us-west-2"));
        assert!(allows("dynamodb:GetItem", "us-west-2"));
        assert!(!allows("dynamodb:GetItem", "us-east-2"));
        assert!(!allows("dynamodb:PutItem", "us-west-2"));
        assert!(allows("route53:GetChange", "us-east-2"));
        assert!(!allows("ec2:DescribeSubnets", "us-east-1"));
    }
}
