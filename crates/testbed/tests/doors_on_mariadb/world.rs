//! A pair of instances of MariaDB behind roads, and who logs in there.

use std::{path::Path, time::Duration};

use failover::{
    beat::Write,
    domain::Epoch,
    plan::{self, Engine, Plan},
    ports::{Credentials, Place},
};
use mysql::{Client, Connector, Flavour, Session};
use resolver::Resolver;
use tempfile::TempDir;
use testbed::{
    client,
    database::{Database, left_out},
    profile::{CLIENT, HOME, PLAN, Profile, STANDBY, cluster},
    world::{Foundation, admin_user},
};
use tokio::io::AsyncReadExt;

pub(crate) const LIMIT: Duration = Duration::from_secs(5);
pub(crate) const FLAVOUR: Flavour = Flavour::MariaDb;
pub(crate) const PROBE: &str = "what only the probe knows";

pub(crate) struct World {
    pub(crate) foundation: Foundation,
    pub(crate) connector: Connector,
    pub(crate) plan: Plan,
    pub(crate) folder: TempDir,
}

/// A pair of instances with the heartbeat schema, an application and what the fence must not overlook; `None` where MariaDB is left out.
pub(crate) async fn world() -> Option<World> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if let Some(why) = left_out(Engine::Mariadb, &root) {
        eprintln!("SKIPPED: {why}");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile::quick_mariadb();
    let laid = Foundation::in_folder(&root, folder.path(), &profile).await;
    let (foundation, _route53) = laid.unwrap();
    let resolver = Resolver::new(Some(foundation.resolvers[CLIENT])).unwrap();
    let connector = Connector::new(resolver, foundation.certificates.bundle());
    let plan = plan::read(&profile.plan(PLAN, "Z0EXAMPLE").to_string()).unwrap();
    let world = World {
        foundation,
        connector,
        plan,
        folder,
    };
    let past_roads = world.past_roads().await;
    client::prepare(&past_roads, "app", &world.foundation.secrets.app)
        .await
        .unwrap();
    let (place, login) = (world.place(HOME), world.admin());
    let opened = world.connector.connect_to(FLAVOUR, &place, &login, LIMIT);
    let mut admin = opened.await.unwrap();
    for _ in 0..2 {
        let held = mysql::setup(&mut admin, &world.plan, Epoch(1), Some(PROBE)).await;
        assert_eq!(held.unwrap(), Epoch(1));
    }
    // Not even the binary log has it, which others read.
    assert_eq!(files_with(world.folder.path(), PROBE), [""; 0]);
    Some(world)
}

/// Files of a folder in which a text stands.
pub(crate) fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let (mut folders, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                let has = bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes());
                found.extend(has.then(|| path.display().to_string()));
            }
        }
    }
    found
}

impl World {
    pub(crate) fn place(&self, region: &str) -> Place {
        let endpoints = &self.foundation.endpoints[PLAN][region];
        Place::of(&self.plan, &endpoints.writer, endpoints.port)
    }

    pub(crate) fn admin(&self) -> Credentials {
        login(admin_user(), &self.foundation.secrets.admin)
    }

    pub(crate) fn probe_user(&self) -> &str {
        &self.plan.database.probe.as_ref().unwrap().user
    }

    pub(crate) async fn open(&self, region: &str, login: &Credentials) -> Client {
        let place = self.place(region);
        let opened = self.connector.connect(FLAVOUR, &place, login, LIMIT);
        opened.await.unwrap()
    }

    pub(crate) async fn probe(&self, region: &str) -> Session {
        Session::new(self.open(region, &login(self.probe_user(), PROBE)).await)
    }

    /// An administrator's session that is none of the product's.
    pub(crate) async fn past_roads(&self) -> Database {
        let backend = self.foundation.simulator.backend(HOME, cluster(HOME));
        let login = (admin_user(), &*self.foundation.secrets.admin);
        Database::connect(Engine::Mariadb, backend.unwrap(), login, PLAN)
            .await
            .unwrap()
    }

    /// How an application's login at the writer ends.
    pub(crate) async fn application(&self) -> Result<Client, mysql::Why> {
        let login = login("app", &self.foundation.secrets.app);
        let place = Place {
            database: "app".into(),
            ..self.place(HOME)
        };
        self.connector
            .connect_to(FLAVOUR, &place, &login, LIMIT)
            .await
    }
}

pub(crate) fn login(user: &str, password: &str) -> Credentials {
    Credentials {
        user: user.into(),
        password: password.into(),
    }
}

pub(crate) fn number(write: &Write) -> u64 {
    let Write::Committed { beat } = write else {
        panic!("{write:?}");
    };
    beat.seq
}

/// Somebody who is logging in at the writer, and whose account the server has looked at.
pub(crate) async fn entering(world: &World) -> tokio::net::TcpStream {
    let backend = world.foundation.simulator.backend(HOME, cluster(HOME));
    let connected = tokio::net::TcpStream::connect(backend.unwrap()).await;
    let mut entering = connected.unwrap();
    let mut greeting = [0; 4];
    entering.read_exact(&mut greeting).await.unwrap();
    entering
}

/// That nobody gets in who got in before: neither the canary nor an application, nor whoever was logging in.
pub(crate) async fn nobody_gets_in(
    world: &World,
    canary: &Credentials,
    mut entering: tokio::net::TcpStream,
) {
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(LIMIT, entering.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "whoever was logging in is let go on");
    let server = Place {
        database: String::new(),
        ..world.place(HOME)
    };
    let tried = world.connector.connect_to(FLAVOUR, &server, canary, LIMIT);
    assert!(tried.await.err().unwrap().says_locked());
    assert!(world.application().await.err().unwrap().says_locked());
}

/// How far the replica has applied, once it is at `position` or after five seconds.
pub(crate) async fn replayed(world: &World, position: i64) -> Option<i64> {
    let reader = world.probe(STANDBY).await;
    let mut replayed = None;
    for _ in 0..50 {
        replayed = reader.read().await.unwrap().position;
        if replayed >= Some(position) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    replayed
}
