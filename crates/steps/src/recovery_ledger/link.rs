//! The link in a question: where this Region has a page, people answer on it, too. Without one, and whenever the link cannot be made,
//! the question is asked with its commands alone.

use std::time::Duration;

use jiff::Timestamp;

use super::proof;
use failover::{
    ledger::{Question, Run},
    notify::Message,
    ports::{People, Runtime, within},
};

/// How long making a link may take: nothing waits for it that could be asked without.
const LIMIT: Duration = Duration::from_secs(4);

/// The message with a link of its own, where one can be had.
pub(super) async fn added(
    world: &(impl Runtime + People),
    run: &Run,
    token: &str,
    message: Message,
) -> Message {
    let Some(until) = message.until else {
        return message;
    };
    let question = question(run, &message, (world.now(), until));
    match within(world, LIMIT, world.link(&question, token)).await {
        Ok(None) => message,
        Ok(Some(link)) => with(message, &link),
        Err(why) => {
            tracing::warn!(run_id = %run.run_id, %why, "the question is asked without a link");
            message
        }
    }
}

/// The address ends its line: what reads mail takes a full stop for a part of it.
pub(super) fn with(message: Message, link: &str) -> Message {
    let next = format!(
        "{}\nOr answer on a page, as everybody who has its link can. It asks once more, and takes one answer:\n{link}",
        message.next
    );
    Message { next, ..message }
}

/// What the page shows.
fn question(run: &Run, message: &Message, (asked_at, until): (Timestamp, Timestamp)) -> Question {
    let (considerations, yes, no) = if proof::is_asked_for(run) {
        proof::on_a_page(run)
    } else {
        of_a_move(run)
    };
    Question {
        plan: run.plan.plan.clone(),
        run_id: run.run_id.clone(),
        what: message.what.clone(),
        evidence: message.evidence.clone(),
        considerations,
        yes,
        no,
        out_since: message.out_since,
        asked_at,
        until,
    }
}

/// What people consider before they let the writer be changed.
pub(super) fn considered(run: &Run) -> impl Iterator<Item = &'static str> {
    let considerations = run.plan.kind().considerations();
    considerations.into_iter().chain(run.plan.cannot_be_known())
}

/// What is considered before the writer is changed, and what follows either answer.
fn of_a_move(run: &Run) -> (Vec<String>, String, String) {
    let (from, to) = (&run.from, &run.to);
    let considered = considered(run).map(str::to_owned).collect();
    let yes = format!(
        "What the question rests on is looked at again. If it still holds, {to} takes over from {from}."
    );
    let no = "This run ends and does not move the writer.".to_owned();
    (considered, yes, no)
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{Error, ledger::PlanState, notify::unreadable, testing};

    fn message() -> Message {
        Message {
            what: "shall us-east-1 take over from us-west-2?".into(),
            evidence: "us-west-2 is silent".into(),
            until: Some(Timestamp::from_second(3_600).unwrap()),
            next: "Approve with the first command.".into(),
            commands: vec!["aws".into()],
            ..Message::default()
        }
    }

    fn books() -> testing::Books {
        testing::Books::with(&PlanState::new("orders".into()))
    }

    #[tokio::test]
    async fn a_region_without_a_page_asks_as_it_did() {
        let asked = added(&books(), &testing::run(), "AAAA", message()).await;
        assert_eq!(asked, message());
    }

    #[tokio::test]
    async fn the_link_stands_alone_on_a_line_and_the_token_in_none_of_it() {
        let books = books().with_page("https://page.example");
        let asked = added(&books, &testing::run(), "AAAA", message()).await;
        let text = asked.text(books.now());
        let link = format!("\nhttps://page.example/us-east-1/{:064x}\n", 1);
        assert!(text.contains(&link), "{text}");
        assert!(!asked.next.contains("AAAA"), "{text}");
        assert_eq!(unreadable(&text), Vec::<&str>::new());
        assert_eq!(asked.commands, message().commands, "and both commands stay");
    }

    #[tokio::test]
    async fn a_link_that_cannot_be_made_keeps_nobody_from_being_asked() {
        let books = books().without_links(Error::Denied("no page for you".into()));
        let asked = added(&books, &testing::run(), "AAAA", message()).await;
        assert_eq!(asked, message());
    }

    #[test]
    fn the_page_says_what_is_considered_and_what_follows_either_answer() {
        let run = testing::run();
        let times = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        let of = question(&run, &message(), times);
        assert_eq!(of.no, "This run ends and does not move the writer.");
        assert_eq!(of.considerations, Vec::<String>::new());
        assert!(of.yes.ends_with("us-east-1 takes over from us-west-2."));
        let document = testing::sqlserver_document().to_string();
        let mut run = Run {
            plan: failover::plan::read(&document).unwrap(),
            ..run
        };
        let of = question(&run, &message(), times);
        assert!(of.considerations[0].contains("is the lag of the replica acceptable?"));
        assert_eq!(of.considerations.len(), 2, "and what cannot be known");
        run.note(times.0, crate::health_probe::prove::STEP, "ask", "unknown");
        let of = question(&run, &message(), times);
        assert!(of.yes.contains("led to us-east-1"), "{}", of.yes);
        assert!(of.considerations[0].contains("commit a row"));
    }
}
