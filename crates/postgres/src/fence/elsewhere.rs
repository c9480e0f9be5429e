//! What is switched off in the database that it belongs to: scheduled jobs and subscriptions. The record of it lies in the
//! plan's database.

use failover::ports::Fenced;
use tokio_postgres::Client;

use super::{
    REMEMBER,
    access::{SUBSCRIPTIONS, jobs},
    tolerated,
};
use crate::Why;

/// Where `pg_cron` lives unless it is told otherwise.
const CRON_DEFAULT: &str = "postgres";

/// The other databases where something is to be switched off or given back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// That of `pg_cron`, and those of subscriptions.
    pub databases: Vec<String>,
    /// Why that of `pg_cron` is not known, where it is not; its default is among the databases then.
    pub unseen: Option<String>,
}

/// The other databases where something is to be switched off or given back.
///
/// # Errors
/// [`Why`].
pub async fn elsewhere(admin: &Client) -> Result<Elsewhere, Why> {
    let set = "SELECT current_setting('cron.database_name', true)";
    let (cron, unseen): (Option<String>, _) = match tolerated(admin.query_one(set, &[]).await)? {
        Ok(row) => (row.get(0), None),
        Err(why) => (Some(CRON_DEFAULT.into()), Some(unknown(&why))),
    };
    let sql = "
        SELECT datname::text FROM pg_database
        WHERE datallowconn AND datname <> current_database()
            AND (datname = $1 OR oid IN (SELECT subdbid FROM pg_subscription))
        ORDER BY 1";
    let rows = admin.query(sql, &[&cron]).await?;
    Ok(Elsewhere {
        databases: rows.iter().map(|row| row.get(0)).collect(),
        unseen,
    })
}

fn unknown(why: &str) -> String {
    format!(
        "the setting cron.database_name cannot be read, so that jobs of pg_cron may be anywhere: {why}; grant the administrator \
         pg_read_all_settings"
    )
}

/// Switches off what is in the database of `there`.
///
/// # Errors
/// [`Why`].
pub async fn fence_there(
    admin: &Client,
    there: &Client,
    database: &str,
    done: &mut Fenced,
) -> Result<(), Why> {
    disable(admin, there, database, done).await
}

/// Each is recorded before it is switched off, so that a pass that dies in between forgets none.
pub(super) async fn disable(
    admin: &Client,
    there: &Client,
    database: &str,
    done: &mut Fenced,
) -> Result<(), Why> {
    let jobs = jobs(there, database).await?.unwrap_or_else(|unseen| {
        done.refused.push(unseen);
        Vec::new()
    });
    for job in jobs {
        admin.execute(REMEMBER, &[&"job", &job]).await?;
        let sql = "SELECT cron.alter_job(job_id := $1::text::bigint, active := false)";
        match tolerated(there.execute(sql, &[&job]).await)? {
            Ok(_) => done.jobs.push(format!("{job} in {database}")),
            Err(why) => done
                .refused
                .push(format!("the job {job} in {database} stays active: {why}")),
        }
    }
    let sql = format!(
        "SELECT name, subscription FROM ({SUBSCRIPTIONS}) AS open WHERE database = $1 ORDER BY 1"
    );
    for row in there.query(&sql, &[&database]).await? {
        let (name, subscription): (String, String) = (row.get(0), row.get(1));
        admin.execute(REMEMBER, &[&"subscription", &name]).await?;
        match switch(there, &subscription, "DISABLE").await? {
            Ok(()) => done.subscriptions.push(name),
            Err(why) => done
                .refused
                .push(format!("the subscription {name} stays enabled: {why}")),
        }
    }
    Ok(())
}

/// Enables or disables a subscription of this connection's database.
pub(super) async fn switch(
    client: &Client,
    subscription: &str,
    how: &str,
) -> Result<Result<(), String>, Why> {
    let row = client
        .query_one(
            "SELECT format('ALTER SUBSCRIPTION %I %s', $1::text, $2::text)",
            &[&subscription, &how],
        )
        .await?;
    tolerated(client.batch_execute(row.get(0)).await)
}
