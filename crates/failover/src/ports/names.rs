//! The plan's names, in Route 53.

use serde::Serialize;

use crate::Error;

/// Route 53.
pub trait Names: Sync {
    /// The record set of a name and type. Of a name without a CNAME, what keeps one from being made.
    fn record(
        &self,
        zone: &str,
        name: &str,
        kind: &'static str,
    ) -> impl Future<Output = Result<Heard<Option<Record>>, Error>> + Send;
    /// Deletes and creates in one transaction; answers the change's id.
    fn change(
        &self,
        zone: &str,
        batch: &Batch,
        comment: &str,
    ) -> impl Future<Output = Result<Heard<String>, Error>> + Send;
    /// Whether a change has reached every server.
    fn is_in_sync(&self, change: &str) -> impl Future<Output = Result<Heard<bool>, Error>> + Send;
}

/// A record set with one value, as Route 53 holds it. Two are the same only if a DELETE of one would match the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Its name, without the trailing dot.
    pub name: String,
    /// `CNAME` or `TXT`; what else was found where a CNAME was asked for, such as `A` or `ALIAS`.
    pub kind: &'static str,
    /// Seconds a resolver may keep it.
    pub ttl_seconds: i64,
    /// Its values, as Route 53 writes them.
    pub values: Vec<String>,
}

/// What one transaction does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// What it deletes: exactly what was read.
    pub delete: Vec<Record>,
    /// What it creates.
    pub create: Vec<Record>,
}

/// What Route 53 said. It takes five calls a second of an account, whoever makes them.
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard<T> {
    /// This.
    Said(T),
    /// In these words, that others asked too much just now; nothing was changed.
    Throttled(String),
}

impl<T> Heard<T> {
    /// What was said, for whoever does not wait.
    ///
    /// # Errors
    /// `Unavailable` where others asked too much.
    pub fn said(self) -> Result<T, Error> {
        match self {
            Self::Said(said) => Ok(said),
            Self::Throttled(why) => Err(Error::Unavailable(why)),
        }
    }
}
