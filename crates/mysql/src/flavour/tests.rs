//! MySQL's half against answers that its documentation shows, and MariaDB's against those that its server gives.

use super::*;

/// Columns by their names.
fn row(columns: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    move |name| {
        let found = columns.iter().find(|(column, _)| *column == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}

/// Source: MySQL 8.4 Reference Manual, "SHOW REPLICA STATUS Statement", its example.
const MYSQL: &[(&str, &str)] = &[
    ("Replica_IO_State", "Waiting for source to send event"),
    ("Source_Host", "127.0.0.1"),
    ("Source_Log_File", "master-bin.000001"),
    ("Read_Source_Log_Pos", "927"),
    ("Relay_Source_Log_File", "master-bin.000001"),
    ("Replica_IO_Running", "Yes"),
    ("Replica_SQL_Running", "Yes"),
    ("Exec_Source_Log_Pos", "927"),
    ("Channel_Name", ""),
];

/// As MariaDB 10.11 answers for a connection that somebody named, and stopped.
const MARIADB: &[(&str, &str)] = &[
    ("Connection_name", "orders from the old house"),
    ("Relay_Master_Log_File", "mysql-bin-changelog.000012"),
    ("Slave_IO_Running", "No"),
    ("Slave_SQL_Running", "No"),
    ("Exec_Master_Log_Pos", "154"),
];

#[test]
fn a_position_grows_with_the_files_number_first_and_then_with_the_offset() {
    let at = |file: &str, offset| position(file, offset).unwrap();
    assert!(at("mysql-bin-changelog.000002", 4) > at("mysql-bin-changelog.000001", 1 << 39));
    assert!(at("binlog.000002", 5) > at("binlog.000002", 4));
    assert_eq!(position("binlog", 4), None);
    assert_eq!(position("binlog.000001", 1 << 40), None);
}

#[test]
fn a_replica_tells_how_far_it_has_applied_in_its_own_words() {
    let applied = Flavour::MySql.applied(row(MYSQL));
    assert_eq!(applied, position("master-bin.000001", 927));
    assert_eq!(Flavour::MySql.works(row(MYSQL)).as_deref(), Some(""));
    // The words of the other say nothing.
    assert_eq!(Flavour::MariaDb.applied(row(MYSQL)), None);
    assert_eq!(Flavour::MariaDb.works(row(MYSQL)), None);
}

#[test]
fn a_replica_that_leaves_rows_out_tells_no_position() {
    let with = |filter: &'static str, value: &'static str| {
        move |name: &str| {
            let found = (name == filter).then(|| value.to_owned());
            found.or_else(|| row(MYSQL)(name))
        }
    };
    let own = "mysql.rds_sysinfo, mysql.rds_history,innodb_memcache.cache_policies";
    assert!(
        Flavour::MySql
            .applied(with("Replicate_Ignore_Table", own))
            .is_some()
    );
    for filter in FILTERS {
        assert_eq!(Flavour::MySql.applied(with(filter, "audit.log")), None);
    }
}

#[test]
fn a_channel_that_somebody_named_is_no_replication_of_rds_and_one_that_stands_still_brings_nothing_in()
 {
    assert_eq!(Flavour::MariaDb.applied(row(MARIADB)), None);
    assert_eq!(Flavour::MariaDb.works(row(MARIADB)), None);
}

#[test]
fn a_server_is_asked_for_its_log_by_the_statement_that_its_version_knows() {
    assert_eq!(Flavour::MariaDb.written((10, 6, 14)), "SHOW BINLOG STATUS");
    assert_eq!(Flavour::MySql.written((8, 0, 40)), "SHOW MASTER STATUS");
    assert_eq!(Flavour::MySql.written((8, 4, 3)), "SHOW BINARY LOG STATUS");
}
