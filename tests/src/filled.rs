//! A template with its parameters filled in, as far as policies need it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::template;

/// What stands for a thing that only a deployment knows: the longest such ARN.
const MADE: &str =
    "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/aurora-failover-recovery-ledger:*";

/// A template's parameters and conditions.
pub struct Filled<'a> {
    template: &'a Value,
    values: BTreeMap<String, Value>,
}

impl<'a> Filled<'a> {
    /// A template with the parameters that are given; the others have their defaults.
    pub fn of(template: &'a Value, given: &BTreeMap<&str, String>) -> Self {
        let pseudo = [
            ("AWS::Partition", "aws"),
            ("AWS::Region", "us-east-1"),
            ("AWS::AccountId", "123456789012"),
        ];
        let mut values: BTreeMap<_, _> = pseudo
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .into();
        for (name, parameter) in template["Parameters"].as_object().unwrap() {
            let default = parameter
                .get("Default")
                .map(|default| match default.as_str() {
                    Some(text) => text.to_owned(),
                    None => default.to_string(),
                });
            let default = default.unwrap_or_default();
            let text = given.get(name.as_str()).cloned().unwrap_or(default);
            let kind = parameter["Type"].as_str().unwrap();
            let is_list = kind.starts_with("Comma") || kind.starts_with("List");
            let value = if is_list {
                text.split(',').collect()
            } else {
                json!(text)
            };
            values.insert(name.clone(), value);
        }
        Self { template, values }
    }

    /// The parameters as lines `NAME=VALUE`.
    pub fn lines(&self) -> String {
        let declared = self
            .values
            .iter()
            .filter(|(name, _)| !name.starts_with("AWS::"));
        let lines = declared.map(|(name, value)| {
            let items = value.as_array().map_or(&[] as &[Value], Vec::as_slice);
            let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            let text = value.as_str().map_or(items.join(","), str::to_owned);
            format!("{name}={text}\n")
        });
        lines.collect()
    }

    /// How many characters the policies of a role, or a managed policy, have: JSON without white space.
    pub fn policy_size(&self, id: &str) -> usize {
        let policies = template::policies(self.template).into_iter();
        let sizes = policies
            .filter(|(found, _)| *found == id)
            .map(|(_, document)| {
                let filled = self.value(document).unwrap();
                let text = filled.to_string();
                text.chars().filter(|letter| *letter != ' ').count()
            });
        sizes.sum()
    }

    /// A value with every function carried out; nothing where it is `AWS::NoValue`.
    fn value(&self, node: &Value) -> Option<Value> {
        match node {
            Value::Array(items) => Some(items.iter().filter_map(|item| self.value(item)).collect()),
            Value::Object(fields) => match fields.iter().next() {
                Some((function, of)) if fields.len() == 1 && is_function(function) => {
                    self.carried_out(function, of)
                }
                _ => {
                    let fields = fields.iter();
                    let filled =
                        fields.filter_map(|(name, of)| Some((name.clone(), self.value(of)?)));
                    Some(Value::Object(filled.collect::<Map<_, _>>()))
                }
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Some(node.clone())
            }
        }
    }

    fn carried_out(&self, function: &str, of: &Value) -> Option<Value> {
        match function {
            "Ref" if of == "AWS::NoValue" => None,
            "Ref" => Some(
                self.values
                    .get(of.as_str()?)
                    .cloned()
                    .unwrap_or(json!(MADE)),
            ),
            "Fn::GetAtt" => Some(json!(MADE)),
            "Fn::Sub" => Some(json!(self.substituted(of.as_str()?))),
            "Fn::If" => self.value(&of[if self.holds(of[0].as_str()?) { 1 } else { 2 }]),
            "Fn::Join" => {
                let parts = self.value(&of[1])?;
                let parts: Vec<_> = parts.as_array()?.iter().filter_map(Value::as_str).collect();
                Some(json!(parts.join(of[0].as_str()?)))
            }
            "Fn::Split" => {
                let text = self.value(&of[1])?;
                Some(text.as_str()?.split(of[0].as_str()?).collect())
            }
            "Fn::Equals" => Some(json!(self.value(&of[0])? == self.value(&of[1])?)),
            "Fn::Not" => Some(json!(!self.value(&of[0])?.as_bool()?)),
            "Fn::And" => Some(json!(self.all_of(of)?.into_iter().all(|is| is))),
            "Fn::Or" => Some(json!(self.all_of(of)?.into_iter().any(|is| is))),
            "Condition" => Some(json!(self.holds(of.as_str()?))),
            other => panic!("{other} is no function that these checks know"),
        }
    }

    fn all_of(&self, conditions: &Value) -> Option<Vec<bool>> {
        let conditions = conditions.as_array()?.iter();
        conditions.map(|one| self.value(one)?.as_bool()).collect()
    }

    fn holds(&self, condition: &str) -> bool {
        let condition = &self.template["Conditions"][condition];
        self.value(condition).unwrap().as_bool().unwrap()
    }

    fn substituted(&self, text: &str) -> String {
        let mut parts = text.split("${");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |done, part| {
            let (name, rest) = part.split_once('}').unwrap();
            let value = self.values.get(name).and_then(Value::as_str);
            done + value.unwrap_or(MADE) + rest
        })
    }
}

fn is_function(name: &str) -> bool {
    ["Ref", "Condition"].contains(&name) || name.starts_with("Fn::")
}
