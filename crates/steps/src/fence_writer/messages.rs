//! What people are told of a deposed writer: that it was fenced, that it is not, and who comes in as its administrator.

use super::{Observed, words};
use crate::standing::{Standing, standing};
use failover::{
    Error,
    domain::Region,
    ledger::{Current, KeptPlan, PlanState, Rows},
    notify::{Message, Severity, claim_and_tell, parts, tell_news, tool},
    plan::Plan,
    ports::{Ledger, People, Runtime},
    topologies::Topologies,
};

/// Tells people that a deposed writer is fenced, where an earlier pass ended before it could, or told them that it is not.
pub(super) async fn tell_fenced(
    world: &(impl Ledger + Runtime + People),
    known: &KeptPlan,
    rows: &Rows,
    observed: &Observed,
) {
    let row = rows.0.get(world.region());
    if row.and_then(PlanState::tell_fenced).is_some() {
        let message = fenced(world, known, observed, "Nothing stands open there");
        claim_and_tell(world, &known.plan, &message, PlanState::tell_fenced).await;
    }
}

/// That a deposed writer was fenced.
pub(super) fn fenced(
    world: &impl Runtime,
    known: &KeptPlan,
    observed: &Observed,
    what: &str,
) -> Message {
    let here = world.region();
    Message {
        severity: Severity::Action,
        what: format!("the deposed writer in {here} {}", parts::FENCED),
        evidence: format!(
            "{} has been the writer since epoch {}. {what}.",
            observed.writer, observed.epoch
        ),
        next: words::home(&known.plan),
        commands: tool::failback(&known.plan, here).into_iter().collect(),
        ..Message::default()
    }
}

/// Tells people once for each epoch, and each of them, who is not kept out, and what keeps them out.
pub(super) async fn tell_administrator(
    world: &(impl Ledger + Runtime + People),
    known: &KeptPlan,
    observed: &Observed,
    stays: &[String],
) {
    let here = world.region();
    let message = Message {
        severity: Severity::Critical,
        what: format!("split brain: an administrator works in the deposed writer in {here}"),
        evidence: format!(
            "{} has been the writer since epoch {}. Sessions there were ended, and the fence cannot take their login: {}.",
            observed.writer,
            observed.epoch,
            words::some(stays.iter())
        ),
        next: format!(
            "{} The fence ends such sessions every minute, and this is told once for each of them. A person who has to look there sets \
             PGAPPNAME to aurora-failover.",
            words::KEEP_OUT
        ),
        commands: vec![tool::fence(&known.plan.plan, here)],
        ..Message::default()
    };
    let news = |row: &PlanState| row.tell_administrators(observed.epoch, stays);
    tell_news(world, &known.plan, &message, news).await;
}

/// Tells people once that a deposed writer is not fenced, and why: until it is, there are two writers. Once for each epoch and
/// cause; a failure that says nothing of where this Region's member stands is only counted.
pub(super) async fn tell_unfenced(
    world: &(impl Ledger + Runtime + Topologies + People),
    known: &KeptPlan,
    rows: &Rows,
    why: &Error,
) {
    let here = world.region();
    let Ok((Standing::Deposed, cluster)) = standing(world, &known.plan, rows).await else {
        return;
    };
    let Some(current) = rows.current() else {
        return;
    };
    // What keeps the fence out once a cluster that nobody can connect to is started is told all the same.
    let (message, cause) = match cluster.and_then(|cluster| cluster.unreachable(here)) {
        Some(why) => (
            unreachable(here, current, (&why, known.plan.has_heart())),
            "Shut".to_owned(),
        ),
        None => (
            split_brain(here, current, (why, &known.plan)),
            format!("{}: {why}", why.name()),
        ),
    };
    let news = |row: &PlanState| row.tell_unfenced(current.epoch, &cause);
    claim_and_tell(world, &known.plan, &message, news).await;
}

fn unreachable(here: &Region, current: &Current, (why, may_shut): (&str, bool)) -> Message {
    Message {
        severity: Severity::Action,
        what: format!(
            "the deposed writer in {here} {}, and nobody can connect to it",
            parts::NOT_FENCED
        ),
        evidence: format!(
            "{} has been the writer since epoch {}. {why}. It takes no writes as it is.",
            current.writer, current.epoch
        ),
        next: if may_shut {
            "Let nothing write there when it is started: the fence shuts it within a minute then. RDS starts a stopped cluster by \
             itself after seven days."
        } else {
            "Let nothing write there when it is started: nothing here shuts it. RDS starts it by itself after seven days."
        }
        .into(),
        ..Message::default()
    }
}

fn split_brain(here: &Region, current: &Current, (why, plan): (&Error, &Plan)) -> Message {
    let may_shut = plan.has_heart();
    Message {
        severity: Severity::Critical,
        what: format!(
            "split brain: the deposed writer in {here} {}",
            parts::NOT_FENCED
        ),
        evidence: format!(
            "{} has been the writer since epoch {}, and applications may still write in {here}. {why}.",
            current.writer, current.epoch
        ),
        next: if may_shut {
            "Put right what stands in the way, or stop what writes there. The fence tries again every minute, and this is told \
             once. The command shows what stands open, and changes nothing."
        } else {
            "Stop what writes there. Nothing here shuts it, and this is told once."
        }
        .into(),
        commands: may_shut
            .then(|| tool::fence(&plan.plan, here))
            .into_iter()
            .collect(),
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fence_writer::Forwarded;
    use failover::{domain::Epoch, testing::example};

    fn current() -> Current {
        let row = failover::testing::row("us-east-1", 2);
        row.current.unwrap()
    }

    #[tokio::test]
    async fn what_becomes_of_a_deposed_writer_is_told_as_its_examples_show() {
        let books = example::books();
        let known = KeptPlan {
            plan: example::plan(),
            endpoints: Default::default(),
        };
        let observed = Observed {
            standing: Standing::Deposed,
            writer: "us-west-2".into(),
            epoch: Epoch(2),
            fenced: None,
            access: None,
            forwarded: Forwarded::default(),
            unreachable: None,
            alone: None,
            kind: known.plan.kind(),
        };
        let done = "3 role(s) lost their login, 2 session(s) were ended, 0 job(s) and 0 subscription(s) disabled";
        example::is("fenced", &fenced(&books, &known, &observed, done));
        let stays = ["orders_admin from 10.0.0.9 (report)".to_owned()];
        tell_administrator(&books, &known, &observed, &stays).await;
        example::is_told("administrator", &books);
        let (here, plan) = ("us-west-2".into(), example::plan());
        let why =
            Error::Denied("28P01: password authentication failed for user orders_admin".into());
        let open = split_brain(&here, &current(), (&why, &plan));
        example::is("not-fenced", &open);
        let shut = "cluster orders-west in us-west-2 is stopped";
        let shut = unreachable(&here, &current(), (shut, true));
        example::is("not-fenced-shut", &shut);
    }
}
