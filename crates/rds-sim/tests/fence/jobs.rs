//! Jobs, and what was dropped since the fence was shut.

use super::*;

/// The active jobs in the database of a connection.
async fn jobs(there: &Client) -> u64 {
    let mut access = Access::default();
    count_jobs(&mut access, there, "there").await.unwrap();
    assert_eq!(access.unseen, Vec::<String>::new());
    access.jobs
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
    let mut done = fence(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(active().await, [true, false, true], "not in this database");
    fence_there(&admin, &there, "postgres", &mut done)
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
    let mut given = unfence(&mut admin).await.unwrap();
    unfence_there(&admin, &there, "postgres", &mut given)
        .await
        .unwrap();
    assert_eq!(given.others, ["job 1"]);
    assert_eq!(active().await, [true, false, true]);
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_role_or_job_that_was_dropped_meanwhile_keeps_nobody_else_out() {
    let Some((world, mut admin)) = deposed().await else {
        return;
    };
    admin.batch_execute(CRON).await.unwrap();
    fence(&mut admin, &KEPT, Epoch(8), &canary())
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
    let given = unfence(&mut admin).await.unwrap();
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
    fence(&mut admin, &KEPT, Epoch(8), &canary())
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
    let mut given = unfence(&mut admin).await.unwrap();
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
        let mut given = unfence(&mut admin).await.unwrap();
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
    assert_eq!(access(&admin, &KEPT).await.unwrap().jobs, 0);
    assert_eq!(elsewhere(&admin).await.unwrap().databases, ["scheduler"]);
    assert_eq!(jobs(&there).await, 1);
    assert_eq!(
        rehearse_there(&mut there).await.unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(jobs(&there).await, 1, "trying changes nothing");

    let mut done = fence(&mut admin, &KEPT, Epoch(8), &canary())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(done.jobs, Vec::<String>::new());
    fence_there(&admin, &there, "scheduler", &mut done)
        .await
        .unwrap();
    assert_eq!((done.jobs.len(), done.refused), (1, Vec::new()));
    assert_eq!((jobs(&there).await, jobs(&other).await), (0, 1));

    let mut given = unfence(&mut admin).await.unwrap();
    unfence_there(&admin, &there, "scheduler", &mut given)
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
