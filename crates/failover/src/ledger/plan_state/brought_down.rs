//! The services of a Region that a stop of its writer brought to none, and what each had. That is written before anything is asked of
//! them, and stands until each has it again or has been given something else, and no call of the stop can come late any more.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PlanState, Stage};
use crate::{
    Error,
    domain::{Region, StopToken, seconds_between},
};

/// For how long after a stop wrote them down its calls may still be carried out, in seconds: the function that makes them is ended after
/// a minute.
const LATE: f64 = 90.0;

/// What a stop brought down beside the writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroughtDown {
    /// The stop that looked at them last.
    pub by: StopToken,
    /// When it did.
    pub at: Timestamp,
    /// The services.
    pub services: Vec<Former>,
    /// Those that were given back, or need not be, by their keys. A call that comes late may bring one down again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back: Vec<String>,
    /// Why one of them could not be brought down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A service, and what it had before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Former {
    /// A service of ECS.
    Ecs {
        /// Its cluster.
        cluster: String,
        /// Its name.
        service: String,
        /// The tasks that it should have.
        count: u32,
    },
    /// A group of EC2 Auto Scaling.
    Asg {
        /// Its name.
        group: String,
        /// The least that it could be given.
        min_size: u32,
        /// The instances that it should have.
        capacity: u32,
    },
}

impl Former {
    /// What tells it from every other one of its Region.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Ecs {
                cluster, service, ..
            } => format!("{cluster}/{service}"),
            Self::Asg { group, .. } => format!("asg:{group}"),
        }
    }

    /// Its name and what it had, in words.
    #[must_use]
    pub fn said(&self) -> String {
        match self {
            Self::Ecs { count, .. } => format!("{} ({count} task(s))", self.key()),
            Self::Asg {
                min_size, capacity, ..
            } => format!(
                "{} ({capacity} instance(s), {min_size} at least)",
                self.key()
            ),
        }
    }
}

fn names(services: &[Former], one: &Former) -> bool {
    services.iter().any(|other| other.key() == one.key())
}

impl BroughtDown {
    /// Those that are not back yet.
    pub fn lacking(&self) -> impl Iterator<Item = &Former> {
        let is_back = |one: &&Former| self.back.contains(&one.key());
        self.services.iter().filter(move |one| !is_back(one))
    }
}

impl PlanState {
    /// Writes down what services have that this very stop is about to bring to none. What it wrote first stands: a later look would read
    /// what it has made of them. So does what an earlier stop wrote of a service that stands at none.
    ///
    /// # Errors
    /// `RunRefused` where the row does not bear that stop.
    pub fn bring_down(
        &self,
        token: &StopToken,
        at: Timestamp,
        found: &[Former],
    ) -> Result<Self, Error> {
        if !self.is_stopping(token) {
            return Err(Error::RunRefused(format!(
                "the ledger bears no stop {token} of plan {}, and its services are left as they are",
                self.plan
            )));
        }
        let known = self.brought_down.as_deref();
        let is_own = known.is_some_and(|known| known.by == *token);
        let earlier = known.map_or(&[][..], |known| &known.services);
        let stays = |one: &&Former| is_own || !names(found, one);
        let mut services: Vec<_> = earlier.iter().filter(stays).cloned().collect();
        for one in found {
            if !names(&services, one) {
                services.push(one.clone());
            }
        }
        Ok(Self {
            brought_down: Some(Box::new(BroughtDown {
                by: token.clone(),
                at,
                services,
                back: Vec::new(),
                refused: None,
            })),
            ..self.clone()
        })
    }

    /// Notes why this very stop could not bring a service down; `None` where the row bears it no more.
    #[must_use]
    pub fn refuse_to_bring_down(
        &self,
        token: &StopToken,
        at: Timestamp,
        why: &str,
    ) -> Option<Self> {
        let known = self.brought_down.as_deref();
        let services = known.map(|known| known.services.clone());
        self.is_stopping(token).then(|| Self {
            brought_down: Some(Box::new(BroughtDown {
                by: token.clone(),
                at,
                services: services.unwrap_or_default(),
                back: Vec::new(),
                refused: Some(why.to_owned()),
            })),
            ..self.clone()
        })
    }

    /// What is to be given back in a Region, as its own row tells: the writer is there, nothing stops it, and nothing is promoted. Where a
    /// move has come about it is kept until the writer is back.
    #[must_use]
    pub fn to_bring_up(&self, here: &Region) -> Option<&BroughtDown> {
        let is_writer = |current: &super::Current| current.writer == *here;
        let is_open = self.stop.is_none() && !self.is_promoting();
        let known = self.brought_down.as_deref();
        known.filter(|_| is_open && self.current.as_ref().is_some_and(is_writer))
    }

    /// Notes services that were given back or need not be, and strikes them off once no call of their stop can come late any more; `None`
    /// where nothing changes, or they are being brought down again.
    #[must_use]
    pub fn brought_up(&self, keys: &[String], here: &Region, now: Timestamp) -> Option<Self> {
        let known = self.to_bring_up(here)?;
        let mut left = known.clone();
        left.refused = None;
        left.back = keys.to_vec();
        if seconds_between(known.at, now) > LATE {
            left.services.retain(|one| !keys.contains(&one.key()));
            left.back.clear();
        }
        (left != *known).then(|| Self {
            brought_down: (!left.services.is_empty()).then(|| Box::new(left)),
            ..self.clone()
        })
    }

    /// What a service had before it was brought down, where it is not back yet.
    #[must_use]
    pub fn former(&self, key: &str) -> Option<&Former> {
        let known = self.brought_down.as_deref()?;
        known.services.iter().find(|one| one.key() == key)
    }

    fn is_stopping(&self, token: &StopToken) -> bool {
        let stop = self.stop.as_ref();
        stop.is_some_and(|stop| stop.token == *token && stop.stage == Stage::Stopping)
    }
}
