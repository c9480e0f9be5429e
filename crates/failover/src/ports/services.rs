//! The plan's services, in ECS.

use serde::Serialize;

use crate::{Error, domain::Region};

/// ECS.
pub trait Services: Sync {
    /// A service; `NotReady` when there is none of this name.
    fn service(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
    ) -> impl Future<Output = Result<Service, Error>> + Send;
    /// Forces a new deployment, and scales where `desired_count` is given; answers the new deployment's id.
    fn force_deployment(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
        desired_count: Option<u32>,
    ) -> impl Future<Output = Result<String, Error>> + Send;
}

/// A service as ECS shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// The tasks it should have.
    pub desired_count: u32,
    /// The tasks it has.
    pub running_count: u32,
    /// Its deployments.
    pub deployments: Vec<Deployment>,
}

/// A deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    pub rollout: String,
    /// Why it is in that state.
    pub rollout_reason: String,
}
