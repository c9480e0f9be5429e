//! The client against databases that die, refuse and fall silent, and a name that moves.

use std::sync::atomic::Ordering;

use super::{
    fake_databases::{EAST, FakeDatabases, Mood, WEST, WRITER},
    *,
};

const LIMIT: Duration = Duration::from_secs(10);
const ENGINES: [Engine; 2] = [Engine::Postgres, Engine::Mariadb];

#[tokio::test]
async fn it_writes_through_the_name_asks_dns_once_per_ttl_and_numbers_every_row_once() {
    for engine in ENGINES {
        let world = FakeDatabases::new(engine, &[(WEST, WEST)]).await;
        *world.target.lock().unwrap() = (WEST, 60);
        let client = Client::start(world.config.clone(), Timeline::silent()).unwrap();
        client
            .wait_for(LIMIT, |p| p.acknowledged >= 20)
            .await
            .unwrap();
        let record = client.stop().await;

        let numbers: Vec<i64> = record.acknowledged.iter().map(|ack| ack.n).collect();
        let expected: Vec<i64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected);
        assert!(record.acknowledged.iter().all(|ack| ack.endpoint == WEST));
        assert_eq!(world.questions.load(Ordering::SeqCst), 1);
        assert_eq!((record.reconnects, record.failed_connects), (0, 0));
    }
}

#[tokio::test]
async fn a_dead_writer_costs_one_number_and_the_client_follows_the_name_when_the_ttl_ends() {
    for engine in ENGINES {
        let world = FakeDatabases::new(engine, &[(WEST, WEST), (EAST, EAST)]).await;
        let client = Client::start(world.config.clone(), Timeline::silent()).unwrap();
        client
            .wait_for(LIMIT, |p| p.acknowledged >= 5)
            .await
            .unwrap();

        world.set(WEST, Mood::HangsUp);
        *world.target.lock().unwrap() = (EAST, 1);
        let moved_ms = now_ms();
        let on_east = |p: &Progress| p.last.as_ref().is_some_and(|ack| ack.endpoint == EAST);
        client.wait_for(LIMIT, on_east).await.unwrap();
        let record = client.stop().await;

        // Each attempt on the dying writer uses up its own number; none is sent twice.
        assert!(!record.unknown.is_empty());
        let mut numbers: Vec<i64> = record.acknowledged.iter().map(|ack| ack.n).collect();
        numbers.extend(record.unknown.iter().map(|number| number.n));
        numbers.sort_unstable();
        let expected: Vec<i64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected);
        assert!(record.reconnects >= 1);
        let wait = record.ttl_wait_ms(moved_ms, EAST).unwrap();
        assert!((0..=1_000).contains(&wait), "{wait}");
    }
}

#[tokio::test]
async fn an_attempt_to_connect_does_not_outlive_the_dns_answer_it_is_based_on() {
    for engine in ENGINES {
        let mut world = FakeDatabases::new(engine, &[(WEST, WEST), (EAST, EAST)]).await;
        world.config.connect_timeout = Duration::from_secs(20);
        let client = Client::start(world.config.clone(), Timeline::silent()).unwrap();
        client
            .wait_for(LIMIT, |p| p.acknowledged >= 5)
            .await
            .unwrap();

        world.set(WEST, Mood::Deaf);
        *world.target.lock().unwrap() = (EAST, 1);
        let on_east = |p: &Progress| p.last.as_ref().is_some_and(|ack| ack.endpoint == EAST);
        client.wait_for(LIMIT, on_east).await.unwrap();
        let record = client.stop().await;
        assert!(record.failed_connects <= 1, "{}", record.failed_connects);
    }
}

#[tokio::test]
async fn a_read_only_database_refuses_the_number_and_the_client_connects_anew() {
    for engine in ENGINES {
        let world = FakeDatabases::new(engine, &[(WEST, WEST)]).await;
        world.set(WEST, Mood::ReadOnly);
        let client = Client::start(world.config.clone(), Timeline::silent()).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.set(WEST, Mood::Accepts);
        client
            .wait_for(LIMIT, |p| p.acknowledged >= 1)
            .await
            .unwrap();
        let record = client.stop().await;

        assert_eq!(record.unknown, []);
        let code = match engine {
            Engine::Postgres | Engine::Sqlserver => "25006",
            Engine::Mariadb | Engine::Mysql => "1290",
        };
        assert!(record.refused[0].reason.contains(code));
        assert!(record.reconnects >= 1);
        assert!(record.acknowledged[0].n > record.refused[0].n);
    }
}

#[tokio::test]
async fn an_insert_without_an_answer_is_given_up_and_its_fate_is_unknown() {
    for engine in ENGINES {
        let world = FakeDatabases::new(engine, &[(WEST, WEST)]).await;
        world.set(WEST, Mood::Silent);
        let client = Client::start(world.config.clone(), Timeline::silent()).unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
        let record = client.stop().await;
        assert_eq!(record.acknowledged, []);
        assert_eq!(record.unknown[0].n, 1);
        assert!(record.unknown[0].given_up_ms - record.unknown[0].sent_ms >= 199);
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_never_accepted() {
    for engine in ENGINES {
        let world = FakeDatabases::new(engine, &[(WEST, EAST)]).await;
        let client = Client::start(world.config.clone(), Timeline::silent()).unwrap();
        let waited = client
            .wait_for(Duration::from_millis(700), |p| p.acknowledged >= 1)
            .await;
        assert!(matches!(waited, Err(Error::Waited(..))));
        let record = client.stop().await;
        assert!(record.failed_connects >= 1);
        assert_eq!(record.unknown, []);
    }
}

#[test]
fn the_password_is_not_printed() {
    let config = ClientConfig {
        engine: Engine::Postgres,
        resolver: ([127, 0, 0, 1], 53).into(),
        writer_name: WRITER.into(),
        port: 5432,
        ca_pem: "ca.pem".into(),
        database: "orders".into(),
        user: "app".into(),
        password: "hunter2".into(),
        interval: Duration::ZERO,
        connect_timeout: Duration::ZERO,
        statement_timeout: Duration::ZERO,
    };
    assert!(!format!("{config:?}").contains("hunter2"));
}
