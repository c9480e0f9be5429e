//! What people are told of a fence.

use super::AccessCounts;
use failover::{domain::Region, plan::Plan, ports::Fenced};

/// What keeps out whoever logs in as the administrator.
pub(super) const KEEP_OUT: &str = "Move each application among them to a role of its own, or rotate the administrator's secret \
    and give this member the new password too.";

/// What people do about a member that was fenced.
pub(super) fn home(plan: &Plan) -> String {
    match plan.kind().runs().failback {
        Some(_) => "Bring the writer home when it suits you.".to_owned(),
        None => format!(
            "Make a new standby here by hand when it suits you: {}.",
            plan.kind().has_no("failback")
        ),
    }
}

/// The first few of a list, and how many more there are: an answer and a message stay short whatever the database holds.
pub(super) fn some<'a>(list: impl Iterator<Item = &'a String>) -> String {
    const FEW: usize = 10;
    let all: Vec<_> = list.map(String::as_str).collect();
    let few = all.iter().take(FEW).copied().collect::<Vec<_>>().join("; ");
    match all.len().saturating_sub(FEW) {
        0 => few,
        more => format!("{few}; and {more} more"),
    }
}

/// What fencing did: what works by itself and what is sent out is named, for somebody waits for it elsewhere.
pub(super) fn done(done: &Fenced) -> String {
    let named = |what: &str, names: &[String]| match names {
        [] => String::new(),
        names => format!("; {what}: {}", some(names.iter())),
    };
    format!(
        "{} role(s) lost their login, {} session(s) were ended, {} job(s) and {} subscription(s) disabled{}{}{}{}",
        done.roles.len(),
        done.sessions,
        done.jobs.len(),
        done.subscriptions.len(),
        named("jobs of pg_cron", &done.jobs),
        named(
            "subscriptions, whose slots upstream stay as they are",
            &done.subscriptions
        ),
        named("changes were sent to", &done.senders),
        named(
            "sessions were ended whose login stays",
            &done.as_administrator
        )
    )
}

/// What stands open, without what is shut.
pub(super) fn open(open: &AccessCounts) -> String {
    let counts = [
        ("role(s)", open.roles as u64),
        ("session(s)", open.sessions),
        ("job(s)", open.jobs),
        ("subscription(s)", open.subscriptions as u64),
        ("reader(s) of changes", open.senders),
        ("prepared transaction(s)", open.prepared as u64),
        ("place(s) that cannot be looked into", open.unseen as u64),
        (
            "session(s) of the administrator",
            open.as_administrator as u64,
        ),
    ];
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    let names = match open.names.as_str() {
        "" => String::new(),
        names => format!(": {names}"),
    };
    format!("{}{names}", counts.join(", "))
}

/// Why a loop of the fence ends.
pub(super) fn came_back(here: &Region, stays: &[String]) -> String {
    format!(
        "the fence in {here} ends sessions of the administrator's login or the probe's, and they come back: {}. {KEEP_OUT}",
        some(stays.iter())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_worked_by_itself_and_what_was_sent_out_is_named_to_people() {
        let shut = Fenced {
            roles: vec!["app".into()],
            sessions: 2,
            jobs: vec!["7 in postgres".into()],
            subscriptions: vec!["orders.fed".into()],
            senders: vec!["cdc_reader by the slot changes".into()],
            as_administrator: vec!["orders_admin from 10.0.0.9 (report)".into()],
            ..Fenced::default()
        };
        assert_eq!(
            done(&shut),
            "1 role(s) lost their login, 2 session(s) were ended, 1 job(s) and 1 subscription(s) disabled; \
             jobs of pg_cron: 7 in postgres; subscriptions, whose slots upstream stay as they are: orders.fed; \
             changes were sent to: cdc_reader by the slot changes; sessions were ended whose login stays: \
             orders_admin from 10.0.0.9 (report)"
        );
        let nothing = done(&Fenced::default());
        assert!(nothing.ends_with("0 subscription(s) disabled"), "{nothing}");
    }
}
