//! A change of writer that was written down and that no run finishes: people are told, and decide.

use jiff::{SignedDuration, Timestamp};

use failover::{
    ledger::{Intent, PlanState},
    notify::{Message, Severity, claim_and_tell, commands, utc},
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
        format!("a failover to {to} (epoch {epoch}) was begun and no run finishes it")
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
            commands::unplanned(plan, &intent.from, to)
        }],
        ..Message::default()
    }
}
