//! Gives back what fencing took.

use failover::ports::Unfenced;

use super::{CANARY, DEPOSED, EVENT, FORGET, RECORD, ROLE, alone, is_canary};
use crate::{
    Client, Why,
    connect::{column, literal},
};

/// Gives back what [`super::fence`] took: the logins, and the events. What is missing keeps nothing else from being given back; what could
/// not be given back stays on record.
///
/// # Errors
/// [`Why`].
pub async fn unfence(admin: &mut Client) -> Result<Unfenced, Why> {
    alone(admin).await?;
    admin.run(RECORD, ()).await?;
    give_all(admin).await
}

/// The same within a pass that is alone already.
pub(super) async fn give_all(admin: &mut Client) -> Result<Unfenced, Why> {
    let mut given = Unfenced::default();
    let forget = "DELETE FROM aurora_failover.fenced WHERE kind = ?";
    admin.run(forget, (DEPOSED,)).await?;
    give_logins(admin, &mut given).await?;
    give_events(admin, &mut given).await?;
    Ok(given)
}

/// Gives back the logins that are on record, and takes the canary away.
pub(super) async fn give_logins(admin: &mut Client, given: &mut Unfenced) -> Result<(), Why> {
    for account in recorded(admin, ROLE).await? {
        if is_canary(&account) {
            admin.run(FORGET, (ROLE, &account)).await?;
            continue;
        }
        let unlocked = admin
            .attempt(&format!("ALTER USER {account} ACCOUNT UNLOCK"))
            .await?;
        match unlocked {
            Ok(()) => given.roles.push(account.clone()),
            Err(_) if !exists(admin, &account).await? => {
                given.missing.push(format!("account {account}"));
            }
            Err(why) => {
                given.refused.push(format!("account {account}: {why}"));
                continue;
            }
        }
        admin.run(FORGET, (ROLE, &account)).await?;
    }
    let drop = format!("DROP USER IF EXISTS {}@'%'", literal(CANARY));
    if let Err(why) = admin.attempt(&drop).await? {
        given.refused.push(format!("account {CANARY}: {why}"));
    }
    Ok(())
}

/// Whether an account is there, whether or not it may log in.
async fn exists(admin: &mut Client, account: &str) -> Result<bool, Why> {
    let statement = admin.flavour().accounts();
    let rows = admin.ask(statement, ()).await?;
    Ok(rows.iter().any(|row| {
        let (user, host) = (column::<String>(row, 0), column::<String>(row, 1));
        user.zip(host)
            .is_some_and(|(user, host)| format!("{}@{}", literal(&user), literal(&host)) == account)
    }))
}

/// Gives back the events that are on record.
pub(super) async fn give_events(admin: &mut Client, given: &mut Unfenced) -> Result<(), Why> {
    for event in recorded(admin, EVENT).await? {
        match admin
            .attempt(&format!("ALTER EVENT {event} ENABLE"))
            .await?
        {
            Ok(()) => given.others.push(format!("event {event}")),
            Err(_) if !has_event(admin, &event).await? => {
                given.missing.push(format!("event {event}"));
            }
            Err(why) => {
                given.refused.push(format!("event {event}: {why}"));
                continue;
            }
        }
        admin.run(FORGET, (EVENT, &event)).await?;
    }
    Ok(())
}

async fn has_event(admin: &mut Client, event: &str) -> Result<bool, Why> {
    let statement = "
        SELECT 1 FROM information_schema.events
        WHERE CONCAT('`', REPLACE(event_schema, '`', '``'), '`.`', REPLACE(event_name, '`', '``'), '`') = ?";
    Ok(!admin.ask(statement, (event,)).await?.is_empty())
}

async fn recorded(admin: &mut Client, kind: &str) -> Result<Vec<String>, Why> {
    let statement = "SELECT name FROM aurora_failover.fenced WHERE kind = ? ORDER BY name";
    let rows = admin.ask(statement, (kind,)).await?;
    Ok(rows.iter().filter_map(|row| column(row, 0)).collect())
}
