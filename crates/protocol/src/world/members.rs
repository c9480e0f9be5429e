//! RDS, as a run reads and changes it.

use aurora_global::members::{Accepted, BlueGreen, Members, Quota};
use by_kind::ByKind;
use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    plan::TopologyKind,
    topologies::Topologies,
    topology::{Call, Cluster, Forwarding, GlobalCluster, ParameterGroup, Reach, Shape, Snapshot},
};

use super::{
    Answer, Concerns, Seen, aws,
    rebuild::{made, reached, resource, shape},
};
use crate::state::index;

impl Topologies for Seen<'_> {
    type Topology = ByKind;

    fn topology(&self, kind: TopologyKind) -> ByKind {
        ByKind::of(kind)
    }
}

impl Members for Seen<'_> {
    async fn look(&self, region: &Region, _: &str) -> Rds {
        let (here, there) = (index(&self.here), index(region));
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Rds(if state.reaches(here, there) {
                Rds::Status {
                    cluster: "available".into(),
                    instances: vec!["available".into()],
                }
            } else {
                Rds::Silent {
                    why: "timed out".into(),
                }
            })
        });
        match answer.await {
            Answer::Rds(rds) => rds,
            _ => Rds::Silent {
                why: "astray".into(),
            },
        }
    }

    async fn cluster(&self, region: &Region, _: &str) -> Result<Option<Cluster>, Error> {
        let (here, there, off) = (index(&self.here), index(region), self.off);
        let answer = self.call(Concerns::Reading, move |state, slot| {
            Answer::Cluster(aws::cluster(state, slot, here, there, off))
        });
        answered!(answer, Answer::Cluster)
    }

    /// It is no part of the model.
    async fn forwarding(&self, _: &Cluster) -> Result<Forwarding, Error> {
        Ok(Forwarding::default())
    }

    async fn global_cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        let (places, off) = ((index(&self.here), index(region)), self.off);
        let identifier = identifier.to_owned();
        let answer = self.call(Concerns::Reading, move |state, slot| {
            Answer::Global(aws::global(state, slot, places, &identifier, off))
        });
        answered!(answer, Answer::Global)
    }

    /// Nothing is about to change by itself.
    async fn blue_green(&self, _: &Region) -> Result<Vec<BlueGreen>, Error> {
        Ok(Vec::new())
    }

    /// No quota is told.
    async fn account_quotas(&self, _: &Region) -> Result<Vec<Quota>, Error> {
        Ok(Vec::new())
    }

    /// Nobody says what may be made again.
    fn reach(&self) -> Option<&Reach> {
        None
    }

    async fn shape(&self, region: &Region, _: &str) -> Result<Option<Shape>, Error> {
        let (here, there) = (index(&self.here), index(region));
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Shape(reached(state, here, there).map(|()| shape(state, there)))
        });
        answered!(answer, Answer::Shape)
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        let (here, there) = (index(&self.here), index(region));
        let is_final = snapshot.contains("-final-");
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Snapshot(reached(state, here, there).map(|()| {
                let found = state.members.get(there);
                let found = found.filter(|found| is_final && found.has_snapshot);
                found.map(|found| Snapshot {
                    identifier: "final".into(),
                    status: "available".into(),
                    kind: "manual".into(),
                    resource_id: resource(there, found.generation),
                    taken_at: None,
                })
            }))
        });
        answered!(answer, Answer::Snapshot)
    }

    /// RDS only attempts to keep them, and they are only copied.
    async fn unplanned_snapshots(&self, _: &Region, _: &str) -> Result<Vec<Snapshot>, Error> {
        Ok(Vec::new())
    }

    /// No member has a parameter group.
    async fn family(&self, _: &Region, _: &ParameterGroup) -> Result<Option<String>, Error> {
        Ok(None)
    }

    async fn fail_over(&self, region: &Region, _: &str, _: &str) -> Result<Accepted, Error> {
        self.promoting(region, aws::Call::FailOver).await
    }

    async fn detach(&self, region: &Region, _: &str, _: &str) -> Result<Accepted, Error> {
        self.promoting(region, aws::Call::Detach).await
    }

    async fn switch_over(&self, region: &Region, _: &str, _: &str) -> Result<Accepted, Error> {
        self.promoting(region, aws::Call::SwitchOver).await
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        let (here, there, call) = (index(&self.here), index(region), call.clone());
        let answer = Seen::call(self, Concerns::Others, move |state, _| {
            Answer::Accepted(reached(state, here, there).and_then(|()| made(state, there, &call)))
        });
        answered!(answer, Answer::Accepted)
    }
}
