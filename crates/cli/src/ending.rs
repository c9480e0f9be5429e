//! How a command ends: what it prints, and the exit code that scripts go by.

use std::process::ExitCode;

use serde::Serialize;

use crate::arguments::Output;

/// What the exit code says. Of several the highest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Everything is well.
    Well,
    /// A plan has faults, could not be moved now, or needs somebody's attention.
    NotWell,
    /// The command names something that does not exist.
    Misused,
    /// Something could not be read, so that nobody can tell.
    Unknown,
}

impl Ending {
    /// Its number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::NotWell => 1,
            Self::Misused => 2,
            Self::Unknown => 3,
        }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(ending.code())
    }
}

/// What a command answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For standard output.
    pub text: String,
    /// For standard error, one sentence each.
    pub complaints: Vec<String>,
    /// How it ends.
    pub ending: Ending,
}

impl Answer {
    /// An answer in the form that was asked for.
    #[must_use]
    pub fn new(
        output: Output,
        value: &impl Serialize,
        table: impl FnOnce() -> String,
        ending: Ending,
    ) -> Self {
        let text = match output {
            Output::Table => table(),
            Output::Json => {
                serde_json::to_string_pretty(value).unwrap_or_else(|why| format!("null: {why}"))
                    + "\n"
            }
        };
        Self {
            text,
            complaints: Vec::new(),
            ending,
        }
    }

    /// Nothing but a sentence that says why there is no answer.
    #[must_use]
    pub fn none(ending: Ending, why: String) -> Self {
        Self {
            text: String::new(),
            complaints: vec![why],
            ending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_tell_four_endings_apart_and_the_worst_of_several_counts() {
        use Ending::{Misused, NotWell, Unknown, Well};
        assert_eq!(
            [Well, NotWell, Misused, Unknown].map(Ending::code),
            [0, 1, 2, 3]
        );
        assert_eq!([NotWell, Unknown, Well].into_iter().max(), Some(Unknown));
    }
}
