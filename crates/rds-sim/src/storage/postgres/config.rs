//! The settings that one PostgreSQL cluster runs with.

use std::{fmt::Write, net::SocketAddr};

use crate::model::ClusterKey;

/// The superuser that only the simulator knows the password of, named as at RDS.
pub(crate) const ADMIN: &str = "rdsadmin";

/// Who may connect: anyone with a password, from this machine.
pub(crate) const HBA: &str = "host all all 127.0.0.0/8 scram-sha-256\n\
                              host replication rdsadmin 127.0.0.0/8 scram-sha-256\n";

const COMMON: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
fsync = off
shared_buffers = 32MB
max_connections = 60
max_wal_senders = 12
wal_level = logical
max_prepared_transactions = 8
wal_keep_size = 256MB
hot_standby = on
hot_standby_feedback = on
wal_retrieve_retry_interval = 200ms
wal_receiver_status_interval = 1s
password_encryption = scram-sha-256
log_min_messages = warning
include_if_exists = 'more.conf'
";

/// What a standby follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The primary's Region.
    pub(crate) region: &'a str,
    /// The relay to it.
    pub(crate) relay: SocketAddr,
    /// The password of [`ADMIN`].
    pub(crate) password: &'a str,
    /// The slot on the primary that holds its log for this one, if there is one.
    pub(crate) slot: Option<&'a str>,
}

/// The whole of `postgresql.conf`; `postgresql.auto.conf` stays empty. What somebody wants otherwise stands in `more.conf` beside it.
pub(crate) fn postgresql_conf(
    cluster: &ClusterKey,
    port: u16,
    source: Option<Source<'_>>,
) -> String {
    let mut text = COMMON.to_owned();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "port = {port}\ncluster_name = {}",
        quoted(&cluster.id)
    );
    let _ = writeln!(text, "rds_sim.region = {}", quoted(&cluster.region));
    let _ = writeln!(text, "rds_sim.server_id = {}", quoted(&cluster.id));
    let primary_region = source.map_or(cluster.region.as_str(), |source| source.region);
    let _ = writeln!(text, "rds_sim.primary_region = {}", quoted(primary_region));
    if let Some(source) = source {
        let conninfo = format!(
            "host={} port={} user={ADMIN} password={} application_name={} connect_timeout=5",
            source.relay.ip(),
            source.relay.port(),
            source.password,
            cluster.region
        );
        let _ = writeln!(text, "primary_conninfo = {}", quoted(&conninfo));
        if let Some(slot) = source.slot {
            let _ = writeln!(text, "primary_slot_name = {}", quoted(slot));
        }
    }
    text
}

/// A string in single quotes, for SQL (with standard strings) as well as for `postgresql.conf`.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An identifier in double quotes, for SQL.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_standby_names_a_source() {
        let cluster = ClusterKey::new("us-east-1", "orders-east");
        let relay = SocketAddr::from(([127, 0, 0, 1], 4_711));
        let source = Source {
            region: "us-west-2",
            relay,
            password: "p",
            slot: None,
        };
        let standby = postgresql_conf(&cluster, 5_000, Some(source));
        assert!(standby.contains("port=4711 user=rdsadmin password=p application_name=us-east-1"));
        assert!(standby.contains("rds_sim.primary_region = 'us-west-2'"));
        assert!(!standby.contains("primary_slot_name"));
        let through_a_slot = Source {
            slot: Some("rds_us_east_1_db_x"),
            ..source
        };
        let replica = postgresql_conf(&cluster, 5_000, Some(through_a_slot));
        assert!(replica.contains("primary_slot_name = 'rds_us_east_1_db_x'"));
        assert!(!postgresql_conf(&cluster, 5_000, None).contains("primary_conninfo"));
    }

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(quoted("o'clock"), "'o''clock'");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    }
}
