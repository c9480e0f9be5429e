//! What is switched off in the database that it belongs to: scheduled jobs and subscriptions. The record of it lies in the
//! plan's database.

use tokio_postgres::Client;

use super::{
    REMEMBER, Shut,
    doors::{SUBSCRIPTIONS, has},
    tolerated,
};
use crate::sql::Why;

/// The other databases where something is to be switched off or given back: that of `pg_cron`, and those of subscriptions.
///
/// # Errors
/// [`Why`].
pub async fn databases(admin: &Client) -> Result<Vec<String>, Why> {
    let sql = "
        SELECT datname::text FROM pg_database
        WHERE datallowconn AND datname <> current_database() AND (datname = current_setting('cron.database_name', true)
            OR oid IN (SELECT subdbid FROM pg_subscription))
        ORDER BY 1";
    let rows = admin.query(sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Switches off what is in the database of `there`.
///
/// # Errors
/// [`Why`].
pub async fn shut_there(
    admin: &Client,
    there: &Client,
    database: &str,
    done: &mut Shut,
) -> Result<(), Why> {
    disable(admin, there, database, done).await
}

/// Each is recorded before it is switched off, so that a pass that dies in between forgets none.
pub(super) async fn disable(
    admin: &Client,
    there: &Client,
    database: &str,
    done: &mut Shut,
) -> Result<(), Why> {
    if has(there, "cron.job").await? {
        let sql = "SELECT jobid::text FROM cron.job WHERE active ORDER BY jobid";
        for row in there.query(sql, &[]).await? {
            let job: String = row.get(0);
            admin.execute(REMEMBER, &[&"job", &job]).await?;
            let sql = "SELECT cron.alter_job(job_id := $1::text::bigint, active := false)";
            match tolerated(there.execute(sql, &[&job]).await)? {
                Ok(_) => done.jobs.push(format!("{job} in {database}")),
                Err(why) => done
                    .refused
                    .push(format!("the job {job} in {database} stays active: {why}")),
            }
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

/// Gives back what was switched off in the database of `there`.
///
/// # Errors
/// [`Why`].
pub async fn reopen_there(
    admin: &Client,
    there: &Client,
    database: &str,
    given: &mut super::Reopened,
) -> Result<(), Why> {
    super::back::give_back(admin, there, database, given).await
}
