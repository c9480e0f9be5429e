//! Items as DynamoDB writes them.

use serde_json::{Value, json};

/// Items of a query.
pub(super) fn items(bodies: impl Iterator<Item = Value>) -> Value {
    let items = bodies.map(|body| json!({"body": wire(&body)}));
    json!({"Items": items.collect::<Vec<_>>()})
}

/// A value as DynamoDB writes it.
pub(super) fn wire(value: &Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(value) => json!({"BOOL": value}),
        Value::Number(value) => json!({"N": value.to_string()}),
        Value::String(value) => json!({"S": value}),
        Value::Array(values) => json!({"L": values.iter().map(wire).collect::<Vec<_>>()}),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), wire(value)));
            json!({"M": fields.collect::<serde_json::Map<_, _>>()})
        }
    }
}
