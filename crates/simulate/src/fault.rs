//! What may go wrong with a call, and with the function that makes it.

use std::collections::BTreeMap;

use failover::Error;
use serde::{Deserialize, Serialize};

/// How one call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The service refuses it for want of rights.
    Denied,
    /// The service finds something wrong with it.
    Invalid,
    /// The service says that what it is about is not there, or in no state for it.
    NotThere,
    /// The service turns it away because too much is asked.
    Throttled,
    /// The service is in trouble, and has done nothing.
    Trouble,
    /// It is lost before it takes effect.
    LostBefore,
    /// It takes effect, and its answer is lost.
    LostAfter,
    /// It takes effect seconds later.
    Late,
    /// It takes effect a minute later, long after its caller gave up.
    VeryLate,
    /// It takes effect twice.
    Twice,
    /// What is answered is some seconds old; a change is made all the same.
    Stale,
    /// The function dies before the call.
    DiesBefore,
    /// The function dies after the call took effect.
    DiesAfter,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 13] = [
        Self::Denied,
        Self::Invalid,
        Self::NotThere,
        Self::Throttled,
        Self::Trouble,
        Self::LostBefore,
        Self::LostAfter,
        Self::Late,
        Self::VeryLate,
        Self::Twice,
        Self::Stale,
        Self::DiesBefore,
        Self::DiesAfter,
    ];

    /// Whether the service refuses the call.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Denied | Self::Invalid | Self::NotThere | Self::Throttled | Self::Trouble
        )
    }

    /// What the caller is told where the call is refused; `what` says which call it was.
    #[must_use]
    pub fn refusal(self, what: &str) -> Option<Error> {
        match self {
            Self::Denied => Some(Error::Denied(format!("{what}: AccessDenied"))),
            Self::Invalid => Some(Error::InvalidRequest(format!(
                "{what}: InvalidParameterValue"
            ))),
            Self::NotThere => Some(Error::NotReady(format!("{what}: ResourceNotFoundFault"))),
            Self::Throttled => Some(Error::Unavailable(format!("{what}: ThrottlingException"))),
            Self::Trouble => Some(Error::Unavailable(format!("{what}: InternalFailure"))),
            Self::LostBefore
            | Self::LostAfter
            | Self::Late
            | Self::VeryLate
            | Self::Twice
            | Self::Stale
            | Self::DiesBefore
            | Self::DiesAfter => None,
        }
    }
}

/// How one invocation of a function goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassWay {
    /// It runs twice, side by side.
    Twice,
    /// It begins a minute late.
    NotStarted,
    /// Its container is made anew in 3 s.
    Cold,
}

impl PassWay {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Twice, Self::NotStarted, Self::Cold];
}

/// Which calls go wrong.
pub type Faults = Numbered<Way>;
/// Which invocations do.
pub type Passes = Numbered<PassWay>;

/// What goes wrong, and how: of each function, by its number since the system had settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Numbered<W>(pub BTreeMap<String, BTreeMap<u64, W>>);

impl<W> Default for Numbered<W> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<W: Copy> Numbered<W> {
    /// One that goes wrong.
    #[must_use]
    pub fn one(function: &str, number: u64, way: W) -> Self {
        Self::default().and(function, number, way)
    }

    /// One more.
    #[must_use]
    pub fn and(mut self, function: &str, number: u64, way: W) -> Self {
        let numbers = self.0.entry(function.to_owned()).or_default();
        numbers.insert(number, way);
        self
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How one goes wrong.
    #[must_use]
    pub fn of(&self, function: &str, number: u64) -> Option<W> {
        self.0.get(function)?.get(&number).copied()
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = (&str, u64, W)> {
        let all = self.0.iter();
        all.flat_map(|(function, numbers)| {
            let numbers = numbers.iter();
            numbers.map(move |(number, way)| (function.as_str(), *number, *way))
        })
    }

    /// All but one.
    #[must_use]
    pub fn without(&self, function: &str, number: u64) -> Self {
        let mut left = self.clone();
        if let Some(numbers) = left.0.get_mut(function) {
            numbers.remove(&number);
        }
        left.0.retain(|_, numbers| !numbers.is_empty());
        left
    }
}
