//! A topology for tests that are about none.

use jiff::Timestamp;

use crate::{
    Error,
    domain::Region,
    evidence::Rds,
    ledger::{Answer, Current, Resolved, Run},
    plan::{Plan, Strategy, TopologyKind},
    ports::Members,
    testing::Books,
    topologies::{Topologies, Topology},
    topology::{Cluster, Forwarding, Group},
};

/// One that detaches from what is not available, gives up what was refused, and keeps nothing of what members are made of.
#[derive(Debug, Clone, Copy)]
pub struct Detaches;

impl Topologies for Books {
    type Topology = Detaches;

    fn topology(&self, _: TopologyKind) -> Detaches {
        Detaches
    }
}

impl Topology<Books> for Detaches {
    async fn look(self, books: &Books, region: &Region, identifier: &str) -> Rds {
        books.look(region, identifier).await
    }

    async fn cluster(
        self,
        books: &Books,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Cluster>, Error> {
        books.cluster(region, identifier).await
    }

    async fn group(
        self,
        books: &Books,
        region: &Region,
        name: &str,
    ) -> Result<Option<Group>, Error> {
        let found = books.global_cluster(region, name).await?;
        Ok(found.map(Group::from))
    }

    async fn forwarding(self, books: &Books, cluster: &Cluster) -> Result<Forwarding, Error> {
        books.forwarding(cluster).await
    }

    async fn keep_member(
        self,
        _: &Books,
        _: &Plan,
        _: &Region,
        _: &str,
        _: &Current,
    ) -> Result<(&'static str, String), Error> {
        Ok(("none", "a test keeps nothing".into()))
    }

    fn resolve(self, plan: &Plan, _: Option<&Cluster>, group: Option<&Group>) -> Resolved {
        let status = group.map_or("unknown", |group| group.status.as_str());
        let auto = match status {
            "available" => Strategy::Managed,
            _ => Strategy::Detach,
        };
        let asked = plan.topology.strategy();
        Resolved {
            strategy: if asked == Strategy::Auto { auto } else { asked },
            reason: status.to_owned(),
        }
    }

    fn gives_up(self, run: &Run, _: Timestamp) -> Option<(Timestamp, Resolved)> {
        let last = run.attempts.last()?;
        let reason = match &last.answer {
            Some(Answer::Refused(words)) => words.clone(),
            Some(Answer::Taken) | None => return None,
        };
        let strategy = Strategy::Detach;
        Some((last.at, Resolved { strategy, reason }))
    }

    fn asks_people(self, plan: &Plan, way: &Resolved) -> bool {
        plan.topology.strategy() == Strategy::Auto && way.strategy == Strategy::Detach
    }
}
