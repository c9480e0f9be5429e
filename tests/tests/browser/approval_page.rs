//! The page behind a link, as a finger meets it.

use std::sync::Arc;

use failover::{
    ledger::{PlanState, Question},
    testing::Books,
};
use jiff::Timestamp;
use tests::browser::Browser;

use crate::{layout::fits_every_screen, server::serve};

const TOKEN: &str = "AQCEAAAAKgAAAAMAAAAA";

/// A question with words that no screen breaks by itself.
fn question() -> Question {
    let at = |second| Timestamp::from_second(second).unwrap();
    let arn = format!(
        "arn:aws:rds:us-west-2:123456789012:cluster:{}",
        "orders-".repeat(20)
    );
    Question {
        plan: "orders".into(),
        run_id: "0b5a3f1e-6a52-4f0c-9c0e-orders-us-east-1-7".into(),
        what: "shall us-east-1 take over from us-west-2?".into(),
        evidence: format!(
            "us-west-2 is silent: its control plane, its probe and the writer do not answer since 12:00:05 UTC.\n{arn} did not answer.\n\
             The witness in us-east-2 hears nothing of us-west-2 either."
        ),
        considerations: vec![
            "Consider before: is the service there really not responding, is the application in the other Region ready, is switching \
             the traffic the only way left, is the lag of the replica acceptable?"
                .into(),
        ],
        yes: "What the question rests on is looked at again. If it still holds, us-east-1 takes over from us-west-2.".into(),
        no: "This run ends and does not move the writer.".into(),
        out_since: Some(at(900)),
        asked_at: at(950),
        until: at(4_000),
    }
}

/// A served world, and its link.
fn served() -> (Arc<Books>, String) {
    let books = Books::with(&PlanState::new("orders".into()));
    let secret = books.linked_to(&question(), TOKEN);
    let books = Arc::new(books);
    let address = serve(Arc::clone(&books));
    (books, format!("{address}/us-east-1/{secret}"))
}

pub(crate) fn the_question_fits_every_screen_in_both_schemes(browser: &mut Browser) {
    let (_, link) = served();
    browser.open(&link);
    assert_eq!(fits_every_screen(browser), 2, "a yes and a no");
    let text = browser.text();
    for part in [
        "did not answer",
        "Consider before",
        "takes over",
        "1970-01-01 01:06:40 UTC",
    ] {
        assert!(text.contains(part), "{text} lacks {part}");
    }
}

pub(crate) fn the_page_that_asks_once_more_fits_every_screen(browser: &mut Browser) {
    let (_, link) = served();
    for (word, fields) in [("yes", 2), ("no", 3)] {
        browser.look(360, false);
        browser.open(&link);
        browser.click(&format!("button.{word}"));
        assert_eq!(fits_every_screen(browser), fields);
        browser.type_into("#plan", "payments");
        browser.click("button");
        assert!(browser.text().contains("is not the plan's name"));
        assert_eq!(fits_every_screen(browser), fields);
    }
}

pub(crate) fn a_yes_is_asked_once_more_and_given_once(browser: &mut Browser) {
    let (books, link) = served();
    browser.look(360, true);
    browser.open(&link);
    browser.click("button.yes");
    assert!(browser.text().contains("Approve this?"));
    assert_eq!(books.given(), []);
    browser.type_into("#plan", "orders");
    browser.click("button.yes");
    assert!(browser.text().contains("The run was told yes"));
    fits_every_screen(browser);
    let given = books.given();
    assert!(
        given.len() == 1 && given[0].0 == TOKEN && given[0].1.approved,
        "{given:?}"
    );
    browser.open(&link);
    assert!(
        browser
            .text()
            .contains("This link was used: yes was answered")
    );
    assert_eq!(fits_every_screen(browser), 0, "and no button is left");
}

pub(crate) fn a_no_is_given_with_its_reason(browser: &mut Browser) {
    let (books, link) = served();
    browser.look(600, false);
    browser.open(&link);
    browser.click("button.no");
    browser.type_into("#why", "the deployment broke it, & not the Region");
    browser.type_into("#plan", "orders");
    browser.click("button.no");
    assert!(browser.text().contains("The run was told no"));
    let given = books.given().remove(0).1;
    assert!(!given.approved);
    assert_eq!(given.why, "the deployment broke it, & not the Region");
}

pub(crate) fn a_scanner_that_follows_the_link_answers_nothing(browser: &mut Browser) {
    let (books, link) = served();
    let secret = link.rsplit('/').next().unwrap();
    for _ in 0..3 {
        browser.open(&link);
        // And everything on it that leads anywhere.
        let led = browser
            .evaluate("[...document.querySelectorAll('a, link, img, script, iframe')].length");
        assert_eq!(led, 0);
    }
    assert_eq!((books.given(), books.replied(secret)), (Vec::new(), None));
}

pub(crate) fn a_link_that_opens_nothing_is_one_sentence(browser: &mut Browser) {
    let (books, link) = served();
    let forged = link.replace("00000001", "00000002");
    let other = link.replace("us-east-1", "us-west-2");
    for (link, says) in [
        (forged, "This link opens no question"),
        (other, "This link is of us-west-2"),
    ] {
        browser.open(&link);
        let text = browser.text();
        assert!(
            text.starts_with(says) && text.lines().count() == 1,
            "{text}"
        );
        assert_eq!(fits_every_screen(browser), 0);
    }
    assert_eq!(books.given(), []);
}
