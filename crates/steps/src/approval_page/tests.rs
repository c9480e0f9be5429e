mod logged;
mod lost;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::*;
use failover::{
    ledger::{Fate, PlanState, Question, Reply},
    ports::{Sent, TaskToken},
    testing::Books,
};

const TOKEN: &str = "AQCEAAAAKgAAAAMAAAAA";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Asked at 900 s, answered until 1,600 s. The world's clock stands at 1,000 s.
fn question() -> Question {
    Question {
        plan: "orders".into(),
        run_id: "a3f1".into(),
        what: "shall us-east-1 take over from us-west-2?".into(),
        evidence: "us-west-2 is silent <b>since</b> 12:00\nThe witness says so, too.".into(),
        considerations: vec!["Is the application there ready?".into()],
        yes: "us-east-1 takes over.".into(),
        no: "The run ends.".into(),
        out_since: Some(at(800)),
        asked_at: at(900),
        until: at(1_600),
    }
}

/// A world with one link, and the path of that.
fn world() -> (Books, String) {
    let books = Books::with(&PlanState::new("orders".into()));
    let secret = books.linked_to(&question(), TOKEN);
    (books, format!("/us-east-1/{secret}"))
}

fn secret(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// As a function's URL hands over what a browser sends.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>.
fn event(method: &str, path: &str, body: Option<&str>) -> Value {
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"content-type": "application/x-www-form-urlencoded", "user-agent": "Mozilla/5.0"},
        "requestContext": {
            "accountId": "anonymous", "apiId": "abc", "domainName": "abc.lambda-url.us-east-1.on.aws",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "Mozilla/5.0"},
            "requestId": "1", "routeKey": "$default", "stage": "$default", "timeEpoch": 1_000_000
        },
        "isBase64Encoded": false
    });
    if let Some(body) = body {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        event["body"] = STANDARD.encode(body).into();
        event["isBase64Encoded"] = true.into();
    }
    event
}

async fn ask(books: &Books, method: &str, path: &str, body: Option<&str>) -> (u64, String) {
    let answer = handle(books, event(method, path, body)).await.unwrap();
    let page = answer["body"].as_str().unwrap().to_owned();
    (answer["statusCode"].as_u64().unwrap(), page)
}

async fn post(books: &Books, path: &str, body: &str) -> (u64, String) {
    ask(books, "POST", path, Some(body)).await
}

fn reply(approved: bool, fate: Fate) -> Reply {
    Reply {
        approved,
        why: String::new(),
        at: at(1_000),
        from: "192.0.2.9".into(),
        fate,
    }
}

/// The one sentence of a page.
fn told(page: &str) -> &str {
    let (_, rest) = page.split_once("class=\"told\">").unwrap();
    let sentence = rest.split("</p>").next().unwrap();
    assert!(sentence.ends_with('.'), "{sentence}");
    sentence
}

fn unchanged(books: &Books, path: &str) {
    assert_eq!(books.given(), []);
    assert_eq!(books.replied(secret(path)), None);
}

const YES: &str = "answer=yes&plan=orders";
const NO: &str = "answer=no&why=not+tonight&plan=orders";

#[tokio::test]
async fn a_get_shows_the_evidence_and_answers_nothing_however_often_a_scanner_follows_it() {
    let (books, path) = world();
    for method in ["GET", "HEAD", "GET"] {
        let (status, page) = ask(&books, method, &path, Some(YES)).await;
        assert_eq!(status, 200);
        assert_eq!(page.is_empty(), method == "HEAD");
    }
    let (_, page) = ask(&books, "GET", &path, None).await;
    for part in [
        "shall us-east-1 take over from us-west-2?",
        "us-west-2 is silent &lt;b&gt;since&lt;/b&gt; 12:00",
        "The witness says so, too.",
        "Is the application there ready?",
        "us-east-1 takes over.",
        "1970-01-01 00:26:40 UTC",
        "a3f1",
    ] {
        assert!(page.contains(part), "{page} lacks {part}");
    }
    assert!(!page.contains(TOKEN) && !page.contains(secret(&path)));
    unchanged(&books, &path);
}

#[tokio::test]
async fn a_button_asks_once_more_and_only_the_plans_name_answers() {
    let (books, path) = world();
    let (status, page) = post(&books, &path, "answer=yes").await;
    assert!(status == 200 && page.contains("Approve this?"), "{page}");
    let (status, page) = post(&books, &path, "answer=yes&plan=payments").await;
    assert_eq!(status, 400);
    assert!(told(&page).contains("payments is not the plan's name, which is orders"));
    unchanged(&books, &path);
    let (status, page) = post(&books, &path, "answer=yes&plan=+orders+").await;
    assert!(
        status == 200 && page.contains("The run was told yes"),
        "{page}"
    );
    let given = Reply {
        from: "192.0.2.7".into(),
        ..reply(true, Fate::UnderWay)
    };
    assert_eq!(books.given(), [(TOKEN.to_owned(), given)]);
    assert_eq!(books.replied(secret(&path)).unwrap().fate, Fate::Taken);
}

#[tokio::test]
async fn a_no_is_given_with_its_reason() {
    let (books, path) = world();
    let (status, page) = post(&books, &path, "answer=no").await;
    assert!(status == 200 && page.contains("Refuse this?"), "{page}");
    unchanged(&books, &path);
    let (status, _) = post(&books, &path, NO).await;
    assert_eq!(status, 200);
    let given = books.given().remove(0).1;
    assert_eq!((given.approved, &*given.why), (false, "not tonight"));
}

#[tokio::test]
async fn a_link_that_was_used_takes_no_second_answer() {
    let (books, path) = world();
    post(&books, &path, YES).await;
    for second in [YES, NO] {
        let (status, page) = post(&books, &path, second).await;
        assert_eq!(status, 410);
        assert!(
            told(&page)
                .starts_with("This link was used: yes was answered at 1970-01-01 00:16:40 UTC")
        );
        assert!(
            !page.contains("<form") && !page.contains("silent"),
            "{page}"
        );
    }
    let (status, _) = ask(&books, "GET", &path, None).await;
    assert_eq!((status, books.given().len()), (410, 1));
}

#[tokio::test]
async fn a_link_that_has_expired_answers_nothing() {
    let (books, path) = world();
    books.pause(std::time::Duration::from_secs(600)).await;
    for (method, body) in [("GET", None), ("POST", Some(YES)), ("POST", Some(NO))] {
        let (status, page) = ask(&books, method, &path, body).await;
        assert_eq!(status, 410);
        assert!(told(&page).contains("was over at 1970-01-01 00:26:40 UTC"));
        assert!(told(&page).contains("does not know what was answered elsewhere"));
        assert!(told(&page).contains("aurora-failover run a3f1"));
        assert!(!page.contains("silent"), "the refusal alone: {page}");
    }
    unchanged(&books, &path);
}

#[tokio::test]
async fn a_forged_or_mutilated_link_opens_nothing() {
    let (books, path) = world();
    let forged = format!("/us-east-1/{}", "f".repeat(64));
    let upper = path.replace("0000001", "000000A");
    let (short, long) = (&path[..path.len() - 1], format!("{path}0"));
    let below = format!("{path}/x");
    for path in [
        &*forged,
        &upper,
        short,
        &long,
        &below,
        "/",
        "",
        "/favicon.ico",
        "/us-east-1/",
    ] {
        for (method, body) in [("GET", None), ("POST", Some(YES))] {
            let (status, page) = ask(&books, method, path, body).await;
            assert_eq!((status, told(&page)), (404, UNKNOWN), "{path}");
        }
    }
    unchanged(&books, &path);
}

#[tokio::test]
async fn a_link_of_another_region_is_told_where_it_belongs() {
    let (books, path) = world();
    let other = path.replace("us-east-1", "us-west-2");
    let (status, page) = post(&books, &other, YES).await;
    assert_eq!(status, 404);
    assert!(
        told(&page).starts_with("This link is of us-west-2, and this is the page of us-east-1")
    );
    unchanged(&books, &path);
}

#[tokio::test]
async fn a_run_that_is_over_is_told_nothing() {
    let (books, path) = world();
    books.meets_reply(Ok(Sent::NotAwaited));
    let (status, page) = post(&books, &path, YES).await;
    assert_eq!(status, 410);
    assert!(told(&page).starts_with("The run waits for this answer no more since"));
    assert!(told(&page).ends_with("does not know why: look at aurora-failover run a3f1."));
    assert!(!page.contains("silent"), "the refusal alone: {page}");
    assert_eq!(books.given(), []);
    let (status, _) = post(&books, &path, YES).await;
    assert_eq!(status, 410, "and it is not asked again");
}

#[tokio::test]
async fn an_answer_that_may_have_been_lost_is_said_once_more_and_no_other_word() {
    let (books, path) = world();
    books.meets_reply(Err(Error::Unavailable("timed out".into())));
    let (status, page) = post(&books, &path, YES).await;
    assert!(
        status == 503 && told(&page).contains("say the same once more"),
        "{page}"
    );
    let (status, page) = post(&books, &path, YES).await;
    assert!(
        status == 409 && told(&page).contains("on its way"),
        "{page}"
    );
    assert_eq!(books.given(), []);
    books.pause(std::time::Duration::from_secs(15)).await;
    let (status, page) = ask(&books, "GET", &path, None).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("value=\"yes\"") && !page.contains("value=\"no\""),
        "{page}"
    );
    let (status, page) = post(&books, &path, NO).await;
    assert!(
        status == 409 && told(&page).contains("nothing else"),
        "{page}"
    );
    let (status, _) = post(&books, &path, YES).await;
    assert_eq!((status, books.given().len()), (200, 1));
}

#[tokio::test]
async fn of_two_answers_at_once_one_is_given() {
    let (books, path) = world();
    books.replies_beside(reply(false, Fate::UnderWay));
    let (status, page) = post(&books, &path, YES).await;
    assert!(
        status == 409 && told(&page).starts_with("No is on its way"),
        "{page}"
    );
    assert_eq!(books.given(), []);
    let (books, path) = world();
    let (one, other) = tokio::join!(post(&books, &path, YES), post(&books, &path, NO));
    let given = books.given().len();
    assert_eq!((given, one.0.min(other.0)), (1, 200));
    assert!(one.0.max(other.0) >= 409, "{one:?} {other:?}");
}

#[tokio::test]
async fn what_is_no_answer_of_the_page_changes_nothing() {
    let (books, path) = world();
    let [long, longer] =
        [17_000, 40_000].map(|length| format!("answer=yes&plan={}", "x".repeat(length)));
    for body in [
        "",
        "answer=maybe&plan=orders",
        "plan=orders",
        "answer=YES&plan=orders",
        "%",
        &long,
        &longer,
    ] {
        let (status, page) = post(&books, &path, body).await;
        assert_eq!(status, 400, "{body}");
        assert!(told(&page).contains("nothing was changed"));
    }
    for method in ["PUT", "DELETE", "OPTIONS"] {
        assert_eq!(ask(&books, method, &path, Some(YES)).await.0, 405);
    }
    let why = handle(&books, json!({"plan": "orders"})).await.unwrap_err();
    assert_eq!(why.name(), "InvalidRequest");
    unchanged(&books, &path);
}

#[tokio::test]
async fn a_no_of_five_hundred_letters_is_given_in_any_script() {
    for letter in ["x", "ж", "語", "🚫"] {
        let (books, path) = world();
        let why = letter.repeat(500);
        let in_form = why.bytes().map(|byte| format!("%{byte:02X}"));
        let body = format!("answer=no&plan=orders&why={}", in_form.collect::<String>());
        let (status, page) = post(&books, &path, &body).await;
        assert_eq!(status, 200, "{letter}: {page}");
        assert_eq!(books.given().remove(0).1.why, why);
    }
}

#[tokio::test]
async fn a_row_that_the_link_does_not_open_has_a_sentence_of_its_own() {
    let (books, path) = world();
    books.spoils_links();
    let (status, page) = post(&books, &path, YES).await;
    assert_eq!((status, told(&page)), (500, CHANGED));
    unchanged(&books, &path);
}

#[tokio::test]
async fn a_silent_ledger_is_told_in_a_sentence() {
    let (books, path) = world();
    let books = books.silence("us-east-1");
    let (status, page) = post(&books, &path, YES).await;
    assert_eq!((status, told(&page)), (503, UNREADABLE));
    assert_eq!(books.given(), []);
}

#[tokio::test]
async fn no_page_is_kept_framed_led_elsewhere_or_told_to_another_site() {
    let (books, path) = world();
    let answer = handle(&books, event("GET", &path, None)).await.unwrap();
    let headers = &answer["headers"];
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["x-frame-options"], "DENY");
    let page = answer["body"].as_str().unwrap();
    for foreign in [
        "<script", "<link", "<img", "url(", "@import", "src=", "href=", "//", "action=",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let (_, style) = page.split_once("<style>").unwrap();
    let (style, _) = style.split_once("</style>").unwrap();
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let hash = STANDARD.encode(Sha256::digest(style));
    let policy = headers["content-security-policy"].as_str().unwrap();
    let wanted = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(policy, wanted);
}

#[test]
fn what_was_sent_is_sent_again_only_when_nobody_is_sending_it_any_more() {
    let linked = |fate| Linked {
        question: question(),
        reply: Some(reply(true, fate)),
        token: TaskToken(TOKEN.into()),
    };
    let under_way = linked(Fate::UnderWay);
    let early = at(1_000) + UNDER_WAY - SignedDuration::from_nanos(1);
    assert!(matches!(
        refusal(&under_way, early, Some(true)),
        Some(Refusal::UnderWay(_))
    ));
    let late = at(1_000) + UNDER_WAY;
    assert_eq!(refusal(&under_way, late, Some(true)), None);
    assert!(matches!(
        refusal(&under_way, late, Some(false)),
        Some(Refusal::OtherWord(_))
    ));
    assert!(matches!(
        refusal(&under_way, late, None),
        Some(Refusal::Unsure(_))
    ));
    assert!(matches!(
        refusal(&under_way, at(1_600), Some(true)),
        Some(Refusal::Unsettled(_))
    ));
    assert!(matches!(
        refusal(&linked(Fate::Taken), late, Some(true)),
        Some(Refusal::Used(_))
    ));
    for fate in [Fate::TooLate, Fate::Likely] {
        assert!(matches!(
            refusal(&linked(fate), late, None),
            Some(Refusal::NotAwaited(_))
        ));
    }
    assert!(!format!("{under_way:?}").contains(TOKEN));
}
