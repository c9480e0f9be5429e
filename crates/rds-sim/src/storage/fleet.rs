//! The databases of one engine, and the Regions that they are in.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    model::ClusterKey,
    storage::{StorageError, member::Member, port::Port},
};

/// Members by their names, on loopback ports.
#[derive(Debug)]
pub(crate) struct Fleet {
    data: PathBuf,
    log: &'static str,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    members: BTreeMap<ClusterKey, Arc<Member>>,
    lost: BTreeSet<String>,
    /// Regions whose standbys receive nothing.
    cut: BTreeSet<String>,
}

impl Fleet {
    /// Nothing is there yet. `log` is what the file is called that a member's programs write to.
    pub(crate) fn new(data: &Path, log: &'static str) -> Result<Self, StorageError> {
        std::fs::create_dir_all(data)
            .map_err(StorageError::io(format!("creating {}", data.display())))?;
        let data = data
            .canonicalize()
            .map_err(StorageError::io(format!("finding {}", data.display())))?;
        Ok(Self {
            data,
            log,
            shared: Mutex::default(),
        })
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn has(&self, key: &ClusterKey) -> bool {
        self.shared().members.contains_key(key)
    }

    pub(crate) fn member(&self, key: &ClusterKey) -> Result<Arc<Member>, StorageError> {
        let member = self.shared().members.get(key).cloned();
        member.ok_or_else(|| StorageError::Failed(format!("{key} has no database")))
    }

    fn member_or_new(&self, key: &ClusterKey) -> Result<Arc<Member>, StorageError> {
        let mut shared = self.shared();
        if let Some(member) = shared.members.get(key) {
            return Ok(Arc::clone(member));
        }
        let port = Port::reserve()?;
        let member = Arc::new(Member::new(key.clone(), port, &self.data, self.log));
        shared.members.insert(key.clone(), Arc::clone(&member));
        Ok(member)
    }

    /// The member, unless its Region is lost.
    pub(crate) fn admitted(&self, key: &ClusterKey) -> Result<Arc<Member>, StorageError> {
        if self.shared().lost.contains(&key.region) {
            return Err(StorageError::Failed(format!("the Region of {key} is lost")));
        }
        self.member_or_new(key)
    }

    /// Where a snapshot's volume lies.
    pub(crate) fn snapshot_folder(&self, snapshot: &ClusterKey) -> PathBuf {
        self.data
            .join("snapshots")
            .join(&snapshot.region)
            .join(&snapshot.id)
    }

    /// The database goes by another name; its folder keeps the old one.
    pub(crate) fn rename(&self, from: &ClusterKey, to: &ClusterKey) {
        let mut shared = self.shared();
        if let Some(member) = shared.members.remove(from) {
            shared.members.insert(to.clone(), member);
        }
    }

    pub(crate) fn forget(&self, key: &ClusterKey) {
        self.shared().members.remove(key);
    }

    pub(crate) fn all(&self) -> Vec<Arc<Member>> {
        self.shared().members.values().cloned().collect()
    }

    fn in_region(&self, region: &str) -> Vec<Arc<Member>> {
        self.all()
            .into_iter()
            .filter(|member| member.key.region == region)
            .collect()
    }

    /// Whether anything comes to a member from what it follows: only what crosses into a Region can be cut.
    pub(crate) fn flows(&self, member: &Member, primary: &Member) -> bool {
        let (here, there) = (&member.key.region, &primary.key.region);
        here == there || !self.shared().cut.contains(here)
    }

    /// Kills everything in a Region; what was killed is answered.
    pub(crate) async fn lose_region(&self, region: &str) -> Vec<Arc<Member>> {
        self.shared().lost.insert(region.to_owned());
        let members = self.in_region(region);
        let losses = members.iter().map(|member| member.lose());
        // All at once: a Region does not die one database after the other.
        let killed = futures::future::join_all(losses).await;
        let killed = members.into_iter().zip(killed);
        killed
            .filter_map(|(member, killed)| killed.then_some(member))
            .collect()
    }

    pub(crate) fn return_region(&self, region: &str) {
        self.shared().lost.remove(region);
        for member in self.in_region(region) {
            member.allow();
        }
    }

    pub(crate) fn set_replication(&self, region: &str, flows: bool) {
        if flows {
            self.shared().cut.remove(region);
        } else {
            self.shared().cut.insert(region.to_owned());
        }
        let crossing = |member: &Arc<Member>| member.follows_afar();
        for member in self.in_region(region).into_iter().filter(crossing) {
            member.set_flow(flows);
        }
    }

    pub(crate) fn backend(&self, cluster: &ClusterKey) -> Option<SocketAddr> {
        self.shared()
            .members
            .get(cluster)
            .map(|member| member.address())
    }
}
