//! The probe's SQL on real PostgreSQL, through its own connections: TLS at the road's end, names from the drill's DNS.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests wait for processes and read their environment"
)]

mod probe_sql_world;

use std::time::{Duration, Instant};

use failover::{
    beat::{Beat, Write},
    domain::{Epoch, Region},
};
use postgres::{Why, setup};
use tokio_postgres::Client;

use probe_sql_world::{LIMIT, PASSWORD, World, plan};

fn home() -> Region {
    "us-west-2".into()
}

fn standby() -> Region {
    "us-east-1".into()
}

fn committed(write: Write) -> Beat {
    let Write::Committed { beat } = write else {
        panic!("{write:?}")
    };
    beat
}

fn misconfigured(write: &Write, saying: &str) {
    assert!(
        matches!(write, Write::Misconfigured { why } if why.contains(saying)),
        "{write:?} does not say {saying:?}"
    );
}

/// One world for all of it: PostgreSQL takes seconds to start.
#[tokio::test]
async fn the_probes_sql_on_real_postgresql() {
    let Some(world) = World::build().await else {
        return;
    };
    let (admin, superuser) = (world.admin().await, world.superuser().await);
    without_setup_the_probe_says_what_is_missing(&world, &admin).await;
    setup_may_be_repeated(&world, &admin, &superuser).await;
    the_beats_own_table_is_never_analysed_and_hardly_vacuumed(&admin).await;
    no_log_holds_the_password(&world, &superuser).await;
    the_probe_may_touch_its_two_tables_only(&world, &admin).await;
    beats_count_up_and_another_epoch_is_told_apart(&world).await;
    a_writer_that_is_stopped_says_so_and_counts_no_beat(&world, &admin).await;
    an_epoch_is_opened_once_and_never_goes_back(&world, &admin).await;
    what_is_wrong_with_the_login_or_schema_is_no_failure(&world, &admin).await;
    the_standby_is_read_only_and_shows_progress(&world).await;
    a_cut_road_is_given_up_within_the_limit(&world).await;
    world.end().await;
}

async fn without_setup_the_probe_says_what_is_missing(world: &World, admin: &Client) {
    let unknown = world.login().await.err().unwrap();
    assert!(matches!(unknown, Why::Misconfigured(_)), "{unknown:?}");
    let create = "CREATE ROLE failover_probe LOGIN PASSWORD";
    let create = format!("{create} '{}'", PASSWORD.replace('\'', "''"));
    admin.batch_execute(&create).await.unwrap();
    let write = world.session().await.beat(&home(), Epoch(7)).await;
    misconfigured(&write, "42P01");
    admin
        .batch_execute("DROP ROLE failover_probe")
        .await
        .unwrap();
}

/// A database that an earlier version set up is brought to it by the next `setup`.
async fn the_beats_own_table_is_never_analysed_and_hardly_vacuumed(admin: &Client) {
    let reset = "ALTER TABLE aurora_failover.beat RESET (autovacuum_analyze_threshold, autovacuum_vacuum_threshold,
        autovacuum_vacuum_scale_factor)";
    admin.batch_execute(reset).await.unwrap();
    setup(admin, &plan(), Epoch(7), None).await.unwrap();
    let options = "SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE oid = 'aurora_failover.beat'::regclass";
    let options: String = admin.query_one(options, &[]).await.unwrap().get(0);
    for option in [
        "autovacuum_analyze_threshold=2147483647",
        "autovacuum_vacuum_threshold=10000",
        "autovacuum_vacuum_scale_factor=0",
    ] {
        assert!(options.contains(option), "{options}");
    }
}

async fn verifier(superuser: &Client) -> String {
    let query = "SELECT rolpassword FROM pg_authid WHERE rolname = 'failover_probe'";
    superuser.query_one(query, &[]).await.unwrap().get(0)
}

async fn setup_may_be_repeated(world: &World, admin: &Client, superuser: &Client) {
    setup(admin, &plan(), Epoch(7), Some(PASSWORD))
        .await
        .unwrap();
    let first = verifier(superuser).await;
    assert!(first.starts_with("SCRAM-SHA-256$"), "{first}");
    committed(world.session().await.beat(&home(), Epoch(7)).await);
    let held = setup(admin, &plan(), Epoch(6), None).await.unwrap();
    assert_eq!(held, Epoch(7), "a later one is left and answered");
    assert_eq!(
        verifier(superuser).await,
        first,
        "without a password it stays"
    );
    let beat = committed(world.session().await.beat(&home(), Epoch(7)).await);
    assert_eq!(beat.seq, 2, "neither the epoch nor the beats were reset");
    setup(admin, &plan(), Epoch(7), Some("it's new"))
        .await
        .unwrap();
    let why = world.login().await.err().unwrap();
    assert!(
        matches!(&why, Why::Misconfigured(said) if said.contains("28P01")),
        "{why:?}"
    );
    setup(admin, &plan(), Epoch(7), Some(PASSWORD))
        .await
        .unwrap();
    world.session().await;
}

/// The server is told to log every statement and parameter: what it was sent must not hold the password.
async fn no_log_holds_the_password(world: &World, superuser: &Client) {
    superuser
        .batch_execute("ALTER ROLE orders_admin SET log_statement = 'all'")
        .await
        .unwrap();
    let admin = world.admin().await;
    setup(&admin, &plan(), Epoch(7), Some(PASSWORD))
        .await
        .unwrap();
    let log = world.server_log();
    assert!(
        log.contains("ALTER ROLE failover_probe LOGIN"),
        "nothing was logged"
    );
    // Statements double quotes and backslashes; this part of it stays as it is.
    assert!(!log.contains("the probe"), "a log holds the password");
}

async fn the_probe_may_touch_its_two_tables_only(world: &World, admin: &Client) {
    admin
        .batch_execute(
            "CREATE TABLE public.orders (number int); INSERT INTO public.orders VALUES (1)",
        )
        .await
        .unwrap();
    let probe = world.login().await.unwrap();
    for statement in [
        "SELECT * FROM public.orders",
        "INSERT INTO public.orders VALUES (2)",
        "CREATE TABLE public.mine (number int)",
        "CREATE TABLE aurora_failover.mine (number int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE other",
        "INSERT INTO aurora_failover.beat (vantage, seq, epoch) VALUES ('x', 0, 0)",
        "DELETE FROM aurora_failover.beat",
        "TRUNCATE aurora_failover.epoch",
        "SELECT * FROM pg_authid",
    ] {
        let refused = probe.batch_execute(statement).await.unwrap_err();
        assert_eq!(
            refused.code().map(|code| code.code()),
            Some("42501"),
            "{statement}"
        );
    }
    let attributes =
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
        FROM pg_roles WHERE rolname = current_user";
    let privileged: bool = probe.query_one(attributes, &[]).await.unwrap().get(0);
    assert!(!privileged);
}

async fn beats_count_up_and_another_epoch_is_told_apart(world: &World) {
    let session = world.session().await;
    let first = committed(session.beat(&home(), Epoch(7)).await);
    let second = committed(session.beat(&home(), Epoch(7)).await);
    assert_eq!((second.seq, second.epoch), (first.seq + 1, Epoch(7)));
    assert!(second.at > first.at);
    assert_eq!(
        committed(session.beat(&standby(), Epoch(7)).await).seq,
        1,
        "each vantage counts"
    );
    for other in [6, 8] {
        let write = session.beat(&home(), Epoch(other)).await;
        assert_eq!(write, Write::OtherEpoch { epoch: Epoch(7) });
    }
    let third = committed(session.beat(&home(), Epoch(7)).await);
    assert_eq!(third.seq, second.seq + 1, "a refused beat does not count");
    misconfigured(
        &session.beat(&"eu-west-1".into(), Epoch(7)).await,
        "no row for eu-west-1",
    );
}

/// And one that an earlier version set up, which bears no mark, commits beats before `setup` is run again.
async fn a_writer_that_is_stopped_says_so_and_counts_no_beat(world: &World, admin: &Client) {
    let session = world.session().await;
    let before = committed(session.beat(&home(), Epoch(7)).await);
    let mark = "UPDATE aurora_failover.epoch SET stop_token = 'orders-7', stopped_at = now()";
    admin.batch_execute(mark).await.unwrap();
    let token = "orders-7".into();
    assert_eq!(
        session.beat(&home(), Epoch(7)).await,
        Write::Stopped { token }
    );
    let other = session.beat(&home(), Epoch(8)).await;
    assert_eq!(other, Write::OtherEpoch { epoch: Epoch(7) });
    let unmark = "ALTER TABLE aurora_failover.epoch DROP COLUMN stop_token, DROP COLUMN stopped_at";
    admin.batch_execute(unmark).await.unwrap();
    let after = committed(session.beat(&home(), Epoch(7)).await);
    assert_eq!(after.seq, before.seq + 1);
    setup(admin, &plan(), Epoch(7), None).await.unwrap();
    let next = committed(session.beat(&home(), Epoch(7)).await);
    assert_eq!(next.seq, after.seq + 1);
}

async fn epoch_and_run(admin: &Client) -> (i64, String) {
    let row = admin
        .query_one("SELECT epoch, run_id FROM aurora_failover.epoch", &[])
        .await
        .unwrap();
    (row.get(0), row.get(1))
}

async fn an_epoch_is_opened_once_and_never_goes_back(world: &World, admin: &Client) {
    let session = world.session().await;
    let run = "run-a".into();
    let unknown = session.prove(&"eu-west-1".into(), Epoch(8), &run).await;
    misconfigured(&unknown, "no row for eu-west-1");
    assert_eq!(epoch_and_run(admin).await.0, 7, "no epoch without its beat");

    let before = committed(session.beat(&standby(), Epoch(7)).await);
    let first = committed(session.prove(&standby(), Epoch(8), &run).await);
    assert_eq!((first.seq, first.epoch), (before.seq + 1, Epoch(8)));
    assert_eq!(epoch_and_run(admin).await, (8, "run-a".into()));
    let stale = session.beat(&standby(), Epoch(7)).await;
    assert_eq!(stale, Write::OtherEpoch { epoch: Epoch(8) });
    let again = committed(session.prove(&standby(), Epoch(8), &run).await);
    assert_eq!(
        (again.seq, again.epoch),
        (first.seq + 1, Epoch(8)),
        "a repeated pass proves again"
    );
    let late = session
        .prove(&standby(), Epoch(7), &"run-late".into())
        .await;
    assert_eq!(late, Write::OtherEpoch { epoch: Epoch(8) });
    assert_eq!(epoch_and_run(admin).await, (8, "run-a".into()));
    committed(session.beat(&standby(), Epoch(8)).await);
}

async fn what_is_wrong_with_the_login_or_schema_is_no_failure(world: &World, admin: &Client) {
    let mut wrong = world.place();
    wrong.database = "payments".into();
    let (place, login) = (world.place(), world.probe());
    let mut stranger = login.clone();
    stranger.password = "wrong".into();
    let mut elsewhere = world.place();
    elsewhere.host = world.other_name();
    for (what, connector, place, login, said) in [
        ("database", world.connector(), &wrong, &login, "3D000"),
        ("password", world.connector(), &place, &stranger, "28P01"),
        (
            "authority",
            world.distrusting(),
            &place,
            &login,
            "certificate is refused",
        ),
        (
            "name",
            world.connector(),
            &elsewhere,
            &login,
            "not valid for name",
        ),
    ] {
        let why = connector.connect(place, login, LIMIT).await.err().unwrap();
        assert!(
            matches!(&why, Why::Misconfigured(text) if text.contains(said)),
            "{what}: {why:?}"
        );
    }
    let session = world.session().await;
    let revoke = "REVOKE UPDATE ON aurora_failover.beat FROM failover_probe";
    admin.batch_execute(revoke).await.unwrap();
    misconfigured(&session.beat(&home(), Epoch(8)).await, "42501");
    admin
        .batch_execute("DELETE FROM aurora_failover.epoch")
        .await
        .unwrap();
    setup(admin, &plan(), Epoch(8), None).await.unwrap();
    committed(session.beat(&home(), Epoch(8)).await);
    admin
        .batch_execute("ALTER TABLE aurora_failover.epoch RENAME TO gone")
        .await
        .unwrap();
    misconfigured(&session.beat(&home(), Epoch(8)).await, "42P01");
    admin
        .batch_execute(
            "ALTER TABLE aurora_failover.gone RENAME TO epoch; DELETE FROM aurora_failover.epoch",
        )
        .await
        .unwrap();
    misconfigured(
        &session.beat(&home(), Epoch(8)).await,
        "run health-probe setup",
    );
    setup(admin, &plan(), Epoch(8), None).await.unwrap();
    committed(session.beat(&home(), Epoch(8)).await);
}

async fn the_standby_is_read_only_and_shows_progress(world: &World) {
    let (writer, reader) = (world.session().await, world.reader().await);
    let beat = committed(writer.beat(&home(), Epoch(8)).await);
    world.arrived(&reader, &home(), beat).await;
    assert_eq!(reader.beat(&home(), Epoch(8)).await, Write::ReadOnly);
    assert_eq!(
        reader.prove(&standby(), Epoch(9), &"a".into()).await,
        Write::ReadOnly
    );

    let before = reader.read(&standby()).await.unwrap();
    assert_eq!(before.beats[&home()], beat);
    assert!(before.position.is_some(), "the engine tells its position");
    let next = committed(writer.beat(&home(), Epoch(8)).await);
    world.arrived(&reader, &home(), next).await;
    let after = reader.read(&standby()).await.unwrap();
    assert!(after.moved_since(&before) && after.position > before.position);
    assert_eq!(after.beats[&standby()], before.beats[&standby()]);
}

async fn a_cut_road_is_given_up_within_the_limit(world: &World) {
    let session = world.session().await;
    world.cut();
    let slack = Duration::from_millis(500);
    let began = Instant::now();
    let write = session.beat(&home(), Epoch(8)).await;
    assert!(matches!(&write, Write::Failed { .. }), "{write:?}");
    assert!(began.elapsed() < LIMIT + slack, "{:?}", began.elapsed());
    let began = Instant::now();
    let why = world.login().await.err().unwrap();
    assert!(matches!(&why, Why::Failed(_)), "{why:?}");
    assert!(began.elapsed() < LIMIT + slack, "{:?}", began.elapsed());
    world.mend();
    world.refuse();
    let refused = world.login().await.err().unwrap();
    assert!(matches!(&refused, Why::Failed(_)), "{refused:?}");
    world.mend();
}
