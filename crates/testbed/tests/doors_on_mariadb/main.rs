//! The engine's own statements on real MariaDB, over roads with TLS: beats and epochs, the stop and the fence with every door, and what a
//! wrong login, server or certificate is told as.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a test of the testbed, which waits by itself"
)]

mod world;

use std::time::Duration;

use failover::{
    beat::Write,
    domain::{Epoch, Region, StopToken},
    ports::{Credentials, NotStopped, Place},
};
use mysql::{Connector, fence};
use mysql_async::prelude::Queryable;
use resolver::Resolver;
use testbed::{
    profile::{CLIENT, HOME, STANDBY, cluster},
    world::admin_user,
};

use world::{FLAVOUR, LIMIT, entering, login, nobody_gets_in, number, replayed, world};

#[tokio::test]
async fn beats_and_epochs_are_committed_at_the_writer_and_read_at_the_replica() {
    let Some(world) = world().await else { return };
    let (home, stranger) = (Region::from(HOME), Region::from("eu-west-1"));
    let (probe, epoch) = (world.probe(HOME).await, Epoch(1));
    assert_eq!(number(&probe.beat(&home, epoch).await), 1);
    assert_eq!(number(&probe.beat(&home, epoch).await), 2);
    let other = probe.beat(&home, Epoch(2)).await;
    assert_eq!(other, Write::OtherEpoch { epoch });
    let missing = |write: Write| assert!(matches!(write, Write::Misconfigured { .. }), "{write:?}");
    missing(probe.beat(&stranger, epoch).await);
    missing(probe.prove(&stranger, Epoch(2), &"run-2".into()).await);
    assert_eq!(
        number(&probe.prove(&home, Epoch(2), &"run-2".into()).await),
        3
    );
    let later = probe.prove(&home, epoch, &"run-1".into()).await;
    assert_eq!(later, Write::OtherEpoch { epoch: Epoch(2) });
    assert_eq!(number(&probe.beat(&home, Epoch(2)).await), 4);

    let reader = world.probe(STANDBY).await;
    let mut reading = reader.read().await.unwrap();
    for _ in 0..50 {
        if reading.beats.get(&home).is_some_and(|beat| beat.seq == 4) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        reading = reader.read().await.unwrap();
    }
    assert_eq!(reading.beats[&home].epoch, Epoch(2));
    assert!(reading.position.is_some());
    assert_eq!(probe.read().await.unwrap().position, None);
    assert_eq!(reader.beat(&home, Epoch(2)).await, Write::ReadOnly);
    world.foundation.simulator.stop().await;
}

#[tokio::test]
async fn a_wrong_login_server_or_certificate_is_told_as_what_it_is() {
    let Some(world) = world().await else { return };
    let place = world.place(HOME);
    let told = async |connector: &Connector, place: &Place, login: &Credentials| {
        let opened = connector.connect(FLAVOUR, place, login, LIMIT).await;
        Write::from(opened.err().unwrap())
    };
    let says = |write: Write, said: &str| {
        let Write::Misconfigured { why } = &write else {
            panic!("{write:?}");
        };
        assert!(why.contains(said), "{why}");
    };
    let stranger = login("stranger", "x");
    says(
        told(&world.connector, &place, &stranger).await,
        "error 1045",
    );
    let nobody = Place {
        port: 1,
        ..place.clone()
    };
    let admin = world.admin();
    let refused = told(&world.connector, &nobody, &admin).await;
    assert!(matches!(refused, Write::Failed { .. }), "{refused:?}");
    let nowhere = Place {
        host: "nowhere.invalid".into(),
        ..place.clone()
    };
    let unresolved = told(&world.connector, &nowhere, &admin).await;
    assert!(matches!(unresolved, Write::Failed { .. }), "{unresolved:?}");
    let other = tempfile::tempdir().unwrap();
    let strangers = testbed::certificates::Certificates::create(other.path()).unwrap();
    let resolver = Resolver::new(Some(world.foundation.resolvers[CLIENT])).unwrap();
    let trusts_another = Connector::new(resolver, strangers.bundle());
    says(
        told(&trusts_another, &place, &admin).await,
        "certificate is refused",
    );
    world.foundation.simulator.stop().await;
}

#[tokio::test]
async fn a_stop_shuts_every_door_and_is_opened_by_its_own_mark_alone() {
    let Some(world) = world().await else { return };
    let kept = [admin_user(), world.probe_user()];
    let canary = login(fence::CANARY, &mysql::random().unwrap());
    let (token, other) = (StopToken::from("ours"), StopToken::from("theirs"));
    let (home, epoch) = (Region::from(HOME), Epoch(1));
    let probe = world.probe(HOME).await;
    let mut admin = world.open(HOME, &world.admin()).await;
    assert_eq!(fence::rehearse(&mut admin, &kept).await.unwrap(), [""; 0]);

    let of_application = world.application().await.unwrap();
    let before = fence::access(&mut admin, &kept).await.unwrap();
    assert!(before.roles.contains(&"'app'@'%'".to_owned()), "{before:?}");
    assert_eq!((before.in_recovery, before.sessions), (false, 1));
    let refused = fence::stop(&mut admin, &kept, (Epoch(2), &token), &canary).await;
    assert_eq!(refused.unwrap(), Err(NotStopped::OtherEpoch(Some(epoch))));

    let entering = entering(&world).await;
    let stopped = fence::stop(&mut admin, &kept, (epoch, &token), &canary).await;
    let stopped = stopped.unwrap().unwrap();
    assert_eq!((stopped.sessions, &*stopped.refused), (1, &[] as &[String]));
    assert!(
        !stopped
            .roles
            .iter()
            .any(|role| role.contains(fence::CANARY))
    );
    drop(of_application);
    nobody_gets_in(&world, &canary, entering).await;
    let after = fence::access(&mut admin, &kept).await.unwrap();
    assert!(!after.is_open(), "{after:?}");
    let beat = probe.beat(&home, epoch).await;
    assert_eq!(
        beat,
        Write::Stopped {
            token: token.clone()
        }
    );

    let again = fence::stop(&mut admin, &kept, (epoch, &other), &canary).await;
    assert!(matches!(again.unwrap(), Err(NotStopped::OtherMark(mark)) if mark.token == token));
    let position = fence::position(&mut admin, &token).await.unwrap().unwrap();
    assert_eq!(replayed(&world, position).await, Some(position));
    assert_eq!(fence::position(&mut admin, &other).await.unwrap(), None);
    assert_eq!(fence::open(&mut admin, epoch, &other).await.unwrap(), None);
    assert_eq!(
        fence::open(&mut admin, Epoch(2), &token).await.unwrap(),
        None
    );

    // The one that stopped it lets go of its lock with its session.
    admin.close().await;
    let mut admin = world.open(HOME, &world.admin()).await;
    let given = fence::open(&mut admin, epoch, &token)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(given.roles, stopped.roles);
    assert_eq!(given.refused, [""; 0]);
    fence::erase(&mut admin, epoch, &token).await.unwrap();
    assert_eq!(fence::mark(&mut admin).await.unwrap(), None);
    assert!(world.application().await.is_ok());
    assert!(number(&probe.beat(&home, epoch).await) > 0);
    world.foundation.simulator.stop().await;
}

#[tokio::test]
async fn a_fence_names_what_stays_open_gives_back_what_it_took_and_keeps_a_stop_out() {
    let Some(world) = world().await else { return };
    let kept = [admin_user(), world.probe_user()];
    let canary = login(fence::CANARY, &mysql::random().unwrap());
    let others = world.past_roads().await;
    let made = [
        "CREATE EVENT app.tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM app.rows WHERE n < 0",
        "CREATE USER 'already locked'@'%' ACCOUNT LOCK",
        "XA START 'half'",
        "INSERT INTO app.rows (n, written_at) VALUES (-1, UTC_TIMESTAMP(6))",
        "XA END 'half'",
        "XA PREPARE 'half'",
    ];
    others.execute(&made).await.unwrap();
    let mut admin = world.open(HOME, &world.admin()).await;
    let trial = fence::rehearse(&mut admin, &kept).await.unwrap();
    assert!(
        trial
            .iter()
            .any(|why| why.contains("logs in as the administrator")),
        "{trial:?}"
    );

    let held = fence::fence(&mut admin, &kept, Epoch(1), &canary).await;
    assert_eq!(held.unwrap(), None);
    let fenced = fence::fence(&mut admin, &kept, Epoch(2), &canary).await;
    let fenced = fenced.unwrap().unwrap();
    assert!(
        !fenced.roles.iter().any(|role| role.contains("locked")),
        "{fenced:?}"
    );
    assert_eq!(fenced.as_administrator.len(), 1, "{fenced:?}");
    assert!(
        fenced
            .refused
            .iter()
            .any(|why| why.contains("prepared transaction half"))
    );
    let after = fence::access(&mut admin, &kept).await.unwrap();
    assert_eq!(after.prepared, ["half"]);
    assert_eq!((after.sessions, after.roles.len()), (0, 0));

    let token = StopToken::from("late");
    let stopped = fence::stop(&mut admin, &kept, (Epoch(1), &token), &canary).await;
    assert_eq!(stopped.unwrap(), Err(NotStopped::Fenced));
    drop(others);
    let others = world.past_roads().await;
    others.execute(&["DROP USER app"]).await.unwrap();
    let given = fence::unfence(&mut admin).await.unwrap();
    assert_eq!(given.missing, ["account 'app'@'%'"]);
    assert_eq!(given.refused, [""; 0]);
    let mine = mysql::lost(&mut admin, &mut world.open(STANDBY, &world.admin()).await).await;
    assert!(
        mine.unwrap().is_some(),
        "this server names its transactions"
    );
    others.execute(&["XA ROLLBACK 'half'"]).await.unwrap();
    world.foundation.simulator.stop().await;
}

#[tokio::test]
async fn a_standby_says_that_it_is_one_and_takes_no_stop() {
    let Some(world) = world().await else { return };
    let kept = [admin_user(), world.probe_user()];
    let canary = login(fence::CANARY, &mysql::random().unwrap());
    // What was set up has to arrive first.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut admin = world.open(STANDBY, &world.admin()).await;
    let access = fence::access(&mut admin, &kept).await.unwrap();
    assert!(access.in_recovery, "{access:?}");
    let token = StopToken::from("ours");
    let stopped = fence::stop(&mut admin, &kept, (Epoch(1), &token), &canary).await;
    let why = failover::Error::from(stopped.unwrap_err());
    assert_eq!(why.name(), "UnexpectedTopology");

    // A replica takes writes where somebody lets it, and is no writer for that.
    let simulator = &world.foundation.simulator;
    let rds = simulator.connect_as_rds_to_mariadb(STANDBY, cluster(STANDBY));
    let mut rds = rds.await.unwrap();
    rds.query_drop("SET GLOBAL read_only = OFF").await.unwrap();
    let probe = world.probe(STANDBY).await;
    let proven = probe
        .prove(&Region::from(STANDBY), Epoch(2), &"run-2".into())
        .await;
    assert_eq!(proven, Write::ReadOnly);
    world.foundation.simulator.stop().await;
}
