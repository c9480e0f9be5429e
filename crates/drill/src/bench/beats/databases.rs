//! Many plans' databases in one global database on real PostgreSQL: a writer at home, a reader beside the probe.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use failover::{domain::Epoch, plan::Plan};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_postgres::Client;

use crate::{
    profile::{HOME, PLAN, Profile, STANDBY, cluster},
    world::{Foundation, Trouble, admin_user},
};

/// Connections of each plan: a session that its probe gave up stays until the server notices.
const CONNECTIONS_OF_A_PLAN: usize = 3;
/// What a server needs beside them.
const OTHER_CONNECTIONS: usize = 20;
/// How long a server may take to be there again, or to have a connection free.
const AGAIN: Duration = Duration::from_secs(30);

/// What they stand on, and the plans.
pub(super) struct Databases {
    foundation: Foundation,
    resolver: SocketAddr,
    plans: Vec<Plan>,
    _route53: JoinSet<std::io::Result<()>>,
}

impl Databases {
    /// Builds it for so many plans, in `folder`, which is its own.
    pub(super) async fn build(root: &Path, folder: &Path, plans: usize) -> Result<Self, Trouble> {
        let profile = Profile::usual("detach");
        let (foundation, _route53) = Foundation::in_folder(root, folder, &profile).await?;
        let plans = (0..plans).map(|number| plan(&profile, number));
        let databases = Self {
            resolver: *foundation.resolvers.get(STANDBY).ok_or("no resolver")?,
            foundation,
            plans: plans.collect::<Result<_, _>>()?,
            _route53,
        };
        databases.admit_all(&folder.join("postgres")).await?;
        databases.set_up().await?;
        Ok(databases)
    }

    /// Lets both servers take a connection of every plan: the standby first, which may have no fewer than its primary.
    async fn admit_all(&self, data: &Path) -> Result<(), Trouble> {
        let setting = format!(
            "max_connections = {}\n",
            self.plans.len() * CONNECTIONS_OF_A_PLAN + OTHER_CONNECTIONS
        );
        for region in [STANDBY, HOME] {
            let file: PathBuf = [region, cluster(region), "data", "more.conf"]
                .iter()
                .collect();
            std::fs::write(data.join(file), &setting)?;
            let simulator = &self.foundation.simulator;
            simulator.crash(region, cluster(region)).await;
            simulator.revive(region, cluster(region)).await?;
        }
        Ok(())
    }

    /// A database of each plan's own, set up as `setup` does it.
    async fn set_up(&self) -> Result<(), Trouble> {
        let admin = self.admin(PLAN).await?;
        let mut password = Some(self.foundation.secrets.probe.as_str());
        for plan in &self.plans {
            let name = &plan.database.name;
            admin
                .batch_execute(&format!("CREATE DATABASE {name}"))
                .await?;
            let of_plan = self.admin(name).await?;
            let set_up = postgres::setup(&of_plan, plan, Epoch(1), password.take()).await;
            set_up.map_err(|why| format!("{name}: {why:?}"))?;
        }
        Ok(())
    }

    async fn admin(&self, database: &str) -> Result<Client, Trouble> {
        let began = tokio::time::Instant::now();
        loop {
            match self.foundation.admin(HOME, database).await {
                Err(_) if began.elapsed() < AGAIN => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                answered => return answered,
            }
        }
    }

    /// The beats of the standby's vantage, summed over the first so many plans.
    pub(super) async fn beats(&self, plans: usize) -> Result<u64, Trouble> {
        let mut sum = 0;
        for plan in self.plans.iter().take(plans) {
            let admin = self.admin(&plan.database.name).await?;
            let row = admin
                .query_one(
                    "SELECT seq FROM aurora_failover.beat WHERE vantage = $1",
                    &[&STANDBY],
                )
                .await?;
            sum += u64::try_from(row.get::<_, i64>(0))?;
        }
        Ok(sum)
    }

    pub(super) fn plans(&self, plans: usize) -> Vec<Plan> {
        self.plans.iter().take(plans).cloned().collect()
    }

    pub(super) fn secrets(&self) -> BTreeMap<String, Value> {
        let login = |user: &str, password: &str| json!({"username": user, "password": password});
        [
            (
                "orders/admin".to_owned(),
                login(admin_user(), &self.foundation.secrets.admin),
            ),
            (
                "orders/probe".to_owned(),
                login("failover_probe", &self.foundation.secrets.probe),
            ),
        ]
        .into()
    }

    pub(super) fn tls(&self) -> Result<Arc<rustls::ServerConfig>, Trouble> {
        Ok(self.foundation.certificates.server(&["127.0.0.1"])?)
    }

    pub(super) fn rds(&self) -> SocketAddr {
        self.foundation.simulator.address()
    }

    pub(super) fn trusted(&self) -> &Path {
        self.foundation.certificates.bundle()
    }

    pub(super) const fn resolver(&self) -> SocketAddr {
        self.resolver
    }

    pub(super) async fn end(self) {
        self.foundation.simulator.stop().await;
    }
}

/// A plan with a database of its own on the members that all share.
fn plan(profile: &Profile, number: usize) -> Result<Plan, Trouble> {
    let mut document = profile.plan(PLAN, "Z0EXAMPLE");
    document["plan"] = format!("bench-{number:03}").into();
    document["database"]["name"] = format!("bench_{number:03}").into();
    document["routes"] = json!([]);
    document["services"] = json!([]);
    Ok(failover::plan::read(&document.to_string())?)
}
