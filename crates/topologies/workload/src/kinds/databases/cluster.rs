//! The kind of Aurora DB clusters.

use failover::Error;

use super::{Seen, call, decide, look::look, reasons};
use crate::{
    databases::{Change, Databases, Kind},
    verbs::{Next, On, Verbs},
};

/// Brings Aurora DB clusters home.
#[derive(Debug, Clone, Copy)]
pub struct AuroraClusters;

impl<W: Databases> Verbs<W> for AuroraClusters {
    type Seen = Seen;
    type Call = Change;

    async fn look(self, world: &W, on: &On<'_>) -> Result<Seen, Error> {
        look(world, Kind::Cluster, on).await
    }

    fn decide(self, on: &On<'_>, seen: &Seen) -> Result<Next<Change>, Error> {
        decide(Kind::Cluster, on, seen)
    }

    fn reasons(self, on: &On<'_>, seen: &Seen) -> Vec<String> {
        reasons(Kind::Cluster, on, seen)
    }

    async fn call(self, world: &W, _: &On<'_>, change: &Change) -> Result<(), Error> {
        call(world, change).await
    }
}
