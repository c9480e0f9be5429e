//! Write forwarding: sessions at other instances, whose writes a deposed writer takes. Under which login RDS forwards them is not
//! known, and where they are they cannot be ended. So the setting is the door, and people switch it off.

use serde::Serialize;

use failover::{
    Error,
    domain::Region,
    topology::{Cluster, Forwarding},
};

/// What of it stands open, a sentence for each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Forwarded {
    /// Settings that bring writes in.
    pub on: Vec<String>,
    /// Why they could not be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
}

impl Forwarded {
    /// Judges what was seen of a cluster here.
    pub(super) fn of(here: &Region, cluster: &Cluster, seen: Result<Forwarding, Error>) -> Self {
        match seen {
            Ok(seen) => Self {
                on: on(here, cluster, &seen),
                unseen: None,
            },
            Err(why) => Self {
                on: Vec::new(),
                unseen: Some(format!(
                    "whether other instances forward writes to {} cannot be seen: {why}",
                    cluster.identifier
                )),
            },
        }
    }

    /// Whether nothing is forwarded, or nobody looked.
    pub(super) const fn is_nothing(&self) -> bool {
        self.on.is_empty() && self.unseen.is_none()
    }

    /// Everything that stands open.
    pub(super) fn access(&self) -> impl Iterator<Item = &String> {
        self.on.iter().chain(&self.unseen)
    }
}

fn on(here: &Region, cluster: &Cluster, seen: &Forwarding) -> Vec<String> {
    let name = &cluster.identifier;
    let has_readers = cluster.instances.iter().any(|instance| !instance.is_writer);
    let local = seen.local.as_deref().filter(|_| has_readers);
    let local = local.filter(|status| may_forward(status)).map(|status| {
        format!(
            "the readers of {name} in {here} may forward writes to it (LocalWriteForwardingStatus is {status}); switch that off by \
             modify-db-cluster --no-enable-local-write-forwarding"
        )
    });
    let members = seen.members.iter().filter_map(|(arn, status)| {
        let status = status.as_deref().filter(|status| may_forward(status))?;
        Some(format!(
            "{arn} may forward writes to {name} in {here} (GlobalWriteForwardingStatus is {status}); switch that off by \
             modify-db-cluster --no-enable-global-write-forwarding there"
        ))
    });
    local.into_iter().chain(members).collect()
}

/// What is being switched on or off, and what RDS does not know, may still bring a write.
fn may_forward(status: &str) -> bool {
    !status.is_empty() && status != "disabled"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fence_writer::sweep::tests::{books, sweep_of};
    use failover::{
        ledger::PlanState,
        ports::{Access, Fenced},
        testing::{self, Books},
    };

    const EU: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:orders-eu";

    fn cluster(readers: usize) -> Cluster {
        Cluster {
            arn: "arn:aws:rds:us-east-1:123456789012:cluster:orders-east".into(),
            ..testing::cluster(&vec!["available"; readers + 1])
        }
    }

    fn forwarded(readers: usize, local: Option<&str>, member: Option<&str>) -> Vec<String> {
        let seen = Forwarding {
            local: local.map(str::to_owned),
            members: vec![(EU.into(), member.map(str::to_owned))],
        };
        Forwarded::of(&"us-east-1".into(), &cluster(readers), Ok(seen)).on
    }

    #[test]
    fn readers_of_the_cluster_and_members_that_follow_it_may_forward_unless_it_is_switched_off() {
        for (status, doors) in [
            (None, 0),
            (Some("disabled"), 0),
            (Some("enabled"), 1),
            (Some("enabling"), 1),
            (Some("disabling"), 1),
            (Some("requested"), 1),
            (Some("unknown"), 1),
        ] {
            assert_eq!(forwarded(1, status, None).len(), doors, "{status:?}");
            assert_eq!(forwarded(0, status, None).len(), 0, "an only instance");
            assert_eq!(forwarded(0, None, status).len(), doors, "{status:?}");
        }
        let both = forwarded(1, Some("enabled"), Some("enabled"));
        for (door, parts) in both.iter().zip([
            [
                "the readers of orders-east",
                "--no-enable-local-write-forwarding",
            ],
            [EU, "--no-enable-global-write-forwarding there"],
        ]) {
            assert!(parts.iter().all(|part| door.contains(part)), "{door}");
        }
    }

    fn row(books: &Books) -> PlanState {
        books.rows()[&"us-east-1".into()].clone()
    }

    #[tokio::test]
    async fn write_forwarding_is_a_door_that_is_named_keeps_no_other_open_and_voids_an_earlier_fence()
     {
        let books = books(Ok(()));
        let forwards = |status: &str| {
            let members = vec![(EU.to_owned(), Some(status.to_owned()))];
            books.fencing(|fencing| {
                fencing.forwarding = Ok(Forwarding {
                    members,
                    local: None,
                });
            });
        };
        forwards("enabled");
        for _minute in 1..=2 {
            let why = sweep_of(&books).await.unwrap_err();
            assert_eq!(why.name(), "NotReady");
            let said = why.to_string();
            assert!(
                said.contains("1 door(s) in us-east-1 stay open") && said.contains(EU),
                "{said}"
            );
            assert_eq!((row(&books).fenced, books.told().len()), (None, 1));
        }
        forwards("disabled");
        let answer = sweep_of(&books).await.unwrap();
        assert_eq!(answer[0]["action"], json!("fence"));
        assert!(row(&books).fenced.is_some());
        // The database stands shut from now on, and somebody switches it on again.
        books.fencing(|fencing| {
            fencing.access = fencing.fenced.after.clone().unwrap();
            fencing.fenced = Fenced {
                after: Some(fencing.access.clone()),
                ..Fenced::default()
            };
        });
        assert_eq!(sweep_of(&books).await.unwrap()[0]["reason"], "it is fenced");
        forwards("enabling");
        sweep_of(&books).await.unwrap_err();
        assert_eq!(row(&books).fenced, None);
    }

    #[tokio::test]
    async fn forwarding_that_cannot_be_seen_is_said_and_voids_no_fence() {
        let books = books(Ok(()));
        let silent = Err(Error::Unavailable("RDS is silent".into()));
        books.fencing(|fencing| fencing.forwarding = silent.clone());
        let why = sweep_of(&books).await.unwrap_err();
        assert!(
            why.to_string().contains("cannot be seen: RDS is silent"),
            "{why}"
        );
        assert_eq!(row(&books).fenced, None, "the other doors were shut");
        books.fencing(|fencing| fencing.forwarding = Ok(Forwarding::default()));
        sweep_of(&books).await.unwrap();
        let fenced = row(&books).fenced_at;
        books.fencing(|fencing| {
            fencing.access = Access {
                epoch: fencing.access.epoch,
                ..Access::default()
            };
            fencing.forwarding = silent;
        });
        let why = sweep_of(&books).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable");
        assert_eq!(row(&books).fenced_at, fenced);
    }
}
