//! What a control plane says to a call that changes something.

/// Whether RDS took a call that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It did; the outcome is for the next pass to see.
    Yes,
    /// Not in this state; the next pass looks again.
    NotNow(String),
    /// Too much was asked: nothing was changed, and nothing is said of the state.
    Throttled(String),
}
