//! JSON whose keys keep their order, so that a generated definition reads from top to bottom.

use std::borrow::Cow;

use serde_json::Value;

/// How wide a line may be before an object or a list is written over several.
const WIDTH: usize = 110;

/// A JSON value with its keys in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// Nothing.
    Null,
    /// A number.
    Number(u32),
    /// A text; between `{%` and `%}` it is JSONata.
    Text(Cow<'static, str>),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(Cow<'static, str>, Json)>),
}

impl Json {
    /// A text.
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Text(text.into())
    }

    /// JSONata.
    #[must_use]
    pub fn expression(expression: &str) -> Self {
        Self::text(format!("{{% {expression} %}}"))
    }

    /// An object with its keys in this order.
    pub fn object<const N: usize>(members: [(&'static str, Json); N]) -> Self {
        let members = members.into_iter();
        Self::Object(members.map(|(key, value)| (key.into(), value)).collect())
    }

    /// The value without its order.
    #[must_use]
    pub fn value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Number(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_ref()),
            Self::List(items) => items.iter().map(Self::value).collect(),
            Self::Object(members) => {
                let members = members.iter();
                Value::Object(
                    members
                        .map(|(key, value)| (key.to_string(), value.value()))
                        .collect(),
                )
            }
        }
    }

    /// Written for people, with a line break at the end.
    #[must_use]
    pub fn pretty(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0, 0);
        text.push('\n');
        text
    }

    /// On one line.
    fn line(&self) -> String {
        match self {
            Self::Null | Self::Number(_) | Self::Text(_) => self.value().to_string(),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::line).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Object(members) => {
                let members = members.iter();
                let members: Vec<_> = members
                    .map(|(key, value)| format!("{}: {}", quoted(key), value.line()))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
        }
    }

    /// Appends the value `depth` levels in, after `taken` columns of its line.
    fn write(&self, text: &mut String, depth: usize, taken: usize) {
        let line = self.line();
        let (open, close, items): (_, _, Vec<_>) = match self {
            Self::List(items) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
            Self::Object(members) => {
                let members = members.iter();
                let members = members.map(|(key, value)| (Some(key), value)).collect();
                ('{', '}', members)
            }
            Self::Null | Self::Number(_) | Self::Text(_) => {
                text.push_str(&line);
                return;
            }
        };
        if depth * 2 + taken + line.len() <= WIDTH {
            text.push_str(&line);
            return;
        }
        let indent = "  ".repeat(depth + 1);
        text.push(open);
        if let Self::List(items) = self
            && items.iter().all(|item| matches!(item, Self::Text(_)))
        {
            fill(text, &indent, items);
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
            text.push(close);
            return;
        }
        for (number, (key, value)) in items.into_iter().enumerate() {
            text.push_str(if number == 0 { "\n" } else { ",\n" });
            text.push_str(&indent);
            let key = key.map_or_else(String::new, |key| format!("{}: ", quoted(key)));
            text.push_str(&key);
            value.write(text, depth + 1, key.len());
        }
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
        text.push(close);
    }
}

/// Appends texts, as many on a line as there is room for.
fn fill(text: &mut String, indent: &str, items: &[Json]) {
    let mut column = WIDTH + 1;
    for (number, item) in items.iter().enumerate() {
        let line = item.line();
        let starts = column + line.len() + 2 > WIDTH;
        text.push_str(match (number, starts) {
            (0, _) => "\n",
            (_, true) => ",\n",
            (_, false) => ", ",
        });
        if starts {
            text.push_str(indent);
            column = indent.len();
        }
        text.push_str(&line);
        column += line.len() + 2;
    }
}

fn quoted(key: &str) -> String {
    Value::from(key).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_for_people_is_the_value_in_its_order() {
        let long = "a text that is long enough to be written on a line of its own, as comments are";
        let json = Json::object([
            ("second", Json::List(vec![Json::Number(1), Json::Null])),
            (
                "first",
                Json::object([("say", Json::text(long)), ("\"", Json::text("\\"))]),
            ),
        ]);
        let text = json.pretty();
        assert!(text.starts_with("{\n  \"second\": [1, null],\n  \"first\": {\n"));
        assert_eq!(
            serde_json::from_str::<Value>(&text).ok(),
            Some(json.value())
        );
    }
}
