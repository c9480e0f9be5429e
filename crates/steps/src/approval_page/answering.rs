//! Gives one reply to the run. It is noted on a condition first, so that of two at once one is given.

use failover::{
    ledger::{Fate, Reply},
    ports::{Approvals, Linked, Runtime, Sent, within},
};

use super::{
    LIMIT, STEP,
    decision::{Refusal, refusal},
    request::Word,
};

/// What became of an answer.
pub(super) enum Answered {
    /// The run has it.
    Given,
    /// Somebody was faster, or the run waits no more.
    Refused(Refusal),
    /// The run does not have it, or nobody knows. The sentence says what to do.
    Failed(&'static str),
}

const NOT_NOTED: &str = "The ledger of this Region does not answer, and the run was told nothing: open the link again in a quarter of a minute, or \
                         answer by the commands of the message.";
const NOT_TOLD: &str = "Nobody knows whether the run has the answer: open the link again in a quarter of a minute and say the same once more, or \
                        answer by the commands of the message.";
const TURNED_AWAY: &str = "The answer was turned away, and the run was told nothing: try again, or answer by the commands of the message.";

pub(super) async fn give(
    world: &(impl Approvals + Runtime),
    (secret, from): (&str, &str),
    linked: &Linked,
    word: &Word,
) -> Answered {
    let reply = Reply {
        approved: word.approved,
        why: word.why.clone(),
        at: world.now(),
        from: from.to_owned(),
        fate: Fate::UnderWay,
    };
    let before = linked.reply.as_ref();
    let noted = within(world, LIMIT, world.note_reply(secret, before, Some(&reply)));
    let noted = noted.await;
    if let Err(why) = &noted {
        tracing::error!(step = STEP, %why, "nobody knows whether a reply was noted");
    }
    if noted != Ok(true)
        && let Some(otherwise) = instead(world, secret, (&reply, before)).await
    {
        return otherwise;
    }
    send(world, secret, linked, &reply).await
}

/// What stands in the way where a reply was not noted, or nobody knows; nothing where it stands there after all.
async fn instead(
    world: &(impl Approvals + Runtime),
    secret: &str,
    (reply, before): (&Reply, Option<&Reply>),
) -> Option<Answered> {
    let linked = within(world, LIMIT, world.linked(secret)).await;
    let linked = linked.ok().flatten();
    if linked
        .as_ref()
        .is_some_and(|linked| linked.reply.as_ref() == Some(reply))
    {
        return None;
    }
    let refused = linked.and_then(|linked| refusal(&linked, world.now(), Some(reply.approved)));
    Some(refused.map_or(
        Answered::Failed(untold(before, NOT_NOTED)),
        Answered::Refused,
    ))
}

/// What is said of an answer that was not sent now: one that was sent before may have arrived.
fn untold(before: Option<&Reply>, otherwise: &'static str) -> &'static str {
    before.map_or(otherwise, |_| NOT_TOLD)
}

/// Sends what was noted, and notes what became of it.
async fn send(
    world: &(impl Approvals + Runtime),
    secret: &str,
    linked: &Linked,
    reply: &Reply,
) -> Answered {
    // The same word was said before, and nobody knows whether it arrived.
    let before = linked.reply.as_ref();
    let ended = |fate| Reply {
        fate,
        ..reply.clone()
    };
    let sent = within(world, LIMIT, world.give_reply(&linked.token, reply)).await;
    let (stands, answered) = match sent {
        Ok(Sent::Taken) => (Some(ended(Fate::Taken)), Answered::Given),
        Ok(Sent::NotAwaited) => {
            let stands = before.map_or_else(
                || ended(Fate::TooLate),
                |before| Reply {
                    fate: Fate::Likely,
                    ..before.clone()
                },
            );
            (
                Some(stands.clone()),
                Answered::Refused(Refusal::NotAwaited(stands)),
            )
        }
        // Nothing came of it: the other word may be said, too, unless this one was sent before.
        Ok(Sent::TurnedAway(why)) => {
            tracing::error!(step = STEP, %why, "a reply was turned away");
            (
                before.cloned(),
                Answered::Failed(untold(before, TURNED_AWAY)),
            )
        }
        Err(why) => {
            tracing::error!(step = STEP, %why, "nobody knows whether a run has its answer");
            return Answered::Failed(NOT_TOLD);
        }
    };
    // The run has it or not, whatever becomes of this.
    let noted = within(
        world,
        LIMIT,
        world.note_reply(secret, Some(reply), stands.as_ref()),
    );
    if let Err(why) = noted.await {
        tracing::warn!(step = STEP, %why, "what became of a reply was not noted");
    }
    let question = &linked.question;
    tracing::info!(
        step = STEP, plan = %question.plan, run_id = %question.run_id, approved = reply.approved, from = reply.from,
        is_taken = matches!(answered, Answered::Given), "a question was answered on its page"
    );
    answered
}
