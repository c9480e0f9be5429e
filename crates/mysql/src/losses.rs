//! Which transactions one server has alone, by the names that replication gives them.

use failover::ledger::LostTransactions;

use super::{Client, Flavour, Why, connect::column};

/// What the deposed server has and the writer has not; `None` where the server names no transactions.
///
/// # Errors
/// [`Why`] where a server does not answer.
pub async fn lost(
    deposed: &mut Client,
    writer: &mut Client,
) -> Result<Option<LostTransactions>, Why> {
    match deposed.flavour() {
        Flavour::MariaDb => {
            let server = text(deposed, "SELECT @@GLOBAL.server_id").await?;
            let had = text(deposed, "SELECT @@GLOBAL.gtid_binlog_state").await?;
            let kept = text(writer, "SELECT @@GLOBAL.gtid_binlog_state").await?;
            let followed = text(writer, "SELECT @@GLOBAL.gtid_slave_pos").await?;
            Ok(of_domains(&server, &had, &format!("{kept},{followed}")))
        }
        Flavour::MySql => {
            let had = text(deposed, "SELECT @@GLOBAL.gtid_executed").await?;
            if had.is_empty() {
                return Ok(None);
            }
            let kept = text(writer, "SELECT @@GLOBAL.gtid_executed").await?;
            let alone = deposed
                .ask("SELECT GTID_SUBTRACT(?, ?)", (had, kept))
                .await?;
            let alone: Option<String> = alone.first().and_then(|row| column(row, 0));
            Ok(alone.as_deref().map(of_sets))
        }
    }
}

async fn text(client: &mut Client, statement: &str) -> Result<String, Why> {
    let rows = client.ask(statement, ()).await?;
    Ok(rows
        .first()
        .and_then(|row| column(row, 0))
        .unwrap_or_default())
}

/// The numbers of one server's transactions, by domain, in MariaDB's notation: `domain-server-number`, with commas between.
/// Source: MariaDB, "Global Transaction ID".
fn numbers<'a>(state: &'a str, server: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
    state.split(',').filter_map(move |one| {
        let mut parts = one.trim().split('-');
        let (domain, of, number) = (parts.next()?, parts.next()?, parts.next()?);
        (of == server).then_some(())?;
        Some((domain, number.parse().ok()?))
    })
}

/// What a server committed itself in each domain behind what the other one has of it. As long as it was the writer nobody else numbered
/// there.
fn of_domains(server: &str, had: &str, kept: &str) -> Option<LostTransactions> {
    let mut lost = None;
    for (domain, last) in numbers(had, server) {
        let found: &mut LostTransactions = lost.get_or_insert_default();
        let others = numbers(kept, server).filter(|(other, _)| *other == domain);
        let arrived = others.map(|(_, number)| number).max().unwrap_or_default();
        if last > arrived {
            let name = |number: u64| format!("{domain}-{server}-{number}");
            found.count += last - arrived;
            found.first.get_or_insert(name(arrived + 1));
            found.last = Some(name(last));
        }
    }
    lost
}

/// Counts a set of MySQL's: `source:first-last:only`, with commas between.
/// Source: MySQL, "GTID Format and Storage".
fn of_sets(set: &str) -> LostTransactions {
    let mut lost = LostTransactions::default();
    for one in set.split(',') {
        let mut parts = one.trim().split(':');
        let source = parts.next().unwrap_or_default();
        // Between them a tag may stand, which is no number.
        for interval in parts {
            let (first, last) = interval.split_once('-').unwrap_or((interval, interval));
            let (Ok(from), Ok(to)) = (first.parse::<u64>(), last.parse::<u64>()) else {
                continue;
            };
            lost.count += to.saturating_sub(from) + 1;
            lost.first.get_or_insert(format!("{source}:{from}"));
            lost.last = Some(format!("{source}:{to}"));
        }
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(count: u64, first: &str, last: &str) -> LostTransactions {
        LostTransactions {
            count,
            first: Some(first.into()),
            last: Some(last.into()),
        }
    }

    #[test]
    fn what_a_server_committed_behind_what_arrived_is_counted_by_its_own_number() {
        let lost = of_domains("11", "0-11-120,0-7-40,5-7-3", "0-11-100,0-12-107,0-11-101");
        assert_eq!(lost, Some(counted(19, "0-11-102", "0-11-120")));
        let none = of_domains("11", "0-11-120", "0-11-120,0-12-133");
        assert_eq!(none, Some(LostTransactions::default()));
        let all = of_domains("11", "0-11-3", "");
        assert_eq!(all, Some(counted(3, "0-11-1", "0-11-3")));
        assert_eq!(of_domains("11", "", ""), None, "it names none");
    }

    #[test]
    fn a_set_of_mysql_is_counted_interval_by_interval() {
        let set = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-3:11:47-49,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:5";
        let lost = of_sets(set);
        let first = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1";
        let last = "4e11fa47-71ca-11e1-9e33-c80aa9429562:5";
        assert_eq!(lost, counted(8, first, last));
        assert_eq!(of_sets(""), LostTransactions::default());
    }
}
