//! `pg_cron` in its default database: its jobs write, are stopped by the fence, and are given back.

use std::time::Duration;

use rds_sim::PG_CRON;
use serde_json::json;
use tokio_postgres::{Client, NoTls};

use super::{FAILBACK, losses, returned_and_fenced, start};
use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{
        act::again::writer_is,
        stage::{Acted, SOON, Stage},
    },
    timeline::Kind,
    world::Trouble,
};

/// Where `pg_cron` lives unless a parameter group says otherwise.
const ELSEWHERE: &str = "postgres";
/// How often the jobs are due.
const DUE: Duration = Duration::from_secs(1);
/// How long nothing may be written.
const QUIET: Duration = Duration::from_secs(5);
/// The switch that keeps the schedule from fencing again.
const SWITCH: &str = "/aurora-failover/maintenance/orders";

/// One job of the administrator's, one of an application's, and one that is not active.
const JOBS: &str = "INSERT INTO cron.job
    SELECT n, '1 second', format('INSERT INTO app.ticks (job) VALUES (%s)', n), 'orders', role, n < 3
    FROM unnest(ARRAY['orders_admin', 'app_jobs', 'orders_admin']) WITH ORDINALITY AS job(role, n)";

pub(in super::super) async fn elsewhere(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let home = stage.world.admin(HOME).await?;
    home.batch_execute(
        "CREATE TABLE app.ticks (job bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
         GRANT INSERT ON app.ticks TO app_jobs",
    )
    .await?;
    let cron = catalogue(stage, HOME).await?;
    cron.batch_execute(PG_CRON).await?;
    cron.batch_execute(JOBS).await?;
    tokio::select! {
        acted = played(stage) => acted,
        () = pg_cron(stage) => Err("pg_cron has ended".into()),
    }
}

async fn played(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    both_write(stage, HOME).await?;
    let mut acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    stage.writes_in(STANDBY).await;
    stage.world.return_region(HOME).await?;
    losses::returned(stage).await?;
    let still = both_write(stage, HOME).await?;
    acted.check(
        "when the Region is back, the deposed writer's jobs write",
        if still { "they do" } else { "they do not" },
        still,
    );
    stage.world.watch_now(HOME).await?;
    returned_and_fenced(stage, &mut acted).await?;
    quiet(stage, &mut acted, "after the fence").await?;
    let told = stage.told("was fenced").await.unwrap_or_default();
    acted.check(
        "people are told which job is disabled, and where",
        told.replace('\n', " "),
        told.contains("1 job(s)") && told.contains("1 in postgres"),
    );
    let on = both_write(stage, STANDBY).await?;
    acted.check(
        "the new writer's jobs go on",
        if on { "they do" } else { "they do not" },
        on,
    );
    unfenced(stage, &mut acted).await?;
    let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
    let ended = stage.end_of(&run, FAILBACK).await;
    stage.writes_in(HOME).await;
    let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
    acted.check("the failback succeeds", &*outcome, outcome == "succeeded");
    acted.checks.extend(writer_is(stage, HOME, 3).await);
    let again = both_write(stage, HOME).await?;
    let jobs = active(&catalogue(stage, HOME).await?).await?;
    acted.check(
        "after it the jobs write at home again, and the one that was not active is not",
        format!("both write: {again}; active: {jobs:?}"),
        again && jobs == [true, true, false],
    );
    Ok(acted)
}

/// By hand the logins and the jobs are given back; the switch is taken away, and the schedule fences again.
async fn unfenced(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    let ssm = aws_sdk_ssm::Client::new(&stage.world.emulator.sdk_config(HOME));
    ssm.put_parameter()
        .name(SWITCH)
        .value("somebody looks around")
        .r#type(aws_sdk_ssm::types::ParameterType::String)
        .send()
        .await?;
    let payload = json!({"operation": "unfence", "plan": PLAN, "force": format!("{PLAN}@2")});
    let said = stage.said(HOME, "fence-writer", &payload).await;
    let back = both_write(stage, HOME).await?;
    let jobs = active(&catalogue(stage, HOME).await?).await?;
    acted.check(
        "unfencing gives back what the fence disabled, and no more",
        format!("{said} Both write: {back}; active: {jobs:?}"),
        said.starts_with("unfence: ") && back && jobs == [true, true, false],
    );
    ssm.delete_parameter().name(SWITCH).send().await?;
    returned_and_fenced(stage, acted).await?;
    quiet(stage, acted, "after the second fence").await
}

/// No job writes on the deposed writer for a while, though one of them is an administrator's, who may log in.
async fn quiet(stage: &Stage<'_>, acted: &mut Acted, when: &str) -> Result<(), Trouble> {
    let home = stage.world.admin(HOME).await?;
    let before = ticks(&home).await?;
    tokio::time::sleep(QUIET).await;
    let after = ticks(&home).await?;
    let jobs = active(&catalogue(stage, HOME).await?).await?;
    acted.check(
        format!("{when} no job writes on the deposed writer"),
        format!("{before:?} rows, {after:?} after {QUIET:?}; active: {jobs:?}"),
        before == after && jobs.first() == Some(&false),
    );
    Ok(())
}

/// Waits until both active jobs have written on a Region's member since now.
async fn both_write(stage: &Stage<'_>, region: &str) -> Result<bool, Trouble> {
    let admin = stage.world.admin(region).await?;
    let [one, two] = ticks(&admin).await?;
    let more = async || {
        let now = ticks(&admin).await;
        now.is_ok_and(|now| now[0] > one && now[1] > two)
    };
    Ok(stage.until(SOON, "rows of both jobs", more).await)
}

/// How many rows each of the two jobs has written.
async fn ticks(admin: &Client) -> Result<[i64; 2], Trouble> {
    let sql =
        "SELECT count(*) FILTER (WHERE job = 1), count(*) FILTER (WHERE job = 2) FROM app.ticks";
    let row = admin.query_one(sql, &[]).await?;
    Ok([row.get(0), row.get(1)])
}

/// Whether each job is active, in their order.
async fn active(cron: &Client) -> Result<Vec<bool>, Trouble> {
    let rows = cron.query("SELECT active FROM cron.job ORDER BY jobid", &[]);
    Ok(rows.await?.iter().map(|row| row.get(0)).collect())
}

/// The database that `pg_cron` lives in, as RDS's own user.
async fn catalogue(stage: &Stage<'_>, region: &str) -> Result<Client, Trouble> {
    let simulator = &stage.world.simulator;
    let cron = simulator.connect_as_rds(region, cluster(region), ELSEWHERE);
    Ok(cron.await?)
}

/// What `pg_cron` does on every member that takes writes: reads which jobs are active, and runs each as its user.
async fn pg_cron(stage: &Stage<'_>) {
    // Ends: the scenario drops it.
    loop {
        for region in [HOME, STANDBY] {
            // A member that is away runs no jobs.
            let _ = run_due(stage, region).await;
        }
        tokio::time::sleep(DUE).await;
    }
}

async fn run_due(stage: &Stage<'_>, region: &str) -> Result<(), Trouble> {
    let cron = catalogue(stage, region).await?;
    let sql = "SELECT command, database, username FROM cron.job WHERE active AND NOT pg_is_in_recovery() ORDER BY jobid";
    for job in cron.query(sql, &[]).await? {
        let (command, database, role): (String, String, String) =
            (job.get(0), job.get(1), job.get(2));
        let mut login = stage.world.login(region, &role)?;
        login.dbname(&database).application_name("pg_cron");
        match login.connect(NoTls).await {
            Ok((client, connection)) => {
                let connection = tokio::spawn(connection);
                let ran = client.execute(&command, &[]).await;
                connection.abort();
                ran?;
            }
            // A role without login keeps no other job from its turn.
            Err(why) => stage.world.timeline.say(
                Kind::Client,
                region,
                format!("pg_cron cannot run a job as {role}: {why}"),
            ),
        }
    }
    Ok(())
}
