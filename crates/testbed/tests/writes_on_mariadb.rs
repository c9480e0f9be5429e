//! An instance of MariaDB with a read replica, on real servers behind the drill's roads. What a client writes is read back on both.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a test of the testbed, which waits by itself"
)]

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use failover::plan::Engine;
use report::timeline::Timeline;
use testbed::{
    client::{self, Client, ClientConfig, ClientRecord},
    database::{Database, left_out},
    profile::{CLIENT, HOME, PLAN, Profile, STANDBY, cluster},
    world::{Foundation, admin_user},
};

const PATIENCE: Duration = Duration::from_secs(60);

async fn administrator(foundation: &Foundation, region: &str) -> Database {
    let backend = foundation.simulator.backend(region, cluster(region));
    let login = (admin_user(), &*foundation.secrets.admin);
    Database::connect(Engine::Mariadb, backend.unwrap(), login, PLAN)
        .await
        .unwrap()
}

/// Writes rows through the endpoint's name, over the client's road.
async fn write(foundation: &Foundation) -> ClientRecord {
    let config = ClientConfig {
        engine: Engine::Mariadb,
        resolver: foundation.resolvers[CLIENT],
        writer_name: foundation.endpoints[PLAN][HOME].writer.clone(),
        port: foundation.roads.port(),
        ca_pem: foundation.certificates.bundle().to_owned(),
        database: PLAN.to_owned(),
        user: "app".to_owned(),
        password: foundation.secrets.app.clone(),
        interval: Duration::from_millis(5),
        connect_timeout: Duration::from_secs(2),
        statement_timeout: Duration::from_secs(2),
    };
    let client = Client::start(config, Timeline::silent()).unwrap();
    client
        .wait_for(PATIENCE, |progress| progress.acknowledged >= 20)
        .await
        .unwrap();
    client.stop().await
}

#[tokio::test]
async fn what_a_client_writes_over_its_road_is_on_the_writer_and_on_the_replica_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if let Some(why) = left_out(Engine::Mariadb, &root) {
        eprintln!("SKIPPED: {why}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile::quick_mariadb();
    let (foundation, _route53) = Foundation::in_folder(&root, folder.path(), &profile)
        .await
        .unwrap();
    let writer = administrator(&foundation, HOME).await;
    for _ in 0..2 {
        client::prepare(&writer, "app", &foundation.secrets.app)
            .await
            .unwrap();
    }
    let record = write(&foundation).await;
    let compared = client::compare(&record, &writer).await.unwrap();
    assert!(compared.acknowledged >= 20);
    assert_eq!((compared.lost, compared.duplicated), (vec![], vec![]));

    let replica = administrator(&foundation, STANDBY).await;
    let began = Instant::now();
    loop {
        let compared = client::compare(&record, &replica).await.unwrap();
        if compared.lost.is_empty() && compared.duplicated.is_empty() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{compared:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let refused = replica.execute(&["DELETE FROM app.rows"]).await;
    assert!(refused.unwrap_err().to_string().contains("read-only"));

    let road = foundation.roads.address(CLIENT, cluster(HOME)).unwrap();
    let road = SocketAddr::from((road, foundation.roads.port()));
    let login = ("app", &*foundation.secrets.app);
    let plain = Database::connect(Engine::Mariadb, road, login, "app").await;
    assert!(plain.unwrap_err().to_string().contains("3159"));
    foundation.simulator.stop().await;
}
