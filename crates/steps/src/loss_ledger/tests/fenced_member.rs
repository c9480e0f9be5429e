//! A deposed and fenced member in a world where whatever is compared was written before.

use std::{collections::BTreeMap, sync::Mutex};

use jiff::Timestamp;

use super::*;
use failover::{
    domain::PlanName,
    evidence::Rds,
    ledger::{Resolved, TableLoss},
    plan::{Plan, TopologyKind},
    ports::{Held, Pair, RowBatch},
    testing::topologies::Detaches,
    topologies::{Topologies, Topology},
    topology::Forwarding,
};

/// us-east-1 was deposed by epoch 8 and is fenced; what is compared is given batch by batch.
pub(super) struct FencedMember {
    pub(super) books: Books,
    pub(super) batches: Mutex<Vec<RowBatch>>,
    pub(super) losses: Mutex<Option<Losses>>,
    pub(super) files: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(super) held: Held,
    /// What RDS calls whatever it is asked about.
    pub(super) resource_id: Option<&'static str>,
    /// How many rows an account has compared that cannot be written, once.
    pub(super) unwritten: Mutex<Option<u64>>,
    /// The group that this Region's member belongs to; the plan has a third member then.
    pub(super) group: Option<Group>,
    /// What proved the writer.
    pub(super) proved_by: RunKind,
    /// What was retired here, and whether it is there by its other name.
    pub(super) retired: Option<(Blueprint, bool)>,
    pub(super) tables: Vec<KeyedTable>,
}

impl FencedMember {
    pub(super) fn of(batches: Vec<RowBatch>) -> Self {
        let current = Current {
            epoch: Epoch(8),
            writer: "us-west-2".into(),
            global_cluster: None,
            run_id: "proved".into(),
            proven_at: Timestamp::UNIX_EPOCH,
            unplanned: true,
            acknowledged_at: None,
        };
        let row = PlanState {
            current: Some(current),
            fenced: Some(Epoch(8)),
            fenced_at: Some(fence(100)),
            ..PlanState::new("orders".into())
        };
        let beats = [("us-east-1".into(), beat(9)), ("us-west-2".into(), beat(4))];
        Self {
            books: Books::with(&row),
            batches: Mutex::new(batches),
            losses: Mutex::default(),
            files: Mutex::default(),
            held: Held {
                deposed: Some(Epoch(7)),
                beats: beats.into(),
                writer: Some(Epoch(8)),
                transactions: None,
            },
            resource_id: Some("cluster-A"),
            unwritten: Mutex::default(),
            group: None,
            proved_by: RunKind::UnplannedFailover,
            retired: None,
            tables: vec![orders()],
        }
    }

    pub(super) async fn forced(&self) -> Result<Value, Error> {
        let payload = serde_json::json!({"plan": "orders", "force": "orders@8"});
        Box::pin(handle(self, payload)).await
    }
}

impl Runtime for FencedMember {
    fn region(&self) -> &Region {
        self.books.region()
    }

    fn now(&self) -> Timestamp {
        self.books.now()
    }

    async fn pause(&self, time: Duration) {
        self.books.pause(time).await;
    }

    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        self.books.within(limit, work).await
    }
}

impl People for FencedMember {
    async fn topic(&self, region: &Region, topic: &str) -> Result<(), Error> {
        self.books.topic(region, topic).await
    }

    async fn publish(&self, topic: &str, subject: &str, text: &str) -> Result<(), Error> {
        self.books.publish(topic, subject, text).await
    }
}

/// What RDS shows of it.
#[derive(Clone, Copy)]
pub(super) struct Shown;

impl Topologies for FencedMember {
    type Topology = Shown;

    fn topology(&self, _: TopologyKind) -> Shown {
        Shown
    }
}

impl Topology<FencedMember> for Shown {
    async fn group(
        self,
        member: &FencedMember,
        _: &failover::plan::Plan,
        _: &Region,
        _: Option<&str>,
    ) -> Result<Option<Group>, Error> {
        Ok(member.group.clone())
    }

    async fn look(self, _: &FencedMember, _: &Region, _: &str) -> Rds {
        Rds::Silent {
            why: "not asked".into(),
        }
    }

    async fn cluster(
        self,
        member: &FencedMember,
        _: &Region,
        identifier: &str,
    ) -> Result<Option<Cluster>, Error> {
        let is_gone = match (&member.retired, identifier) {
            (_, "nowhere") | (Some(_), "orders-east") => true,
            (Some((_, is_there)), _) => !is_there,
            (None, _) => false,
        };
        Ok((!is_gone).then(|| Cluster {
            identifier: identifier.into(),
            arn: format!("arn:aws:rds:us-east-1:123456789012:cluster:{identifier}"),
            resource_id: member.resource_id.map(str::to_owned),
            status: "available".into(),
            engine_version: "16.6".into(),
            global_cluster: (identifier == "follows" || member.group.is_some())
                .then(|| "orders-global-1".into()),
            endpoint: "east".into(),
            reader_endpoint: "east-ro".into(),
            port: 5432,
            instances: vec![Instance {
                identifier: "orders-east-1".into(),
                status: "available".into(),
                is_writer: true,
            }],
        }))
    }

    async fn forwarding(
        self,
        member: &FencedMember,
        cluster: &Cluster,
    ) -> Result<Forwarding, Error> {
        Detaches.forwarding(&member.books, cluster).await
    }

    async fn keep_member(
        self,
        member: &FencedMember,
        plan: &Plan,
        region: &Region,
        cluster: &str,
        current: &Current,
    ) -> Result<(&'static str, String), Error> {
        let books = &member.books;
        Detaches
            .keep_member(books, plan, region, cluster, current)
            .await
    }

    fn resolve(
        self,
        plan: &Plan,
        target: Option<&Cluster>,
        group: Option<&Group>,
    ) -> Option<Resolved> {
        Detaches.resolve(plan, target, group)
    }

    fn gives_up(self, run: &Run, now: Timestamp) -> Option<(Timestamp, Resolved)> {
        Detaches.gives_up(run, now)
    }

    fn asks_people(self, plan: &Plan, way: &Resolved) -> bool {
        Detaches.asks_people(plan, way)
    }
}

impl Ledger for FencedMember {
    async fn row(&self, region: &Region, plan: &PlanName) -> Result<PlanState, Error> {
        self.books.row(region, plan).await
    }

    async fn replace_row(&self, region: &Region, row: &PlanState) -> Result<bool, Error> {
        self.books.replace_row(region, row).await
    }

    async fn vantage(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> Result<Option<failover::beat::Vantage>, Error> {
        self.books.vantage(region, plan).await
    }

    async fn run(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &failover::domain::RunId,
    ) -> Result<Option<Run>, Error> {
        if run_id.as_str() == "proved" {
            let mut run = failover::testing::run();
            if self.proved_by != run.kind {
                run.kind = self.proved_by;
                (run.from, run.to) = (run.to, run.from);
            }
            run.held = Some([("us-east-1".into(), beat(6))].into());
            return Ok(Some(run));
        }
        self.books.run(region, plan, run_id).await
    }

    async fn put_run(&self, region: &Region, run: &Run) -> Result<(), Error> {
        self.books.put_run(region, run).await
    }

    async fn note_call(&self, region: &Region, run: &Run) -> Result<(), Error> {
        self.books.note_call(region, run).await
    }

    async fn known(&self, region: &Region, plan: &PlanName) -> Result<Option<KeptPlan>, Error> {
        let known = self.books.known(region, plan).await?;
        Ok(known.map(|mut known| {
            let endpoints = failover::ledger::Endpoints {
                writer: "west".into(),
                reader: "west-ro".into(),
                port: 5432,
            };
            known.plan.loss_ledger.clone_from(&self.tables);
            if self.group.is_some() {
                let mut third = known.plan.members()[&"us-east-1".into()].clone();
                third.identifier = "orders-third".into();
                known
                    .plan
                    .topology
                    .members_mut()
                    .insert("eu-west-1".into(), third);
            }
            known.endpoints = [("us-west-2".into(), endpoints)].into();
            known
        }))
    }

    async fn all_known(&self, region: &Region) -> Result<Vec<KeptPlan>, Error> {
        self.books.all_known(region).await
    }

    async fn ask_ledger(&self, region: &Region, plan: &PlanName) -> Result<String, Error> {
        self.books.ask_ledger(region, plan).await
    }

    async fn put_vantage(
        &self,
        plan: &PlanName,
        vantage: &failover::beat::Vantage,
    ) -> Result<(), Error> {
        self.books.put_vantage(plan, vantage).await
    }

    async fn put_known(&self, known: &KeptPlan) -> Result<(), Error> {
        self.books.put_known(known).await
    }

    async fn end_known(&self, region: &Region, known: &KeptPlan) -> Result<(), Error> {
        self.books.end_known(region, known).await
    }

    async fn blueprint(&self, _: &PlanName, _: &Region) -> Result<Option<Blueprint>, Error> {
        Ok(self.retired.clone().map(|(blueprint, _)| blueprint))
    }

    async fn healthy(&self, plan: &PlanName, member: &Region) -> Result<Option<Healthy>, Error> {
        self.books.healthy(plan, member).await
    }

    async fn put_healthy(
        &self,
        plan: &PlanName,
        member: &Region,
        healthy: &Healthy,
    ) -> Result<(), Error> {
        self.books.put_healthy(plan, member, healthy).await
    }

    async fn put_blueprint(
        &self,
        plan: &PlanName,
        member: &Region,
        blueprint: &Blueprint,
    ) -> Result<(), Error> {
        self.books.put_blueprint(plan, member, blueprint).await
    }

    async fn losses(
        &self,
        _: &Region,
        _: &PlanName,
        cluster: &str,
    ) -> Result<Option<Losses>, Error> {
        let losses = self.losses.lock().unwrap().clone();
        Ok(losses.filter(|losses| losses.cluster == cluster))
    }

    async fn put_losses(&self, _: &PlanName, losses: &Losses) -> Result<(), Error> {
        let compared = losses.tables.first().map(|table| table.compared);
        if compared.is_some() && *self.unwritten.lock().unwrap() == compared {
            *self.unwritten.lock().unwrap() = None;
            return Err(Error::Unavailable("DynamoDB is silent".into()));
        }
        *self.losses.lock().unwrap() = Some(losses.clone());
        Ok(())
    }
}

impl Comparison for FencedMember {
    async fn held(&self, _: &KeptPlan, pair: &Pair) -> Result<Held, Error> {
        assert_eq!((&*pair.deposed.host, &*pair.writer.host), ("east", "west"));
        Ok(self.held.clone())
    }

    async fn compare(
        &self,
        _: &KeptPlan,
        _: &Pair,
        _: &TableLoss,
        limit: std::time::Duration,
    ) -> Result<RowBatch, Error> {
        assert_eq!(limit, READING, "no time has passed");
        Ok(self.batches.lock().unwrap().remove(0))
    }

    async fn keep(&self, name: &str, content: Vec<u8>) -> Result<String, Error> {
        self.files.lock().unwrap().insert(name.into(), content);
        Ok(format!("s3://kept/{name}"))
    }
}
