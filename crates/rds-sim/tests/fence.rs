//! The fence's SQL on real PostgreSQL, as an administrator who is no superuser.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use failover::{
    domain::Epoch,
    ports::{Credentials, Doors},
};
use postgres::{
    Why,
    fence::{
        CANARY, count_jobs, doors, elsewhere, forget_dropped, is_refused, moves_break, rehearse,
        rehearse_there, reopen, reopen_there, shut, shut_there,
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

    let before = doors(&admin, &KEPT).await.unwrap();
    let apps = || vec!["App One".to_owned(), "app_two".to_owned()];
    let open = Doors {
        in_recovery: false,
        epoch: Some(Epoch(7)),
        roles: apps(),
        sessions: 1,
        jobs: 1,
        ..Doors::default()
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
    assert!(!doors(&admin, &KEPT).await.unwrap().is_open());

    // Again, as after a pass that was cut off.
    let again = shut(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    assert_eq!(again.unwrap().roles, Vec::<String>::new());
    assert_eq!(reopen(&mut admin).await.unwrap().roles, apps());
    log_in(&simulator, "App One", "one").await.unwrap();
    assert_eq!(doors(&admin, &KEPT).await.unwrap().jobs, 1);
    simulator.stop().await;
}

/// The active jobs in the database of a connection.
async fn jobs(there: &Client) -> u64 {
    let mut doors = Doors::default();
    count_jobs(&mut doors, there, "there").await.unwrap();
    assert_eq!(doors.unseen, Vec::<String>::new());
    doors.jobs
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
    let done = shut(&mut first, &KEPT, Epoch(8), &canary()).await.unwrap();
    assert_eq!(done.unwrap().roles, ["App One", "app_two"]);
    let renewed = Credentials {
        user: CANARY.into(),
        password: "another".into(),
    };
    let waits = shut(&mut second, &KEPT, Epoch(8), &renewed).await;
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
    let again = shut(&mut second, &KEPT, Epoch(8), &renewed).await.unwrap();
    assert_eq!(again.unwrap().roles, Vec::<String>::new());
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_session_whose_kind_cannot_be_seen_is_an_open_door() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    let root = superuser(&world).await;
    root.batch_execute(
        "REVOKE pg_monitor FROM postgres_admin; REVOKE pg_signal_backend FROM postgres_admin",
    )
    .await
    .unwrap();
    let app = log_in(&world.simulator, "App One", "one").await.unwrap();
    assert_eq!(doors(&admin, &KEPT).await.unwrap().sessions, 1);
    let refused = rehearse(&mut admin, &KEPT).await.unwrap().join("; ");
    for right in ["pg_read_all_stats", "pg_signal_backend"] {
        assert!(refused.contains(right), "{refused}");
    }
    let done = shut(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert!(done.refused.join("; ").contains("App One"), "{done:?}");
    assert!(
        doors(&admin, &KEPT).await.unwrap().is_open(),
        "it still writes"
    );
    app.query_one("SELECT 1", &[]).await.unwrap();
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
    let done = shut(&mut admin, &KEPT, Epoch(8), &canary())
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
    let open = doors(&admin, &KEPT).await.unwrap();
    assert_eq!(open.roles, ["alien", "almighty"]);
    world.simulator.stop().await;
}

/// Somebody reads changes by a new slot.
async fn receive(
    world: &OnPostgres,
    root: &Client,
    (user, password): (&str, &str),
) -> std::process::Child {
    let address = world.simulator.backend(WEST, "orders-west").unwrap();
    let slot = "SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')";
    root.execute(slot, &[]).await.unwrap();
    let receives = support::postgres_binaries().unwrap().join("pg_recvlogical");
    std::process::Command::new(receives)
        .args(["-h", "127.0.0.1", "-p", &address.port().to_string()])
        .args(["-U", user, "-d", "orders"])
        .args(["--slot=cdc", "--start", "-f", "/dev/null"])
        .args(["-o", "proto_version=1", "-o", "publication_names=all_of_it"])
        .arg("--no-loop")
        .env("PGPASSWORD", password)
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn what_is_replicated_in_or_out_is_a_door_and_a_replica_of_the_plans_own_is_left_alone() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    let root = superuser(&world).await;
    root.batch_execute(
        "CREATE ROLE reader LOGIN REPLICATION PASSWORD 'r'; CREATE PUBLICATION all_of_it",
    )
    .await
    .unwrap();
    admin
        .batch_execute(
            "CREATE SUBSCRIPTION fed CONNECTION 'host=127.0.0.1 port=1 dbname=x user=x password=x' PUBLICATION p
                WITH (connect = false, slot_name = 'fed');
             ALTER SUBSCRIPTION fed ENABLE",
        )
        .await
        .unwrap();
    let mut receiver = receive(&world, &root, ("reader", "r")).await;
    let senders = "SELECT count(*) FILTER (WHERE usename = 'reader'), count(*) FILTER (WHERE usename = 'rdsadmin')
        FROM pg_stat_replication";
    let count = async || {
        let row = root.query_one(senders, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    for _ in 0..200 {
        if count().await == (1, 1) {
            break;
        }
        pause().await;
    }
    assert_eq!(count().await, (1, 1));
    let kept = ["postgres_admin", "failover_probe", "reader"];
    let done = shut(&mut admin, &kept, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(done.refused, Vec::<String>::new());
    assert_eq!(done.subscriptions, ["orders.fed"]);
    assert_eq!(done.senders, ["reader by the slot cdc"]);
    let enabled = "SELECT subenabled FROM pg_subscription WHERE subname = 'fed'";
    let is_enabled = async || {
        root.query_one(enabled, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    };
    assert!(!is_enabled().await, "the upstream's slot is not eaten");
    receiver.wait().unwrap();
    assert_eq!(count().await, (0, 1), "the plan's own replica follows on");
    assert!(!doors(&admin, &kept).await.unwrap().is_open());
    reopen(&mut admin).await.unwrap();
    assert!(is_enabled().await, "it is given back");
    world.simulator.stop().await;
}

#[tokio::test]
async fn jobs_of_pg_cron_in_its_own_database_are_seen_disabled_and_given_back_there() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    let cron = world
        .simulator
        .connect_as_rds(WEST, "orders-west", "postgres");
    let cron = cron.await.unwrap();
    cron.batch_execute(PG_CRON).await.unwrap();
    cron.batch_execute(
        "INSERT INTO cron.job VALUES (1, '* * * * *', 'SELECT 1', 'orders', 'postgres_admin', true),
             (2, '* * * * *', 'SELECT 1', 'orders', 'postgres_admin', false),
             (3, '* * * * *', 'SELECT 1', 'orders', 'app_two', true)",
    )
    .await
    .unwrap();
    let active = async || {
        let sql = "SELECT active FROM cron.job ORDER BY jobid";
        let rows = cron.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<bool>>()
    };
    // A session that was open before does not have the setting.
    drop(admin);
    admin = connect(&world.simulator, WEST, "orders-west")
        .await
        .unwrap();
    assert_eq!(elsewhere(&admin).await.unwrap().databases, ["postgres"]);
    let there = log_in_to(&world.simulator, "postgres", "postgres_admin", ADMINS).await;
    let mut there = there.unwrap();
    assert_eq!(
        rehearse_there(&mut there).await.unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(jobs(&there).await, 1, "what may log in is another door");
    let mut done = shut(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(active().await, [true, false, true], "not in this database");
    shut_there(&admin, &there, "postgres", &mut done)
        .await
        .unwrap();
    assert_eq!(
        (done.jobs, done.refused),
        (vec!["1 in postgres".to_owned()], Vec::new())
    );
    assert_eq!(active().await, [false, false, true]);
    assert_eq!(jobs(&there).await, 0);
    assert!(
        log_in(&world.simulator, "app_two", "two").await.is_err(),
        "a job of a role that may not log in does not run"
    );
    let mut given = reopen(&mut admin).await.unwrap();
    reopen_there(&admin, &there, "postgres", &mut given)
        .await
        .unwrap();
    assert_eq!(given.others, ["job 1"]);
    assert_eq!(active().await, [true, false, true]);
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_prepared_transaction_is_a_door_that_is_named() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    let app = log_in(&world.simulator, "App One", "one").await.unwrap();
    app.batch_execute("BEGIN; CREATE TEMP TABLE none (id int); ROLLBACK; BEGIN; SELECT pg_advisory_xact_lock_shared(1); PREPARE TRANSACTION 'half done'")
        .await
        .unwrap();
    let done = shut(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert!(done.refused.join("; ").contains("half done"), "{done:?}");
    assert!(doors(&admin, &KEPT).await.unwrap().is_open());
    superuser(&world)
        .await
        .batch_execute("ROLLBACK PREPARED 'half done'")
        .await
        .unwrap();
    assert!(!doors(&admin, &KEPT).await.unwrap().is_open());
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_role_or_job_that_was_dropped_meanwhile_keeps_nobody_else_out() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    admin.batch_execute(CRON).await.unwrap();
    shut(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    admin
        .batch_execute(
            "DROP ROLE \"App One\"; DELETE FROM cron.job WHERE jobid = 1;
             CREATE OR REPLACE FUNCTION cron.alter_job(job_id bigint, active boolean) RETURNS void LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'Job % does not exist', job_id; END $$",
        )
        .await
        .unwrap();
    let given = reopen(&mut admin).await.unwrap();
    log_in(&world.simulator, "app_two", "two").await.unwrap();
    let given = format!("{given:?}");
    assert!(
        given.contains("App One") && given.contains("job 1"),
        "{given}"
    );
    world.simulator.stop().await;
}

#[tokio::test]
async fn what_was_dropped_with_the_database_it_lived_in_is_named_and_forgotten() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    let root = superuser(&world).await;
    root.batch_execute("CREATE DATABASE scheduler OWNER postgres_admin")
        .await
        .unwrap();
    root.batch_execute("ALTER DATABASE orders SET cron.database_name = 'scheduler'")
        .await
        .unwrap();
    admin.batch_execute(CRON).await.unwrap();
    shut(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    admin
        .batch_execute(
            "DROP SCHEMA cron CASCADE;
             INSERT INTO aurora_failover.fenced VALUES ('subscription', 'gone.fed'), ('subscription', 'orders.gone')",
        )
        .await
        .unwrap();
    let left = async |admin: &Client| {
        let sql = "SELECT kind || ' ' || name FROM aurora_failover.fenced ORDER BY 1";
        let rows = admin.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
    };
    // As it was before the setting: nothing tells where pg_cron is, so that its job stays on record and is named.
    let mut given = reopen(&mut admin).await.unwrap();
    forget_dropped(&admin, &[], &mut given).await.unwrap();
    assert!(
        given.refused[0].starts_with("job 1: pg_cron is not loaded"),
        "{given:?}"
    );
    assert!(
        given.missing.contains(&"subscription gone.fed".into()),
        "{given:?}"
    );
    assert_eq!(left(&admin).await, ["job 1"]);
    drop(admin);
    let mut admin = log_in_to(
        &world.simulator,
        "orders",
        "postgres_admin",
        "it's not a secret",
    )
    .await
    .unwrap();
    // Its database was not looked into, and then it was.
    for (entered, stays) in [(&[][..], 1), (&["scheduler".to_owned()][..], 0)] {
        let mut given = reopen(&mut admin).await.unwrap();
        forget_dropped(&admin, entered, &mut given).await.unwrap();
        assert_eq!(
            (given.refused.len(), given.missing.len()),
            (stays, 1 - stays),
            "{given:?}"
        );
        assert_eq!(left(&admin).await.len(), stays);
    }
    world.simulator.stop().await;
}

#[tokio::test]
async fn jobs_in_another_database_that_pg_cron_is_set_to_are_disabled_there_and_given_back() {
    let Some((world, admin)) = deposed().await else {
        return;
    };
    let root = superuser(&world).await;
    for statement in [
        "CREATE DATABASE scheduler OWNER postgres_admin",
        "CREATE DATABASE other OWNER postgres_admin",
        "ALTER DATABASE orders SET cron.database_name = 'scheduler'",
    ] {
        root.batch_execute(statement).await.unwrap();
    }
    drop(admin);
    let log_in_to = async |database| {
        let login = ("postgres_admin", "it's not a secret");
        log_in_to(&world.simulator, database, login.0, login.1)
            .await
            .unwrap()
    };
    let (mut admin, mut there, other) = (
        log_in_to("orders").await,
        log_in_to("scheduler").await,
        log_in_to("other").await,
    );
    for database in [&there, &other] {
        database.batch_execute(CRON).await.unwrap();
    }
    // Nothing is found in the plan's own database, and only that of pg_cron is named besides.
    assert_eq!(doors(&admin, &KEPT).await.unwrap().jobs, 0);
    assert_eq!(elsewhere(&admin).await.unwrap().databases, ["scheduler"]);
    assert_eq!(jobs(&there).await, 1);
    assert_eq!(
        rehearse_there(&mut there).await.unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(jobs(&there).await, 1, "trying changes nothing");

    let mut done = shut(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(done.jobs, Vec::<String>::new());
    shut_there(&admin, &there, "scheduler", &mut done)
        .await
        .unwrap();
    assert_eq!((done.jobs.len(), done.refused), (1, Vec::new()));
    assert_eq!((jobs(&there).await, jobs(&other).await), (0, 1));

    let mut given = reopen(&mut admin).await.unwrap();
    reopen_there(&admin, &there, "scheduler", &mut given)
        .await
        .unwrap();
    assert_eq!(
        given.others.len(),
        1,
        "the job that was inactive before stays so: {given:?}"
    );
    assert_eq!(jobs(&there).await, 1);
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
    let before = doors(&admin, &KEPT).await.unwrap();
    assert!(before.unseen.join("; ").contains(schema), "{before:?}");
    let refused = rehearse(&mut admin, &KEPT).await.unwrap().join("; ");
    assert!(refused.contains(schema), "{refused}");

    let done = shut(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(done.roles, ["App One", "app_two"]);
    assert!(done.refused.join("; ").contains(schema), "{done:?}");
    assert_eq!(done.sessions, 1, "sessions are ended all the same");
    assert!(app.query_one("SELECT 1", &[]).await.is_err());
    let after = doors(&admin, &KEPT).await.unwrap();
    assert!(after.is_open(), "what cannot be seen is not shut");
    assert_eq!(reopen(&mut admin).await.unwrap().roles.len(), 2);
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_session_of_a_dropped_role_or_of_the_probes_login_is_a_door_and_a_reader_of_the_record_keeps_none_open()
 {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    let root = superuser(&world).await;
    root.batch_execute("CREATE ROLE leased LOGIN PASSWORD 'leased'")
        .await
        .unwrap();
    let leased = log_in(&world.simulator, "leased", "leased").await.unwrap();
    root.batch_execute("DROP ROLE leased").await.unwrap();
    let stranger = log_in(&world.simulator, "failover_probe", "probe").await;
    let stranger = stranger.unwrap();
    let other = "SET application_name = 'api'";
    stranger.batch_execute(other).await.unwrap();
    let open = doors(&admin, &KEPT).await.unwrap();
    assert_eq!(open.sessions, 1, "the dropped role's");
    assert_eq!(
        open.as_administrator,
        ["failover_probe from 127.0.0.1 (api)"]
    );

    let first = shut(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    assert_eq!(first.unwrap().sessions, 2);
    assert!(leased.execute("SELECT 1", &[]).await.is_err());
    assert!(stranger.execute("SELECT 1", &[]).await.is_err());
    // Somebody saves the fence's record meanwhile.
    let dump = "BEGIN; LOCK TABLE aurora_failover.fenced IN ACCESS SHARE MODE";
    root.batch_execute(dump).await.unwrap();
    admin
        .batch_execute("SET lock_timeout = '500ms'")
        .await
        .unwrap();
    let again = shut(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    assert_eq!(again.unwrap().refused, Vec::<String>::new());
    drop((admin, root));
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
    let done = shut(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    let done = done.unwrap();
    assert_eq!(done.roles, ["App One", "app_two"]);
    assert_eq!((done.jobs.len(), done.refused), (1, Vec::new()));
    assert!(app.query_one("SELECT 1", &[]).await.is_err());
    assert!(!doors(&admin, &KEPT).await.unwrap().is_open());
    assert_eq!(reopen(&mut admin).await.unwrap().roles.len(), 2);
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

    let done = shut(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    let done = done.unwrap();
    assert_eq!(done.roles, ["App One", "app_two"]);
    assert!(done.is_untried);
    assert_eq!(done.refused.len(), 1, "{done:?}");
    for part in [CANARY, "SQLSTATE 42501", "password"] {
        assert!(done.refused[0].contains(part), "{done:?}");
    }
    assert!(app.query_one("SELECT 1", &[]).await.is_err());
    assert!(log_in(&world.simulator, "app_two", "two").await.is_err());
    let given = reopen(&mut admin).await.unwrap();
    assert_eq!((given.roles.len(), given.refused.len()), (2, 1));
    world.simulator.stop().await;
}

/// Sessions as a server with pglogical shows them: as RDS's user, once with the worker's name as its kind, once without.
const PGLOGICAL: &str = r#"
    CREATE SCHEMA seen;
    CREATE VIEW seen.pg_stat_activity AS SELECT * FROM pg_catalog.pg_stat_activity UNION ALL
        SELECT works.* FROM (VALUES
            ('pglogical apply 16384:77', 'pglogical apply 16384:77'), ('', 'pglogical sync items 16384:77'),
            ('pglogical manager 16384', 'pglogical manager 16384'), ('walsender', 'pglogical apply 1:1')) AS named(kind, name),
        jsonb_populate_record(NULL::pg_catalog.pg_stat_activity, jsonb_build_object('pid', 1, 'usesysid', 10,
            'usename', 'rdsadmin', 'datname', 'orders', 'backend_type', kind, 'application_name', name)) AS works;
    GRANT USAGE ON SCHEMA seen TO PUBLIC;
    GRANT SELECT ON seen.pg_stat_activity TO PUBLIC;"#;

#[tokio::test]
async fn what_pglogical_applies_is_a_door_that_is_named_and_what_a_move_breaks() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    assert_eq!(moves_break(&admin).await.unwrap(), Vec::<String>::new());
    let root = superuser(&world).await;
    root.batch_execute(PGLOGICAL).await.unwrap();
    admin
        .batch_execute("SET search_path = seen, pg_catalog, public")
        .await
        .unwrap();
    let workers = ["pglogical apply 16384:77", "pglogical sync items 16384:77"];
    let broken = moves_break(&admin).await.unwrap();
    let done = shut(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    let done = done.unwrap();
    assert_eq!(done.roles, ["App One", "app_two"]);
    for said in [&broken, &done.refused] {
        assert_eq!(said.len(), 2, "{said:?}");
        for (said, worker) in said.iter().zip(workers) {
            assert!(said.contains(worker), "{said}");
            assert!(said.contains("orders"), "{said}");
            let mend = "pglogical.alter_subscription_disable";
            assert!(said.contains(mend), "{said}");
        }
    }
    let open = doors(&admin, &KEPT).await.unwrap();
    assert_eq!(
        open.subscriptions,
        workers.map(|of| format!("{of} in orders"))
    );
    assert_eq!((open.sessions, open.is_open()), (0, true));
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
    let shut = shut(&mut there, &KEPT, Epoch(8), &canary()).await;
    assert_eq!(shut, Err(Why::ReadOnly));
    world.simulator.stop().await;
}

#[tokio::test]
async fn who_logs_in_as_the_administrator_is_a_door_that_is_ended_and_named() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    let root = superuser(&world).await;
    root.batch_execute("ALTER ROLE postgres_admin REPLICATION; CREATE PUBLICATION all_of_it")
        .await
        .unwrap();
    let as_admin = async |name: &str| {
        let session = log_in(&world.simulator, "postgres_admin", ADMINS).await;
        let session = session.unwrap();
        let names = format!("SET application_name = '{name}'");
        session.batch_execute(&names).await.unwrap();
        session
    };
    let (report, job) = (as_admin("report").await, as_admin("pg_cron").await);
    let ours = as_admin("aurora-failover").await;
    let mut receiver = receive(&world, &root, ("postgres_admin", ADMINS)).await;
    for _ in 0..200 {
        if doors(&admin, &KEPT).await.unwrap().senders == 1 {
            break;
        }
        pause().await;
    }
    let named = [
        "postgres_admin by the slot cdc",
        "postgres_admin from 127.0.0.1 (report)",
    ];
    let open = doors(&admin, &KEPT).await.unwrap();
    assert_eq!(open.as_administrator, named);
    assert_eq!((open.sessions, open.senders), (1, 1), "a job is a session");
    let refused = rehearse(&mut admin, &KEPT).await.unwrap();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[1].contains(named[1]) && refused[1].contains("a role of its own"));

    let done = shut(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    let mut ended = done.as_administrator.clone();
    ended.sort();
    assert_eq!(
        (ended.as_slice(), done.sessions),
        (&named.map(String::from)[..], 3)
    );
    assert_eq!(done.refused, Vec::<String>::new());
    for session in [&report, &job] {
        assert!(session.query_one("SELECT 1", &[]).await.is_err());
    }
    ours.query_one("SELECT 1", &[]).await.unwrap();
    receiver.wait().unwrap();
    assert!(!doors(&admin, &KEPT).await.unwrap().is_open());
    // It may come back any time, and is a door again.
    let _back = as_admin("report").await;
    assert!(doors(&admin, &KEPT).await.unwrap().is_open());
    world.simulator.stop().await;
}

async fn pause() {
    #[expect(clippy::disallowed_methods, reason = "tests wait for processes")]
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}
