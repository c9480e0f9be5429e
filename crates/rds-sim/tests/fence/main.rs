//! The fence's SQL on real PostgreSQL, as an administrator who is no superuser.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod access;
mod jobs;
mod stop;
#[path = "../support/mod.rs"]
mod support;

use failover::{
    domain::Epoch,
    ports::{Access, Credentials},
};
use postgres::{
    Why,
    fence::{
        CANARY, access, count_jobs, elsewhere, fence, fence_there, forget_dropped, is_refused,
        moves_break, rehearse, rehearse_there, unfence, unfence_there,
    },
    to_write,
};
use rds_sim::{PG_CRON, Simulator};
use tokio_postgres::{Client, NoTls};

use support::database::connect;
use support::{EAST, OnPostgres, WEST, on_postgres};

/// What a deposed writer holds: the heartbeat and applications.
const DEPOSED: &str = "
    CREATE SCHEMA aurora_failover;
    CREATE TABLE aurora_failover.epoch (epoch bigint NOT NULL);
    INSERT INTO aurora_failover.epoch VALUES (7);
    CREATE ROLE failover_probe LOGIN PASSWORD 'probe';
    CREATE ROLE readers;
    CREATE ROLE \"App One\" LOGIN PASSWORD 'one';
    CREATE ROLE app_two LOGIN PASSWORD 'two';";

/// Scheduled jobs as `pg_cron` keeps them.
const CRON: &str = "
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

/// The administrator's password.
const ADMINS: &str = "it's not a secret";

async fn log_in(
    simulator: &Simulator,
    user: &str,
    password: &str,
) -> Result<Client, tokio_postgres::Error> {
    log_in_to(simulator, "orders", user, password).await
}

async fn log_in_to(
    simulator: &Simulator,
    database: &str,
    user: &str,
    password: &str,
) -> Result<Client, tokio_postgres::Error> {
    log_in_with(simulator, database, (user, password), "").await
}

async fn log_in_with(
    simulator: &Simulator,
    database: &str,
    (user, password): (&str, &str),
    options: &str,
) -> Result<Client, tokio_postgres::Error> {
    let address = simulator.backend(WEST, "orders-west").unwrap();
    let (client, connection) = tokio_postgres::Config::new()
        .hostaddr(address.ip())
        .port(address.port())
        .user(user)
        .password(password)
        .dbname(database)
        .application_name("aurora-failover")
        .options(options)
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
    admin.batch_execute(CRON).await.unwrap();
    let app = log_in(&simulator, "App One", "one").await.unwrap();

    let before = access(&admin, &KEPT).await.unwrap();
    let apps = || vec!["App One".to_owned(), "app_two".to_owned()];
    let open = Access {
        in_recovery: false,
        epoch: Some(Epoch(7)),
        roles: apps(),
        sessions: 1,
        jobs: 1,
        ..Access::default()
    };
    assert_eq!(before, open);
    assert_eq!(
        rehearse(&mut admin, &KEPT).await.unwrap(),
        Vec::<String>::new()
    );
    let unproven = fence(&mut admin, &KEPT, Epoch(7), &canary()).await.unwrap();
    assert_eq!(unproven, None);
    assert_eq!(
        access(&admin, &KEPT).await.unwrap(),
        open,
        "nothing changed"
    );

    let done = fence(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    let done = done.unwrap();
    assert_eq!(
        (done.roles, done.refused, done.sessions, done.jobs),
        (apps(), Vec::new(), 1, vec!["1 in orders".to_owned()])
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
    assert!(!access(&admin, &KEPT).await.unwrap().is_open());

    // Again, as after a pass that was cut off.
    let again = fence(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    assert_eq!(again.unwrap().roles, Vec::<String>::new());
    assert_eq!(unfence(&mut admin).await.unwrap().roles, apps());
    log_in(&simulator, "App One", "one").await.unwrap();
    assert_eq!(access(&admin, &KEPT).await.unwrap().jobs, 1);
    simulator.stop().await;
}

async fn superuser(world: &OnPostgres) -> Client {
    let root = world
        .simulator
        .connect_as_rds(WEST, "orders-west", "orders");
    root.await.unwrap()
}

async fn deposed() -> Option<(OnPostgres, Client)> {
    let world = on_postgres().await?;
    let admin = connect(&world.simulator, WEST, "orders-west")
        .await
        .unwrap();
    admin.batch_execute(DEPOSED).await.unwrap();
    Some((world, admin))
}

#[tokio::test]
async fn a_second_pass_waits_until_the_first_has_tried_its_canary() {
    let Some((world, mut first)) = deposed().await else {
        return;
    };
    let mut second = connect(&world.simulator, WEST, "orders-west")
        .await
        .unwrap();
    second
        .batch_execute("SET lock_timeout = '500ms'")
        .await
        .unwrap();
    let done = fence(&mut first, &KEPT, Epoch(8), &canary()).await.unwrap();
    assert_eq!(done.unwrap().roles, ["App One", "app_two"]);
    let renewed = Credentials {
        user: CANARY.into(),
        password: "another".into(),
    };
    let waits = fence(&mut second, &KEPT, Epoch(8), &renewed).await;
    assert!(waits.is_err(), "{waits:?}");
    let why = Why::from(
        log_in(&world.simulator, CANARY, "sings")
            .await
            .err()
            .unwrap(),
    );
    assert!(
        is_refused(&why),
        "the canary is still the first one's: {why}"
    );
    drop(first);
    second
        .batch_execute("SET lock_timeout = '10s'")
        .await
        .unwrap();
    let again = fence(&mut second, &KEPT, Epoch(8), &renewed).await.unwrap();
    assert_eq!(again.unwrap().roles, Vec::<String>::new());
    world.simulator.stop().await;
}

#[tokio::test]
async fn only_rdss_own_roles_keep_their_login_unnamed_and_one_that_cannot_be_altered_keeps_no_other_open()
 {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    admin
        .batch_execute(
            "CREATE ROLE rds_app LOGIN PASSWORD 'app'; CREATE ROLE rdsapp LOGIN PASSWORD 'app'",
        )
        .await
        .unwrap();
    let root = superuser(&world).await;
    root.batch_execute("CREATE ROLE alien LOGIN PASSWORD 'alien'; CREATE ROLE almighty LOGIN SUPERUSER PASSWORD 'a'; CREATE ROLE rds_iam")
        .await
        .unwrap();
    let done = fence(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    let refused = done.refused.join("; ");
    assert!(
        refused.contains("alien") && refused.contains("almighty"),
        "{refused}"
    );
    for role in ["rds_app", "rdsapp", "App One", "app_two"] {
        assert!(done.roles.contains(&role.to_owned()), "{role}: {done:?}");
    }
    assert!(log_in(&world.simulator, "rds_app", "app").await.is_err());
    let open = access(&admin, &KEPT).await.unwrap();
    assert_eq!(open.roles, ["alien", "almighty"]);
    world.simulator.stop().await;
}

#[tokio::test]
async fn what_may_not_be_read_is_a_door_that_is_named_and_keeps_no_other_open() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    let root = superuser(&world).await;
    root.batch_execute(CRON).await.unwrap();
    // As where the administrator lacks pg_read_all_settings: the same SQLSTATE.
    root.batch_execute("REVOKE EXECUTE ON FUNCTION current_setting(text, boolean) FROM PUBLIC")
        .await
        .unwrap();
    let app = log_in(&world.simulator, "App One", "one").await.unwrap();
    let found = elsewhere(&admin).await.unwrap();
    let unseen = found.unseen.unwrap_or_default();
    assert_eq!(found.databases, ["postgres"], "its default is looked at");
    for part in ["cron.database_name", "SQLSTATE 42501", "grant"] {
        assert!(unseen.contains(part), "{unseen}");
    }
    let schema = "the jobs of pg_cron in orders cannot be seen";
    let before = access(&admin, &KEPT).await.unwrap();
    assert!(before.unseen.join("; ").contains(schema), "{before:?}");
    let refused = rehearse(&mut admin, &KEPT).await.unwrap().join("; ");
    assert!(refused.contains(schema), "{refused}");

    let done = fence(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(done.roles, ["App One", "app_two"]);
    assert!(done.refused.join("; ").contains(schema), "{done:?}");
    assert_eq!(done.sessions, 1, "sessions are ended all the same");
    assert!(app.query_one("SELECT 1", &[]).await.is_err());
    let after = access(&admin, &KEPT).await.unwrap();
    assert!(after.is_open(), "what cannot be seen is not shut");
    assert_eq!(unfence(&mut admin).await.unwrap().roles.len(), 2);
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_database_that_somebody_made_read_only_by_default_is_fenced_all_the_same() {
    let Some((world, admin)) = deposed().await else {
        return;
    };
    admin.batch_execute(CRON).await.unwrap();
    let root = superuser(&world).await;
    root.batch_execute("ALTER DATABASE orders SET default_transaction_read_only = on")
        .await
        .unwrap();
    drop(admin);
    let app = log_in(&world.simulator, "App One", "one").await.unwrap();
    app.batch_execute("BEGIN READ WRITE; CREATE TEMP TABLE goes_on (id int); COMMIT")
        .await
        .unwrap();
    let options = to_write(std::time::Duration::from_secs(10));
    let login = ("postgres_admin", ADMINS);
    let admin = log_in_with(&world.simulator, "orders", login, &options).await;
    let mut admin = admin.unwrap();

    let refused = rehearse(&mut admin, &KEPT).await.unwrap();
    assert_eq!(refused, Vec::<String>::new());
    let done = fence(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    let done = done.unwrap();
    assert_eq!(done.roles, ["App One", "app_two"]);
    assert_eq!((done.jobs.len(), done.refused), (1, Vec::new()));
    assert!(app.query_one("SELECT 1", &[]).await.is_err());
    assert!(!access(&admin, &KEPT).await.unwrap().is_open());
    assert_eq!(unfence(&mut admin).await.unwrap().roles.len(), 2);
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_canary_that_cannot_be_made_is_named_and_keeps_no_door_open() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    // Its password may not be set, as where a server restricts who sets passwords.
    let root = superuser(&world).await;
    root.batch_execute(&format!("CREATE ROLE {CANARY} SUPERUSER"))
        .await
        .unwrap();
    let app = log_in(&world.simulator, "App One", "one").await.unwrap();
    let rehearsed = rehearse(&mut admin, &KEPT).await.unwrap();
    assert_eq!(rehearsed.len(), 1, "{rehearsed:?}");

    let done = fence(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    let done = done.unwrap();
    assert_eq!(done.roles, ["App One", "app_two"]);
    assert!(done.is_untried);
    assert_eq!(done.refused.len(), 1, "{done:?}");
    for part in [CANARY, "SQLSTATE 42501", "password"] {
        assert!(done.refused[0].contains(part), "{done:?}");
    }
    assert!(app.query_one("SELECT 1", &[]).await.is_err());
    assert!(log_in(&world.simulator, "app_two", "two").await.is_err());
    let given = unfence(&mut admin).await.unwrap();
    assert_eq!((given.roles.len(), given.refused.len()), (2, 1));
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_standby_is_told_apart_whatever_a_session_asks_for() {
    let Some((world, admin)) = deposed().await else {
        return;
    };
    let standby = "CREATE TABLE reached (id int)";
    admin.batch_execute(standby).await.unwrap();
    let address = world.simulator.backend(EAST, "orders-east").unwrap();
    let options = to_write(std::time::Duration::from_secs(10));
    let mut login = tokio_postgres::Config::new();
    login
        .hostaddr(address.ip())
        .port(address.port())
        .user("postgres_admin")
        .password(ADMINS)
        .dbname("orders")
        .options(options);
    let (mut there, connection) = login.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..200 {
        if there.query("SELECT FROM reached", &[]).await.is_ok() {
            break;
        }
        pause().await;
    }
    let refused = fence(&mut there, &KEPT, Epoch(8), &canary()).await;
    assert_eq!(refused, Err(Why::ReadOnly));
    world.simulator.stop().await;
}

async fn pause() {
    #[expect(clippy::disallowed_methods, reason = "tests wait for processes")]
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}
