//! Links: what lies in the ledger, what opens it, and what Step Functions is sent.

use failover::{
    Error,
    ledger::{EXPIRES, Fate, KEPT, Question, Reply},
    ports::{Approvals, People, Sent, TaskToken},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::replay::{Next, scripted};

const TOKEN: &str = "AQCEAAAAKgAAAAMAAAAA";

fn question() -> Question {
    Question {
        plan: "orders".into(),
        run_id: "a3f1".into(),
        what: "shall us-east-1 take over from us-west-2?".into(),
        evidence: "us-west-2 is silent".into(),
        considerations: Vec::new(),
        yes: "us-east-1 takes over.".into(),
        no: "The run ends.".into(),
        out_since: None,
        asked_at: Timestamp::UNIX_EPOCH,
        until: Timestamp::from_second(3_600).unwrap(),
    }
}

fn reply(approved: bool) -> Reply {
    Reply {
        approved,
        why: String::new(),
        at: Timestamp::from_second(60).unwrap(),
        from: "192.0.2.7".into(),
        fate: Fate::UnderWay,
    }
}

fn page(value: &str) -> Next {
    let parameter = json!({"Name": "/aurora-failover/approval-page/url", "Value": value});
    Next::ok(json!({"Parameters": [parameter]}))
}

/// A link as it is made, and the item that lies in the ledger then.
async fn made() -> (String, Value) {
    let (aws, replay) = scripted([
        page("https://abc.lambda-url.us-east-1.on.aws/"),
        Next::ok("{}"),
    ]);
    let link = aws.link(&question(), TOKEN).await.unwrap().unwrap();
    let asked = replay.asked();
    assert_eq!(asked[0].target, "AmazonSSM.GetParameters");
    assert_eq!(asked[1].target, "DynamoDB_20120810.PutItem");
    (link, asked[1].json()["Item"].clone())
}

fn secret(link: &str) -> &str {
    let secret = link.strip_prefix("https://abc.lambda-url.us-east-1.on.aws/us-east-1/");
    secret.unwrap_or_else(|| panic!("{link}"))
}

#[tokio::test]
async fn a_region_whose_page_is_off_or_missing_makes_no_link() {
    for answer in [page("off"), Next::ok(json!({"Parameters": []}))] {
        let (aws, replay) = scripted([answer]);
        assert_eq!(aws.link(&question(), TOKEN).await, Ok(None));
        replay.asked_once();
    }
}

#[tokio::test]
async fn a_link_leads_to_a_functions_url_of_its_own_region_alone() {
    for elsewhere in [
        "https://page.example/",
        "https://abc.lambda-url.us-west-2.on.aws/",
        "https://abc.lambda-url.us-east-1.on.aws.page.example/",
        "https://page.example/abc.lambda-url.us-east-1.on.aws/",
        "https://page.example#abc.lambda-url.us-east-1.on.aws/",
        "https://a@b.lambda-url.us-east-1.on.aws/",
        "https://.lambda-url.us-east-1.on.aws/",
        "http://abc.lambda-url.us-east-1.on.aws/",
        "https://abc.lambda-url.us-east-1.on.aws",
        "",
    ] {
        let (aws, replay) = scripted([page(elsewhere)]);
        let why = aws.link(&question(), TOKEN).await.unwrap_err();
        assert_eq!(why.name(), "InvalidRequest", "{elsewhere}");
        let said = why.to_string();
        let start = format!("/aurora-failover/approval-page/url is {elsewhere}, which is no");
        assert!(said.starts_with(&start), "{said}");
        replay.asked_once();
    }
}

#[tokio::test]
async fn a_links_row_ends_a_week_after_its_question() {
    let (_, item) = made().await;
    let expires = (question().until + KEPT).as_second();
    assert_eq!(item[EXPIRES]["N"], expires.to_string());
    assert_eq!(expires, 3_600 + 7 * 86_400);
}

#[tokio::test]
async fn the_ledger_holds_neither_the_secret_nor_the_token_nor_the_question() {
    let (link, item) = made().await;
    assert_eq!(item["plan"]["S"], "_approvals");
    assert_ne!(item["item"]["S"], secret(&link));
    let text = item.to_string();
    let in_hex = |text: &str| {
        text.bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    for kept_out in [secret(&link), TOKEN, "is silent"] {
        assert!(!text.contains(kept_out), "{text}");
        assert!(!text.contains(&in_hex(kept_out)), "{text}");
    }
}

#[tokio::test]
async fn the_link_opens_its_row_and_no_other_does() {
    let (link, item) = made().await;
    let stored = || Next::ok(json!({"Item": item}));
    let (aws, replay) = scripted([stored()]);
    let linked = aws.linked(secret(&link)).await.unwrap().unwrap();
    assert_eq!(
        (linked.question, linked.reply, &*linked.token.0),
        (question(), None, TOKEN)
    );
    let key = &replay.asked_once().json()["Key"];
    assert_eq!(*key, json!({"plan": item["plan"], "item": item["item"]}));
    // Whoever writes the ledger lays another row there, or changes this one.
    let (aws, _) = scripted([stored()]);
    let why = aws.linked(&"ab".repeat(32)).await.unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
    assert!(why.to_string().contains("of run a3f1 of plan orders"));
    let mut changed = item.clone();
    changed["body"]["M"]["reply"] = json!({"S": "yes"});
    let (aws, _) = scripted([Next::ok(json!({"Item": changed}))]);
    let why = aws.linked(secret(&link)).await.unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
    let (aws, _) = scripted([Next::ok("{}")]);
    assert_eq!(aws.linked(secret(&link)).await, Ok(None));
    // What is no secret is not looked for.
    let (aws, replay) = scripted([]);
    assert_eq!(aws.linked("../state").await, Ok(None));
    assert!(replay.asked().is_empty());
}

#[tokio::test]
async fn a_reply_is_noted_on_a_condition_and_once() {
    let (link, _) = made().await;
    let (aws, replay) = scripted([Next::ok("{}")]);
    assert_eq!(
        aws.note_reply(secret(&link), None, Some(&reply(true)))
            .await,
        Ok(true)
    );
    let asked = replay.asked_once();
    assert_eq!(asked.target, "DynamoDB_20120810.UpdateItem");
    let asked = asked.json();
    assert_eq!(
        asked["ConditionExpression"],
        "attribute_exists(#body) AND attribute_not_exists(#body.#reply)"
    );
    assert_eq!(
        asked["ExpressionAttributeValues"][":reply"]["M"]["fate"]["S"],
        "under_way"
    );
    let refused = Next::json_error(400, "ConditionalCheckFailedException", "no");
    let (aws, replay) = scripted([refused]);
    let before = reply(true);
    let noted = aws
        .note_reply(secret(&link), Some(&before), Some(&reply(true)))
        .await;
    assert_eq!(noted, Ok(false));
    let asked = replay.asked_once().json();
    assert_eq!(asked["ConditionExpression"], "#body.#reply.#at = :at");
    assert_eq!(
        asked["ExpressionAttributeValues"][":at"]["S"],
        "1970-01-01T00:01:00Z"
    );
    let (aws, replay) = scripted([Next::says(500, "{}")]);
    let noted = aws
        .note_reply(secret(&link), None, Some(&reply(true)))
        .await;
    assert!(matches!(noted, Err(Error::Unavailable(_))), "{noted:?}");
    replay.asked_once();
}

#[tokio::test]
async fn a_reply_is_taken_away_again_on_the_condition_that_it_stands_there() {
    let (link, _) = made().await;
    let (aws, replay) = scripted([Next::ok("{}")]);
    let before = reply(true);
    let noted = aws.note_reply(secret(&link), Some(&before), None).await;
    assert_eq!(noted, Ok(true));
    let asked = replay.asked_once().json();
    assert_eq!(asked["UpdateExpression"], "REMOVE #body.#reply");
    assert_eq!(asked["ConditionExpression"], "#body.#reply.#at = :at");
    let values = asked["ExpressionAttributeValues"].as_object().unwrap();
    assert_eq!(values.keys().collect::<Vec<_>>(), [":at"]);
}

#[tokio::test]
async fn a_run_is_sent_a_yes_or_a_no_once_and_says_whether_it_waited() {
    let token = TaskToken(TOKEN.into());
    let (aws, replay) = scripted([Next::ok("{}")]);
    let sent = aws.give_reply(&token, &reply(true)).await;
    assert_eq!(sent, Ok(Sent::Taken));
    let asked = replay.asked_once();
    assert_eq!(asked.target, "AWSStepFunctions.SendTaskSuccess");
    assert_eq!(
        asked.json(),
        json!({"taskToken": TOKEN, "output": "{\"approved\": true}"})
    );
    let (aws, replay) = scripted([Next::ok("{}")]);
    let sent = aws.give_reply(&token, &reply(false)).await;
    assert_eq!(sent, Ok(Sent::Taken));
    let asked = replay.asked_once().json();
    assert_eq!(
        asked,
        json!({"taskToken": TOKEN, "error": "Refused", "cause": "refused on the page of the question"})
    );
    for code in ["InvalidToken", "TaskDoesNotExist", "TaskTimedOut"] {
        let (aws, _) = scripted([Next::json_error(400, code, "over")]);
        assert_eq!(
            aws.give_reply(&token, &reply(true)).await,
            Ok(Sent::NotAwaited),
            "{code}"
        );
    }
    let throttled = |status| Next::json_error(status, "ThrottlingException", "slower");
    for next in [
        Next::Silence,
        Next::Broken,
        Next::says(503, "{}"),
        throttled(503),
    ] {
        let (aws, replay) = scripted([next]);
        let why = aws.give_reply(&token, &reply(false)).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable");
        assert!(!why.to_string().contains(TOKEN), "{why}");
        replay.asked_once();
    }
    for (next, name) in [
        (
            Next::json_error(400, "AccessDeniedException", "no"),
            "Denied",
        ),
        (throttled(400), "Unavailable"),
        (
            Next::json_error(400, "ValidationException", "no"),
            "InvalidRequest",
        ),
    ] {
        let (aws, replay) = scripted([next]);
        let sent = aws.give_reply(&token, &reply(false)).await.unwrap();
        let Sent::TurnedAway(why) = sent else {
            panic!("{sent:?}");
        };
        assert_eq!(why.name(), name);
        assert!(!why.to_string().contains(TOKEN), "{why}");
        replay.asked_once();
    }
}
