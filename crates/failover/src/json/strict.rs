//! JSON as it was written: a field that stands twice, and a number that no field can hold, are faults and not guessed at.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one value.
///
/// # Errors
/// What is wrong, with the field where it is, and the fix.
pub(super) fn value<'de>(deserializer: impl Deserializer<'de>) -> Result<Value, String> {
    read(deserializer, true)
}

/// Reads one value as far as it is JSON: of a field that stands twice the later one, and any number.
///
/// # Errors
/// What keeps it from being JSON, with the field where that is, and the fix.
pub(super) fn lenient<'de>(deserializer: impl Deserializer<'de>) -> Result<Value, String> {
    read(deserializer, false)
}

fn read<'de>(deserializer: impl Deserializer<'de>, refuses: bool) -> Result<Value, String> {
    let path = RefCell::new(Vec::new());
    let strict = Strict {
        path: &path,
        refuses,
    };
    strict
        .deserialize(deserializer)
        .map_err(|why| said(&path.borrow(), &why.to_string()))
}

/// What is wrong, in a sentence of its own.
fn said(path: &[String], why: &str) -> String {
    let place = if path.is_empty() {
        "it".to_owned()
    } else {
        path.join(".")
    };
    match why.strip_prefix(TWICE) {
        Some(_) => format!("{place} stands twice; keep one"),
        None if why.starts_with(TOO_LARGE) || why.starts_with("number out of range") => {
            format!("{place} is a number beyond 64 bits; write a smaller one")
        }
        None if why.starts_with("EOF while parsing a value at line 1 column 0") => {
            "it is empty; write an object, like {\"plan\": \"orders\"}".to_owned()
        }
        None => format!("{place} is not JSON: {why}; correct it"),
    }
}

const TWICE: &str = "stands twice";
const TOO_LARGE: &str = "beyond 64 bits";
/// Whole numbers from here on are not those that were written: they came as floating point.
pub(super) const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

#[derive(Clone, Copy)]
struct Strict<'a> {
    /// The fields that lead to what is being read.
    path: &'a RefCell<Vec<String>>,
    /// Whether what is JSON all the same is refused.
    refuses: bool,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        if self.refuses && value.abs() >= WHOLE_MAX {
            return Err(E::custom(TOO_LARGE));
        }
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        self.path.borrow_mut().push("0".into());
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
            if let Some(last) = self.path.borrow_mut().last_mut() {
                *last = list.len().to_string();
            }
        }
        self.path.borrow_mut().pop();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(field) = fields.next_key::<String>()? {
            self.path.borrow_mut().push(field.clone());
            if self.refuses && object.contains_key(&field) {
                return Err(A::Error::custom(TWICE));
            }
            object.insert(field, fields.next_value_seed(self)?);
            self.path.borrow_mut().pop();
        }
        Ok(Value::Object(object))
    }
}
