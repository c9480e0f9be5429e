//! The RDS control plane of global databases, and of instances of their own, as a pure model: state, an explicit clock, and calls.
//!
//! No I/O, no async, no clock of its own: every entry takes the time as a value. What must happen to a database is
//! asked for as an [`Effect`] and reported back with [`Model::finished`]; a transition ends when both its configured
//! duration and its effect have ended.

mod account;
mod blue_green;
mod calls;
mod cluster;
mod completion;
mod copied;
mod copying;
mod course;
mod delete;
mod describe;
mod detach;
mod effect;
mod endpoints;
mod engine;
mod failover;
mod fault;
mod filters;
mod found;
mod global;
mod groups;
mod in_region;
mod instance;
mod kept;
mod key;
mod modify;
mod multi_az;
mod names;
mod network;
mod page;
mod params;
mod regions;
mod rename;
mod restore;
mod settings;
mod side;
mod snapshot;
mod span;
mod standalone;
mod state;
mod tags;
mod takeover;
mod task;
mod tasks;
#[cfg(test)]
mod tests;
mod transfer;
mod trouble;
mod version;
mod views;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use effect::Effect;
pub use engine::Engine;
pub use fault::Fault;
pub use key::ClusterKey;
pub use params::Params;
pub use settings::{
    Durations, PromotingReplica, Settings, StalledReplica, SwitchoverFrom, Visibility, WriteFencing,
};
pub use side::Side;
pub use standalone::Following;
pub use state::{Event, Millis, Secret, Transition};
pub use task::TaskId;
pub use transfer::Transfer;
pub use trouble::Loss;

use groups::{Group, Sort};
use names::Namer;
use standalone::ExportsOutside;
use state::{
    Cluster, CustomEndpoint, ExportTask, Global, Instance, InstanceSnapshot, Snapshot, Standalone,
};
use task::Task;
use trouble::Troubles;

/// Events and history keep this many entries, the newest.
const RECORDS_MAX: usize = 50_000;

/// One account's RDS, in every Region at once.
#[derive(Debug)]
pub struct Model {
    settings: Settings,
    now: Millis,
    names: Namer,
    /// By identifier in lower case.
    globals: BTreeMap<String, Global>,
    clusters: BTreeMap<ClusterKey, Cluster>,
    /// Those of clusters.
    instances: BTreeMap<ClusterKey, Instance>,
    /// Those of their own.
    standalones: BTreeMap<ClusterKey, Standalone>,
    instance_snapshots: BTreeMap<ClusterKey, InstanceSnapshot>,
    export_tasks: BTreeMap<ClusterKey, ExportTask>,
    exports_outside: ExportsOutside,
    snapshots: BTreeMap<ClusterKey, Snapshot>,
    endpoints: BTreeMap<ClusterKey, CustomEndpoint>,
    /// Subnet groups and parameter groups that somebody made.
    groups: BTreeMap<(Sort, ClusterKey), Group>,
    /// Regions that do not answer.
    lost: BTreeMap<String, Millis>,
    /// Regions whose standbys and replicas receive nothing from other ones.
    cut: BTreeSet<String>,
    /// How many clusters Regions may have, where that is not the account's default.
    quotas: BTreeMap<String, usize>,
    /// Statuses of blue/green deployments, by the cluster that they are of.
    blue_green: BTreeMap<ClusterKey, String>,
    /// Statuses that clusters and their instances show instead of their own, for work that is not modelled.
    shown: BTreeMap<ClusterKey, String>,
    /// What stands in the way of calls, and what describes still show.
    troubles: Troubles,
    tasks: Vec<Task>,
    last_task: u64,
    outbox: Vec<(TaskId, Effect)>,
    events: VecDeque<Event>,
    history: VecDeque<Transition>,
}

impl Model {
    /// An account without databases.
    pub fn new(settings: Settings, now: Millis) -> Self {
        Self {
            names: Namer::new(&settings.account),
            troubles: Troubles::new(settings.describe_lag_ms.clone()),
            settings,
            now,
            globals: BTreeMap::new(),
            clusters: BTreeMap::new(),
            instances: BTreeMap::new(),
            standalones: BTreeMap::new(),
            instance_snapshots: BTreeMap::new(),
            export_tasks: BTreeMap::new(),
            exports_outside: ExportsOutside::default(),
            snapshots: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            groups: BTreeMap::new(),
            quotas: BTreeMap::new(),
            blue_green: BTreeMap::new(),
            lost: BTreeMap::new(),
            cut: BTreeSet::new(),
            shown: BTreeMap::new(),
            tasks: Vec::new(),
            last_task: 0,
            outbox: Vec::new(),
            events: VecDeque::new(),
            history: VecDeque::new(),
        }
    }

    /// What happened so far, oldest first.
    pub fn history(&self) -> Vec<Transition> {
        self.history.iter().cloned().collect()
    }

    /// Adds something that happened outside the model to the history.
    pub fn note(&mut self, at: Millis, region: &str, subject: &str, what: &str) {
        self.advance(at);
        self.record(region, subject, what);
    }

    /// Limits how many clusters a Region may have, until `None` gives it the account's default back.
    pub fn limit_clusters(&mut self, at: Millis, region: &str, most: Option<usize>) {
        self.advance(at);
        match most {
            Some(most) => self.quotas.insert(region.to_owned(), most),
            None => self.quotas.remove(region),
        };
    }

    /// Makes a cluster and its instances show a status, such as `upgrading`, until `None` gives them their own back.
    pub fn show_status(&mut self, at: Millis, cluster: &ClusterKey, status: Option<&str>) {
        self.advance(at);
        let what = match status {
            Some(status) => {
                self.shown.insert(cluster.clone(), status.to_owned());
                format!("shows {status}")
            }
            None => {
                self.shown.remove(cluster);
                "shows its own status".to_owned()
            }
        };
        self.record(&cluster.region, &cluster.id, what);
    }

    /// What a cluster or an instance of it shows: its own status, unless another one is shown.
    fn shown_status<'a>(&'a self, cluster: &ClusterKey, own: &'a str) -> &'a str {
        self.shown.get(cluster).map_or(own, String::as_str)
    }

    /// Whether a cluster or an instance of its own takes writes according to the control plane; nothing for an unknown one.
    pub fn takes_writes(&self, key: &ClusterKey) -> Option<bool> {
        if let Some(instance) = self.standalones.get(key) {
            return Some(instance.source.is_none());
        }
        let cluster = self.clusters.get(key)?;
        Some(
            self.global_of(cluster)
                .is_none_or(|global| global.writer.as_ref() == Some(key)),
        )
    }

    fn global_of(&self, cluster: &Cluster) -> Option<&Global> {
        self.globals.get(cluster.global.as_ref()?)
    }

    fn is_lost(&self, region: &str) -> bool {
        self.lost.contains_key(region)
    }

    fn instances_of(&self, cluster: &ClusterKey) -> impl Iterator<Item = &Instance> {
        self.instances
            .values()
            .filter(move |instance| instance.cluster == *cluster)
    }

    fn record(&mut self, region: &str, subject: &str, what: impl Into<String>) {
        if self.history.len() == RECORDS_MAX {
            self.history.pop_front();
        }
        self.history.push_back(Transition {
            at: self.now,
            region: region.to_owned(),
            subject: subject.to_owned(),
            what: what.into(),
        });
    }

    /// Records an event about a cluster in its Region, which must answer to record anything.
    fn cluster_event(
        &mut self,
        cluster: &ClusterKey,
        category: &'static str,
        message: impl Into<String>,
    ) {
        self.event(
            cluster,
            self.names.cluster_arn(cluster),
            "db-cluster",
            category,
            message.into(),
        );
    }

    fn instance_event(
        &mut self,
        instance: &ClusterKey,
        category: &'static str,
        message: impl Into<String>,
    ) {
        self.event(
            instance,
            self.names.instance_arn(instance),
            "db-instance",
            category,
            message.into(),
        );
    }

    fn event(
        &mut self,
        source: &ClusterKey,
        arn: String,
        kind: &'static str,
        category: &'static str,
        message: String,
    ) {
        if self.is_lost(&source.region) {
            return;
        }
        if self.events.len() == RECORDS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(Event {
            at: self.now,
            region: source.region.clone(),
            source: source.id.clone(),
            source_arn: arn,
            source_type: kind,
            category,
            message,
        });
    }
}
