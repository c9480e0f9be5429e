//! Telling by jobs that a schedule makes again and again: two of them may come in at once, and people are told once.

use super::{Message, tell};
use crate::{
    ledger::PlanState,
    plan::Plan,
    ports::{self, Ledger, People, Runtime},
};

/// Tells people what `news` would mark in the acting Region's row, and nothing where it marks nothing or another pass is telling it.
/// Whoever claims that and dies leaves it to the passes after a minute: only what is news again at a later pass is told so. Where
/// the ledger does not answer people are told.
pub async fn claim_and_tell(
    world: &(impl Ledger + Runtime + People),
    plan: &Plan,
    message: &Message,
    news: impl Fn(&PlanState) -> Option<PlanState>,
) {
    let (here, now) = (world.region(), world.now());
    if !plan.notify.contains_key(here) {
        tracing::info!(plan = %plan.plan, what = message.what, "nobody is told: notify names no topic here");
        return;
    }
    let claim = |row: &PlanState| news(row).and_then(|_| row.claim_telling(&message.what, now));
    match ports::update_if(world, here, &plan.plan, claim).await {
        Ok(None) => return,
        Ok(Some(_)) => {}
        Err(why) => {
            tracing::warn!(plan = %plan.plan, %why, "what people know cannot be read or claimed; they are told");
        }
    }
    tell_claimed(world, plan, message, news).await;
}

/// Tells people what this pass has claimed to tell, marks by `news` that they know, and ends the claim. What was not taken is free
/// for the next pass.
pub async fn tell_claimed(
    world: &(impl Ledger + Runtime + People),
    plan: &Plan,
    message: &Message,
    news: impl Fn(&PlanState) -> Option<PlanState>,
) {
    let is_told = tell(world, plan, message).await;
    let end = |row: &PlanState| {
        let marked = news(row).filter(|_| is_told);
        let next = marked.unwrap_or_else(|| row.clone());
        let next = next.end_telling(&message.what);
        (next != *row).then_some(next)
    };
    if let Err(why) = ports::update_if(world, world.region(), &plan.plan, end).await {
        tracing::warn!(plan = %plan.plan, is_told, %why, "not noted; it may be told again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Books;

    fn suspected() -> Message {
        Message {
            what: "the writer is suspected".into(),
            ..Message::default()
        }
    }

    fn books() -> Books {
        Books::with(&PlanState::new("orders".into()))
    }

    /// One pass that has this news.
    async fn pass(books: &Books) {
        let known = books.known(&"us-east-1".into(), &"orders".into()).await;
        let plan = known.unwrap().unwrap().plan;
        claim_and_tell(books, &plan, &suspected(), |row| row.tell("it")).await;
    }

    fn row(books: &Books) -> PlanState {
        books.rows()[&"us-east-1".into()].clone()
    }

    #[tokio::test]
    async fn two_passes_that_come_in_at_once_tell_people_once() {
        let books = books();
        tokio::join!(pass(&books), pass(&books));
        assert_eq!(books.told().len(), 1);
        pass(&books).await;
        assert_eq!(books.told().len(), 1, "they know");
        assert_eq!(
            (row(&books).told, row(&books).telling.len()),
            (Some("it".into()), 0)
        );
    }

    #[tokio::test]
    async fn what_was_not_taken_is_told_by_the_next_pass_at_once() {
        let books = books();
        books.deafen(1);
        pass(&books).await;
        let untold = (row(&books).told, row(&books).telling.len());
        assert_eq!((books.told().len(), untold), (0, (None, 0)));
        pass(&books).await;
        assert_eq!(books.told().len(), 1);
    }

    #[tokio::test]
    async fn what_a_pass_claimed_that_died_is_told_once_its_claim_is_past() {
        let mut books = books();
        let claim = row(&books).claim_telling(&suspected().what, books.now());
        books = books.with_row("us-east-1", &claim.unwrap());
        pass(&books).await;
        assert_eq!(books.told().len(), 0, "it may be telling");
        books.pause(std::time::Duration::from_secs(60)).await;
        pass(&books).await;
        assert_eq!(books.told().len(), 1);
    }

    #[tokio::test]
    async fn people_are_told_although_the_ledger_does_not_answer() {
        let books = books();
        let known = books.known(&"us-east-1".into(), &"orders".into()).await;
        let plan = known.unwrap().unwrap().plan;
        let silent = books.silence("us-east-1");
        claim_and_tell(&silent, &plan, &suspected(), |row| row.tell("it")).await;
        assert_eq!(silent.told().len(), 1);
    }
}
