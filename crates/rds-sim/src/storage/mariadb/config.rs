//! The settings that one server runs with, and the accounts that each has.

use std::{fmt::Write, path::Path};

use crate::storage::mariadb::tree::Tree;

/// The superuser that only the simulator knows the password of, named as at RDS.
pub(crate) const ADMIN: &str = "rdsadmin";
/// The account that replicas come with, named as at RDS.
pub(crate) const REPLICATION: &str = "rdsrepladmin";

/// What RDS's master user has, on everything. It is no superuser.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html>.
pub(crate) const MASTER_RIGHTS: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, \
     ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION CLIENT, REPLICATION SLAVE, \
     SLAVE MONITOR, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER";

/// A log is written before a commit is answered, as at RDS, but to the kernel alone: what dies here is processes.
const COMMON: &str = "\
bind_address = 127.0.0.1
skip_name_resolve = ON
default_time_zone = '+00:00'
max_connections = 60
performance_schema = OFF
innodb_buffer_pool_size = 16M
innodb_log_file_size = 8M
innodb_log_buffer_size = 2M
innodb_data_file_path = ibdata1:8M:autoextend
innodb_autoextend_increment = 1
innodb_temp_data_file_path = ibtmp1:4M:autoextend
innodb_buffer_pool_dump_at_shutdown = OFF
innodb_buffer_pool_load_at_startup = OFF
innodb_use_native_aio = OFF
innodb_flush_log_at_trx_commit = 1
sync_binlog = 1
debug_no_sync = ON
aria_pagecache_buffer_size = 4M
key_buffer_size = 1M
open_files_limit = 2048
table_open_cache = 200
log_bin = mysql-bin-changelog
relay_log = relaylog
log_slave_updates = ON
binlog_format = MIXED
gtid_strict_mode = OFF
event_scheduler = OFF
require_secure_transport = OFF
skip_slave_start = ON
slave_net_timeout = 4
log_warnings = 1
";

/// What a server's settings depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) socket: &'a Path,
    pub(crate) certificates: &'a Path,
    /// Also what tells servers apart that follow each other.
    pub(crate) port: u16,
    /// A replica takes no writes.
    pub(crate) is_replica: bool,
}

/// The whole of a server's `my.cnf`. What somebody wants otherwise stands in a file of the folder `more` beside it.
pub(crate) fn my_cnf(tree: &Tree, server: Server<'_>) -> String {
    let mut text = format!("[mariadbd]\n{COMMON}");
    let paths = [
        ("basedir", tree.base.clone()),
        ("lc_messages_dir", tree.share.clone()),
        ("character_sets_dir", tree.share.join("charsets")),
        ("plugin_dir", tree.base.join("lib/mysql/plugin")),
        ("datadir", server.folder.join("data")),
        ("pid_file", server.folder.join("mariadb.pid")),
        ("socket", server.socket.to_owned()),
        ("ssl_cert", server.certificates.join("server.pem")),
        ("ssl_key", server.certificates.join("server.key")),
    ];
    // Writing to a String cannot fail.
    for (name, path) in paths {
        let _ = writeln!(text, "{name} = \"{}\"", path.display());
    }
    let _ = writeln!(text, "port = {0}\nserver_id = {0}", server.port);
    let read_only = if server.is_replica { "ON" } else { "OFF" };
    let _ = writeln!(text, "read_only = {read_only}");
    let _ = writeln!(text, "!includedir {}", server.folder.join("more").display());
    text
}

/// The accounts of RDS's own, and the procedure by which others may end sessions. MariaDB's own accounts go.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-stored-proc-ending.html>.
pub(crate) fn accounts(password: &str) -> String {
    format!(
        "FLUSH PRIVILEGES;
DELETE FROM mysql.global_priv WHERE User IN ('root', '');
FLUSH PRIVILEGES;
CREATE USER '{ADMIN}'@'localhost' IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON *.* TO '{ADMIN}'@'localhost' WITH GRANT OPTION;
CREATE USER '{REPLICATION}'@'%' IDENTIFIED BY '{password}';
GRANT REPLICATION SLAVE ON *.* TO '{REPLICATION}'@'%';
DELIMITER //
CREATE DEFINER='{ADMIN}'@'localhost' PROCEDURE mysql.rds_kill(IN thread BIGINT)
  READS SQL DATA
  SQL SECURITY DEFINER
BEGIN
  DECLARE owner VARCHAR(128);
  SELECT user INTO owner FROM information_schema.processlist WHERE id = thread;
  IF owner IN ('{ADMIN}', '{REPLICATION}') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ERROR (RDS): CANNOT KILL RDSADMIN SESSION';
  END IF;
  KILL thread;
END//
DELIMITER ;
"
    )
}

/// A string in single quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// An identifier in backquotes.
pub(crate) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_nothing_escapes() {
        assert_eq!(quoted("o'clock\\"), "'o''clock\\\\'");
        assert_eq!(identifier("a`b"), "`a``b`");
    }

    #[test]
    fn the_master_user_is_no_superuser() {
        for right in [
            "SUPER",
            "CONNECTION ADMIN",
            "READ ONLY ADMIN",
            "SET USER",
            "ALL",
        ] {
            let mut rights = MASTER_RIGHTS.split(", ");
            assert!(rights.all(|given| given != right), "{right}");
        }
    }
}
