//! What of a database stands open to applications.

use failover::{domain::Epoch, ports::Access};
use tokio_postgres::Client;

use super::tolerated;
use crate::Why;

/// RDS's own roles, and no name that merely looks like one.
/// Not verified on an account: the names are those that RDS is known to make, and one that is missing here is fenced like an
/// application's, or named as a door where it cannot be altered.
macro_rules! of_rds {
    () => {
        "('rdsadmin', 'rds_superuser', 'rds_replication', 'rds_iam', 'rds_password', 'rds_ad', 'rds_extension', \
         'rds_reserved', 'rds_writeforward', 'rdsproxyadmin', 'rdsrepladmin', 'rdstopmgr', 'rdswriteforwarduser')"
    };
}

/// Kinds of sessions in which nobody is logged in, or that are looked at by themselves.
macro_rules! of_workers {
    () => {
        "('walsender', 'parallel worker', 'autovacuum worker', 'logical replication worker', 'logical replication apply worker', \
         'logical replication tablesync worker', 'logical replication parallel worker', 'logical replication launcher')"
    };
}

/// Roles of applications that may log in: neither RDS's nor PostgreSQL's own, whose prefix nobody else can take, nor those that
/// are kept.
pub(super) const APPLICATIONS: &str = concat!(
    "SELECT oid, rolname::text AS name FROM pg_roles
    WHERE rolcanlogin AND rolname <> ALL($1) AND rolname !~ '^pg_' AND rolname NOT IN ",
    of_rds!()
);

/// Their sessions. One whose kind is hidden from the administrator counts, and one whose role was dropped while it was in: it may
/// go on under another role.
pub(super) const SESSIONS: &str = concat!(
    "SELECT pid, coalesce(usename::text, 'the dropped role ' || usesysid) AS who FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND usesysid IS NOT NULL
        AND coalesce(backend_type NOT IN ",
    of_workers!(),
    ", pid NOT IN (SELECT pid FROM pg_stat_replication))
        AND coalesce(usename <> ALL($1) AND usename !~ '^pg_' AND usename NOT IN ",
    of_rds!(),
    ", true)"
);

/// Sessions of the administrator and of the probe's role that are none of this product's. Their login stays, so that what is ended comes back; but for the
/// jobs that `pg_cron` runs as it, which are disabled.
pub(super) const ADMINISTRATORS: &str = concat!(
    "SELECT pid, format('%s from %s (%s)', usename, coalesce(host(client_addr), 'an unknown address'),
        coalesce(nullif(application_name, ''), 'without a name')) AS who,
        application_name IS DISTINCT FROM 'pg_cron' AND backend_type !~ '^pg_cron' AS stays
    FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND usename = ANY($1) AND application_name IS DISTINCT FROM 'aurora-failover'
        AND backend_type NOT IN ",
    of_workers!()
);

/// Whoever is sent changes, by whichever login, by which slot, and whether its login stays. A replica of the plan's own follows
/// as RDS's user, and is none.
pub(super) const SENDERS: &str = concat!(
    "SELECT r.pid, coalesce(r.usename::text, 'nobody') || coalesce(' by the slot ' || s.slot_name, '') AS who,
        coalesce(r.usename = ANY($1), false) AS stays
    FROM pg_stat_replication AS r LEFT JOIN pg_replication_slots AS s ON s.active_pid = r.pid WHERE coalesce(r.usename NOT IN ",
    of_rds!(),
    ", true)"
);

/// Workers of subscriptions that were disabled and still apply.
pub(super) const APPLIERS: &str = "
    SELECT at.pid, 'the subscription ' || at.subname FROM pg_stat_subscription AS at
    JOIN pg_subscription AS s ON s.oid = at.subid WHERE at.pid IS NOT NULL AND NOT s.subenabled";

/// Workers of pglogical that bring changes in, by database. They work as the server's first superuser and come back when they are
/// ended. Its source names the session like the worker, and leaves the worker's kind unset.
/// Not verified on an account: the names are those of pglogical's `pglogical_worker.c`.
pub(super) const PGLOGICAL: &str = "
    SELECT DISTINCT worker, database FROM (
        SELECT CASE WHEN backend_type ~ '^pglogical' THEN backend_type ELSE application_name END AS worker,
            datname::text AS database
        FROM pg_stat_activity WHERE backend_type NOT IN ('client backend', 'walsender')) AS works
    WHERE worker ~ '^pglogical (apply|sync)' ORDER BY 1, 2";

/// Transactions that anybody may still commit.
pub(super) const PREPARED: &str =
    "SELECT gid::text, owner::text FROM pg_prepared_xacts ORDER BY gid";

/// Subscriptions that take changes, by database.
pub(super) const SUBSCRIPTIONS: &str = "
    SELECT format('%I.%I', d.datname, s.subname) AS name, d.datname::text AS database, s.subname::text AS subscription
    FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid WHERE s.subenabled";

/// Looks at the doors of a database, and touches none. `kept` are the roles that are never fenced. What cannot be read is a door
/// that is named. Jobs in another database are counted there, by [`count_jobs`].
///
/// # Errors
/// [`Why`].
pub async fn access(admin: &Client, kept: &[&str]) -> Result<Access, Why> {
    let sql = format!(
        "SELECT pg_is_in_recovery(), (SELECT coalesce(array_agg(name ORDER BY name), '{{}}') FROM ({APPLICATIONS}) AS open),
            (SELECT count(*) FROM ({SESSIONS}) AS open) + (SELECT count(*) FROM ({ADMINISTRATORS}) AS open WHERE NOT stays),
            (SELECT count(*) FROM ({SENDERS}) AS open),
            ARRAY(SELECT name FROM ({SUBSCRIPTIONS}) AS open UNION SELECT who FROM ({APPLIERS}) AS late(pid, who)
                UNION SELECT format('%s in %s', worker, database) FROM ({PGLOGICAL}) AS works ORDER BY 1),
            ARRAY(SELECT format('%s of %s', gid, owner) FROM ({PREPARED}) AS open),
            ARRAY({})",
        as_administrator_sql()
    );
    let row = admin.query_one(&sql, &[&kept]).await?;
    let epoch = if exists(admin, "aurora_failover.epoch").await? {
        let held = admin
            .query_opt("SELECT epoch FROM aurora_failover.epoch", &[])
            .await?;
        held.map(|row| Epoch(row.get::<_, i64>(0).unsigned_abs()))
    } else {
        None
    };
    let mut access = Access {
        in_recovery: row.get(0),
        epoch,
        roles: row.get(1),
        sessions: row.get::<_, i64>(2).unsigned_abs(),
        jobs: 0,
        subscriptions: row.get(4),
        senders: row.get::<_, i64>(3).unsigned_abs(),
        prepared: row.get(5),
        unseen: Vec::new(),
        as_administrator: row.get(6),
    };
    count_jobs(&mut access, admin, &current(admin).await?).await?;
    Ok(access)
}

/// Counts the active jobs that `pg_cron` keeps in the database of a connection, as doors.
///
/// # Errors
/// [`Why`].
pub async fn count_jobs(access: &mut Access, there: &Client, database: &str) -> Result<(), Why> {
    match jobs(there, database).await? {
        Ok(jobs) => access.jobs += jobs.len() as u64,
        Err(unseen) => access.unseen.push(unseen),
    }
    Ok(())
}

/// The active jobs that `pg_cron` keeps in the database of this connection, or a sentence where they cannot be seen.
pub(super) async fn jobs(
    there: &Client,
    database: &str,
) -> Result<Result<Vec<String>, String>, Why> {
    let said = async {
        if !exists(there, "cron.job").await? {
            return Ok(Vec::new());
        }
        let sql = "SELECT jobid::text FROM cron.job WHERE active ORDER BY jobid";
        there.query(sql, &[]).await
    };
    let rows = match tolerated(said.await)? {
        Ok(rows) => rows,
        Err(why) => return Ok(Err(unseen_jobs(database, &why))),
    };
    Ok(Ok(rows.iter().map(|row| row.get(0)).collect()))
}

pub(super) fn unseen_jobs(database: &str, why: &str) -> String {
    format!(
        "the jobs of pg_cron in {database} cannot be seen: {why}; grant the administrator USAGE on the schema cron there"
    )
}

/// The database of a connection.
pub(super) async fn current(client: &Client) -> Result<String, Why> {
    let sql = "SELECT current_database()::text";
    Ok(client.query_one(sql, &[]).await?.get(0))
}

fn as_administrator_sql() -> String {
    format!(
        "SELECT who FROM ({ADMINISTRATORS}) AS ours WHERE stays UNION SELECT who FROM ({SENDERS}) AS sent WHERE stays ORDER BY 1"
    )
}

/// Who is logged in as the administrator, or is sent changes by a login that stays.
pub(super) async fn as_administrator(admin: &Client, kept: &[&str]) -> Result<Vec<String>, Why> {
    let rows = admin.query(&as_administrator_sql(), &[&kept]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What a change of writer breaks: slots that changes are read from, which no other Region has, and subscriptions, which would
/// go on from another Region.
///
/// # Errors
/// [`Why`].
pub async fn moves_break(admin: &Client) -> Result<Vec<String>, Why> {
    let sql = format!(
        "SELECT format('the replication slot %s stays behind, and its reader misses changes; let it read to the end and drop it', slot_name)
            FROM pg_replication_slots WHERE slot_type = 'logical'
        UNION ALL SELECT format('the subscription %s would go on in another Region; disable it, and enable it there afterwards', name)
            FROM ({SUBSCRIPTIONS}) AS open
        UNION ALL SELECT format('the subscription of %s in %s would go on in another Region; disable it by '
                'pglogical.alter_subscription_disable, and enable it there afterwards', worker, database)
            FROM ({PGLOGICAL}) AS works ORDER BY 1"
    );
    let rows = admin.query(&sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

pub(super) async fn exists(client: &Client, name: &str) -> Result<bool, tokio_postgres::Error> {
    let sql = "SELECT to_regclass($1) IS NOT NULL";
    Ok(client.query_one(sql, &[&name]).await?.get(0))
}
