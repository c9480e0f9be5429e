//! A change of writer that was written down and that no run finishes: people are told, and decide.

use jiff::{SignedDuration, Timestamp};

use failover::{
    ledger::{Intent, PlanState},
    notify::{Message, Severity, claim_and_tell, commands, parts, tool, utc},
    pass::by_hand,
    plan::Plan,
    ports::{Ledger, People, Runtime},
};

/// How long whoever forces the steps by hand may take from the promotion to its proof.
const BY_HAND: SignedDuration = SignedDuration::from_mins(10);

/// Whether somebody who forces the steps by hand is between the promotion and its proof, and still in time.
pub(super) fn is_led_by_hand(intent: &Intent, now: Timestamp) -> bool {
    by_hand::is_by_hand(&intent.run_id) && now.duration_since(intent.written_at) < BY_HAND
}

/// An open intent without a run is half a failover that nobody finishes: people must know.
pub(super) async fn page(world: &(impl Ledger + Runtime + People), plan: &Plan, row: &PlanState) {
    let now = world.now();
    let Some((_, intent)) = row.page(now).zip(row.intent.as_ref()) else {
        return;
    };
    // Nobody else is called before whoever forces the steps had the time.
    if is_led_by_hand(intent, now) {
        return;
    }
    let message = message(plan, row, intent, by_hand::is_by_hand(&intent.run_id));
    claim_and_tell(world, plan, &message, |row| row.page(now)).await;
}

pub(super) fn message(plan: &Plan, row: &PlanState, intent: &Intent, by_hand: bool) -> Message {
    let (from, to, epoch) = (&intent.from, &intent.to, intent.epoch);
    let what = if by_hand {
        format!("the promotion of {to} by hand (epoch {epoch}) is not proven")
    } else {
        format!("a failover to {to} (epoch {epoch}) {}", parts::UNFINISHED)
    };
    Message {
        severity: Severity::Critical,
        what,
        evidence: format!(
            "Run {} wrote it down at {} and holds the plan no longer. The database in {to} may take writes already, \
             beside the one in {from}: keep applications out of it until it is proven.",
            intent.run_id,
            utc(intent.written_at)
        ),
        next: if by_hand && !plan.has_heart() {
            "Commit a row in the promoted writer and only then say so by the command. Flip the names and restart the services by hand."
                .into()
        } else if by_hand {
            "Prove the writer, then flip the names and restart the services by hand.".into()
        } else if !plan.has_heart() {
            format!(
                "Start a run. It goes on where the other one stopped, and asks whether what was promoted in {to} takes writes."
            )
        } else {
            format!(
                "Start a run. It goes on where the other one stopped. What was promoted is proven, even if {from} works again."
            )
        },
        commands: vec![if by_hand {
            commands::prove(plan, to, row.proven_epoch())
        } else {
            tool::failover(&plan.plan, to)
        }],
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::testing::{self, example};

    #[test]
    fn a_change_of_writer_that_stands_open_is_told_as_its_examples_show() {
        let intent = Intent {
            epoch: failover::domain::Epoch(2),
            from: "us-west-2".into(),
            to: "us-east-1".into(),
            run_id: "8c5e".into(),
            written_at: example::before(200),
            global_cluster: None,
        };
        let (plan, row) = (example::plan(), testing::row("us-west-2", 1));
        example::is("unfinished", &message(&plan, &row, &intent, false));
        let by_hand = Intent {
            run_id: "by-hand-detach_and_promote-us-east-1-1".into(),
            ..intent
        };
        example::is("unproven", &message(&plan, &row, &by_hand, true));
    }
}
