//! The objects that routes are switched by.

use failover::{
    domain::Region,
    ports::{Object, Objects},
};

use crate::replay::{HERE, Next, scripted};

fn refused(status: u16, code: &str) -> Next {
    let body = format!("<Error><Code>{code}</Code><Message>said</Message></Error>");
    Next::says(status, body)
}

#[tokio::test]
async fn an_object_is_read_with_its_tag_and_its_time_and_none_is_none() {
    let there = Next::Answer {
        status: 200,
        headers: vec![
            ("ETag", "\"a\""),
            ("Last-Modified", "Thu, 01 Jan 1970 00:01:40 GMT"),
        ],
        body: "standby-active".into(),
        after: std::time::Duration::ZERO,
    };
    let (aws, _) = scripted([there, refused(404, "NoSuchKey")]);
    let here = Region::from(HERE);
    let read = aws.object(&here, "orders-switch", "switch").await.unwrap();
    let expected = Object {
        text: "standby-active".into(),
        tag: "\"a\"".into(),
        written_at: jiff::Timestamp::from_second(100).ok(),
    };
    assert_eq!(read, Some(expected));
    let none = aws.object(&here, "orders-switch", "switch").await;
    assert_eq!(none, Ok(None));
}

#[tokio::test]
async fn a_bucket_of_another_region_is_named_with_the_fix_and_any_other_refusal_as_it_is() {
    let here = Region::from(HERE);
    for code in ["PermanentRedirect", "AuthorizationHeaderMalformed"] {
        let (aws, _) = scripted([refused(400, code), refused(400, code)]);
        let read = aws.object(&here, "orders-switch", "switch").await;
        let put = aws.put_object(&here, ("orders-switch", "switch"), "-", None);
        for why in [read.unwrap_err(), put.await.unwrap_err()] {
            assert_eq!(why.name(), "InvalidRequest");
            let says = "bucket orders-switch is in another Region than us-east-1; name a bucket of us-east-1";
            assert!(why.to_string().starts_with(says), "{why}");
        }
    }
    let (aws, _) = scripted([refused(403, "AccessDenied")]);
    let read = aws.object(&here, "orders-switch", "switch").await;
    assert_eq!(read.unwrap_err().name(), "Denied");
}

#[tokio::test]
async fn what_somebody_else_wrote_meanwhile_is_no_failure_and_is_not_written_over() {
    for (status, code) in [
        (412, "PreconditionFailed"),
        (409, "ConditionalRequestConflict"),
    ] {
        let (aws, _) = scripted([refused(status, code)]);
        let read = Object {
            text: "-".into(),
            tag: "\"a\"".into(),
            written_at: None,
        };
        let here = Region::from(HERE);
        let put = aws.put_object(&here, ("orders-switch", "switch"), "-", Some(&read));
        assert_eq!(put.await, Ok(false), "{code}");
    }
}
