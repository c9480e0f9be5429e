//! Tries everything that the fence does while all is well, and takes it back.

use failover::ports::Credentials;
use tokio_postgres::{Client, Transaction};

use super::{
    RECORD,
    access::{self, APPLICATIONS, SUBSCRIPTIONS},
    admit_canary, alter, attempt, quoted,
};
use crate::Why;

/// Tries whether shutting would be allowed: to see sessions, to end them, to alter roles, to keep the record, to switch jobs and
/// subscriptions off. Everything is taken back. Answers why not, where it would not be.
///
/// # Errors
/// [`Why`] where the server does not answer.
pub async fn rehearse(admin: &mut Client, kept: &[&str]) -> Result<Vec<String>, Why> {
    let mut transaction = admin.transaction().await?;
    let mut refused = Vec::new();
    let canary = Credentials {
        user: super::CANARY.into(),
        password: "rehearsed".into(),
    };
    let record = format!("SELECT epoch FROM aurora_failover.epoch FOR UPDATE; {RECORD}");
    if let Err(why) = attempt(&mut transaction, &record).await? {
        refused.push(format!(
            "its record cannot be kept: {why}; run health-probe setup"
        ));
    }
    let mut inner = transaction.transaction().await?;
    if let Err(why) = admit_canary(&mut inner, &canary).await? {
        refused.push(format!(
            "it cannot make the role that it tries the door with: {why}"
        ));
    }
    inner.rollback().await?;
    rights(&transaction, kept, &mut refused).await?;
    let sql = format!("SELECT name FROM ({APPLICATIONS}) AS open ORDER BY name");
    for row in transaction.query(&sql, &[&kept]).await? {
        let role: String = row.get(0);
        if let Err(why) = alter(&mut transaction, &role, "NOLOGIN").await? {
            refused.push(format!("{role}: {why}"));
        }
    }
    switches(&mut transaction, &mut refused).await?;
    transaction.rollback().await?;
    let others = access::as_administrator(admin, kept).await?;
    refused.extend(others.iter().map(|who| {
        format!(
            "{who} would not be kept out, for it logs in as the administrator or as the probe; give it a role of its own, or end \
             its session"
        )
    }));
    Ok(refused)
}

/// The same for what would be switched off in another database.
///
/// # Errors
/// [`Why`] where the server does not answer.
pub async fn rehearse_there(there: &mut Client) -> Result<Vec<String>, Why> {
    let mut transaction = there.transaction().await?;
    let mut refused = Vec::new();
    switches(&mut transaction, &mut refused).await?;
    transaction.rollback().await?;
    Ok(refused)
}

/// Whether others' sessions can be seen and ended, in the roles' own words.
async fn rights(
    transaction: &Transaction<'_>,
    kept: &[&str],
    refused: &mut Vec<String>,
) -> Result<(), Why> {
    for (right, does) in [("pg_read_all_stats", "see"), ("pg_signal_backend", "end")] {
        let sql = format!(
            "SELECT current_user::text FROM ({APPLICATIONS}) AS open WHERE NOT pg_has_role(oid, 'USAGE')
                AND NOT pg_has_role($2, 'USAGE') LIMIT 1"
        );
        if let Some(row) = transaction.query_opt(&sql, &[&kept, &right]).await? {
            let admin: String = row.get(0);
            refused.push(format!(
                "{admin} may not {does} the sessions of applications; grant it {right}"
            ));
        }
    }
    Ok(())
}

async fn switches(transaction: &mut Transaction<'_>, refused: &mut Vec<String>) -> Result<(), Why> {
    const FOUND: &str = "SELECT to_regclass('cron.job') IS NOT NULL";
    match attempt(transaction, FOUND).await? {
        Err(why) => {
            let database = transaction.query_one("SELECT current_database()::text", &[]);
            let database: String = database.await?.get(0);
            refused.push(access::unseen_jobs(&database, &why));
        }
        Ok(()) if transaction.query_one(FOUND, &[]).await?.get(0) => {
            let disable = "SELECT cron.alter_job(job_id := jobid, active := false) FROM cron.job WHERE active";
            if let Err(why) = attempt(transaction, disable).await? {
                refused.push(format!("scheduled jobs cannot be disabled: {why}"));
            }
        }
        Ok(()) => {}
    }
    let sql = format!(
        "SELECT subscription FROM ({SUBSCRIPTIONS}) AS open WHERE database = current_database()"
    );
    for row in transaction.query(&sql, &[]).await? {
        let subscription: String = row.get(0);
        let name = quoted(transaction, &subscription).await?;
        let disable = format!("ALTER SUBSCRIPTION {name} DISABLE");
        if let Err(why) = attempt(transaction, &disable).await? {
            refused.push(format!(
                "the subscription {subscription} cannot be disabled: {why}"
            ));
        }
    }
    Ok(())
}
