//! The plan's services, in ECS and in EC2 Auto Scaling.

use jiff::Timestamp;
use serde::Serialize;

use crate::{Error, domain::Region};

/// ECS and EC2 Auto Scaling.
pub trait Services: Sync {
    /// A service of ECS; `NotReady` when there is none of this name.
    fn service(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
    ) -> impl Future<Output = Result<Service, Error>> + Send;
    /// The images that a service's tasks are made from, each as its task definition names it; `NotReady` when there is none.
    fn images(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
    ) -> impl Future<Output = Result<Vec<String>, Error>> + Send;
    /// Whether Amazon's registry holds an image.
    fn holds(&self, image: &Image) -> impl Future<Output = Result<bool, Error>> + Send;
    /// Forces a new deployment, and scales where `desired_count` is given; answers the new deployment's id.
    fn force_deployment(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
        desired_count: Option<u32>,
    ) -> impl Future<Output = Result<String, Error>> + Send;
    /// Says how many tasks a service is to have, and nothing else of it.
    fn scale_service(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
        count: u32,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// A group of Auto Scaling; `NotReady` when there is none of this name.
    fn group(
        &self,
        region: &Region,
        group: &str,
    ) -> impl Future<Output = Result<Group, Error>> + Send;
    /// Begins to replace every instance of a group, so many at once as its own settings allow; answers the refresh's id, `None` while
    /// another one is under way.
    fn refresh_group(
        &self,
        region: &Region,
        group: &str,
    ) -> impl Future<Output = Result<Option<String>, Error>> + Send;
    /// Says how many instances a group is to have. Where its bounds do not allow that, it is refused.
    fn scale_group(
        &self,
        region: &Region,
        group: &str,
        capacity: u32,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// The same, and how many it is to have at least.
    fn resize_group(
        &self,
        region: &Region,
        group: &str,
        min_size: u32,
        capacity: u32,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A group of Auto Scaling as AWS shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The instances it should have.
    pub desired_capacity: u32,
    /// The least that it may be given.
    pub min_size: u32,
    /// The most.
    pub max_size: u32,
    /// Whether it starts instances: nobody has suspended that.
    pub launches: bool,
    /// The instances it has, whatever they do.
    pub instances: u32,
    /// Those that no refresh replaces: in standby, or protected from scaling in.
    pub kept: u32,
    /// The capacity that is in service and healthy, in each of its load balancers' target groups, too.
    pub serving: u32,
    /// Its refreshes, the newest first.
    pub refreshes: Vec<Refresh>,
}

/// A replacement of a group's instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refresh {
    /// Its id.
    pub id: String,
    /// Such as `InProgress` or `Successful`.
    pub status: String,
    /// Why it is in that state.
    pub reason: String,
    /// When it began, by AWS's clock.
    pub begun_at: Option<Timestamp>,
    /// Whether it leaves instances alone that match the wanted configuration already.
    pub skips_matching: bool,
}

impl Refresh {
    /// Whether it is still to end.
    /// Source: <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html>.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        let ended = [
            "Successful",
            "Failed",
            "Cancelled",
            "RollbackFailed",
            "RollbackSuccessful",
        ];
        !ended.contains(&self.status.as_str())
    }
}

/// A service as ECS shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// The tasks it should have.
    pub desired_count: u32,
    /// The tasks it has.
    pub running_count: u32,
    /// Whether it has one task on each instance of its cluster. How many tasks it should have cannot be set then.
    /// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>.
    pub is_daemon: bool,
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

/// An image in Amazon's registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The registry: an account.
    pub registry: String,
    /// The Region that the registry is in.
    pub region: Region,
    /// The repository.
    pub repository: String,
    /// Which of the repository's images.
    pub version: ImageVersion,
}

/// Which of a repository's images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageVersion {
    /// The one that has the tag now.
    Tag(String),
    /// The one of that digest, such as `sha256:…`.
    Digest(String),
}
