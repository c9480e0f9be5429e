//! A topology for tests that are about none: at most one cluster and one group are shown, and nobody knows what a member is made
//! of.

use jiff::Timestamp;

use crate::{
    Error,
    domain::Region,
    evidence::Rds,
    ledger::{Answer, Current, Resolved, Run},
    plan::{Plan, Strategy, TopologyKind},
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
    async fn look(self, _: &Books, _: &Region, _: &str) -> Rds {
        Rds::Silent {
            why: "nobody asked".into(),
        }
    }

    async fn cluster(
        self,
        books: &Books,
        _: &Region,
        cluster: &str,
    ) -> Result<Option<Cluster>, Error> {
        if books
            .unseen
            .as_ref()
            .is_some_and(|unseen| unseen.as_str() == cluster)
        {
            return Err(Error::Unavailable(format!("RDS does not show {cluster}")));
        }
        Ok(books.cluster.clone())
    }

    async fn group(
        self,
        books: &Books,
        _: &Plan,
        _: &Region,
        name: Option<&str>,
    ) -> Result<Option<Group>, Error> {
        let global = name.and_then(|name| books.global(name));
        Ok(global.map(Group::from))
    }

    async fn forwarding(self, books: &Books, _: &Cluster) -> Result<Forwarding, Error> {
        books.kept.lock().unwrap().fencing.forwarding.clone()
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

    fn resolve(self, plan: &Plan, _: Option<&Cluster>, group: Option<&Group>) -> Option<Resolved> {
        let status = group.map_or("unknown", |group| group.status.as_str());
        let auto = match status {
            "available" => Strategy::Managed,
            _ => Strategy::Detach,
        };
        let asked = plan.topology.strategy()?;
        Some(Resolved {
            strategy: if asked == Strategy::Auto { auto } else { asked },
            reason: status.to_owned(),
        })
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
        plan.topology.strategy() == Some(Strategy::Auto) && way.strategy == Strategy::Detach
    }
}
