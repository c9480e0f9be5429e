//! Route 53's records.

use failover::ports::{Batch, Heard, Names, Record};

use crate::replay::{Next, scripted, scripted_with_retries};

const NAME: &str = "writer.orders.internal";

fn record(value: &str) -> Record {
    Record {
        name: NAME.into(),
        kind: "CNAME",
        ttl_seconds: 5,
        values: vec![value.into()],
    }
}

fn listing(set: &str) -> Next {
    Next::ok(format!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet>{set}</ResourceRecordSet>\
         </ResourceRecordSets><IsTruncated>true</IsTruncated><MaxItems>1</MaxItems></ListResourceRecordSetsResponse>"
    ))
}

fn named(name: &str, kind: &str) -> String {
    format!("<Name>{name}</Name><Type>{kind}</Type>")
}

const VALUE: &str = "<TTL>5</TTL><ResourceRecords><ResourceRecord><Value>old.example</Value></ResourceRecord>\
    </ResourceRecords>";

#[tokio::test]
async fn a_record_is_read_as_it_must_be_deleted() {
    let set = named("Writer.Orders.Internal.", "CNAME") + VALUE;
    let (aws, replay) = scripted([listing(&set)]);
    let found = aws.record("Z0EXAMPLE", NAME, "CNAME").await;
    let expected = Record {
        name: "Writer.Orders.Internal".into(),
        ..record("old.example")
    };
    assert_eq!(found, Ok(Heard::Said(Some(expected))));
    let asked = replay.asked_once();
    assert_eq!(asked.method, "GET");
    assert!(
        asked
            .uri
            .starts_with("https://route53.amazonaws.com/2013-04-01/hostedzone/Z0EXAMPLE/rrset?")
    );
    for part in ["name=writer.orders.internal", "maxitems=1"] {
        assert!(asked.uri.contains(part), "{part} is not in {}", asked.uri);
    }
    // A listing that began at the type would pass by what stands there instead.
    assert!(!asked.uri.contains("type="), "{}", asked.uri);
}

#[tokio::test]
async fn what_stands_under_a_name_instead_of_a_cname_is_found_with_its_type() {
    let alias = "<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>lb.example.</DNSName>\
        <EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>";
    for (kind, rest, expected) in [
        ("A", VALUE, ("A", "old.example")),
        ("A", alias, ("ALIAS", "lb.example.")),
        ("SRV", VALUE, ("other", "old.example")),
    ] {
        let (aws, _) = scripted([listing(&(named("writer.orders.internal.", kind) + rest))]);
        let found = aws.record("Z0EXAMPLE", NAME, "CNAME").await;
        let found = found.and_then(Heard::said).unwrap().unwrap();
        assert_eq!((found.kind, found.values[0].as_str()), expected);
    }
}

#[tokio::test]
async fn a_listing_that_starts_elsewhere_means_that_there_is_no_record() {
    let empty = "<ListResourceRecordSetsResponse><ResourceRecordSets></ResourceRecordSets>\
        <IsTruncated>false</IsTruncated><MaxItems>1</MaxItems></ListResourceRecordSetsResponse>";
    for next in [
        listing(&(named("x.orders.internal.", "CNAME") + VALUE)),
        Next::ok(empty),
    ] {
        let (aws, _) = scripted([next]);
        assert_eq!(
            aws.record("Z0EXAMPLE", NAME, "CNAME").await,
            Ok(Heard::Said(None))
        );
    }
    let (aws, _) = scripted([listing(
        &(named("writer.orders.internal.", "CNAME") + VALUE),
    )]);
    assert_eq!(
        aws.record("Z0EXAMPLE", NAME, "TXT").await,
        Ok(Heard::Said(None))
    );
}

#[tokio::test]
async fn a_record_that_is_not_simple_is_refused() {
    let alias = "<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>a.example.</DNSName>\
        <EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>";
    let routed = format!("<SetIdentifier>blue</SetIdentifier><Weight>10</Weight>{VALUE}");
    for rest in [alias, &routed] {
        let set = named("writer.orders.internal.", "CNAME") + rest;
        let (aws, _) = scripted([listing(&set)]);
        let why = aws.record("Z0EXAMPLE", NAME, "CNAME").await.unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology");
        assert!(why.to_string().contains(NAME), "{why}");
    }
}

const CHANGED: &str = "<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>\
    <SubmittedAt>2026-11-20T00:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>";

#[tokio::test]
async fn a_change_deletes_what_was_read_and_creates_what_should_be_in_one_batch() {
    let (aws, replay) = scripted([Next::ok(CHANGED)]);
    let txt = Record {
        name: "_aurora-failover-epoch.writer.orders.internal".into(),
        kind: "TXT",
        ttl_seconds: 60,
        values: vec!["\"epoch 8\"".into()],
    };
    let batch = Batch {
        delete: vec![record("old.example")],
        create: vec![record("new.example"), txt],
    };
    let comment = "long ".repeat(100);
    let change = aws.change("Z0EXAMPLE", &batch, &comment).await;
    let change = change.and_then(Heard::said).unwrap();
    assert_eq!(change.trim_start_matches("/change/"), "C1");
    let asked = replay.asked_once();
    assert_eq!(asked.method, "POST");
    assert_eq!(
        asked.uri,
        "https://route53.amazonaws.com/2013-04-01/hostedzone/Z0EXAMPLE/rrset"
    );
    let set = |name: &str, kind: &str, ttl: i64, value: &str| {
        format!(
            "<ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type><TTL>{ttl}</TTL><ResourceRecords><ResourceRecord>\
             <Value>{value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>"
        )
    };
    let change =
        |action: &str, set: String| format!("<Change><Action>{action}</Action>{set}</Change>");
    let changes = [
        change("DELETE", set(NAME, "CNAME", 5, "old.example")),
        change("CREATE", set(NAME, "CNAME", 5, "new.example")),
        change(
            "CREATE",
            set(
                "_aurora-failover-epoch.writer.orders.internal",
                "TXT",
                60,
                "&quot;epoch 8&quot;",
            ),
        ),
    ];
    let sent = asked.body.replace('"', "&quot;");
    let wanted = format!("<Changes>{}</Changes>", changes.concat());
    assert!(sent.contains(&wanted), "{wanted} is not in {sent}");
    let (_, rest) = sent.split_once("<Comment>").unwrap();
    let (sent, _) = rest.split_once("</Comment>").unwrap();
    assert_eq!(sent.len(), 256, "Route 53 takes no longer comment");
}

#[tokio::test]
async fn a_batch_whose_records_have_changed_meanwhile_is_worth_another_look() {
    let (aws, _) = scripted([Next::xml_error(400, "InvalidChangeBatch", "not as it was")]);
    let batch = Batch {
        delete: vec![record("old.example")],
        create: Vec::new(),
    };
    let why = aws.change("Z0EXAMPLE", &batch, "why").await.unwrap_err();
    assert_eq!(why.name(), "Unavailable", "{why}");
}

#[tokio::test]
async fn a_change_is_in_sync_when_route_53_says_so() {
    for (status, in_sync) in [("PENDING", false), ("INSYNC", true)] {
        let answer = format!(
            "<GetChangeResponse><ChangeInfo><Id>/change/C1</Id><Status>{status}</Status>\
             <SubmittedAt>2026-11-20T00:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>"
        );
        let (aws, replay) = scripted([Next::ok(answer)]);
        assert_eq!(aws.is_in_sync("/change/C1").await, Ok(Heard::Said(in_sync)));
        assert!(replay.asked_once().uri.ends_with("/2013-04-01/change/C1"));
    }
}

#[tokio::test]
async fn throttling_is_an_answer_and_no_call_is_repeated_by_itself() {
    let busy = || Next::xml_error(400, "Throttling", "Rate exceeded");
    for call in ["record", "change", "sync"] {
        let (aws, replay) = scripted_with_retries([busy()]);
        let why = match call {
            "record" => throttled(aws.record("Z0EXAMPLE", NAME, "CNAME").await),
            "change" => throttled(aws.change("Z0EXAMPLE", &Batch::default(), "why").await),
            _ => throttled(aws.is_in_sync("C1").await),
        };
        assert!(why.contains("Rate exceeded"), "{why}");
        replay.asked_once();
    }
}

fn throttled<T: std::fmt::Debug>(heard: Result<Heard<T>, failover::Error>) -> String {
    match heard {
        Ok(Heard::Throttled(why)) => why,
        other => panic!("{other:?}"),
    }
}
