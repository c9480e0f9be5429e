//! The kinds of resources: which verbs are whose. Beside the plan's own types this file alone lists them.

pub mod databases;
pub mod hosts;
pub mod tables;

use failover::{Error, domain::Region, topology::status::AT_REST};
use serde::Serialize;

use self::{
    databases::{AuroraClusters, RdsInstances},
    hosts::Ec2Instances,
    tables::DynamodbTables,
};
use crate::{
    databases::{Databases, Kind},
    hosts::Hosts,
    plan::Resource,
    tables::Tables,
    verbs::{Next, On, Verbs},
};

/// What a table's status says that serves.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html>.
const ACTIVE: &str = "ACTIVE";
/// What a host's state is that serves.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html>.
const RUNNING: &str = "running";

/// Verbs that also know whether a resource serves.
pub trait Serving<W: Sync>: Verbs<W> {
    /// Why a resource cannot be what serves in a Region, where it is called `called` there; `None` where it is there and runs.
    fn missing(
        self,
        world: &W,
        resource: &Resource,
        place: (&Region, &str),
    ) -> impl Future<Output = Result<Option<String>, Error>> + Send;
}

/// The verbs of every kind, chosen by the resource that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EveryKind;

/// What is one kind's own.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Each<I, C, T, H> {
    /// An RDS DB instance's.
    Instance(I),
    /// An Aurora DB cluster's.
    Cluster(C),
    /// A table's.
    Table(T),
    /// A host's.
    Host(H),
}

impl<W: Databases + Tables + Hosts> Verbs<W> for EveryKind {
    type Seen = Each<
        <RdsInstances as Verbs<W>>::Seen,
        <AuroraClusters as Verbs<W>>::Seen,
        <DynamodbTables as Verbs<W>>::Seen,
        <Ec2Instances as Verbs<W>>::Seen,
    >;
    type Call = Each<
        <RdsInstances as Verbs<W>>::Call,
        <AuroraClusters as Verbs<W>>::Call,
        <DynamodbTables as Verbs<W>>::Call,
        <Ec2Instances as Verbs<W>>::Call,
    >;

    async fn look(self, world: &W, on: &On<'_>) -> Result<Self::Seen, Error> {
        match on.resource {
            Resource::RdsInstance(_) => RdsInstances.look(world, on).await.map(Each::Instance),
            Resource::AuroraCluster(_) => AuroraClusters.look(world, on).await.map(Each::Cluster),
            Resource::DynamodbTable(_) => DynamodbTables.look(world, on).await.map(Each::Table),
            Resource::Ec2Instance(_) => Ec2Instances.look(world, on).await.map(Each::Host),
        }
    }

    fn decide(self, on: &On<'_>, seen: &Self::Seen) -> Result<Next<Self::Call>, Error> {
        match seen {
            Each::Instance(seen) => {
                let next = Verbs::<W>::decide(RdsInstances, on, seen)?;
                Ok(with_call(next, Each::Instance))
            }
            Each::Cluster(seen) => {
                let next = Verbs::<W>::decide(AuroraClusters, on, seen)?;
                Ok(with_call(next, Each::Cluster))
            }
            Each::Table(seen) => {
                let next = Verbs::<W>::decide(DynamodbTables, on, seen)?;
                Ok(with_call(next, Each::Table))
            }
            Each::Host(seen) => {
                let next = Verbs::<W>::decide(Ec2Instances, on, seen)?;
                Ok(with_call(next, Each::Host))
            }
        }
    }

    fn reasons(self, on: &On<'_>, seen: &Self::Seen) -> Vec<String> {
        match seen {
            Each::Instance(seen) => Verbs::<W>::reasons(RdsInstances, on, seen),
            Each::Cluster(seen) => Verbs::<W>::reasons(AuroraClusters, on, seen),
            Each::Table(seen) => Verbs::<W>::reasons(DynamodbTables, on, seen),
            Each::Host(seen) => Verbs::<W>::reasons(Ec2Instances, on, seen),
        }
    }

    async fn call(self, world: &W, on: &On<'_>, call: &Self::Call) -> Result<(), Error> {
        match call {
            Each::Instance(call) => RdsInstances.call(world, on, call).await,
            Each::Cluster(call) => AuroraClusters.call(world, on, call).await,
            Each::Table(call) => DynamodbTables.call(world, on, call).await,
            Each::Host(call) => Ec2Instances.call(world, on, call).await,
        }
    }
}

impl<W: Databases + Tables + Hosts> Serving<W> for EveryKind {
    async fn missing(
        self,
        world: &W,
        resource: &Resource,
        (region, called): (&Region, &str),
    ) -> Result<Option<String>, Error> {
        let (status, wanted) = match resource {
            Resource::RdsInstance(_) => {
                let found = world.database(Kind::Instance, region, called).await?;
                (found.map(|found| found.shape.status), AT_REST)
            }
            Resource::AuroraCluster(_) => {
                let found = world.database(Kind::Cluster, region, called).await?;
                (found.map(|found| found.shape.status), AT_REST)
            }
            Resource::DynamodbTable(_) => {
                let found = world.table(region, called).await?;
                (found.map(|found| found.status), ACTIVE)
            }
            Resource::Ec2Instance(_) => {
                let found = world.host(region, called).await?;
                (found.map(|found| found.state), RUNNING)
            }
        };
        Ok(match status {
            None => Some(format!("{called} is not in {region}")),
            Some(status) if status == wanted => None,
            Some(status) => Some(format!("{called} in {region} is {status}, not {wanted}")),
        })
    }
}

/// What comes next, with its call as one of every kind.
fn with_call<C, E>(next: Next<C>, of: impl FnOnce(C) -> E) -> Next<E> {
    match next {
        Next::Done { reason, keep } => Next::Done { reason, keep },
        Next::Wait { reason, progress } => Next::Wait { reason, progress },
        Next::Remember { reason, keep } => Next::Remember { reason, keep },
        Next::Call {
            name,
            reason,
            keep,
            call,
        } => Next::Call {
            name,
            reason,
            keep,
            call: of(call),
        },
    }
}
