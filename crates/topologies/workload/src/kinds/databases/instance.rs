//! The kind of RDS DB instances.

use failover::Error;

use super::{Seen, call, decide, look::look, reasons};
use crate::{
    databases::{Change, Databases, Kind},
    verbs::{Next, On, Verbs},
};

/// Brings RDS DB instances home.
#[derive(Debug, Clone, Copy)]
pub struct RdsInstances;

impl<W: Databases> Verbs<W> for RdsInstances {
    type Seen = Seen;
    type Call = Change;

    async fn look(self, world: &W, on: &On<'_>) -> Result<Seen, Error> {
        look(world, Kind::Instance, on).await
    }

    fn decide(self, on: &On<'_>, seen: &Seen) -> Result<Next<Change>, Error> {
        decide(Kind::Instance, on, seen)
    }

    fn reasons(self, on: &On<'_>, seen: &Seen) -> Vec<String> {
        reasons(Kind::Instance, on, seen)
    }

    async fn call(self, world: &W, _: &On<'_>, change: &Change) -> Result<(), Error> {
        call(world, change).await
    }
}
