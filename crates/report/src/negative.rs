//! Figures that cannot be: negative numbers anywhere in a document.

use serde_json::Value;

/// The path and the value of every negative number in a document, such as `rto.phases.dns = -24.7`.
pub(super) fn figures(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    search(document, "", &mut found);
    found
}

fn search(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(number) if number.as_f64().is_some_and(|number| number < 0.0) => {
            found.push(format!("{path} = {number}"));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                search(item, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                search(field, &path, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_negative_number_is_found_with_its_path() {
        let document =
            json!({"rto": {"phases": {"dns": -24.7, "noticing": 0.0}}, "moves": [{"s": -1}]});
        assert_eq!(
            figures(&document),
            ["moves[0].s = -1", "rto.phases.dns = -24.7"]
        );
    }

    #[test]
    fn what_is_unknown_is_not_negative() {
        assert_eq!(figures(&json!({"rto": {"seconds": null}})), [""; 0]);
    }
}
