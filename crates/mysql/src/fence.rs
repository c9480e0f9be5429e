//! Takes the applications' way into a writer, as its administrator, and gives it back.
//!
//! A change of an account commits by itself, and so does what it is recorded by: the record comes first, so that whatever is locked is
//! given back, and a lock of the server's keeps two passes from working at once.

mod access;
mod stop;
mod trial;
mod unfence;

use failover::{
    domain::Epoch,
    ports::{Credentials, Fenced},
};

use super::{
    Client, Why,
    connect::{column, literal},
    setup::identify,
    why::Kind,
};

pub use access::{access, epoch, moves_break};
pub use stop::{erase, mark, open, position, stop};
pub use trial::rehearse;
pub use unfence::unfence;

use access::Account;

/// An account of the fence's own that could log in a moment before: when it no longer can, neither can the others.
pub const CANARY: &str = "aurora_failover_canary";

const RECORD: &str = "
    CREATE TABLE IF NOT EXISTS aurora_failover.fenced (
        kind VARCHAR(16) NOT NULL, name VARCHAR(400) NOT NULL, PRIMARY KEY (kind, name)) ENGINE = InnoDB";

/// How long a pass waits for another one's session to end, in seconds.
const ALONE: &str = "SELECT GET_LOCK('aurora_failover.fenced', 5)";

const REMEMBER: &str = "INSERT IGNORE INTO aurora_failover.fenced (kind, name) VALUES (?, ?)";
const FORGET: &str = "DELETE FROM aurora_failover.fenced WHERE kind = ? AND name = ?";

/// The kind under which the record says that the database is deposed, by the epoch that was proven elsewhere: no stop of a planned
/// move holds there any more, and none is opened.
const DEPOSED: &str = "epoch";
/// The kind of an account that was locked, named as it stands in a statement.
const ROLE: &str = "role";
/// The kind of an event that was disabled, named as it stands in a statement.
const EVENT: &str = "job";

/// One pass at a time, for as long as its session lives: the server lets go of the lock with it.
async fn alone(admin: &mut Client) -> Result<(), Why> {
    let got = admin.ask(ALONE, ()).await?;
    if got.first().and_then(|row| column::<i64>(row, 0)) == Some(1) {
        return Ok(());
    }
    Err(Why::new(
        Kind::Answered,
        "another pass works on the accounts of this database; this one is made again",
    ))
}

/// Shuts every door of a database whose epoch is below `proven`, and ends what came in before. What cannot be shut keeps nothing
/// else open, and is named. Answers `None` where the database has that epoch or a later one: it followed the writer of that
/// epoch. Another pass waits until this one's session has ended.
///
/// # Errors
/// [`Why`]; one that is read only on a standby.
pub async fn fence(
    admin: &mut Client,
    kept: &[&str],
    proven: Epoch,
    canary: &Credentials,
) -> Result<Option<Fenced>, Why> {
    alone(admin).await?;
    admin.run(RECORD, ()).await?;
    if !is_behind(admin, proven).await? {
        return Ok(None);
    }
    // The epoch is asked for once more within the statement: ProveWriter may open one beside it.
    let depose = "
        INSERT IGNORE INTO aurora_failover.fenced (kind, name) SELECT ?, ? FROM aurora_failover.epoch WHERE epoch < ?";
    let name = proven.to_string();
    admin.run(depose, (DEPOSED, name, proven.0)).await?;
    let mut done = Fenced::default();
    if is_behind(admin, proven).await? {
        take(admin, kept, canary, &mut done).await?;
    }
    // Accounts are locked one by one, and nothing holds the epoch meanwhile.
    if !is_behind(admin, proven).await? {
        unfence::give_all(admin).await?;
        return Ok(None);
    }
    Ok(Some(end(admin, kept, done).await?))
}

/// Whether the database holds an epoch below this one.
async fn is_behind(admin: &mut Client, proven: Epoch) -> Result<bool, Why> {
    let held = access::epoch(admin).await?;
    Ok(held.is_some_and(|held| held < proven))
}

/// Locks the accounts, each after it is on record.
async fn take(
    admin: &mut Client,
    kept: &[&str],
    canary: &Credentials,
    done: &mut Fenced,
) -> Result<(), Why> {
    if let Err(why) = admit_canary(admin, canary).await? {
        done.is_untried = true;
        done.refused.push(format!(
            "the account {} that a login is tried with cannot be made: {why}; grant the administrator CREATE USER",
            canary.user
        ));
    }
    for account in access::accounts(admin, kept).await? {
        let Account { name, .. } = account;
        admin.run(REMEMBER, (ROLE, &name)).await?;
        match admin
            .attempt(&format!("ALTER USER {name} ACCOUNT LOCK"))
            .await?
        {
            Ok(()) => done.roles.push(name),
            Err(why) => {
                admin.run(FORGET, (ROLE, &name)).await?;
                done.refused
                    .push(format!("the account {name} keeps its login: {why}"));
            }
        }
    }
    Ok(())
}

/// Shuts the other doors, and ends what came in before.
async fn end(admin: &mut Client, kept: &[&str], mut done: Fenced) -> Result<Fenced, Why> {
    disable(admin, &mut done).await?;
    end_sessions(admin, kept, &mut done).await?;
    name_what_stays(admin, &mut done).await?;
    done.roles.retain(|role| !is_canary(role));
    Ok(done)
}

/// Whether an account, as it stands in a statement, is the canary's.
fn is_canary(account: &str) -> bool {
    account.starts_with(&format!("'{CANARY}'@"))
}

/// Disables the events that work as the administrator; one of somebody else would be the administrator's from then on.
async fn disable(admin: &mut Client, done: &mut Fenced) -> Result<(), Why> {
    for event in access::events(admin).await? {
        let name = event.name();
        if !event.is_ours {
            done.refused.push(format!(
                "the event {name} goes on as {}; disable it by hand as that account, or set the parameter event_scheduler to off",
                event.definer
            ));
            continue;
        }
        admin.run(REMEMBER, (EVENT, &name)).await?;
        match admin
            .attempt(&format!("ALTER EVENT {name} DISABLE"))
            .await?
        {
            Ok(()) => done.jobs.push(name),
            Err(why) => {
                admin.run(FORGET, (EVENT, &name)).await?;
                done.refused
                    .push(format!("the event {name} cannot be disabled: {why}"));
            }
        }
    }
    Ok(())
}

/// Ends what is in, one by one, by the procedure that RDS gives for it: locking an account leaves its sessions as they are.
/// Source: RDS User Guide, "mysql.rds_kill".
///
/// # Errors
/// [`Why`].
async fn end_sessions(admin: &mut Client, kept: &[&str], done: &mut Fenced) -> Result<(), Why> {
    let mut ended = Vec::new();
    for session in access::sessions(admin, kept).await? {
        if session.stays {
            add(&mut done.as_administrator, session.who.clone());
        }
        match admin
            .attempt(&format!("CALL mysql.rds_kill({})", session.id))
            .await?
        {
            Ok(()) => {
                done.sessions += u64::from(!session.enters);
                if session.sends {
                    add(&mut done.senders, session.who.clone());
                }
                ended.push(session);
            }
            // One that ended by itself meanwhile is none.
            Err(_) if !access::is_there(admin, session.id).await? => {}
            Err(why) => add(
                &mut done.refused,
                format!(
                    "a session of {} cannot be ended ({why}); grant the administrator EXECUTE on mysql.rds_kill",
                    session.who
                ),
            ),
        }
    }
    for session in stayed(admin, ended).await? {
        add(
            &mut done.refused,
            format!(
                "a session of {} was ended and is still there; end it by hand",
                session.who
            ),
        );
    }
    Ok(())
}

/// Those of the sessions that were ended which are still there after two seconds. One that is logging in is looked at by nothing else.
async fn stayed(
    admin: &mut Client,
    mut ended: Vec<access::Found>,
) -> Result<Vec<access::Found>, Why> {
    const LOOKS_MAX: usize = 20;
    for _ in 0..LOOKS_MAX {
        let mut left = Vec::new();
        for session in ended {
            if access::is_there(admin, session.id).await? {
                left.push(session);
            }
        }
        ended = left;
        if ended.is_empty() {
            break;
        }
        admin.run("DO SLEEP(0.1)", ()).await?;
    }
    Ok(ended)
}

/// What only people can shut.
async fn name_what_stays(admin: &mut Client, done: &mut Fenced) -> Result<(), Why> {
    for xid in access::prepared(admin).await?.unwrap_or_default() {
        done.refused.push(format!(
            "the prepared transaction {xid} can still be committed; roll it back or commit it by hand"
        ));
    }
    for channel in access::inbound(admin).await?.unwrap_or_default() {
        done.refused.push(format!(
            "the channel {channel:?} brings changes in; stop it by hand with mysql.rds_stop_replication"
        ));
    }
    Ok(())
}

/// What many sessions have in common is said once.
fn add(to: &mut Vec<String>, said: String) {
    if !to.contains(&said) {
        to.push(said);
    }
}

/// Makes the account that a login is tried with, or gives it this password, and lets it in.
async fn admit_canary(admin: &mut Client, canary: &Credentials) -> Result<Result<(), String>, Why> {
    let account = format!("{}@'%'", literal(&canary.user));
    let create = format!("CREATE USER IF NOT EXISTS {account}");
    let made = identify(admin, &create, &canary.password, "").await?;
    if let Err(why) = made {
        return Ok(Err(why));
    }
    let alter = format!("ALTER USER {account}");
    identify(admin, &alter, &canary.password, " ACCOUNT UNLOCK").await
}
