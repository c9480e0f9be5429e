//! The parameters of a request, each taken once: what is left was not understood.

use std::collections::BTreeMap;

/// A form, as the query protocol sends one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a body; `None` where it is no form.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        serde_urlencoded::from_bytes(body).ok().map(Self)
    }

    /// What is left of it.
    pub(super) fn left(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Whether a parameter says this; it is taken then.
    pub(super) fn says(&mut self, name: &str, value: &str) -> Option<()> {
        let is_said = self.0.get(name).is_some_and(|said| said == value);
        is_said.then(|| drop(self.0.remove(name)))
    }

    /// Anything that is written as text. What cannot be read is left.
    pub(super) fn value<T: std::str::FromStr>(&mut self, name: &str) -> Option<T> {
        let value = self.0.get(name)?.parse().ok()?;
        self.0.remove(name);
        Some(value)
    }

    /// The list that is written as `prefix.1`, `prefix.2`, and so on.
    pub(super) fn list(&mut self, prefix: &str) -> Vec<String> {
        (1..)
            .map_while(|index| self.text(&format!("{prefix}.{index}")))
            .collect()
    }

    /// The tags.
    pub(super) fn tags(&mut self) -> BTreeMap<String, String> {
        (1..)
            .map_while(|index| {
                let key = self.text(&format!("Tags.Tag.{index}.Key"))?;
                let value = self.text(&format!("Tags.Tag.{index}.Value"));
                Some((key, value.unwrap_or_default()))
            })
            .collect()
    }

    /// The one filter of a request, which has this name: its value.
    pub(super) fn filter(&mut self, name: &str) -> Option<String> {
        self.says("Filters.Filter.1.Name", name)?;
        self.text("Filters.Filter.1.Values.Value.1")
    }
}
