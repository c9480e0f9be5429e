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

/// Which invocations go wrong: of each function, by their number since the system had settled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Passes(pub BTreeMap<String, BTreeMap<u64, PassWay>>);

impl Passes {
    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One more.
    #[must_use]
    pub fn and(mut self, function: &str, number: u64, way: PassWay) -> Self {
        let passes = self.0.entry(function.to_owned()).or_default();
        passes.insert(number, way);
        self
    }

    /// How an invocation goes wrong.
    #[must_use]
    pub fn of(&self, function: &str, number: u64) -> Option<PassWay> {
        self.0.get(function)?.get(&number).copied()
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = (&str, u64)> {
        let all = self.0.iter();
        all.flat_map(|(function, passes)| {
            let numbers = passes.keys();
            numbers.map(move |number| (function.as_str(), *number))
        })
    }

    /// All but one.
    #[must_use]
    pub fn without(&self, function: &str, number: u64) -> Self {
        let mut left = self.clone();
        if let Some(passes) = left.0.get_mut(function) {
            passes.remove(&number);
        }
        left.0.retain(|_, passes| !passes.is_empty());
        left
    }
}

/// Which calls go wrong: of each function, by their number in the order in which it makes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Faults(pub BTreeMap<String, BTreeMap<u64, Way>>);

impl Faults {
    /// One call that goes wrong.
    #[must_use]
    pub fn one(function: &str, call: u64, way: Way) -> Self {
        Self::default().and(function, call, way)
    }

    /// One more.
    #[must_use]
    pub fn and(mut self, function: &str, call: u64, way: Way) -> Self {
        let calls = self.0.entry(function.to_owned()).or_default();
        calls.insert(call, way);
        self
    }

    /// How a call goes wrong.
    #[must_use]
    pub fn of(&self, function: &str, call: u64) -> Option<Way> {
        self.0.get(function)?.get(&call).copied()
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = (&str, u64, Way)> {
        let all = self.0.iter();
        all.flat_map(|(function, calls)| {
            let calls = calls.iter();
            calls.map(move |(call, way)| (function.as_str(), *call, *way))
        })
    }

    /// All but one.
    #[must_use]
    pub fn without(&self, function: &str, call: u64) -> Self {
        let mut left = self.clone();
        if let Some(calls) = left.0.get_mut(function) {
            calls.remove(&call);
        }
        left.0.retain(|_, calls| !calls.is_empty());
        left
    }
}
