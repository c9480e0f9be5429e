//! Gives back what fencing took.

use failover::ports::Unfenced;
use tokio_postgres::{Client, Transaction};

use super::{CANARY, DEPOSED, RECORD, access, alter, attempt, elsewhere::switch, tolerated};
use crate::Why;

/// Gives back what [`super::fence`] took: the logins, and the jobs and subscriptions of this database. What is missing keeps
/// nothing else from being given back; what could not be given back stays on record.
///
/// # Errors
/// [`Why`].
pub async fn unfence(admin: &mut Client) -> Result<Unfenced, Why> {
    let mut transaction = admin.transaction().await?;
    let mut given = Unfenced::default();
    transaction.batch_execute(RECORD).await?;
    let forget = "DELETE FROM aurora_failover.fenced WHERE kind = $1";
    transaction.execute(forget, &[&DEPOSED]).await?;
    give_logins(&mut transaction, &mut given).await?;
    transaction.commit().await?;
    give_the_rest(admin, &mut given).await?;
    Ok(given)
}

/// Gives back the logins that are on record.
pub(super) async fn give_logins(
    transaction: &mut Transaction<'_>,
    given: &mut Unfenced,
) -> Result<(), Why> {
    let sql = "
        SELECT f.name, r.oid IS NOT NULL FROM aurora_failover.fenced AS f LEFT JOIN pg_roles AS r ON r.rolname = f.name
        WHERE f.kind = 'role' AND f.name <> $1 ORDER BY 1";
    for row in transaction.query(sql, &[&CANARY]).await? {
        let (role, exists): (String, bool) = (row.get(0), row.get(1));
        let said = if exists {
            alter(transaction, &role, "LOGIN").await?
        } else {
            given.missing.push(format!("role {role}"));
            Ok(())
        };
        if let Err(why) = said {
            given.refused.push(format!("role {role}: {why}"));
            continue;
        }
        let forget = "DELETE FROM aurora_failover.fenced WHERE kind = 'role' AND name = $1";
        transaction.execute(forget, &[&role]).await?;
        if exists {
            given.roles.push(role);
        }
    }
    let forget = format!(
        "DELETE FROM aurora_failover.fenced WHERE kind = 'role' AND name = '{CANARY}'; DROP ROLE IF EXISTS {CANARY}"
    );
    if let Err(why) = attempt(transaction, &forget).await? {
        given.refused.push(format!("role {CANARY}: {why}"));
    }
    Ok(())
}

/// Gives back the jobs and subscriptions of this database.
pub(super) async fn give_the_rest(admin: &Client, given: &mut Unfenced) -> Result<(), Why> {
    let here = access::current(admin).await?;
    give_back(admin, admin, &here, given).await
}

/// Gives back what was switched off in the database of `there`.
///
/// # Errors
/// [`Why`].
pub async fn unfence_there(
    admin: &Client,
    there: &Client,
    database: &str,
    given: &mut Unfenced,
) -> Result<(), Why> {
    give_back(admin, there, database, given).await
}

/// The jobs and subscriptions of one database.
async fn give_back(
    admin: &Client,
    there: &Client,
    database: &str,
    given: &mut Unfenced,
) -> Result<(), Why> {
    let jobs = recorded(admin, "job").await?;
    match tolerated(access::exists(there, "cron.job").await)? {
        Err(why) if !jobs.is_empty() => given.refused.push(access::unseen_jobs(database, &why)),
        Ok(true) => {
            for job in jobs {
                let sql = "SELECT FROM cron.job WHERE jobid = $1::text::bigint";
                let exists = there.query_opt(sql, &[&job]).await?.is_some();
                let sql = "SELECT cron.alter_job(job_id := $1::text::bigint, active := true)";
                let said = if exists {
                    tolerated(there.execute(sql, &[&job]).await)?.map(|_| ())
                } else {
                    Ok(())
                };
                note(admin, ("job", &job), exists, said, given).await?;
            }
        }
        Ok(false) | Err(_) => {}
    }
    for name in recorded(admin, "subscription").await? {
        let sql = "
            SELECT d.datname::text, (SELECT s.subname::text FROM pg_subscription AS s
                WHERE s.subdbid = d.oid AND format('%I.%I', d.datname, s.subname) = $1)
            FROM pg_database AS d WHERE starts_with($1, format('%I.', d.datname)) AND d.datname = $2";
        let Some(row) = admin.query_opt(sql, &[&name, &database]).await? else {
            continue;
        };
        let found: Option<String> = row.get(1);
        let said = match &found {
            Some(subscription) => switch(there, subscription, "ENABLE").await?,
            None => Ok(()),
        };
        note(admin, ("subscription", &name), found.is_some(), said, given).await?;
    }
    Ok(())
}

/// Names and forgets what is on record and was dropped with what it lived in: subscriptions that no database has any more, and jobs
/// of a `pg_cron` that is gone. `entered` are the other databases that were looked into.
///
/// # Errors
/// [`Why`].
pub async fn forget_dropped(
    admin: &Client,
    entered: &[String],
    given: &mut Unfenced,
) -> Result<(), Why> {
    for name in recorded(admin, "subscription").await? {
        let sql = "
            SELECT FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid
            WHERE format('%I.%I', d.datname, s.subname) = $1";
        if admin.query_opt(sql, &[&name]).await?.is_none() {
            note(admin, ("subscription", &name), false, Ok(()), given).await?;
        }
    }
    let left = recorded(admin, "job").await?;
    let unsaid = |job: &String| {
        !given
            .refused
            .iter()
            .any(|why| why.starts_with(&format!("job {job}: ")))
    };
    let left: Vec<_> = left.into_iter().filter(unsaid).collect();
    if left.is_empty() {
        return Ok(());
    }
    // Where pg_cron is, each of its jobs was given back, named as missing, or refused.
    let sql = "
        SELECT c.name, c.name = current_database() OR c.name = ANY($1) OR NOT EXISTS (SELECT FROM pg_database WHERE datname = c.name)
        FROM (SELECT current_setting('cron.database_name', true) AS name) AS c WHERE c.name IS NOT NULL";
    let cron = admin.query_opt(sql, &[&entered]).await?;
    let gone = cron.as_ref().is_some_and(|row| row.get(1));
    for job in left {
        let said = if gone {
            Ok(())
        } else {
            Err(match &cron {
                Some(row) => format!("pg_cron's database {} was not looked into", row.get::<_, &str>(0)),
                None => "pg_cron is not loaded; load it, or forget the job by deleting it from aurora_failover.fenced".into(),
            })
        };
        note(admin, ("job", &job), false, said, given).await?;
    }
    Ok(())
}

async fn recorded(admin: &Client, kind: &str) -> Result<Vec<String>, Why> {
    let sql = "SELECT name FROM aurora_failover.fenced WHERE kind = $1 ORDER BY name";
    let rows = admin.query(sql, &[&kind]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn note(
    admin: &Client,
    (kind, name): (&str, &str),
    exists: bool,
    said: Result<(), String>,
    given: &mut Unfenced,
) -> Result<(), Why> {
    if let Err(why) = said {
        given.refused.push(format!("{kind} {name}: {why}"));
        return Ok(());
    }
    let forget = "DELETE FROM aurora_failover.fenced WHERE kind = $1 AND name = $2";
    admin.execute(forget, &[&kind, &name]).await?;
    let to = if exists {
        &mut given.others
    } else {
        &mut given.missing
    };
    to.push(format!("{kind} {name}"));
    Ok(())
}
