//! What people are told: short, with the evidence, the run's link and the next step. Telling never stops a run.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    ledger::PlanState,
    metric::{self, Counted},
    plan::Plan,
    ports::{self, Ledger, People, Runtime},
};

mod claimed;
pub mod commands;
mod message;
pub mod parts;
pub mod tool;

pub use claimed::{claim_and_tell, tell_claimed};
pub use message::{Message, Severity, unreadable};

/// How long a message may take: a silent topic must not hold a run up.
const LIMIT: Duration = Duration::from_secs(1);

/// A time as people read it.
#[must_use]
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Tells people on the acting Region's topic; whether nobody is left to be told. What cannot be sent is logged and counted: no run
/// waits for it.
pub async fn tell(world: &(impl Runtime + People), plan: &Plan, message: &Message) -> bool {
    let Some(topic) = plan.notify.get(world.region()) else {
        tracing::info!(plan = %plan.plan, what = message.what, "nobody is told: notify names no topic here");
        return true;
    };
    let (subject, text) = (message.subject(&plan.plan), message.text(world.now()));
    let sent = tokio::time::timeout(LIMIT, world.publish(topic, &subject, &text)).await;
    if let Ok(Ok(())) = sent {
        tracing::info!(plan = %plan.plan, what = message.what, "told");
        return true;
    }
    tracing::error!(plan = %plan.plan, what = message.what, trouble = ?sent, "nobody could be told");
    metric::failed(Counted::Topic, &plan.plan, world.now());
    false
}

/// Tells people what `news` would mark in the acting Region's row, and nothing where it marks nothing: they know. It is marked
/// once it was sent, so that a message which was not taken is sent again. For a run, which makes no other pass that would tell:
/// what a schedule tells is claimed first ([`claim_and_tell`]). Whether nobody is left to be told.
pub async fn tell_news(
    world: &(impl Ledger + Runtime + People),
    plan: &Plan,
    message: &Message,
    news: impl Fn(&PlanState) -> Option<PlanState>,
) -> bool {
    let here = world.region();
    if !plan.notify.contains_key(here) {
        tracing::info!(plan = %plan.plan, what = message.what, "nobody is told: notify names no topic here");
        return true;
    }
    match world.row(here, &plan.plan).await {
        Ok(row) if news(&row).is_none() => return true,
        Ok(_) => {}
        Err(why) => {
            tracing::warn!(plan = %plan.plan, %why, "what people know cannot be read; they are told");
        }
    }
    if !tell(world, plan, message).await {
        return false;
    }
    if let Err(why) = ports::update_if(world, here, &plan.plan, news).await {
        tracing::warn!(plan = %plan.plan, %why, "not marked as told; it may be told again");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_was_sent_is_not_marked_as_told_and_is_sent_the_next_time() {
        let books = crate::testing::Books::with(&PlanState::new("orders".into()));
        let known = books.known(&"us-east-1".into(), &"orders".into()).await;
        let plan = known.unwrap().unwrap().plan;
        let suspected = Message {
            what: "suspected".into(),
            ..Message::default()
        };
        let told = async || {
            tell_news(&books, &plan, &suspected, |row| row.tell("it")).await;
            let row = books.row(&"us-east-1".into(), &"orders".into()).await;
            (books.told().len(), row.unwrap().told)
        };
        books.deafen(1);
        assert_eq!(told().await, (0, None), "SNS took nothing");
        assert_eq!(told().await, (1, Some("it".into())));
        assert_eq!(told().await, (1, Some("it".into())), "they know");
    }
}
