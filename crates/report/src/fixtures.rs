//! Two results as a drill leaves them, for the tests of the report and of its page, here and in a browser.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "only tests stand on it"
)]

use serde_json::json;

use super::*;

const WEST: &str = "orders-west.cluster-c0example.us-west-2.rds.amazonaws.com";
const EAST: &str = "orders-east.cluster-c0example.us-east-1.rds.amazonaws.com";
/// The drill's beginning, in milliseconds of Unix time.
const START: i64 = 1_790_000_000_000;

fn event(at: f64, kind: Kind, source: &str, text: &str, label: &str) -> Event {
    Event {
        at_ms: ms(at),
        kind,
        source: source.into(),
        text: text.into(),
        label: (!label.is_empty()).then(|| label.into()),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "fixture times are a few minutes"
)]
fn ms(at: f64) -> i64 {
    START + (at * 1000.0) as i64
}

fn state(name: &str, from: f64, until: f64, passes: u32) -> RunState {
    RunState {
        name: name.into(),
        entered_at: timestamp(ms(from)),
        exited_at: Some(timestamp(ms(until))),
        passes,
    }
}

/// A client that writes every 50 ms, a little unevenly, from 30 s until `until`, except between the two `gap` seconds.
pub(super) fn record(until: f64, gap: Option<(f64, f64)>) -> ClientRecord {
    let mut record = ClientRecord {
        started_ms: ms(29.9),
        stopped_ms: ms(until),
        ..ClientRecord::default()
    };
    let mut at = ms(30.0);
    for n in 1.. {
        if at >= ms(until) {
            break;
        }
        let mut endpoint = WEST;
        if let Some((from, to)) = gap {
            if at >= ms(from) && at < ms(to) {
                record.unknown.push(Unacknowledged {
                    n,
                    sent_ms: at,
                    given_up_ms: at + 1_000,
                    endpoint: WEST.into(),
                    reason: "connection closed".into(),
                });
                at = ms(to);
                continue;
            }
            if at >= ms(to) {
                endpoint = EAST;
            }
        }
        record.acknowledged.push(Ack {
            n,
            sent_ms: at - 2,
            acked_ms: at,
            endpoint: endpoint.into(),
        });
        at += 50 + (n * 7919) % 13;
    }
    record
}

pub(super) fn call(
    function: &str,
    region: &str,
    service: &str,
    target: &str,
    operation: &str,
    n: [u64; 2],
) -> CallCount {
    CallCount {
        function: function.into(),
        caller_region: region.into(),
        service: service.into(),
        region: target.into(),
        operation: operation.into(),
        count: n[0],
        errors: n[1],
    }
}

fn profile() -> Profile {
    let groups = json!({
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3, "in_region_grace_seconds": 60},
        "simulator": {"promote_ms": 4000, "managed_failover_ms": 5000, "switchover_ms": 2000},
        "dns": {"ttl_seconds": 5},
        "plan": {"strategy": "detach"},
        "client": {"interval_seconds": 0.05, "connect_timeout_seconds": 0.5, "statement_timeout_seconds": 1.0},
    });
    serde_json::from_value(groups).unwrap()
}

/// A green `region-loss`.
/// A Region that was lost, and left by a detach.
pub fn region_loss() -> Report {
    findings().into()
}

/// What a green `region-loss` found.
pub(super) fn findings() -> Findings {
    let record = record(92.0, Some((61.98, 84.05)));
    let comparison = Comparison {
        acknowledged: record.acknowledged.len(),
        lost: vec![571, 572],
        ..Comparison::default()
    };
    let outage = record.outages().remove(0);
    let moments = Moments::from_ms([
        Some(outage.from_ms),
        Some(outage.from_ms + 13_200),
        Some(ms(78.4)),
        Some(ms(82.9)),
        Some(ms(83.6)),
        outage.until_ms,
    ]);
    let allowances = Allowances {
        confirm_timeout_seconds: 3.0,
        promotion_seconds: Some(4.0),
        ttl_wait_seconds: Some(0.3),
    };
    Findings {
        scenario: "region-loss".into(),
        summary: "us-west-2, where the writer lives, is lost with everything in it; us-east-1 has to notice it, be \
                sure, detach its standby and promote it, with no help."
            .into(),
        started_at_ms: START,
        finished_at_ms: ms(93.0),
        profile: profile(),
        writes: Writes::new(&record, Some(&comparison)),
        rpo: Rpo {
            lost_beats: Some(1),
            lost_window_seconds: Some(0.41),
        },
        rto: Rto::measure(Some(22.0), moments, &allowances),
        planned_moves: vec![PlannedMove::unnoticed("us-east-1", (timestamp(500), timestamp(4_000)))
                .paused((1_000, 3_200), 2_100, 700)],
        confirmed: Some(region_loss_confirmed()),
        messages: vec![region_loss_told()],
        runs: vec![region_loss_run()],
        calls: region_loss_calls(),
        events: region_loss_events(),
        checks: vec![
            Check::new("the writer is orders-east", "orders-east, promoted", true),
            Check::new(
                "no more rows are lost than were not replicated",
                "2 lost, 4 not replicated",
                true,
            ),
            Check::new("no row is there twice", "0 duplicated", true),
            Check::new(
                "the application writes again without help",
                "after 22.1 s, to orders-east",
                true,
            ),
        ],
    }
}

fn region_loss_confirmed() -> Confirmed {
    Confirmed {
        run: "orders-7-us-east-1".into(),
        verdict: "region_down".into(),
        evidence: vec![Piece {
            asked: "the witness".into(),
            found: "it does not reach us-west-2 either".into(),
        }],
    }
}

fn region_loss_told() -> Told {
    Told {
        at: timestamp(ms(75.4)),
        region: "us-east-1".into(),
        subject: "ACTION orders: the writer in us-west-2 is suspected".into(),
        text: "Writes are out since 12:00:00 UTC.\nNothing to do yet.".into(),
    }
}

fn region_loss_run() -> Run {
    Run {
        name: "orders-7-us-east-1".into(),
        machine: "unplanned-failover".into(),
        region: "us-east-1".into(),
        status: "SUCCEEDED".into(),
        outcome: Some("succeeded".into()),
        left: Vec::new(),
        states: vec![
            state("OpenRun", 75.3, 75.5, 1),
            state("ConfirmOutage", 75.5, 78.4, 1),
            state("DetachAndPromote", 78.4, 82.7, 5),
            state("ProveWriter", 82.7, 82.9, 1),
            state("FlipDns", 82.9, 83.9, 2),
            state("RestartEcs", 83.9, 85.8, 3),
            state("VerifyWrites", 85.8, 86.0, 1),
            state("CloseRun", 86.0, 86.2, 1),
        ],
    }
}

fn region_loss_calls() -> Vec<CallCount> {
    vec![
        call(
            "confirm-outage",
            "us-east-1",
            "rds",
            "us-east-1",
            "DescribeDBClusters",
            [1, 0],
        ),
        call(
            "confirm-outage",
            "us-east-1",
            "rds",
            "us-west-2",
            "DescribeDBClusters",
            [1, 1],
        ),
        call(
            "confirm-outage",
            "us-east-1",
            "lambda",
            "us-east-2",
            "Invoke",
            [1, 0],
        ),
        call(
            "detach-and-promote",
            "us-east-1",
            "rds",
            "us-east-1",
            "RemoveFromGlobalCluster",
            [1, 0],
        ),
        call(
            "detach-and-promote",
            "us-east-1",
            "rds",
            "us-east-1",
            "DescribeDBClusters",
            [5, 0],
        ),
        call(
            "dns-flip",
            "us-east-1",
            "route53",
            "us-east-1",
            "ChangeResourceRecordSets",
            [1, 0],
        ),
        call(
            "health-probe",
            "us-east-1",
            "dynamodb",
            "us-east-1",
            "PutItem",
            [14, 0],
        ),
    ]
}

fn region_loss_events() -> Vec<Event> {
    #[rustfmt::skip]
    let events = [
        (0.0, Kind::Setup, "the drill", "starts two member Regions and a witness", ""),
        (30.0, Kind::Client, "client", "writes to orders-west", ""),
        (62.0, Kind::Fault, "us-west-2", "is lost: database, roads, endpoints and functions", "us-west-2 lost"),
        (63.0, Kind::Client, "client", "lost its connection to orders-west", ""),
        (75.18, Kind::Noticing, "us-east-1", "suspects the writer in us-west-2 after 3 failures", "suspected"),
        (75.3, Kind::Run, "us-east-1", "opens run orders-7-us-east-1", "run opened"),
        (78.4, Kind::Confirming, "us-east-1", "confirms region_down", "region_down"),
        (78.5, Kind::Promotion, "us-east-1", "detaches orders-east", "detach"),
        (82.9, Kind::Promotion, "orders-east", "takes writes under epoch 8", "promoted"),
        (83.6, Kind::Dns, "writer.orders.internal", "leads to orders-east", "DNS moved"),
        (84.05, Kind::Client, "client", "writes again, to orders-east, 22.1 s after the last row", "writes again"),
        (86.2, Kind::Run, "us-east-1", "closes the run: succeeded", "run closed"),
    ];
    events
        .map(|(at, kind, source, text, label)| event(at, kind, source, text, label))
        .to_vec()
}

/// A green `path-impaired`: nothing was to be recovered.
/// A road that was cut, which led to nothing.
pub fn path_impaired() -> Report {
    let record = record(110.0, None);
    Findings {
        scenario: "path-impaired".into(),
        summary: "Only the road from us-east-1 to the writer is cut. The writer is well, so nothing may change.".into(),
        started_at_ms: START,
        finished_at_ms: ms(111.0),
        profile: profile(),
        writes: Writes::new(&record, Some(&Comparison::default())),
        rpo: Rpo::default(),
        rto: Rto::default(),
        planned_moves: Vec::new(),
        confirmed: None,
        messages: Vec::new(),
        runs: vec![Run {
            name: "orders-7-us-east-1".into(),
            machine: "unplanned-failover".into(),
            region: "us-east-1".into(),
            status: "SUCCEEDED".into(),
            outcome: Some("stood_down".into()),
            left: Vec::new(),
            states: vec![
                state("OpenRun", 75.3, 75.5, 1),
                state("ConfirmOutage", 75.5, 78.7, 1),
                state("CloseRun", 78.7, 78.9, 1),
            ],
        }],
        calls: vec![call("confirm-outage", "us-east-1", "rds", "us-west-2", "DescribeDBClusters", [1, 0])],
        events: vec![
            event(62.0, Kind::Fault, "us-east-1", "loses its road to the writer", "road cut"),
            event(75.18, Kind::Noticing, "us-east-1", "suspects the writer in us-west-2 after 3 failures", "suspected"),
            event(78.7, Kind::Confirming, "us-east-1", "finds path_impaired and stands down", "path_impaired"),
            event(100.0, Kind::Fault, "us-east-1", "has its road to the writer back", "road mended"),
        ],
        checks: vec![
            Check::new("the outage is confirmed as path_impaired", "path_impaired", true),
            Check::new("writes never stop", "longest silence 0.1 s", true),
        ],
    }
    .into()
}
