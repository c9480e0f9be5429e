//! What each function's role allows, as its template has it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::template;

/// What one statement allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its name.
    pub sid: String,
    /// The actions, such as `rds:DescribeDBClusters`.
    pub actions: Vec<String>,
}

/// What a role allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Role(pub Vec<Statement>);

impl Role {
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
    let templates = template::OF_FAILBACK.map(template::read);
    let policies = templates
        .iter()
        .flat_map(|template| template::resources(template, "AWS::IAM::ManagedPolicy"));
    let added = policies.flat_map(|(_, policy)| {
        let role = allowed([&policy["PolicyDocument"]]);
        let names = policy["Roles"].as_array().unwrap().iter();
        names.map(move |name| (function_of(name).to_owned(), role.clone()))
    });
    let mut roles = BTreeMap::new();
    for (function, role) in added {
        let all = roles.entry(function).or_insert_with(|| Role(Vec::new()));
        all.0.extend(role.0);
    }
    roles
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
    let sid = statement["Sid"].as_str();
    let sid = sid.unwrap_or_else(|| panic!("{statement} has no name"));
    Statement {
        sid: sid.to_owned(),
        actions,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_allows_what_its_statements_allow_and_nothing_that_one_denies() {
        let statements = json!([
            {"Sid": "Look", "Effect": "Allow", "Action": "rds:DescribeDBClusters"},
            {"Fn::If": ["HasLedger",
                {"Sid": "Ledger", "Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"]},
                {"Ref": "AWS::NoValue"}]},
            {"Sid": "Never", "Effect": "Deny", "Action": ["ec2:DescribeSubnets"]},
        ]);
        let policies = json!([{"PolicyDocument": {"Statement": statements}}]);
        let role = of(
            &json!({"Resources": {"R": {"Properties": {"Policies": policies}}}}),
            "R",
        );
        let names: Vec<_> = role
            .0
            .iter()
            .map(|statement| statement.sid.as_str())
            .collect();
        assert_eq!(names, ["Look", "Ledger"]);
        let actions: Vec<_> = role.actions().collect();
        assert_eq!(
            actions,
            [
                "rds:DescribeDBClusters",
                "dynamodb:GetItem",
                "dynamodb:PutItem"
            ]
        );
    }
}
