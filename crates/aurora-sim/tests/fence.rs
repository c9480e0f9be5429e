//! The fence's SQL on real PostgreSQL, as an administrator who is no superuser.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use aurora_sim::Simulator;
use failover::{
    domain::Epoch,
    sql::{
        Credentials, Why,
        fence::{CANARY, Doors, doors, is_refused, rehearse, reopen, shut},
    },
};
use support::database::connect;
use support::{OnPostgres, WEST, on_postgres};
use tokio_postgres::{Client, NoTls};

/// What a deposed writer holds: the heartbeat, applications, and scheduled jobs as `pg_cron` keeps them.
const DEPOSED: &str = "
    CREATE SCHEMA aurora_failover;
    CREATE TABLE aurora_failover.epoch (epoch bigint NOT NULL);
    INSERT INTO aurora_failover.epoch VALUES (7);
    CREATE ROLE failover_probe LOGIN PASSWORD 'probe';
    CREATE ROLE readers;
    CREATE ROLE \"App One\" LOGIN PASSWORD 'one';
    CREATE ROLE app_two LOGIN PASSWORD 'two';
    CREATE SCHEMA cron;
    CREATE TABLE cron.job (jobid bigint PRIMARY KEY, active boolean NOT NULL);
    INSERT INTO cron.job VALUES (1, true), (2, false);
    CREATE FUNCTION cron.alter_job(job_id bigint, active boolean) RETURNS void LANGUAGE plpgsql AS
        $$ BEGIN UPDATE cron.job SET active = alter_job.active WHERE jobid = job_id; END $$;";

const KEPT: [&str; 2] = ["postgres_admin", "failover_probe"];

fn canary() -> Credentials {
    Credentials {
        user: CANARY.into(),
        password: "sings".into(),
    }
}

async fn log_in(
    simulator: &Simulator,
    user: &str,
    password: &str,
) -> Result<Client, tokio_postgres::Error> {
    let address = simulator.backend(WEST, "orders-west").unwrap();
    let (client, connection) = tokio_postgres::Config::new()
        .hostaddr(address.ip())
        .port(address.port())
        .user(user)
        .password(password)
        .dbname("orders")
        .connect(NoTls)
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

#[tokio::test]
async fn a_deposed_writer_admits_nobody_but_those_who_mend_it() {
    let Some(OnPostgres {
        simulator,
        west: _,
        east: _,
        folder: _folder,
    }) = on_postgres().await
    else {
        return;
    };
    let mut admin = connect(&simulator, WEST, "orders-west").await.unwrap();
    admin.batch_execute(DEPOSED).await.unwrap();
    let app = log_in(&simulator, "App One", "one").await.unwrap();

    let before = doors(&admin, &KEPT).await.unwrap();
    let apps = || vec!["App One".to_owned(), "app_two".to_owned()];
    let open = Doors {
        in_recovery: false,
        epoch: Some(Epoch(7)),
        roles: apps(),
        sessions: 1,
        jobs: 1,
    };
    assert_eq!(before, open);
    assert_eq!(
        rehearse(&mut admin, &KEPT).await.unwrap(),
        Vec::<String>::new()
    );
    let unproven = shut(&mut admin, &KEPT, Epoch(7), &canary()).await.unwrap();
    assert_eq!(unproven, None);
    assert_eq!(doors(&admin, &KEPT).await.unwrap(), open, "nothing changed");

    let done = shut(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    let done = done.unwrap();
    assert_eq!(
        (done.roles, done.refused, done.sessions, done.jobs),
        (apps(), Vec::new(), 1, 1)
    );
    assert!(app.query_one("SELECT 1", &[]).await.is_err());
    for (user, password) in [("app_two", "two"), (CANARY, "sings")] {
        let why = Why::from(log_in(&simulator, user, password).await.err().unwrap());
        assert!(is_refused(&why), "{user}: {why}");
    }
    let wrong = Why::from(log_in(&simulator, CANARY, "croaks").await.err().unwrap());
    assert!(
        !is_refused(&wrong),
        "a wrong password proves nothing: {wrong}"
    );
    log_in(&simulator, "failover_probe", "probe").await.unwrap();
    assert!(!doors(&admin, &KEPT).await.unwrap().is_open());

    // Again, as after a pass that was cut off.
    let again = shut(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    assert_eq!(again.unwrap().roles, Vec::<String>::new());
    assert_eq!(reopen(&mut admin).await.unwrap(), apps());
    log_in(&simulator, "App One", "one").await.unwrap();
    assert_eq!(doors(&admin, &KEPT).await.unwrap().jobs, 1);
    simulator.stop().await;
}
