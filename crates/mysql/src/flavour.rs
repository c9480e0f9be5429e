//! Where MariaDB and MySQL differ. MariaDB's half runs in drills; MySQL's is written from its documentation, and held against the answers
//! that stand there.

use failover::plan::Engine;

/// Which of the two a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// MariaDB, 10.6 and later.
    MariaDb,
    /// MySQL, 8.0.22 and later.
    MySql,
}

impl Flavour {
    /// The flavour of an engine; `None` for one that is neither.
    #[must_use]
    pub const fn of(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Mariadb => Some(Self::MariaDb),
            Engine::Mysql => Some(Self::MySql),
            Engine::Postgres | Engine::Sqlserver => None,
        }
    }

    /// What gives up a session's statements after so many milliseconds, and its waits for locks. MySQL bounds no statement that writes.
    pub(crate) fn bounds(self, limit_ms: u128) -> String {
        let seconds = limit_ms.div_ceil(1000).max(1);
        let statements = match self {
            Self::MariaDb => format!("max_statement_time = {seconds}"),
            Self::MySql => format!("max_execution_time = {limit_ms}"),
        };
        format!("{statements}, innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}")
    }

    /// The accounts that may log in, with whether each is a role or locked already: user, host, whether it is closed.
    /// Source: MariaDB, "mysql.global_priv Table"; MySQL, "Grant Tables" and "Using Roles" (a role is an account that is locked).
    pub(crate) const fn accounts(self) -> &'static str {
        match self {
            Self::MariaDb => {
                "SELECT user, host, JSON_VALUE(priv, '$.account_locked') IS NOT NULL AND JSON_VALUE(priv, '$.account_locked') NOT IN ('0', 'false') \
                 FROM mysql.global_priv WHERE COALESCE(JSON_VALUE(priv, '$.is_role'), '0') IN ('0', 'false')"
            }
            Self::MySql => "SELECT user, host, account_locked = 'Y' FROM mysql.user",
        }
    }

    /// How far the binary log goes: its file and the offset in it are the first two columns.
    /// Source: MariaDB, "SHOW BINLOG STATUS"; MySQL, "SHOW MASTER STATUS" (until 8.2) and "SHOW BINARY LOG STATUS".
    pub(crate) const fn written(self, version: (u16, u16, u16)) -> &'static str {
        match self {
            Self::MariaDb => "SHOW BINLOG STATUS",
            Self::MySql if version.0 > 8 || (version.0 == 8 && version.1 >= 2) => {
                "SHOW BINARY LOG STATUS"
            }
            Self::MySql => "SHOW MASTER STATUS",
        }
    }

    /// The state of every channel that changes come in by.
    pub(crate) const fn channels(self) -> &'static str {
        match self {
            Self::MariaDb => "SHOW ALL REPLICAS STATUS",
            Self::MySql => "SHOW REPLICA STATUS",
        }
    }

    /// How far a channel has applied its source's binary log, by the columns of its state; `None` for one that somebody named, since a
    /// replica of RDS's follows by the one without a name, and for one that leaves rows out on its way.
    pub(crate) fn applied(self, column: impl Fn(&str) -> Option<String>) -> Option<i64> {
        let (channel, file, offset) = match self {
            Self::MariaDb => (
                "Connection_name",
                "Relay_Master_Log_File",
                "Exec_Master_Log_Pos",
            ),
            Self::MySql => (
                "Channel_Name",
                "Relay_Source_Log_File",
                "Exec_Source_Log_Pos",
            ),
        };
        let is_named = column(channel).is_some_and(|name| !name.is_empty());
        if is_named || leaves_out(&column) {
            return None;
        }
        position(&column(file)?, column(offset)?.parse().ok()?)
    }

    /// What somebody named a channel that receives or applies changes; `None` for one that stands still.
    pub(crate) fn works(self, column: impl Fn(&str) -> Option<String>) -> Option<String> {
        let (channel, states) = match self {
            Self::MariaDb => ("Connection_name", ["Slave_IO_Running", "Slave_SQL_Running"]),
            Self::MySql => (
                "Channel_Name",
                ["Replica_IO_Running", "Replica_SQL_Running"],
            ),
        };
        let runs = |state: &str| column(state).is_some_and(|state| state != "No");
        states
            .into_iter()
            .any(runs)
            .then(|| column(channel).unwrap_or_default())
    }

    /// The right to look at channels, which the probe's account is given.
    pub(crate) const fn watches_channels(self) -> &'static str {
        match self {
            Self::MariaDb => "SLAVE MONITOR",
            Self::MySql => "REPLICATION CLIENT",
        }
    }

    /// How an account is told to log in by IAM.
    /// Source: RDS User Guide, "Creating a database account using IAM authentication". Not tried on an account.
    pub(crate) const fn by_iam(self) -> &'static str {
        "IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'"
    }
}

/// What filters of replication are called in a channel's state, by both.
const FILTERS: [&str; 7] = [
    "Replicate_Do_DB",
    "Replicate_Ignore_DB",
    "Replicate_Do_Table",
    "Replicate_Ignore_Table",
    "Replicate_Wild_Do_Table",
    "Replicate_Wild_Ignore_Table",
    "Replicate_Rewrite_DB",
];
/// What RDS itself leaves out.
const OWN_FILTERS: [&str; 2] = ["mysql.", "innodb_memcache."];

/// Whether a channel leaves anything out that an application may have written: its position passes that like all else.
fn leaves_out(column: &impl Fn(&str) -> Option<String>) -> bool {
    let set = FILTERS.iter().filter_map(|filter| column(filter));
    let all: Vec<_> = set.collect();
    let mut entries = all.iter().flat_map(|set| set.split(',')).map(str::trim);
    entries.any(|entry| !entry.is_empty() && !OWN_FILTERS.iter().any(|own| entry.starts_with(own)))
}

/// A place in a binary log, as a number that grows: the file's number before the offset in it.
pub(crate) fn position(file: &str, offset: u64) -> Option<i64> {
    const OFFSET_BITS: u32 = 40;
    let number: u64 = file.rsplit_once('.')?.1.parse().ok()?;
    let fits = offset < 1 << OFFSET_BITS && number < 1 << (63 - OFFSET_BITS);
    let place = fits.then_some((number << OFFSET_BITS) | offset)?;
    i64::try_from(place).ok()
}

#[cfg(test)]
mod tests;
