//! Creates the heartbeat schema and the probe's account. Running it again changes nothing that is right.

use failover::{
    domain::{Epoch, Region},
    plan::{Auth, Plan},
};

use sha1::{Digest, Sha1};

use super::{
    Client, Flavour, Why,
    connect::{SCHEMA, column, literal},
    why::Kind,
};

/// What the probe needs, statement by statement: each commits by itself. A position is asked for by a number that grows, for a row that stays as it is
/// is not logged.
const TABLES: [&str; 3] = [
    "CREATE DATABASE IF NOT EXISTS aurora_failover CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS aurora_failover.epoch (
        singleton TINYINT NOT NULL DEFAULT 1 PRIMARY KEY CHECK (singleton = 1),
        epoch BIGINT UNSIGNED NOT NULL,
        run_id VARCHAR(128) NOT NULL,
        proven_at DATETIME(6) NOT NULL,
        stop_token VARCHAR(128),
        stopped_at DATETIME(6),
        asked BIGINT UNSIGNED NOT NULL DEFAULT 0) ENGINE = InnoDB",
    "CREATE TABLE IF NOT EXISTS aurora_failover.beat (
        vantage VARCHAR(64) NOT NULL PRIMARY KEY,
        seq BIGINT UNSIGNED NOT NULL,
        epoch BIGINT UNSIGNED NOT NULL,
        at DATETIME(6)) ENGINE = InnoDB",
];

/// Creates what the probe needs on the writer: its schema, a row for each member's vantage, and its account, which may
/// touch nothing else. `password` is the account's new one; without it the account keeps the one it has. Answers the epoch that the
/// database holds: a later one than `epoch` is left as it is.
///
/// # Errors
/// [`Why`].
pub async fn setup(
    admin: &mut Client,
    plan: &Plan,
    epoch: Epoch,
    password: Option<&str>,
) -> Result<Epoch, Why> {
    for statement in TABLES {
        admin.run(statement, ()).await?;
    }
    admin
        .run(
            "INSERT INTO aurora_failover.epoch (epoch, run_id, proven_at) VALUES (?, 'setup', UTC_TIMESTAMP(6))
             ON DUPLICATE KEY UPDATE run_id = IF(epoch < VALUES(epoch), VALUES(run_id), run_id),
                proven_at = IF(epoch < VALUES(epoch), VALUES(proven_at), proven_at), epoch = GREATEST(epoch, VALUES(epoch))",
            (epoch.0,),
        )
        .await?;
    for vantage in plan.members().keys().map(Region::as_str) {
        let insert =
            "INSERT IGNORE INTO aurora_failover.beat (vantage, seq, epoch) VALUES (?, 0, 0)";
        admin.run(insert, (vantage,)).await?;
    }
    account(admin, plan, password).await?;
    let held = admin
        .ask("SELECT epoch FROM aurora_failover.epoch", ())
        .await?;
    let held = held.first().and_then(|row| column(row, 0));
    Ok(held.map_or(epoch, Epoch))
}

/// Runs a statement on an account that gives it a password; what the server says where it refuses. MySQL writes no password into its
/// logs, and MariaDB is given what it keeps of one, unless something there insists on judging the password itself.
pub(crate) async fn identify(
    admin: &mut Client,
    statement: &str,
    password: &str,
    needs: &str,
) -> Result<Result<(), String>, Why> {
    let plain = format!("{statement} IDENTIFIED BY {}{needs}", literal(password));
    if admin.flavour() == Flavour::MySql {
        return admin.attempt(&plain).await;
    }
    let kept = literal(&verifier(password));
    let hashed = format!("{statement} IDENTIFIED VIA mysql_native_password USING {kept}{needs}");
    match admin.attempt(&hashed).await? {
        Ok(()) => Ok(Ok(())),
        Err(_) => admin.attempt(&plain).await,
    }
}

/// What `mysql_native_password` keeps of a password.
/// Source: MariaDB, "Authentication Plugin - mysql_native_password": SHA1 twice, in hexadecimal behind an asterisk.
fn verifier(password: &str) -> String {
    let twice = Sha1::digest(Sha1::digest(password.as_bytes()));
    let hex: String = twice.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("*{hex}")
}

/// The probe's account, from wherever it comes. Whom an administrator made it for one host only keeps that one.
async fn account(admin: &mut Client, plan: &Plan, password: Option<&str>) -> Result<(), Why> {
    // A plan of this engine names one.
    let Some(probe) = &plan.database.probe else {
        return Ok(());
    };
    let user = &probe.user;
    let account = format!("{}@'%'", literal(user));
    let create = format!("CREATE USER IF NOT EXISTS {account}");
    let alter = format!("ALTER USER {account}");
    match (&probe.auth, password) {
        (Auth::Iam, _) => {
            let proof = admin.flavour().by_iam();
            admin
                .run(&format!("{create} {proof} REQUIRE SSL"), ())
                .await?;
            admin.run(&format!("{alter} {proof}"), ()).await?;
        }
        (Auth::Secret { .. }, Some(password)) => {
            for (statement, needs) in [(create, " REQUIRE SSL"), (alter, "")] {
                let done = identify(admin, &statement, password, needs).await?;
                done.map_err(|why| Why::new(Kind::Misconfigured, why))?;
            }
        }
        (Auth::Secret { .. }, None) => {
            admin.run(&format!("{create} REQUIRE SSL"), ()).await?;
        }
    }
    for table in ["epoch", "beat"] {
        let grant = format!("GRANT SELECT, UPDATE ON {SCHEMA}.{table} TO {account}");
        admin.run(&grant, ()).await?;
    }
    let watches = format!(
        "GRANT {} ON *.* TO {account}",
        admin.flavour().watches_channels()
    );
    // An administrator who may not grant that has set up all the rest; the probe then tells no position.
    if let Err(why) = admin.run(&watches, ()).await {
        if !why.is_of_the_statement() {
            return Err(why);
        }
        tracing::warn!(%why, user, "the probe may not look how far a replica is");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_mariadb_keeps_of_a_password_is_what_its_own_function_makes() {
        // As `SELECT PASSWORD('secret')` answers.
        let kept = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7";
        assert_eq!(super::verifier("secret"), kept);
    }
}
