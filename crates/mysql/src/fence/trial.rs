//! Looks while all is well whether the fence would be allowed. A change of an account cannot be taken back as if it had not been, so that
//! the rights are read and nothing is tried.

use super::access;
use crate::{Client, Why, connect::column};

/// What the fence needs, each with what it needs it for.
const NEEDED: [(&str, &str); 3] = [
    ("CREATE USER", "lock the accounts of applications"),
    ("PROCESS", "see the sessions of applications"),
    ("EVENT", "disable events"),
];

/// The role that RDS for MySQL gives its administrator, which holds all of that.
const SUPERUSER: &str = "rds_superuser_role";

/// Answers why shutting would not be allowed, where it would not be: to see sessions, to end them, to lock accounts, to keep the record, to
/// disable events. Nothing is changed.
///
/// # Errors
/// [`Why`] where the server does not answer.
pub async fn rehearse(admin: &mut Client, kept: &[&str]) -> Result<Vec<String>, Why> {
    let mut refused = Vec::new();
    if access::epoch(admin).await?.is_none() {
        refused.push(
            "its record cannot be kept: the heartbeat schema is not there; run health-probe setup"
                .to_owned(),
        );
    }
    rights(admin, &mut refused).await?;
    looks(admin, &mut refused).await?;
    for event in access::events(admin).await? {
        if !event.is_ours {
            refused.push(format!(
                "the event {} would go on as {}; disable it, let the administrator define it, or set the parameter event_scheduler to off",
                event.name(),
                event.definer
            ));
        }
    }
    let others = access::sessions(admin, kept).await?;
    let mut said = Vec::new();
    for other in others
        .into_iter()
        .filter(|other| other.stays && !other.sends)
    {
        super::add(
            &mut said,
            format!(
                "{} would not be kept out, for it logs in as the administrator or as the probe; give it an account of its own, or end its session",
                other.who
            ),
        );
    }
    refused.extend(said);
    Ok(refused)
}

/// Whether the administrator holds the rights, and RDS's procedure is there.
async fn rights(admin: &mut Client, refused: &mut Vec<String>) -> Result<(), Why> {
    let rows = admin.ask("SHOW GRANTS", ()).await?;
    let grants: Vec<String> = rows.iter().filter_map(|row| column(row, 0)).collect();
    let holds = |right: &str| {
        grants.iter().any(|grant| {
            let everywhere = grant.contains(" ON *.* ");
            let listed =
                grant.contains(&format!(" {right},")) || grant.contains(&format!(" {right} ON"));
            grant.contains(SUPERUSER) || everywhere && (listed || grant.contains("ALL PRIVILEGES"))
        })
    };
    for (right, does) in NEEDED {
        if !holds(right) {
            refused.push(format!("it may not {does}; grant it {right}"));
        }
    }
    let killer = "
        SELECT 1 FROM information_schema.routines WHERE routine_schema = 'mysql' AND routine_name = 'rds_kill'";
    if admin.ask(killer, ()).await?.is_empty() {
        refused.push(
            "it may not end the sessions of applications: the procedure mysql.rds_kill is not there, which RDS makes".to_owned(),
        );
    }
    Ok(())
}

/// Whether everything can be looked at that counts as a door, or says how far the writer has written.
async fn looks(admin: &mut Client, refused: &mut Vec<String>) -> Result<(), Why> {
    if let Err(why) = access::prepared(admin).await? {
        refused.push(format!(
            "it may not see transactions that are prepared ({why}); grant it XA_RECOVER_ADMIN"
        ));
    }
    let written = admin.flavour().written(admin.version());
    if let Err(why) = admin.attempt(written).await? {
        refused.push(format!(
            "it may not see how far the binary log goes ({why}); grant it REPLICATION CLIENT"
        ));
    }
    if let Err(why) = access::inbound(admin).await? {
        let right = admin.flavour().watches_channels();
        refused.push(format!(
            "it may not see what the server replicates ({why}); grant it {right}"
        ));
    }
    Ok(())
}
