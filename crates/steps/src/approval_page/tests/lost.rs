//! Calls whose answer is lost, or that are turned away.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// The world where one of the port's calls is carried out and its answer lost: that call never ends.
struct Losing {
    books: Books,
    /// Which one, counted from one.
    lost: usize,
    calls: AtomicUsize,
}

impl Losing {
    async fn answers<T>(&self, answer: T) -> T {
        let before = self.calls.fetch_add(1, Ordering::SeqCst);
        if before + 1 == self.lost {
            std::future::pending::<()>().await;
        }
        answer
    }
}

impl Approvals for Losing {
    async fn linked(&self, secret: &str) -> Result<Option<Linked>, Error> {
        self.answers(self.books.linked(secret).await).await
    }

    async fn note_reply(
        &self,
        secret: &str,
        before: Option<&Reply>,
        reply: Option<&Reply>,
    ) -> Result<bool, Error> {
        let noted = self.books.note_reply(secret, before, reply).await;
        self.answers(noted).await
    }

    async fn give_reply(&self, token: &TaskToken, reply: &Reply) -> Result<Sent, Error> {
        let sent = self.books.give_reply(token, reply).await;
        self.answers(sent).await
    }
}

impl Runtime for Losing {
    fn region(&self) -> &Region {
        self.books.region()
    }

    fn now(&self) -> Timestamp {
        self.books.now()
    }

    async fn pause(&self, time: Duration) {
        self.books.pause(time).await;
    }

    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        self.books.within(limit, work).await
    }
}

/// What a yes meets whose call with a number is lost, how many calls it made, and the world afterwards.
async fn losing(lost: usize) -> (u64, String, u32, Books, String) {
    let (books, path) = world();
    let calls = AtomicUsize::new(0);
    let world = Losing { books, lost, calls };
    let answer = handle(&world, event("POST", &path, Some(YES))).await;
    let answer = answer.unwrap();
    let status = answer["statusCode"].as_u64().unwrap();
    let page = answer["body"].as_str().unwrap().to_owned();
    let calls = u32::try_from(world.calls.into_inner()).unwrap();
    (status, page, calls, world.books, path)
}

#[tokio::test]
async fn whichever_call_never_ends_a_page_is_answered_after_the_calls_that_are_allowed() {
    let mut most = 0;
    for (lost, wanted) in [(1, 503), (2, 200), (3, 503), (4, 200), (5, 200)] {
        let (status, page, calls, ..) = losing(lost).await;
        assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
        assert_eq!(status, wanted, "call {lost}");
        most = most.max(calls);
    }
    assert_eq!(most, CALLS);
}

#[tokio::test]
async fn a_note_whose_answer_was_lost_is_read_again_and_sent() {
    let (status, page, _, books, path) = losing(2).await;
    assert!(
        status == 200 && page.contains("The run was told yes"),
        "{page}"
    );
    assert_eq!(books.given().len(), 1);
    assert_eq!(books.replied(secret(&path)).unwrap().fate, Fate::Taken);
}

#[tokio::test]
async fn a_yes_that_arrived_unheard_is_most_likely_what_the_run_has() {
    let (status, _, _, books, path) = losing(3).await;
    assert_eq!((status, books.given().len()), (503, 1), "the run has it");
    books.pause(Duration::from_secs(15)).await;
    for _ in 0..2 {
        let (status, page) = post(&books, &path, YES).await;
        assert_eq!(status, 410);
        assert_eq!(
            told(&page),
            "The run waits no more, and most likely has this yes from 1970-01-01 00:16:40 UTC: look at aurora-failover run a3f1."
        );
    }
    assert_eq!(books.given().len(), 1);
    assert_eq!(books.replied(secret(&path)).unwrap().fate, Fate::Likely);
}

#[tokio::test]
async fn a_yes_that_nobody_heard_of_is_told_as_that_when_the_time_is_over() {
    let (_, _, _, books, path) = losing(3).await;
    books.pause(Duration::from_secs(600)).await;
    let (status, page) = ask(&books, "GET", &path, None).await;
    assert_eq!(status, 410);
    assert!(told(&page).starts_with("Yes was said at 1970-01-01 00:16:40 UTC, the time to answer"));
}

#[tokio::test]
async fn an_answer_that_was_turned_away_leaves_both_words_open() {
    let (books, path) = world();
    books.meets_reply(Ok(Sent::TurnedAway(Error::Denied("not you".into()))));
    let (status, page) = post(&books, &path, YES).await;
    assert!(
        status == 503 && told(&page).contains("turned away"),
        "{page}"
    );
    unchanged(&books, &path);
    let (status, _) = post(&books, &path, NO).await;
    assert_eq!((status, books.given().len()), (200, 1));
}

#[tokio::test]
async fn an_answer_that_was_turned_away_after_a_lost_one_leaves_that_ones_word() {
    let (_, _, _, books, path) = losing(3).await;
    let before = books.replied(secret(&path));
    books.pause(Duration::from_secs(15)).await;
    books.meets_reply(Ok(Sent::TurnedAway(Error::Unavailable("slower".into()))));
    let (status, page) = post(&books, &path, YES).await;
    assert_eq!((status, books.replied(secret(&path))), (503, before));
    assert!(told(&page).contains("Nobody knows whether"), "{page}");
    let (status, _) = post(&books, &path, NO).await;
    assert_eq!((status, books.given().len()), (409, 1));
}
