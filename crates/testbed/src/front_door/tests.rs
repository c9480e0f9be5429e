//! The front door over real sockets: a bare upstream that answers canned bytes, bare callers, and the SDKs.

mod sdk;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{sleep, timeout},
};

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-Amzn-RequestId: r1\r\n\r\n{}";
const SOON: Duration = Duration::from_secs(10);
const A_WHILE: Duration = Duration::from_millis(300);

/// Answers every request with `answer` after `delay`, and hands over what it received.
async fn upstream(
    answer: &'static str,
    delay: Duration,
) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (received, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let received = received.clone();
            tokio::spawn(async move {
                let request = read_message(&mut stream).await;
                received.send(request).unwrap();
                sleep(delay).await;
                // The caller may be gone by now; that is what some tests are about.
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (address, requests)
}

async fn read_message(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    loop {
        let text = String::from_utf8(received.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next());
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.unwrap();
        assert_ne!(count, 0, "the message ended early: {text}");
        received.extend_from_slice(&chunk[..count]);
    }
}

fn request(service: &str, region: &str) -> String {
    format!(
        "POST /a%2Fb/?x=%20y&z HTTP/1.1\r\nHost: {service}.{region}.amazonaws.com\r\n\
         AUTHORIZATION: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260102/{region}/{service}/aws4_request, SignedHeaders=host, Signature=00\r\n\
         X-Amz-Target: Some_20140101.DoIt\r\ncontent-length: 7\r\n\r\n{{\"a\":1}}"
    )
}

async fn send(door: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(door).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Whether the caller hears nothing for a while, not even the connection's end.
async fn silent(stream: &mut TcpStream) -> bool {
    timeout(A_WHILE, stream.read_u8()).await.is_err()
}

/// Whether the connection ends without an answer.
async fn closed_unanswered(stream: &mut TcpStream) -> bool {
    let read = timeout(SOON, stream.read_u8()).await.unwrap();
    read.is_err()
}

fn probe() -> Caller {
    Caller {
        function: "aurora-failover-health-probe".to_owned(),
        region: "us-east-1".to_owned(),
    }
}

async fn door(emulator: SocketAddr) -> (FrontDoor, SocketAddr) {
    let door = FrontDoor::start(emulator, emulator);
    let address = door.open(probe()).await.unwrap();
    (door, address)
}

/// Waits until the first call is recorded as unanswered for this reason.
async fn unanswered(door: &FrontDoor, why: &str) {
    let recorded = async {
        while door.calls()[0].error_code.as_deref() != Some(why) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, recorded).await.unwrap();
    assert!(door.calls()[0].status.is_none());
}

#[tokio::test]
async fn a_call_passes_unchanged_in_both_directions() {
    let (emulator, mut requests) = upstream(OK, Duration::ZERO).await;
    let (door, address) = door(emulator).await;
    let request = request("dynamodb", "us-west-2");
    let mut stream = send(address, &request).await;
    let answer = timeout(SOON, read_message(&mut stream)).await.unwrap();
    assert_eq!(requests.recv().await.unwrap(), request);
    for line in [
        "HTTP/1.1 200 OK",
        "content-length: 2",
        "X-Amzn-RequestId: r1",
        "\r\n\r\n{}",
    ] {
        assert!(answer.contains(line), "{line} is missing in {answer}");
    }
    let [call] = door.calls().try_into().unwrap();
    assert_eq!(
        (call.function.as_str(), call.caller_region.as_str()),
        ("aurora-failover-health-probe", "us-east-1")
    );
    assert_eq!(
        (call.service.as_str(), call.region.as_str()),
        ("dynamodb", "us-west-2")
    );
    assert_eq!(
        (call.operation.as_str(), call.status, call.error_code),
        ("DoIt", Some(200), None)
    );
    assert!(call.duration_ms.is_some() && call.at_ms > 1_700_000_000_000);
}

#[tokio::test]
async fn rds_goes_to_the_simulator_once_the_emulator_allows_it_and_everything_else_to_the_emulator()
{
    let (emulator, mut at_emulator) = upstream(OK, Duration::ZERO).await;
    let (simulator, mut at_simulator) = upstream(OK, Duration::ZERO).await;
    let door = FrontDoor::start(emulator, simulator);
    let address = door.open(probe()).await.unwrap();
    for service in ["rds", "ecs"] {
        let mut stream = send(address, &request(service, "us-west-2")).await;
        timeout(SOON, read_message(&mut stream)).await.unwrap();
    }
    assert!(at_simulator.recv().await.unwrap().contains("rds.us-west-2"));
    for service in ["rds", "ecs"] {
        let asked = at_emulator.recv().await.unwrap();
        assert!(asked.contains(&format!("{service}.us-west-2")), "{asked}");
    }
    assert!(at_simulator.try_recv().is_err() && at_emulator.try_recv().is_err());
}

#[tokio::test]
async fn what_the_emulator_denies_reaches_no_simulator() {
    const DENIED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\n{}";
    let (emulator, _judged) = upstream(DENIED, Duration::ZERO).await;
    let (simulator, mut at_simulator) = upstream(OK, Duration::ZERO).await;
    let door = FrontDoor::start(emulator, simulator);
    let address = door.open(probe()).await.unwrap();
    let mut stream = send(address, &request("rds", "us-west-2")).await;
    let answer = timeout(SOON, read_message(&mut stream)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(at_simulator.try_recv().is_err());
    assert_eq!(door.calls()[0].status, Some(403));
}

#[tokio::test]
async fn a_connection_carries_several_calls() {
    let (emulator, _requests) = upstream(OK, Duration::ZERO).await;
    let (door, address) = door(emulator).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    for _ in 0..3 {
        stream
            .write_all(request("ssm", "us-east-1").as_bytes())
            .await
            .unwrap();
        timeout(SOON, read_message(&mut stream)).await.unwrap();
    }
    assert_eq!(door.calls().len(), 3);
}

#[tokio::test]
async fn a_lost_region_hangs_and_the_others_answer() {
    let (emulator, mut requests) = upstream(OK, Duration::ZERO).await;
    let (door, address) = door(emulator).await;
    let faults = door.lose_region("us-west-2");
    let mut lost = send(address, &request("dynamodb", "us-west-2")).await;
    assert!(silent(&mut lost).await, "a lost Region answered");
    assert!(requests.try_recv().is_err(), "a lost Region got the call");
    let mut alive = send(address, &request("dynamodb", "us-east-1")).await;
    timeout(SOON, read_message(&mut alive)).await.unwrap();

    for fault in faults {
        door.remove(fault);
    }
    assert!(closed_unanswered(&mut lost).await);
    assert_eq!(door.calls()[0].error_code.as_deref(), Some("hung"));
    assert_eq!(
        (door.calls()[0].status, door.calls()[1].status),
        (None, Some(200))
    );
    let mut again = send(address, &request("dynamodb", "us-west-2")).await;
    timeout(SOON, read_message(&mut again)).await.unwrap();
}

#[tokio::test]
async fn a_lost_regions_answers_under_way_do_not_arrive() {
    let (emulator, mut requests) = upstream(OK, A_WHILE).await;
    let (door, address) = door(emulator).await;
    let mut stream = send(address, &request("dynamodb", "us-west-2")).await;
    timeout(SOON, requests.recv()).await.unwrap();
    door.lose_region("us-west-2");
    sleep(A_WHILE).await;
    assert!(
        silent(&mut stream).await,
        "an answer from a lost Region arrived"
    );
}

#[tokio::test]
async fn a_lost_regions_functions_reach_nothing() {
    let (emulator, _requests) = upstream(OK, Duration::ZERO).await;
    let (door, address) = door(emulator).await;
    door.lose_region("us-east-1");
    let mut stream = send(address, &request("dynamodb", "us-west-2")).await;
    assert!(silent(&mut stream).await);
    drop(stream);
    unanswered(&door, "hung").await;
}

#[tokio::test]
async fn a_refused_call_is_closed_at_once_also_under_way() {
    let (emulator, mut requests) = upstream(OK, SOON).await;
    let (door, address) = door(emulator).await;
    let mut under_way = send(address, &request("ecs", "us-west-2")).await;
    timeout(SOON, requests.recv()).await.unwrap();
    let scope = Scope {
        service: Some("ecs".to_owned()),
        function: Some("aurora-failover-health-probe".to_owned()),
        ..Scope::to_region("us-west-2")
    };
    door.set(scope, Fault::Refuse);
    let mut new = send(address, &request("ecs", "us-west-2")).await;
    for stream in [&mut under_way, &mut new] {
        assert!(closed_unanswered(stream).await);
    }
    assert_eq!(door.calls()[1].error_code.as_deref(), Some("refused"));
}

#[tokio::test]
async fn a_slow_service_answers_late() {
    let (emulator, _requests) = upstream(OK, Duration::ZERO).await;
    let (door, address) = door(emulator).await;
    door.set(Scope::default(), Fault::Slow(A_WHILE));
    let began = Instant::now();
    let mut stream = send(address, &request("ecs", "us-west-2")).await;
    timeout(SOON, read_message(&mut stream)).await.unwrap();
    assert!(began.elapsed() >= A_WHILE);
}

#[tokio::test]
async fn an_accounts_limit_counts_the_calls_of_every_function_together() {
    let (emulator, mut requests) = upstream(OK, Duration::ZERO).await;
    let (door, address) = door(emulator).await;
    let another = Caller {
        function: "aurora-failover-dns-flip".to_owned(),
        region: "us-west-2".to_owned(),
    };
    let another = door.open(another).await.unwrap();
    door.limit("ssm", 2);
    for (port, service) in [
        (address, "ssm"),
        (another, "ssm"),
        (address, "ssm"),
        (another, "ssm"),
        (another, "ecs"),
    ] {
        let mut stream = send(port, &request(service, "us-east-1")).await;
        timeout(SOON, read_message(&mut stream)).await.unwrap();
    }
    let statuses: Vec<_> = door.calls().iter().map(|call| call.status).collect();
    assert_eq!(
        statuses,
        [Some(200), Some(200), Some(400), Some(400), Some(200)]
    );
    assert_eq!(
        door.calls()[2].error_code.as_deref(),
        Some("ThrottlingException")
    );
    for _ in 0..3 {
        requests.recv().await.unwrap();
    }
    assert!(
        requests.try_recv().is_err(),
        "a throttled call was passed on"
    );
}

#[tokio::test]
async fn a_caller_that_goes_away_is_recorded() {
    let (emulator, mut requests) = upstream(OK, SOON).await;
    let (door, address) = door(emulator).await;
    let stream = send(address, &request("ecs", "us-west-2")).await;
    timeout(SOON, requests.recv()).await.unwrap();
    assert_eq!(
        (door.calls()[0].status, door.calls()[0].duration_ms),
        (None, None)
    );
    drop(stream);
    unanswered(&door, "caller went away").await;
}

#[tokio::test]
async fn the_ports_close_with_the_front_door() {
    let (emulator, _requests) = upstream(OK, Duration::ZERO).await;
    let (door, address) = door(emulator).await;
    drop(door);
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, closed).await.unwrap();
}
