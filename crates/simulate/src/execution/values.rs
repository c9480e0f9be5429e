//! What the fields of a state come to.

use std::borrow::Cow;

use jiff::Timestamp;
use machines::{Json, When};
use serde_json::{Map, Value, json};

use super::{
    Execution, bare,
    query::{Query, Undefined},
};

impl Execution {
    /// Whether a condition holds. It is what [`When::jsonata`] says, answered without it.
    pub(super) fn holds(&self, when: &When, now: Timestamp) -> bool {
        let wish = &self.variables.get("wish").cloned().unwrap_or_default();
        let number = |variable: &str| self.variables.get(variable).and_then(Value::as_u64);
        match when {
            When::Below(variable, most) => {
                number(variable).is_some_and(|number| number < u64::from(*most))
            }
            When::AtMost(variable, most) => {
                number(variable).is_some_and(|number| number <= u64::from(*most))
            }
            When::Names(phase) => {
                let hooks = self.variables.get("hooks").and_then(Value::as_array);
                hooks.is_some_and(|hooks| hooks.iter().any(|hook| hook == phase))
            }
            When::Closes => self.variables.get("closes") == Some(&json!(true)),
            When::Rehearses => wish["rehearse"] == true,
            When::Asks => wish["approval"] == "ask",
            When::TooEarly => {
                let time = wish["not_before"].as_str();
                let time = time.and_then(|time| time.parse::<Timestamp>().ok());
                time.is_some_and(|time| time > now)
            }
            When::Done
            | When::Pending
            | When::Acts(_)
            | When::Decides(_)
            | When::Ends(_)
            | When::Resumes
            | When::DryRun
            | When::Approved
            | When::Declined => when.holds(&self.input),
        }
    }

    pub(super) fn assigned(
        &self,
        seen: &Value,
        assign: &[(Cow<'static, str>, Json)],
    ) -> Result<Map<String, Value>, Undefined> {
        let assigned = assign.iter();
        assigned
            .map(|(variable, json)| Ok((variable.to_string(), self.json(seen, json)?)))
            .collect()
    }

    pub(super) fn json(&self, seen: &Value, json: &Json) -> Result<Value, Undefined> {
        match json {
            Json::Text(text) => match bare(text) {
                Some(expression) => self.evaluate(seen, expression),
                None => Ok(json.value()),
            },
            Json::List(items) => items.iter().map(|item| self.json(seen, item)).collect(),
            Json::Object(members) => {
                let members = members.iter();
                let members =
                    members.map(|(key, value)| Ok((key.to_string(), self.json(seen, value)?)));
                members.collect::<Result<_, _>>().map(Value::Object)
            }
            Json::Null | Json::Number(_) => Ok(json.value()),
        }
    }

    pub(super) fn evaluate(&self, seen: &Value, expression: &str) -> Result<Value, Undefined> {
        let mut states = json!({
            "input": self.input,
            "context": {"Execution": {"Id": self.arn, "Name": self.name}},
        });
        if let (Some(states), Some(seen)) = (states.as_object_mut(), seen.as_object()) {
            for (key, value) in seen {
                if key == "context" {
                    states["context"]["Task"] = value["Task"].clone();
                } else {
                    states.insert(key.clone(), value.clone());
                }
            }
        }
        Query::of(expression).evaluate(&self.variables, &states)
    }
}
