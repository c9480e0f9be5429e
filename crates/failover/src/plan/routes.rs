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
