//! What gives access to a member, and who is told of it.

use super::*;

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
    assert_eq!(access(&admin, &KEPT).await.unwrap().sessions, 1);
    let refused = rehearse(&mut admin, &KEPT).await.unwrap().join("; ");
    for right in ["pg_read_all_stats", "pg_signal_backend"] {
        assert!(refused.contains(right), "{refused}");
    }
    let done = fence(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert!(done.refused.join("; ").contains("App One"), "{done:?}");
    assert!(
        access(&admin, &KEPT).await.unwrap().is_open(),
        "it still writes"
    );
    app.query_one("SELECT 1", &[]).await.unwrap();
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
    let done = fence(&mut admin, &kept, Epoch(8), &canary())
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
    assert!(!access(&admin, &kept).await.unwrap().is_open());
    unfence(&mut admin).await.unwrap();
    assert!(is_enabled().await, "it is given back");
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
    let done = fence(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert!(done.refused.join("; ").contains("half done"), "{done:?}");
    assert!(access(&admin, &KEPT).await.unwrap().is_open());
    superuser(&world)
        .await
        .batch_execute("ROLLBACK PREPARED 'half done'")
        .await
        .unwrap();
    assert!(!access(&admin, &KEPT).await.unwrap().is_open());
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
    let open = access(&admin, &KEPT).await.unwrap();
    assert_eq!(open.sessions, 1, "the dropped role's");
    assert_eq!(
        open.as_administrator,
        ["failover_probe from 127.0.0.1 (api)"]
    );

    let first = fence(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
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
    let again = fence(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    assert_eq!(again.unwrap().refused, Vec::<String>::new());
    drop((admin, root));
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
    let done = fence(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
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
    let open = access(&admin, &KEPT).await.unwrap();
    assert_eq!(
        open.subscriptions,
        workers.map(|of| format!("{of} in orders"))
    );
    assert_eq!((open.sessions, open.is_open()), (0, true));
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
    let named = [
        "postgres_admin by the slot cdc",
        "postgres_admin from 127.0.0.1 (report)",
    ];
    // The sender is there before its slot says whose it is.
    for _ in 0..200 {
        if access(&admin, &KEPT).await.unwrap().as_administrator == named {
            break;
        }
        pause().await;
    }
    let open = access(&admin, &KEPT).await.unwrap();
    assert_eq!(open.as_administrator, named);
    assert_eq!((open.sessions, open.senders), (1, 1), "a job is a session");
    let refused = rehearse(&mut admin, &KEPT).await.unwrap();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[1].contains(named[1]) && refused[1].contains("a role of its own"));

    let done = fence(&mut admin, &KEPT, Epoch(8), &canary())
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
    assert!(!access(&admin, &KEPT).await.unwrap().is_open());
    // It may come back any time, and is a door again.
    let _back = as_admin("report").await;
    assert!(access(&admin, &KEPT).await.unwrap().is_open());
    world.simulator.stop().await;
}

/// What somebody may make in a database in which an application may create: its types fit better than those of PostgreSQL's own.
const TRAP: &str = "
    CREATE TABLE public.ran (who text);
    GRANT INSERT ON public.ran TO PUBLIC;
    CREATE FUNCTION public.format(text, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.ran VALUES (current_user);
        RETURN pg_catalog.format($1, $2, $3);
    END $$;
    ALTER DATABASE orders SET search_path = public, pg_catalog;";

#[tokio::test]
async fn no_function_of_an_application_runs_with_the_administrators_rights() {
    let Some((world, admin)) = deposed().await else {
        return;
    };
    drop(admin);
    let root = superuser(&world).await;
    root.batch_execute(TRAP).await.unwrap();
    let ran = async || {
        let rows = root.query("SELECT who FROM public.ran", &[]).await.unwrap();
        rows.len()
    };
    let as_administrator = async |options: &str| {
        let login = ("postgres_admin", ADMINS);
        let admin = log_in_with(&world.simulator, "orders", login, options).await;
        let mut admin = admin.unwrap();
        let done = fence(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
        unfence(&mut admin).await.unwrap();
        done.unwrap().roles
    };
    // A session that nobody set a path for falls into it, so that this test can fail.
    as_administrator("").await;
    assert_ne!(ran().await, 0);
    root.batch_execute("TRUNCATE public.ran").await.unwrap();
    let roles = as_administrator(&to_write(std::time::Duration::from_secs(10))).await;
    assert_eq!(roles, ["App One", "app_two"]);
    assert_eq!(ran().await, 0);
    world.simulator.stop().await;
}
