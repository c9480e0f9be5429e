//! What of a database stands open to applications.

use failover::{domain::Epoch, ports::Access};
use mysql_async::Row;

use crate::{
    Client, Why,
    connect::{SCHEMA, column, literal, named, quoted},
    probe::channels,
    why::Kind,
};

/// RDS's own accounts, and the servers'. Not verified on an account: the names are those that RDS is known to make, and one that is
/// missing here is fenced like an application's, or named as a door where it cannot be altered.
const OF_RDS: [&str; 9] = [
    "rdsadmin",
    "rdsrepladmin",
    "rdsproxyadmin",
    "rdstopmgr",
    "rds_superuser_role",
    "mariadb.sys",
    "mysql.sys",
    "mysql.session",
    "mysql.infoschema",
];

/// In the list of sessions, whom nobody logged in as.
const WORKERS: [&str; 2] = ["system user", "event_scheduler"];
/// In the same list, whoever has not said yet who he is, or has not proven it. What the server looks up of the account it looked up when
/// that began: a lock behind it does not hold.
const ENTERING: &str = "unauthenticated user";

/// An account that may log in.
pub(super) struct Account {
    /// As it stands in a statement.
    pub(super) name: String,
}

/// Accounts of applications that may log in: neither RDS's nor the servers' own, nor those that are kept.
pub(super) async fn accounts(admin: &mut Client, kept: &[&str]) -> Result<Vec<Account>, Why> {
    let statement = admin.flavour().accounts();
    let rows = admin.ask(statement, ()).await?;
    let mut found = Vec::new();
    for row in &rows {
        let named = column::<String>(row, 0).zip(column::<String>(row, 1));
        let (user, host) = named.ok_or_else(|| {
            Why::new(
                Kind::Answered,
                "the server lists an account whose name cannot be read",
            )
        })?;
        let is_locked = column::<i64>(row, 2) == Some(1);
        let is_ours = kept.contains(&user.as_str()) || OF_RDS.contains(&user.as_str());
        if !is_locked && !is_ours {
            let name = format!("{}@{}", literal(&user), literal(&host));
            found.push(Account { name });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// A session that is none of this product's, nor of RDS's.
pub(super) struct Found {
    pub(super) id: u64,
    /// Whose it is, and from where.
    pub(super) who: String,
    /// Whether it logs in by an account that stays, so that it may come back.
    pub(super) stays: bool,
    /// Whether changes are sent to it.
    pub(super) sends: bool,
    /// Whether it has not logged in yet. Whoever comes once the accounts are locked finds them so.
    pub(super) enters: bool,
}

/// The sessions that applications have, or that others have by the accounts that are kept. This product's own have its schema as
/// their default.
pub(super) async fn sessions(admin: &mut Client, kept: &[&str]) -> Result<Vec<Found>, Why> {
    let statement = "
        SELECT id, user, host, db, command FROM information_schema.processlist WHERE id <> CONNECTION_ID() ORDER BY id";
    let rows = admin.ask(statement, ()).await?;
    let found = rows.iter().filter_map(|row| {
        let user: String = column(row, 1).unwrap_or_default();
        let is_nobodys = WORKERS.contains(&user.as_str()) || OF_RDS.contains(&user.as_str());
        let stays = kept.contains(&user.as_str());
        let is_ours = stays && column::<String>(row, 3).as_deref() == Some(SCHEMA);
        if is_nobodys || is_ours {
            return None;
        }
        let host: String = column(row, 2).unwrap_or_default();
        let command: String = column(row, 4).unwrap_or_default();
        let from = host
            .rsplit_once(':')
            .map_or(host.as_str(), |(host, _)| host);
        Some(Found {
            id: column(row, 0)?,
            who: format!("{user} from {from}"),
            stays,
            sends: command.starts_with("Binlog Dump"),
            enters: user == ENTERING,
        })
    });
    Ok(found.collect())
}

/// Whether a session that was ended is still there.
pub(super) async fn is_there(admin: &mut Client, id: u64) -> Result<bool, Why> {
    let statement = "SELECT 1 FROM information_schema.processlist WHERE id = ?";
    Ok(!admin.ask(statement, (id,)).await?.is_empty())
}

/// An event that is enabled while the scheduler works.
pub(super) struct Event {
    schema: String,
    event: String,
    /// Whom it works as.
    pub(super) definer: String,
    /// Whether that is the administrator.
    pub(super) is_ours: bool,
}

impl Event {
    /// Its name as it stands in a statement.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.event))
    }
}

/// The events that work; none where their scheduler does not.
pub(super) async fn events(admin: &mut Client) -> Result<Vec<Event>, Why> {
    let statement = "
        SELECT event_schema, event_name, definer, definer = CURRENT_USER() FROM information_schema.events
        WHERE status = 'ENABLED' AND UPPER(@@GLOBAL.event_scheduler) = 'ON' ORDER BY 1, 2";
    let rows = admin.ask(statement, ()).await?;
    let event = |row: &Row| {
        Some(Event {
            schema: column(row, 0)?,
            event: column(row, 1)?,
            definer: column(row, 2)?,
            is_ours: column::<i64>(row, 3) == Some(1),
        })
    };
    Ok(rows.iter().filter_map(event).collect())
}

/// Transactions that anybody may still commit; what the server says where it does not show them.
pub(super) async fn prepared(admin: &mut Client) -> Result<Result<Vec<String>, String>, Why> {
    match admin.ask("XA RECOVER", ()).await {
        Ok(rows) => Ok(Ok(rows
            .iter()
            .map(|row| shown(named::<Vec<u8>>(row, "data").unwrap_or_default()))
            .collect())),
        Err(why) if why.is_of_the_statement() => Ok(Err(why.to_string())),
        Err(why) => Err(why),
    }
}

/// The name of a transaction, as bytes where it is no text.
fn shown(xid: Vec<u8>) -> String {
    String::from_utf8(xid).unwrap_or_else(|why| {
        let bytes = why.as_bytes().iter();
        let hex: String = bytes.map(|byte| format!("{byte:02x}")).collect();
        format!("0x{hex}")
    })
}

/// The channels that bring changes into a writer; what the server says where it does not show them.
pub(super) async fn inbound(admin: &mut Client) -> Result<Result<Vec<String>, String>, Why> {
    let flavour = admin.flavour();
    let rows = match channels(admin).await {
        Ok(rows) => rows,
        Err(why) if why.is_of_the_statement() => return Ok(Err(why.to_string())),
        Err(why) => return Err(why),
    };
    let works = |row: &Row| flavour.works(|name| named(row, name));
    Ok(Ok(rows.iter().filter_map(works).collect()))
}

/// Looks what stands open to applications; `kept` are the users that are never fenced.
///
/// # Errors
/// [`Why`] where the server does not answer.
pub async fn access(admin: &mut Client, kept: &[&str]) -> Result<Access, Why> {
    let mut access = Access {
        in_recovery: is_standby(admin).await?,
        epoch: epoch(admin).await?,
        ..Access::default()
    };
    let roles = accounts(admin, kept).await?;
    access.roles = roles.into_iter().map(|account| account.name).collect();
    for session in sessions(admin, kept).await? {
        match session {
            Found { enters: true, .. } => {}
            Found { sends: true, .. } => access.senders += 1,
            Found {
                stays: true, who, ..
            } => access.as_administrator.push(who),
            Found { .. } => access.sessions += 1,
        }
    }
    access.jobs = u64::try_from(events(admin).await?.len()).unwrap_or(u64::MAX);
    match prepared(admin).await? {
        Ok(found) => access.prepared = found,
        Err(why) => access.unseen.push(format!(
            "transactions that are prepared cannot be looked at ({why}); grant the administrator XA_RECOVER_ADMIN"
        )),
    }
    if !access.in_recovery {
        match inbound(admin).await? {
            Ok(channels) => {
                access.subscriptions = channels.iter().map(|name| format!("channel {name:?}")).collect();
            }
            Err(why) => access.unseen.push(format!(
                "the channels that bring changes in cannot be looked at ({why}); grant the administrator the right to watch replicas"
            )),
        }
    }
    Ok(access)
}

/// Whether a server follows another one and takes no writes itself.
async fn is_standby(admin: &mut Client) -> Result<bool, Why> {
    let rows = admin.ask("SELECT @@GLOBAL.read_only", ()).await?;
    let is_closed = rows.first().and_then(|row| column::<i64>(row, 0)) == Some(1);
    if !is_closed {
        return Ok(false);
    }
    match channels(admin).await {
        Ok(rows) => Ok(!rows.is_empty()),
        // What cannot be looked at is named as a door behind this.
        Err(why) if why.is_of_the_statement() => Ok(false),
        Err(why) => Err(why),
    }
}

/// The epoch that a database holds; `None` without the heartbeat schema.
///
/// # Errors
/// [`Why`] where the server does not answer.
pub async fn epoch(admin: &mut Client) -> Result<Option<Epoch>, Why> {
    match admin
        .ask("SELECT epoch FROM aurora_failover.epoch", ())
        .await
    {
        Ok(rows) => Ok(rows.first().and_then(|row| column(row, 0)).map(Epoch)),
        Err(why) if why.is_of_a_missing_table() => Ok(None),
        Err(why) => Err(why),
    }
}

/// What a change of writer breaks, one sentence each: events that came by replication do not run on their own at whatever is promoted.
/// Source: MariaDB, "Events" (SLAVESIDE_DISABLED); MySQL, "Replication of Invoked Features" (REPLICA_SIDE_DISABLED).
///
/// # Errors
/// [`Why`] where the server does not answer.
pub async fn moves_break(admin: &mut Client) -> Result<Vec<String>, Why> {
    let events = events(admin).await?;
    Ok(events
        .iter()
        .map(|event| {
            format!(
                "the event {} does not run at a promoted replica; enable it there behind the move",
                event.name()
            )
        })
        .collect())
}
