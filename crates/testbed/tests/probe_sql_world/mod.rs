//! A global database on real PostgreSQL, with the drill's roads, certificates and DNS before it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use failover::{
    beat::Beat,
    domain::Region,
    plan::Plan,
    ports::{Credentials, Place},
};
use postgres::{Connector, Session, Why};
use resolver::Resolver;
use testbed::{
    certificates::Certificates,
    profile::{HOME, PLAN, Profile, STANDBY, cluster},
    world::{Foundation, admin_user},
};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

pub(crate) const PASSWORD: &str = "the probe's pass\\word";
pub(crate) const LIMIT: Duration = Duration::from_secs(1);

const PATIENCE: Duration = Duration::from_secs(60);
/// A name that leads to the writer and stands in no certificate.
const OTHER: &str = "other.cluster-c0example.us-west-2.rds.amazonaws.com";

pub(crate) fn plan() -> Plan {
    let document = Profile::quick("detach").plan(PLAN, "Z0EXAMPLE");
    failover::plan::read(&document.to_string()).unwrap()
}

/// Everything the probe's SQL needs. Seen from the east: the writer in the west, the standby in the east.
pub(crate) struct World {
    foundation: Foundation,
    connector: Connector,
    distrusting: Connector,
    folder: tempfile::TempDir,
    _route53: JoinSet<std::io::Result<()>>,
}

impl World {
    /// Builds it; `None` where there is no PostgreSQL at hand.
    pub(crate) async fn build() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        if !root.join(".tools/venv/.installed").is_file() {
            eprintln!("SKIPPED: no PostgreSQL; run `make setup`");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::quick("detach");
        let (foundation, _route53) = Foundation::in_folder(&root, folder.path(), &profile)
            .await
            .unwrap();
        let address = |region| foundation.roads.address(STANDBY, cluster(region)).unwrap();
        let mut names: HashMap<_, _> = [HOME, STANDBY]
            .map(|region| {
                (
                    foundation.endpoints[PLAN][region].writer.clone(),
                    address(region),
                )
            })
            .into();
        names.insert(OTHER.to_owned(), address(HOME));
        let resolver = foundation.dns.view("the test", &names).await.unwrap();
        let others = Certificates::create(&folder.path().join("others")).unwrap();
        let connector = |trusted: &Certificates| {
            let resolver = Resolver::new(Some(resolver)).unwrap();
            Connector::new(resolver, trusted.bundle()).unwrap()
        };
        Some(Self {
            connector: connector(&foundation.certificates),
            distrusting: connector(&others),
            foundation,
            folder,
            _route53,
        })
    }

    /// Lets no byte through between here and the writer.
    pub(crate) fn cut(&self) {
        self.foundation.roads.cut(STANDBY, cluster(HOME)).unwrap();
    }

    /// Refuses whoever comes from here to the writer.
    pub(crate) fn refuse(&self) {
        self.foundation
            .roads
            .refuse(STANDBY, cluster(HOME))
            .unwrap();
    }

    /// Lets traffic through again.
    pub(crate) fn mend(&self) {
        self.foundation.roads.mend(STANDBY, cluster(HOME)).unwrap();
    }

    /// Where a member's server has its files.
    fn server(&self, region: &str) -> PathBuf {
        let files = self.folder.path().join("postgres").join(region);
        files.join(cluster(region))
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
        self.place_of(HOME)
    }

    fn place_of(&self, region: &str) -> Place {
        let member = &self.foundation.endpoints[PLAN][region];
        Place {
            host: member.writer.clone(),
            port: member.port,
            database: PLAN.into(),
            engine: failover::plan::Engine::Postgres,
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
        let place = self.place_of(STANDBY);
        let client = self.connector.connect(&place, &self.probe(), LIMIT).await;
        Session::new(client.unwrap(), LIMIT)
    }

    /// The administrator's connection to the writer, made as `setup` makes it.
    pub(crate) async fn admin(&self) -> Client {
        let login = Credentials {
            user: admin_user().into(),
            password: self.foundation.secrets.admin.clone(),
        };
        let client = self.connector.connect(&self.place(), &login, LIMIT).await;
        client.unwrap()
    }

    /// The superuser's connection to the writer, past the road. The standby logs in to its primary with that password.
    pub(crate) async fn superuser(&self) -> Client {
        let standby = self.server(STANDBY).join("data/postgresql.conf");
        let configured = std::fs::read_to_string(standby).unwrap();
        let password = configured
            .split_once("user=rdsadmin password=")
            .and_then(|(_, rest)| rest.split_whitespace().next())
            .unwrap();
        let simulator = &self.foundation.simulator;
        let backend = simulator.backend(HOME, cluster(HOME)).unwrap();
        let (client, connection) = tokio_postgres::Config::new()
            .hostaddr(backend.ip())
            .port(backend.port())
            .user("rdsadmin")
            .password(password)
            .dbname(PLAN)
            .connect(NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }

    /// What the writer's server has logged.
    pub(crate) fn server_log(&self) -> String {
        std::fs::read_to_string(self.server(HOME).join("postgres.log")).unwrap()
    }

    /// Waits until a reader holds a beat.
    pub(crate) async fn arrived(&self, reader: &Session, vantage: &Region, beat: Beat) {
        let began = Instant::now();
        loop {
            let reading = reader.read(&STANDBY.into()).await;
            let beats = reading.as_ref().ok().map(|reading| &reading.beats);
            if beats.and_then(|beats| beats.get(vantage)) == Some(&beat) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{reading:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn end(self) {
        self.foundation.simulator.stop().await;
    }
}
