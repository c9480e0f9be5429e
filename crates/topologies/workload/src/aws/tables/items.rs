//! Items in DynamoDB's JSON, and keys of it. Bytes are written as hexadecimal digits.

use std::{collections::HashMap, fmt::Write as _};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use failover::Error;
use serde_json::{Map, Value, json};

type Item = HashMap<String, AttributeValue>;

/// An item as a value.
///
/// # Errors
/// `UnexpectedTopology` for an attribute of a type that this version does not know.
pub(super) fn value(item: Item) -> Result<Value, Error> {
    let attributes = item.into_iter();
    let attributes = attributes.map(|(name, attribute)| Ok((name, one(attribute)?)));
    Ok(Value::Object(
        attributes.collect::<Result<Map<_, _>, Error>>()?,
    ))
}

fn one(attribute: AttributeValue) -> Result<Value, Error> {
    Ok(match attribute {
        AttributeValue::B(bytes) => json!({"B": hex(&bytes)}),
        AttributeValue::Bool(is) => json!({"BOOL": is}),
        AttributeValue::Bs(all) => json!({"BS": all.iter().map(hex).collect::<Vec<_>>()}),
        AttributeValue::L(all) => {
            let all = all.into_iter().map(one).collect::<Result<Vec<_>, _>>()?;
            json!({"L": all})
        }
        AttributeValue::M(map) => json!({"M": value(map)?}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::Ns(all) => json!({"NS": all}),
        AttributeValue::Null(is) => json!({"NULL": is}),
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::Ss(all) => json!({"SS": all}),
        // The SDK's own list is open.
        AttributeValue::Unknown { .. } | _ => {
            return Err(Error::UnexpectedTopology(
                "an item has an attribute of a type that this version does not know; deploy a newer one".into(),
            ));
        }
    })
}

/// A key of a kept value.
///
/// # Errors
/// `UnexpectedTopology` for what is no key.
pub(super) fn key(value: &Value) -> Result<Item, Error> {
    let no_key = || {
        Error::UnexpectedTopology(
            "the row keeps a place in a table that is no key; start the run again".into(),
        )
    };
    let attributes = value.as_object().ok_or_else(no_key)?.iter();
    let attributes = attributes.map(|(name, attribute)| {
        let attribute = attribute_of(attribute).ok_or_else(no_key)?;
        Ok((name.clone(), attribute))
    });
    attributes.collect()
}

fn attribute_of(value: &Value) -> Option<AttributeValue> {
    let (kind, text) = value.as_object()?.iter().next()?;
    let text = text.as_str()?;
    match kind.as_str() {
        "S" => Some(AttributeValue::S(text.to_owned())),
        "N" => Some(AttributeValue::N(text.to_owned())),
        "B" => bytes(text).map(|bytes| AttributeValue::B(Blob::new(bytes))),
        _ => None,
    }
}

fn hex(bytes: &Blob) -> String {
    let bytes = bytes.as_ref();
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_as_it_was() {
        let item = Item::from([
            ("id".to_owned(), AttributeValue::S("a".into())),
            ("at".to_owned(), AttributeValue::N("12".into())),
            ("raw".to_owned(), AttributeValue::B(Blob::new([0, 10, 255]))),
        ]);
        let kept = value(item.clone()).unwrap();
        assert_eq!(kept["raw"], json!({"B": "000aff"}));
        assert_eq!(key(&kept).unwrap(), item);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for kept in [
            json!("a"),
            json!({"id": {"SS": ["a"]}}),
            json!({"raw": {"B": "zz"}}),
        ] {
            assert!(key(&kept).is_err(), "{kept}");
        }
    }
}
