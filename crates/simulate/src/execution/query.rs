//! JSONata, as far as the machines use it.
//!
//! The libraries that evaluate it were tried: one makes `serde_json` keep the order of keys in every crate of the workspace, which
//! changes what is tested and what is hashed, and the other brings second versions of what others depend on. What the machines say is
//! little: looking up, objects, lists, `? :`, `+`, `&`, and seven functions. Anything else is refused, which
//! `every_expression_of_every_machine_is_understood` holds.

mod functions;
mod parse;

use serde_json::{Map, Value};

use parse::{Term, parse};

/// An expression.
pub(super) struct Query<'a>(&'a str);

/// Why an expression comes to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undefined(pub(super) String);

/// What expressions look up.
struct Scope<'a> {
    variables: &'a Map<String, Value>,
    states: &'a Value,
}

impl<'a> Query<'a> {
    /// An expression, with or without its braces.
    pub(super) fn of(expression: &'a str) -> Self {
        Self(super::bare(expression).unwrap_or(expression))
    }

    /// What it comes to. Undefined is an error, as it is in every field of a state.
    pub(super) fn evaluate(
        &self,
        variables: &Map<String, Value>,
        states: &Value,
    ) -> Result<Value, Undefined> {
        let term = self.parsed()?;
        let scope = Scope { variables, states };
        let came = scope
            .value(&term)
            .map_err(|why| Undefined(format!("{}: {why}", self.0)))?;
        came.ok_or_else(|| Undefined(format!("{} is undefined", self.0)))
    }

    /// Its terms.
    pub(super) fn parsed(&self) -> Result<Term, Undefined> {
        parse(self.0).map_err(|why| Undefined(format!("{}: {why}", self.0)))
    }
}

impl Scope<'_> {
    /// What a term comes to; `None` where that is undefined.
    fn value(&self, term: &Term) -> Result<Option<Value>, String> {
        Ok(match term {
            Term::Text(text) => Some(Value::from(text.as_str())),
            Term::Number(number) => Some(Value::from(*number)),
            Term::Bool(is) => Some(Value::from(*is)),
            Term::Path(keys) => self.found(keys),
            Term::Object(members) => {
                let mut object = Map::new();
                for (key, term) in members {
                    object.extend(self.value(term)?.map(|value| (key.clone(), value)));
                }
                Some(Value::Object(object))
            }
            Term::List(terms) => Some(Value::Array(self.list(terms)?)),
            Term::If(condition, then, otherwise) => {
                let holds = self.value(condition)?.as_ref().is_some_and(is_true);
                self.value(if holds { then } else { otherwise })?
            }
            Term::Sum(one, other) => {
                let (one, other) = (self.value(one)?, self.value(other)?);
                let sum = |one: &Value, other: &Value| Some(one.as_i64()? + other.as_i64()?);
                one.zip(other)
                    .and_then(|(one, other)| sum(&one, &other))
                    .map(Value::from)
            }
            Term::Joined(one, other) => {
                let text =
                    |value: Option<Value>| value.map_or_else(String::new, |value| words(&value));
                let joined = text(self.value(one)?) + &text(self.value(other)?);
                Some(Value::from(joined))
            }
            Term::Call(function, terms) => {
                let given: Result<Vec<_>, _> = terms.iter().map(|term| self.value(term)).collect();
                functions::call(function, given?)?
            }
        })
    }

    fn found(&self, keys: &[String]) -> Option<Value> {
        let (first, rest) = keys.split_first()?;
        let begin = match first.as_str() {
            "states" => self.states,
            variable => self.variables.get(variable)?,
        };
        rest.iter()
            .try_fold(begin, |found, key| found.get(key))
            .cloned()
    }

    /// A list. An item that is a list itself is taken apart, unless it was written as one.
    fn list(&self, terms: &[Term]) -> Result<Vec<Value>, String> {
        let mut all = Vec::new();
        for term in terms {
            match self.value(term)? {
                Some(Value::Array(items)) if !matches!(term, Term::List(_)) => all.extend(items),
                Some(value) => all.push(value),
                None => {}
            }
        }
        Ok(all)
    }
}

/// What counts as true.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(is_true),
        Value::Object(members) => !members.is_empty(),
    }
}

/// A value as text.
fn words(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
