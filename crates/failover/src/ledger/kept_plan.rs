//! What a Region's probe keeps of a plan, so that a run can read it when nothing else answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    domain::Region,
    plan::{Endpoint, Plan},
};

/// The last plan that was read and the addresses of its members: the `plan` item of the partition `known/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptPlan {
    /// The plan.
    pub plan: Plan,
    /// The endpoints of each member that ever answered.
    pub endpoints: BTreeMap<Region, Endpoints>,
}

/// Where a member cluster is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The cluster endpoint.
    pub writer: String,
    /// The reader endpoint.
    pub reader: String,
    /// The port of both.
    pub port: u16,
}

impl Endpoints {
    /// The endpoint that a record leads to.
    #[must_use]
    pub fn of(&self, endpoint: Endpoint) -> &str {
        match endpoint {
            Endpoint::Writer => &self.writer,
            Endpoint::Reader => &self.reader,
        }
    }
}
