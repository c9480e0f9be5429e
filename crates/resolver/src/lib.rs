//! How a database is found by its name, whatever engine it is of: its addresses, and the first of them that answers.

mod first;
mod name;

pub use first::first_to_answer;
pub use name::Resolver;

/// A name without an address, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unresolved(pub String);
