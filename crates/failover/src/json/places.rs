//! Where the fields of a document stand in its text: line and column, as editors count them.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter::Peekable,
    str::Chars,
};

use super::strict::WHOLE_MAX;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character of that line, from 1.
    pub column: usize,
}

impl Place {
    /// Where a text begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// Where the fields of a document stand, each by the names that lead to it, with dots between.
#[derive(Debug, Default)]
pub(crate) struct Places {
    names: BTreeMap<String, Place>,
    values: BTreeMap<String, Place>,
    /// The fields that stand twice in one object, each where it stands again.
    pub(crate) twice: Vec<(String, Place)>,
    /// The numbers that no field can hold.
    pub(crate) too_large: Vec<String>,
}

impl Places {
    /// Walks a text that is JSON. Of a field that stands twice the later one counts.
    pub(crate) fn of(text: &str) -> Self {
        let mut walk = Walk {
            rest: text.chars().peekable(),
            at: Place::START,
            places: Self::default(),
        };
        walk.value("");
        walk.places
    }

    /// Where the name of a field stands; of an item of a list, the item.
    pub(crate) fn name(&self, field: &str) -> Place {
        let name = self.names.get(field).copied();
        name.unwrap_or_else(|| self.value(field))
    }

    /// Where the value of a field stands; of one that is missing, the object that lacks it.
    pub(crate) fn value(&self, field: &str) -> Place {
        let mut field = field;
        loop {
            if let Some(place) = self.values.get(field) {
                return *place;
            }
            match field.rsplit_once('.') {
                Some((parent, _)) => field = parent,
                None => return self.values.get("").copied().unwrap_or(Place::START),
            }
        }
    }
}

struct Walk<'a> {
    rest: Peekable<Chars<'a>>,
    at: Place,
    places: Places,
}

impl Walk<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        if next == '\n' {
            self.at.line += 1;
            self.at.column = 1;
        } else {
            self.at.column += 1;
        }
        Some(next)
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.next();
        }
    }

    fn value(&mut self, field: &str) {
        self.skip_space();
        self.places.values.insert(field.to_owned(), self.at);
        match self.peek() {
            Some('{') => self.object(field),
            Some('[') => self.list(field),
            Some('"') => drop(self.text()),
            _ => self.word(field),
        }
    }

    fn object(&mut self, field: &str) {
        self.next();
        let mut seen = BTreeSet::new();
        loop {
            self.skip_space();
            let at = self.at;
            match self.peek() {
                Some('"') => {
                    let name = joined(field, &self.text());
                    if !seen.insert(name.clone()) {
                        self.places.twice.push((name.clone(), at));
                    }
                    self.places.names.insert(name.clone(), at);
                    self.skip_space();
                    // The colon.
                    self.next();
                    self.value(&name);
                }
                Some(',') => drop(self.next()),
                _ => {
                    self.next();
                    return;
                }
            }
        }
    }

    fn list(&mut self, field: &str) {
        self.next();
        let mut index = 0;
        loop {
            self.skip_space();
            match self.peek() {
                Some(',') => drop(self.next()),
                Some(']' | '}') | None => {
                    self.next();
                    return;
                }
                Some(_) => {
                    self.value(&joined(field, &index.to_string()));
                    index += 1;
                }
            }
        }
    }

    /// A text in quotes, as it reads.
    fn text(&mut self) -> String {
        let mut raw = String::new();
        raw.extend(self.next());
        while let Some(next) = self.next() {
            raw.push(next);
            match next {
                '\\' => raw.extend(self.next()),
                '"' => break,
                _ => {}
            }
        }
        serde_json::from_str(&raw).unwrap_or(raw)
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self, field: &str) {
        let mut word = String::new();
        let is_of_it = |c: char| !is_space(c) && !matches!(c, ',' | ']' | '}');
        while self.peek().is_some_and(is_of_it) {
            word.extend(self.next());
        }
        let is_whole = word.parse::<u64>().is_ok() || word.parse::<i64>().is_ok();
        let is_large = word
            .parse::<f64>()
            .is_ok_and(|number| number.abs() >= WHOLE_MAX);
        if is_large && !is_whole {
            self.places.too_large.push(field.to_owned());
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The names that lead to a field of an object, or to an item of a list.
pub(crate) fn joined(to: &str, field: &str) -> String {
    if to.is_empty() {
        field.to_owned()
    } else {
        format!("{to}.{field}")
    }
}

#[cfg(test)]
mod tests;
