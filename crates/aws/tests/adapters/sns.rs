//! Topics.

use failover::ports::People;

use crate::replay::{Next, scripted};

const TOPIC: &str = "arn:aws:sns:us-west-2:123456789012:orders-alerts";

#[tokio::test]
async fn a_topic_is_asked_for_and_what_sns_says_against_it_is_told() {
    let there = "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes/></GetTopicAttributesResult></GetTopicAttributesResponse>";
    let gone = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>";
    let (aws, replay) = scripted([Next::ok(there)]);
    assert_eq!(aws.topic(&"us-west-2".into(), TOPIC).await, Ok(()));
    let asked = replay.asked_once();
    assert!(
        asked.uri.starts_with("https://sns.us-west-2."),
        "{}",
        asked.uri
    );
    let (aws, _) = scripted([Next::says(404, gone)]);
    let why = aws.topic(&"us-west-2".into(), TOPIC).await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(why.to_string().contains("Topic does not exist"), "{why}");
}
