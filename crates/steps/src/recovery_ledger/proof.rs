//! The second question about a plan in whose database no heart beats: whether the promoted replica takes writes. No name moves before
//! somebody said so.

use jiff::{SignedDuration, Timestamp};

use crate::health_probe::prove;
use failover::{
    ledger::{Entry, Run},
    notify::{Message, Severity},
};

/// What whoever has no tool does about a question.
pub(super) const BY_TOKEN: &str = "Without the tool, send the token by the AWS CLI.";

/// Whether the run asks whether its promoted writer takes writes, and no longer whether it may be promoted.
pub(super) fn is_asked_for(run: &Run) -> bool {
    let of_others = |entry: &&Entry| entry.step != super::STEP;
    let last = run.timeline.iter().rev().find(of_others);
    !run.plan.has_heart() && last.is_some_and(|last| last.step == prove::STEP)
}

/// Whether that was what the run asked at a moment.
pub(super) fn was_asked_for(run: &Run, at: Timestamp) -> bool {
    let mut before = run.timeline.iter().filter(|entry| entry.at <= at);
    before.any(|entry| entry.step == prove::STEP)
}

/// That question, with the commands that answer it, and what it says of one that it replaces.
pub(super) fn question(
    run: &Run,
    commands: Vec<String>,
    (until, replaces): (Timestamp, &str),
) -> Message {
    let (from, to) = (&run.from, &run.to);
    let instance = target(run);
    Message {
        severity: Severity::Critical,
        what: format!("does the promoted instance in {to} take writes? Names wait for your word"),
        evidence: format!(
            "RDS shows that {instance} in {to} is promoted and follows nobody. No heart beats in its database, so that nothing here shows \
             that it takes writes. The plan's names and services stay with {from}, whose writer nothing shuts.{replaces}"
        ),
        out_since: run.out_since(),
        until: Some(until),
        execution: run.execution.clone(),
        next: format!(
            "Log in at {instance}, commit a row, and look whether the logins, jobs and linked servers are there. Approve with the first \
             command: names and services are led to {to}. Decline with the second: none moves, and the run ends. {BY_TOKEN}"
        ),
        commands,
    }
}

/// What is considered before that question is answered on a page, and what follows either answer.
pub(super) fn on_a_page(run: &Run) -> (Vec<String>, String, String) {
    let consider = format!(
        "Log in at {}, commit a row, and look whether the logins, jobs and linked servers are there.",
        target(run)
    );
    let yes = format!("Names and services are led to {}.", run.to);
    let no = "This run ends and moves no name and no service.".to_owned();
    (vec![consider], yes, no)
}

/// The command that shows what CloudWatch knew of the replica's lag in the quarter of an hour before the question.
pub(super) fn lag(run: &Run, until: Timestamp) -> Option<String> {
    let minutes = i64::try_from(run.plan.unplanned.approval_minutes).ok()?;
    let asked = until.checked_sub(SignedDuration::from_mins(minutes)).ok()?;
    let since = asked.checked_sub(SignedDuration::from_mins(15)).ok()?;
    let time = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Some(format!(
        "aws cloudwatch get-metric-statistics --region {} --namespace AWS/RDS --metric-name ReplicaLag --dimensions \
         Name=DBInstanceIdentifier,Value={} --start-time {} --end-time {} --period 60 --statistics Maximum",
        run.to,
        target(run),
        time(since),
        time(asked)
    ))
}

fn target(run: &Run) -> &str {
    let member = run.plan.members().get(&run.to);
    member.map_or("the replica", |member| member.identifier.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::testing;

    fn sqlserver() -> Run {
        let document = testing::sqlserver_document().to_string();
        Run {
            plan: failover::plan::read(&document).unwrap(),
            ..testing::run()
        }
    }

    #[test]
    fn the_second_question_is_whether_the_promoted_writer_takes_writes() {
        let mut run = sqlserver();
        let at = Timestamp::UNIX_EPOCH;
        run.note(at, "confirm_outage", "region_down", "silent");
        assert!(!is_asked_for(&run));
        run.note(at, prove::STEP, "ask", "nobody knows");
        assert!(is_asked_for(&run));
        run.note(at, super::super::STEP, "ask", "asked");
        assert!(is_asked_for(&run), "it is asked again");
        let text = question(&run, vec!["yes".into(), "no".into()], (at, "")).text(at);
        assert_eq!(failover::notify::unreadable(&text), Vec::<&str>::new());
        for part in [
            "orders-east in us-east-1 is promoted",
            "Names wait for your word",
            "stay with us-west-2",
            "none moves, and the run ends",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(
            was_asked_for(&run, at),
            "a later question replaces this one"
        );
        assert!(
            !was_asked_for(&sqlserver(), at),
            "the first one was another"
        );
        run.plan = testing::run().plan;
        assert!(!is_asked_for(&run), "a heart tells by itself");
    }
}
