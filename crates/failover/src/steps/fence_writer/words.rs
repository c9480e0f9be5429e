//! What people are told of a fence.

use crate::sql::fence::Shut;

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
pub(super) fn done(done: &Shut) -> String {
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
        if done.as_administrator.is_empty() {
            String::new()
        } else {
            format!(
                "; who logs in as the administrator is not kept out: {}; give an application among them a role of its own",
                some(done.as_administrator.iter())
            )
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_worked_by_itself_and_what_was_sent_out_is_named_to_people() {
        let shut = Shut {
            roles: vec!["app".into()],
            sessions: 2,
            jobs: vec!["7 in postgres".into()],
            subscriptions: vec!["orders.fed".into()],
            senders: vec!["cdc_reader by the slot changes".into()],
            ..Shut::default()
        };
        assert_eq!(
            done(&shut),
            "1 role(s) lost their login, 2 session(s) were ended, 1 job(s) and 1 subscription(s) disabled; \
             jobs of pg_cron: 7 in postgres; subscriptions, whose slots upstream stay as they are: orders.fed; \
             changes were sent to: cdc_reader by the slot changes"
        );
        let nothing = done(&Shut::default());
        assert!(nothing.ends_with("0 subscription(s) disabled"), "{nothing}");
    }
}
