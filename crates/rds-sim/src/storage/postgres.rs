//! Real PostgreSQL beneath the control plane: streaming replication, promotion, rebuilding.

mod config;
mod folder;
mod member;
mod operations;
mod port;
mod process;
mod relay;
mod replicas;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    model::{ClusterKey, Effect},
    storage::{
        StorageError,
        postgres::{
            member::{Member, Site},
            port::Port,
            process::Spawner,
        },
    },
};

/// Members as PostgreSQL clusters on loopback ports.
#[derive(Debug)]
pub(crate) struct Postgres {
    site: Site,
    data: PathBuf,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    members: BTreeMap<ClusterKey, Arc<Member>>,
    lost: BTreeSet<String>,
    /// Regions whose standbys receive nothing.
    cut: BTreeSet<String>,
}

impl Postgres {
    /// Prepares a storage; nothing runs yet. Needs a running runtime.
    pub(crate) fn new(binaries: &Path, data: &Path) -> Result<Self, StorageError> {
        for program in ["initdb", "postgres", "pg_basebackup", "pg_controldata"] {
            if !binaries.join(program).is_file() {
                return Err(StorageError::Failed(format!(
                    "{} has no {program}",
                    binaries.display()
                )));
            }
        }
        std::fs::create_dir_all(data)
            .map_err(StorageError::io(format!("creating {}", data.display())))?;
        let data = data
            .canonicalize()
            .map_err(StorageError::io(format!("finding {}", data.display())))?;
        let site = Site {
            binaries: binaries.to_path_buf(),
            password: random_password()?,
            spawner: Spawner::start().map_err(StorageError::io("starting the spawner"))?,
        };
        Ok(Self {
            site,
            data,
            shared: Mutex::default(),
        })
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn member(&self, key: &ClusterKey) -> Result<Arc<Member>, StorageError> {
        let member = self.shared().members.get(key).cloned();
        member.ok_or_else(|| StorageError::Failed(format!("{key} has no database")))
    }

    fn member_or_new(&self, key: &ClusterKey) -> Result<Arc<Member>, StorageError> {
        let mut shared = self.shared();
        if let Some(member) = shared.members.get(key) {
            return Ok(Arc::clone(member));
        }
        let port = Port::reserve()?;
        let member = Arc::new(Member::new(key.clone(), port, &self.data));
        shared.members.insert(key.clone(), Arc::clone(&member));
        Ok(member)
    }

    /// Connects to a database of a cluster as RDS's own user.
    pub(crate) async fn connect_as_rds(
        &self,
        cluster: &ClusterKey,
        database: &str,
    ) -> Result<tokio_postgres::Client, StorageError> {
        self.member(cluster)?.connect(&self.site, database).await
    }

    /// Where a snapshot's volume lies.
    fn snapshot_folder(&self, snapshot: &ClusterKey) -> PathBuf {
        self.data
            .join("snapshots")
            .join(&snapshot.region)
            .join(&snapshot.id)
    }

    /// The database goes by another name; its folder keeps the old one.
    fn rename(&self, from: &ClusterKey, to: &ClusterKey) {
        let mut shared = self.shared();
        if let Some(member) = shared.members.remove(from) {
            shared.members.insert(to.clone(), member);
        }
    }

    fn forget(&self, key: &ClusterKey) {
        self.shared().members.remove(key);
    }

    fn all(&self) -> Vec<Arc<Member>> {
        self.shared().members.values().cloned().collect()
    }

    fn in_region(&self, region: &str) -> Vec<Arc<Member>> {
        self.all()
            .into_iter()
            .filter(|member| member.key.region == region)
            .collect()
    }

    /// Whether anything comes to a member from what it follows: only what crosses into a Region can be cut.
    fn flows(&self, member: &Member, primary: &Member) -> bool {
        let (here, there) = (&member.key.region, &primary.key.region);
        here == there || !self.shared().cut.contains(here)
    }
}

impl Postgres {
    pub(super) async fn carry_out(&self, effect: Effect) -> Result<(), StorageError> {
        match effect {
            Effect::CreatePrimary {
                cluster,
                database,
                user,
                password,
            } => {
                self.create_primary(&cluster, database.as_deref(), &user, &password.0)
                    .await
            }
            Effect::CreateInstance {
                instance,
                database,
                user,
                password,
            } => {
                self.create_instance(&instance, database.as_deref(), &user, &password.0)
                    .await
            }
            Effect::CreateReplica {
                replica,
                source,
                slot,
            } => self.create_replica(&replica, &source, &slot).await,
            Effect::PromoteReplica { replica } => self.promote_replica(&replica).await,
            Effect::DropSlot { source, slot } => self.give_up_slot(&source, &slot).await,
            Effect::RenameInstance { from, to } => self.rename_instance(&from, &to).await,
            Effect::CreateStandby { cluster, primary }
            | Effect::Resynchronise { cluster, primary } => self.rebuild(&cluster, &primary).await,
            Effect::StopReplication { cluster } => {
                self.member(&cluster)?.close_road();
                Ok(())
            }
            Effect::Promote { cluster } => self.promote(&cluster).await,
            Effect::Fence { cluster } => self.fence(&cluster).await,
            Effect::SwitchOver { from, to } => self.switch_over(&from, &to).await,
            Effect::Halt { cluster } => self.fence(&cluster).await,
            Effect::Snapshot { cluster, snapshot } => self.snapshot(&cluster, &snapshot).await,
            Effect::CopySnapshot { from, to } => {
                folder::copy(&self.snapshot_folder(&from), &self.snapshot_folder(&to)).await
            }
            Effect::DropSnapshot { snapshot } => {
                tokio::fs::remove_dir_all(self.snapshot_folder(&snapshot))
                    .await
                    .map_err(StorageError::io("removing a snapshot"))
            }
            Effect::Restore { snapshot, cluster } => self.restore(&snapshot, &cluster).await,
            Effect::Rename { from, to } => {
                self.rename(&from, &to);
                Ok(())
            }
            Effect::Destroy { cluster } => self.destroy(&cluster).await,
            Effect::Restart { cluster } => self.restart(&cluster).await,
            Effect::SetPassword {
                cluster,
                user,
                password,
            } => self.set_password(&cluster, &user, &password.0).await,
            Effect::Resume { cluster } => self.resume(&cluster).await,
        }
    }

    pub(super) async fn lose_region(&self, region: &str) {
        self.shared().lost.insert(region.to_owned());
        let members = self.in_region(region);
        let losses = members.iter().map(|member| member.lose());
        // All at once: a Region does not die one database after the other.
        futures::future::join_all(losses).await;
    }

    pub(super) fn return_region(&self, region: &str) {
        self.shared().lost.remove(region);
        for member in self.in_region(region) {
            member.allow();
        }
    }

    pub(super) async fn crash(&self, cluster: &ClusterKey) {
        if let Ok(member) = self.member(cluster) {
            member.lose().await;
        }
    }

    pub(super) async fn revive(&self, cluster: &ClusterKey) -> Result<(), StorageError> {
        self.member(cluster)?.allow();
        self.resume(cluster).await
    }

    pub(super) fn set_replication(&self, region: &str, flows: bool) {
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

    pub(super) fn backend(&self, cluster: &ClusterKey) -> Option<SocketAddr> {
        self.shared()
            .members
            .get(cluster)
            .map(|member| member.address())
    }

    pub(super) async fn stop(&self) {
        for member in self.all() {
            member.shut_down().await;
        }
    }
}

fn random_password() -> Result<String, StorageError> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(StorageError::io("reading random bytes"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
