//! A query: an action and its parameters, and the type of its answer.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::de::DeserializeOwned;

/// The version of the API.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Welcome.html>.
const VERSION: &str = "2016-11-15";

/// What is read of XML.
pub trait Answer: DeserializeOwned + fmt::Debug + Send + Sync + 'static {}

impl<T: DeserializeOwned + fmt::Debug + Send + Sync + 'static> Answer for T {}

/// An answer that has pages.
pub trait Pages: Answer {
    /// What they list.
    type Item;

    /// What a page lists, and the token of the next one.
    fn parts(self) -> (Vec<Self::Item>, Option<String>);
}

/// A query whose answer is an `A`.
pub struct Request<A> {
    action: &'static str,
    params: Vec<(String, String)>,
    answer: PhantomData<fn() -> A>,
}

impl<A> Clone for Request<A> {
    fn clone(&self) -> Self {
        Self {
            action: self.action,
            params: self.params.clone(),
            answer: PhantomData,
        }
    }
}

impl<A> fmt::Debug for Request<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("action", &self.action)
            .field("params", &self.params)
            .finish()
    }
}

impl<A> Request<A> {
    /// A query without parameters.
    #[must_use]
    pub const fn new(action: &'static str) -> Self {
        Self {
            action,
            params: Vec::new(),
            answer: PhantomData,
        }
    }

    /// Its action.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        self.action
    }

    /// What is sent: a form.
    ///
    /// # Errors
    /// None that is known of: a form takes every text.
    pub fn body(&self) -> Result<String, serde_urlencoded::ser::Error> {
        let own = [("Action", self.action), ("Version", VERSION)];
        let params = self.params.iter();
        let params = params.map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<_> = own.into_iter().chain(params).collect();
        serde_urlencoded::to_string(all)
    }

    /// One more parameter.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    /// One more, where there is a value.
    #[must_use]
    pub fn some(self, name: impl Into<String>, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A list: `name.1`, `name.2`, …
    #[must_use]
    pub fn list<T: ToString>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let numbered = values.into_iter().zip(1..);
        numbered.fold(self, |request, (value, number)| {
            request.with(format!("{name}.{number}"), value)
        })
    }

    /// Filters, each of which one of its values has to fit.
    #[must_use]
    pub fn filters<T: ToString>(self, filters: &[(&str, Vec<T>)]) -> Self {
        let numbered = filters.iter().zip(1..);
        numbered.fold(self, |request, ((name, values), number)| {
            request.with(format!("Filter.{number}.Name"), name).list(
                &format!("Filter.{number}.Value"),
                values.iter().map(ToString::to_string),
            )
        })
    }

    /// The tags of what is made, for one kind of it.
    #[must_use]
    pub fn tagged(self, number: usize, kind: &str, tags: &BTreeMap<String, String>) -> Self {
        if tags.is_empty() {
            return self;
        }
        let prefix = format!("TagSpecification.{number}");
        self.with(format!("{prefix}.ResourceType"), kind)
            .tags(&format!("{prefix}.Tag"), tags)
    }

    /// Tags: `name.1.Key`, `name.1.Value`, …
    #[must_use]
    pub fn tags(self, name: &str, tags: &BTreeMap<String, String>) -> Self {
        let numbered = tags.iter().zip(1..);
        numbered.fold(self, |request, ((key, value), number)| {
            request
                .with(format!("{name}.{number}.Key"), key)
                .with(format!("{name}.{number}.Value"), value)
        })
    }
}
