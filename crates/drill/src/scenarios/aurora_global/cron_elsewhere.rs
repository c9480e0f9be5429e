//! `pg_cron` in its default database: its jobs write, are stopped by the fence, and are given back.

use std::time::Duration;

use failover::switches::maintenance;
use rds_sim::PG_CRON;
use serde_json::json;
use tokio_postgres::{Client, NoTls};

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{Drill, Ends, FENCED, Played, SOON, Scenario, Told},
    scenarios::{
        actions::failback::{deposed_writer, returned_and_fenced, start},
        checks::{ledgers::writer_is, planned::succeeds},
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "cron-elsewhere",
    summary: "pg_cron lives in its default database, beside the plan's. The lost Region comes back: after the fence its jobs write no more, and after the failback they do.",
    comes_out: "no job writes there after the fence, unfencing and the failback give the jobs back",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "the member in us-west-2 was unfenced by hand",
        "us-west-2 took over from us-east-1",
    ]),
    by_name_only: true,
    ..Scenario::USUAL
};

/// Where `pg_cron` lives unless a parameter group says otherwise.
const ELSEWHERE: &str = "postgres";
/// How often the jobs are due.
const DUE: Duration = Duration::from_secs(1);
/// How long nothing may be written.
const QUIET: Duration = Duration::from_secs(5);
/// One job of the administrator's, one of an application's, and one that is not active.
const JOBS: &str = "INSERT INTO cron.job
    SELECT n, '1 second', format('INSERT INTO app.ticks (job) VALUES (%s)', n), 'orders', role, n < 3
    FROM unnest(ARRAY['orders_admin', 'app_jobs', 'orders_admin']) WITH ORDINALITY AS job(role, n)";

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let home = drill.world.admin(HOME).await?;
    home.batch_execute(
        "CREATE TABLE app.ticks (job bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
         GRANT INSERT ON app.ticks TO app_jobs",
    )
    .await?;
    let cron = catalogue(drill, HOME).await?;
    cron.batch_execute(PG_CRON).await?;
    cron.batch_execute(JOBS).await?;
    tokio::select! {
        played = lost_and_back(drill) => played,
        () = pg_cron(drill) => Err("pg_cron has ended".into()),
    }
}

async fn lost_and_back(drill: &Drill<'_>) -> Result<Played, Trouble> {
    both_write(drill, HOME).await?;
    let mut played = drill.lose(HOME).await?;
    drill.ended(1).await;
    drill.writes_in(STANDBY).await;
    drill.world.return_region(HOME).await?;
    deposed_writer(drill).await?;
    let still = both_write(drill, HOME).await?;
    played.check(
        "when the Region is back, the deposed writer's jobs write",
        if still { "they do" } else { "they do not" },
        still,
    );
    drill.world.watch_now(HOME).await?;
    returned_and_fenced(drill, &mut played).await?;
    quiet(drill, &mut played, "after the fence").await?;
    let told = drill.told(FENCED).await.unwrap_or_default();
    played.check(
        "people are told which job is disabled, and where",
        told.replace('\n', " "),
        told.contains("1 job(s)") && told.contains("1 in postgres"),
    );
    let on = both_write(drill, STANDBY).await?;
    played.check(
        "the new writer's jobs go on",
        if on { "they do" } else { "they do not" },
        on,
    );
    unfenced(drill, &mut played).await?;
    let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
    succeeds(drill, &mut played, &run, "the failback succeeds").await;
    drill.writes_in(HOME).await;
    played.checks.extend(writer_is(drill, HOME, 3).await);
    let again = both_write(drill, HOME).await?;
    let jobs = active(&catalogue(drill, HOME).await?).await?;
    played.check(
        "after it the jobs write at home again, and the one that was not active is not",
        format!("both write: {again}; active: {jobs:?}"),
        again && jobs == [true, true, false],
    );
    Ok(played)
}

/// By hand the logins and the jobs are given back; the switch is taken away, and the schedule fences again.
async fn unfenced(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let ssm = aws_sdk_ssm::Client::new(&drill.world.emulator.sdk_config(HOME));
    ssm.put_parameter()
        .name(maintenance(&PLAN.into()))
        .value("somebody looks around")
        .r#type(aws_sdk_ssm::types::ParameterType::String)
        .send()
        .await?;
    let payload = json!({"operation": "unfence", "plan": PLAN, "force": format!("{PLAN}@2")});
    let said = drill.said(HOME, "fence-writer", &payload).await;
    let back = both_write(drill, HOME).await?;
    let jobs = active(&catalogue(drill, HOME).await?).await?;
    played.check(
        "unfencing gives back what the fence disabled, and no more",
        format!("{said} Both write: {back}; active: {jobs:?}"),
        said.starts_with("unfence: ") && back && jobs == [true, true, false],
    );
    ssm.delete_parameter()
        .name(maintenance(&PLAN.into()))
        .send()
        .await?;
    returned_and_fenced(drill, played).await?;
    quiet(drill, played, "after the second fence").await
}

/// No job writes on the deposed writer for a while, though one of them is an administrator's, who may log in.
async fn quiet(drill: &Drill<'_>, played: &mut Played, when: &str) -> Result<(), Trouble> {
    let home = drill.world.admin(HOME).await?;
    let before = ticks(&home).await?;
    tokio::time::sleep(QUIET).await;
    let after = ticks(&home).await?;
    let jobs = active(&catalogue(drill, HOME).await?).await?;
    played.check(
        format!("{when} no job writes on the deposed writer"),
        format!("{before:?} rows, {after:?} after {QUIET:?}; active: {jobs:?}"),
        before == after && jobs.first() == Some(&false),
    );
    Ok(())
}

/// Waits until both active jobs have written on a Region's member since now.
async fn both_write(drill: &Drill<'_>, region: &str) -> Result<bool, Trouble> {
    let admin = drill.world.admin(region).await?;
    let [one, two] = ticks(&admin).await?;
    let more = async || {
        let now = ticks(&admin).await;
        now.is_ok_and(|now| now[0] > one && now[1] > two)
    };
    Ok(drill.until(SOON, "rows of both jobs", more).await)
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
async fn catalogue(drill: &Drill<'_>, region: &str) -> Result<Client, Trouble> {
    let simulator = &drill.world.simulator;
    let cron = simulator.connect_as_rds(region, cluster(region), ELSEWHERE);
    Ok(cron.await?)
}

/// What `pg_cron` does on every member that takes writes: reads which jobs are active, and runs each as its user.
async fn pg_cron(drill: &Drill<'_>) {
    // Ends: the scenario drops it.
    loop {
        for region in [HOME, STANDBY] {
            // A member that is away runs no jobs.
            let _ = run_due(drill, region).await;
        }
        tokio::time::sleep(DUE).await;
    }
}

async fn run_due(drill: &Drill<'_>, region: &str) -> Result<(), Trouble> {
    let cron = catalogue(drill, region).await?;
    let sql = "SELECT command, database, username FROM cron.job WHERE active AND NOT pg_is_in_recovery() ORDER BY jobid";
    for job in cron.query(sql, &[]).await? {
        let (command, database, role): (String, String, String) =
            (job.get(0), job.get(1), job.get(2));
        let mut login = drill.world.login(region, &role)?;
        login.dbname(&database).application_name("pg_cron");
        match login.connect(NoTls).await {
            Ok((client, connection)) => {
                let connection = tokio::spawn(connection);
                let ran = client.execute(&command, &[]).await;
                connection.abort();
                ran?;
            }
            // A role without login keeps no other job from its turn.
            Err(why) => drill.world.timeline.say(
                Kind::Client,
                region,
                format!("pg_cron cannot run a job as {role}: {why}"),
            ),
        }
    }
    Ok(())
}
