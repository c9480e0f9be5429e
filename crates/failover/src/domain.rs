//! The words of the field as types: Regions, runs, epochs, and the time they are measured in.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        $(#[$doc])*
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

name! {
    /// An AWS Region, such as `us-east-1`.
    #[schemars(extend("pattern" = Region::PATTERN))]
    Region
}
impl Region {
    /// What the name of a Region looks like, as a pattern of JSON Schema.
    pub const PATTERN: &str = "^[a-z0-9]+(-[a-z0-9]+)+-[0-9]+$";

    /// Whether this can be the name of a Region.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let mut parts = self.0.split('-').rev();
        let is_number = parts
            .next()
            .is_some_and(|last| !last.is_empty() && last.chars().all(|c| c.is_ascii_digit()));
        let words: Vec<_> = parts.collect();
        let are_words = words
            .iter()
            .all(|word| !word.is_empty() && word.chars().all(is_word));
        is_number && are_words && words.len() >= 2
    }

    /// Where the API of Route 53 lives that serves this Region's partition.
    /// Source: <https://docs.aws.amazon.com/general/latest/gr/r53.html>.
    #[must_use]
    pub fn of_route53(&self) -> Self {
        let begins = |with: &str| self.0.starts_with(with);
        let region = if begins("cn-") {
            "cn-northwest-1"
        } else if begins("us-gov-") {
            "us-gov-west-1"
        } else if begins("eusc-") {
            "eusc-de-east-1"
        } else if begins("us-iso-") {
            "us-iso-east-1"
        } else if begins("us-isob-") {
            "us-isob-east-1"
        } else if begins("us-isof-") {
            "us-isof-south-1"
        } else if begins("eu-isoe-") {
            "eu-isoe-west-1"
        } else {
            "us-east-1"
        };
        Self(region.to_owned())
    }
}

name! {
    /// The name of a plan: one protected database.
    PlanName
}
name! {
    /// The execution name of the state machine that a pass belongs to.
    RunId
}
name! {
    /// What marks one stop of a writer for a planned move: new for every stop, and never used again.
    StopToken
}

impl RunId {
    /// What the names of runs begin with that a schedule starts by itself, to go on with what another one began.
    pub const RESUMES: &str = "resume-";

    /// Whether a schedule started it by itself, to go on with what another one began.
    #[must_use]
    pub fn is_resumption(&self) -> bool {
        self.0.starts_with(Self::RESUMES)
    }
}

/// A number for a text, by FNV-1a: no release of a library changes it, so that it comes out alike in every pass and every build.
#[must_use]
pub fn stable_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A plan's writer generation; it grows by one at every change of writer.
#[derive(
    Debug,
    Default,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch that follows this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// `<plan>/<epoch>`: what several detections of one outage have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Incident {
    /// The plan whose writer is suspected.
    pub plan: PlanName,
    /// The epoch of the suspected writer.
    pub epoch: Epoch,
}

impl TryFrom<String> for Incident {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parts = text
            .rsplit_once('/')
            .and_then(|(plan, epoch)| Some((plan, epoch.parse().ok()?)));
        match parts {
            Some((plan, epoch)) if !plan.is_empty() => Ok(Self {
                plan: plan.into(),
                epoch: Epoch(epoch),
            }),
            _ => Err(format!(
                "{text:?} is not <plan>/<epoch>; write it like orders/7"
            )),
        }
    }
}

impl From<Incident> for String {
    fn from(incident: Incident) -> Self {
        incident.to_string()
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.plan, self.epoch)
    }
}

/// A system time as a timestamp; one outside the representable range is the epoch's start.
#[must_use]
pub fn timestamp(time: std::time::SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Seconds from `earlier` to `later`, with fractions; negative when they are the other way round.
#[must_use]
pub fn seconds_between(earlier: Timestamp, later: Timestamp) -> f64 {
    later.duration_since(earlier).as_secs_f64()
}

impl PlanName {
    /// Whether a plan can have this name.
    #[must_use]
    pub fn fits(name: &str) -> bool {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=40).contains(&name.len()) && name.chars().all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn route_53_is_asked_where_its_partition_has_it() {
        for (own, theirs) in [
            ("eu-central-1", "us-east-1"),
            ("us-east-1", "us-east-1"),
            ("cn-north-1", "cn-northwest-1"),
            ("us-gov-east-1", "us-gov-west-1"),
            ("eusc-de-east-1", "eusc-de-east-1"),
            ("us-iso-west-1", "us-iso-east-1"),
        ] {
            assert_eq!(Region::from(own).of_route53(), theirs.into(), "{own}");
        }
    }

    #[test]
    fn an_incident_reads_back_as_it_was_written() {
        let incident = Incident {
            plan: "orders".into(),
            epoch: Epoch(7),
        };
        assert_eq!(
            Incident::try_from(String::from(incident.clone())),
            Ok(incident)
        );
    }

    #[test]
    fn an_incident_without_an_epoch_is_refused() {
        assert!(Incident::try_from("orders".to_owned()).is_err_and(|why| why.contains("orders/7")));
        assert!(Incident::try_from("/7".to_owned()).is_err());
    }
}
