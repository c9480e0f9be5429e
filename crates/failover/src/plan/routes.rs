//! How traffic is led to the writer: the kinds of routes that there are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, names};
use crate::domain::Region;

/// A name that leads to the writer or to the readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Route {
    /// A CNAME in a private hosted zone.
    Cname {
        /// The hosted zone's id, without `/hostedzone/`.
        #[schemars(extend("pattern" = names::HOSTED_ZONE))]
        hosted_zone: String,
        /// The record's name, without the trailing dot.
        #[schemars(length(max = names::HOST_MAX), extend("pattern" = names::HOST))]
        name: String,
        /// What it points to.
        endpoint: Endpoint,
        /// Seconds a resolver may keep it.
        #[schemars(range(min = 1, max = 300))]
        ttl_seconds: u32,
        /// Accepts that Route 53's records can only be changed while us-east-1 is up.
        #[serde(default)]
        accept_route53_risk: bool,
    },
    /// An SSM parameter in each Region that acts, which tasks read when they start: it needs no control plane elsewhere.
    Ssm {
        /// The parameter's name, with its path.
        #[schemars(length(max = names::PARAMETER_MAX), extend("pattern" = names::PARAMETER))]
        parameter: String,
        /// What it holds.
        endpoint: Endpoint,
    },
    /// A name of an application whose failover records follow what objects in S3 say: it needs S3 where the application goes, and
    /// no control plane.
    HealthSwitch {
        /// The name, without the trailing dot.
        #[schemars(length(max = names::HOST_MAX), extend("pattern" = names::HOST))]
        name: String,
        /// The Region of the PRIMARY record.
        primary: Region,
        /// The object of each Region; the primary's may be left out.
        #[schemars(extend("minProperties" = 1))]
        switches: BTreeMap<Region, Switch>,
        /// The target's own name in each of the two Regions: that of its load balancer.
        #[schemars(extend("minProperties" = 2))]
        targets: BTreeMap<Region, String>,
        /// Seconds from one look of a checker to its next one, as the health checks say: 10 or 30.
        #[serde(default = "Checks::interval_seconds")]
        #[schemars(range(min = Checks::INTERVALS[0], max = Checks::INTERVALS[1]))]
        check_interval_seconds: u32,
        /// Looks in a row after which a checker changes its mind, as the health checks say.
        #[serde(default = "Checks::failures")]
        #[schemars(range(min = 1, max = Checks::FAILURES_MAX))]
        check_failures: u32,
        /// Minutes after which the sweep writes over what somebody put into a bucket by hand.
        #[serde(default = "Checks::by_hand_minutes")]
        #[schemars(range(min = 1, max = Checks::BY_HAND_MINUTES_MAX))]
        by_hand_minutes: u32,
    },
}

/// An object that a health check of the other Region's record looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Its bucket, in this Region.
    #[schemars(extend("pattern" = names::BUCKET))]
    pub bucket: String,
    /// Its key.
    #[schemars(extend("pattern" = names::KEY))]
    pub key: String,
    /// A name that leads to 192.0.2.1 while Route 53's checkers see the object, and to 192.0.2.2 while they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = names::HOST_MAX), extend("pattern" = names::HOST))]
    pub canary: Option<String>,
}

/// How the health checks of a switch are set, and what is said where the plan does not.
#[derive(Debug)]
pub(super) enum Checks {}

impl Checks {
    /// The intervals that Route 53 takes.
    pub(super) const INTERVALS: [u32; 2] = [10, 30];
    pub(super) const FAILURES_MAX: u32 = 10;
    pub(super) const BY_HAND_MINUTES_MAX: u32 = 1_440;

    const fn interval_seconds() -> u32 {
        10
    }

    const fn failures() -> u32 {
        3
    }

    const fn by_hand_minutes() -> u32 {
        60
    }
}

/// Which of a member's endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The cluster endpoint.
    Writer,
    /// The reader endpoint.
    Reader,
}

/// What is said of a plan in which no route leads to the writer.
pub const UNNAMED: &str = "the plan has neither a DNS name nor a parameter for the writer, so where applications write was not observed";

impl Plan {
    /// Whether objects in S3 lead any name.
    #[must_use]
    pub fn has_switch(&self) -> bool {
        let is_switch = |route: &Route| matches!(route, Route::HealthSwitch { .. });
        self.routes.iter().any(is_switch)
    }

    /// Whether any route leads applications to the writer.
    pub fn names_its_writer(&self) -> bool {
        self.routes.iter().any(|route| match route {
            Route::Cname { endpoint, .. } | Route::Ssm { endpoint, .. } => {
                *endpoint == Endpoint::Writer
            }
            Route::HealthSwitch { .. } => false,
        })
    }
}
