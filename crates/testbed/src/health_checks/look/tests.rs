//! Looks over real sockets: each bound and each answer that passes or does not.

use std::net::Ipv4Addr;

use axum::{Router, http::StatusCode, routing::get};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::certificates::Certificates;

/// Two seconds are one.
const PACE: Pace = Pace(0.5);
const TEXT: &str = "standby-active";

struct Web {
    at: SocketAddr,
    _serving: JoinSet<io::Result<()>>,
}

async fn web() -> Web {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let body = |before: usize| format!("{}{TEXT}", " ".repeat(before));
    let slowly = async || {
        tokio::time::sleep(Duration::from_secs(5)).await;
        TEXT
    };
    let head = async |request: axum::extract::Request| {
        let said = |name| request.headers()[name].to_str().unwrap().to_owned();
        format!("{} {}", said(header::HOST), said(header::USER_AGENT))
    };
    let routes = Router::new()
        .route("/active", get(async || "7 standby-active"))
        .route("/Active", get(async || "7 Standby-Active"))
        .route("/empty", get(async || ""))
        .route("/fits", get(async move || body(BODY_BYTES - TEXT.len())))
        .route(
            "/long",
            get(async move || body(BODY_BYTES - TEXT.len() + 1)),
        )
        .route("/moved", get(async || (StatusCode::FOUND, "elsewhere")))
        .route("/denied", get(async || (StatusCode::FORBIDDEN, TEXT)))
        .route("/broken", get(async || (StatusCode::BAD_GATEWAY, TEXT)))
        .route("/slow", get(slowly))
        .route("/head", get(head));
    let mut serving = JoinSet::new();
    serving.spawn(async { axum::serve(listener, routes).await });
    Web {
        at,
        _serving: serving,
    }
}

fn target(tls: Option<Tls>, path: &str, text: Option<&str>) -> Target {
    Target {
        host: "switch.s3.us-east-1.amazonaws.com".into(),
        port: 443,
        asks: Asks::Http {
            tls,
            authority: "shop.example:8443".into(),
            path: path.into(),
            text: text.map(str::to_owned),
        },
    }
}

async fn why(at: SocketAddr, path: &str, text: Option<&str>) -> Option<String> {
    let looked = look(&target(None, path, text), at, PACE).await;
    looked.err().map(|failed| failed.to_string())
}

#[tokio::test]
async fn two_and_three_hundreds_pass_and_nothing_else_does() {
    let web = web().await;
    for (path, expected) in [
        ("/active", None),
        ("/empty", None),
        ("/moved", None),
        ("/gone", Some("the status is 404")),
        ("/denied", Some("the status is 403")),
        ("/broken", Some("the status is 502")),
        ("/slow", Some("no status in time")),
    ] {
        assert_eq!(why(web.at, path, None).await.as_deref(), expected, "{path}");
    }
}

#[tokio::test]
async fn the_text_has_to_stand_as_it_is_within_the_first_bytes_of_a_good_answer() {
    let web = web().await;
    let missing = "the body's first 5120 bytes do not hold the text";
    for (path, expected) in [
        ("/active", None),
        ("/fits", None),
        ("/Active", Some(missing)),
        ("/long", Some(missing)),
        ("/empty", Some(missing)),
        ("/moved", Some(missing)),
        ("/denied", Some("the status is 403")),
    ] {
        let found = why(web.at, path, Some(TEXT)).await;
        assert_eq!(found.as_deref(), expected, "{path}");
    }
}

#[tokio::test]
async fn a_request_names_the_host_and_who_asks() {
    let web = web().await;
    let said = "shop.example:8443 Amazon-Route53-Health-Check-Service";
    assert_eq!(why(web.at, "/head", Some(said)).await, None);
}

#[tokio::test]
async fn a_body_that_does_not_come_and_an_endpoint_without_a_word_are_waited_for_within_bounds() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut kept = Vec::new();
        for said in ["", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nstandby"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 16];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            kept.push(stream);
        }
        std::future::pending::<()>().await;
    });
    for expected in ["no status in time", "the body did not come in time"] {
        let began = std::time::Instant::now();
        assert_eq!(why(at, "/", Some(TEXT)).await.as_deref(), Some(expected));
        assert!(began.elapsed() >= Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_closed_port_does_not_pass_and_an_open_one_is_enough_for_tcp() {
    let web = web().await;
    let tcp = Target {
        asks: Asks::Tcp,
        ..target(None, "/", None)
    };
    assert!(look(&tcp, web.at, PACE).await.is_ok());
    let closed = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        listener.local_addr().unwrap()
    };
    assert!(matches!(
        look(&tcp, closed, PACE).await,
        Err(Failed::Broken(_))
    ));
}

#[tokio::test]
async fn a_certificate_of_another_name_and_authority_passes_and_no_tls_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::create(folder.path()).unwrap();
    let acceptor = TlsAcceptor::from(certificates.server(&["another.example"]).unwrap());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut names = Vec::new();
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            names.push(stream.get_ref().1.server_name().map(str::to_owned));
            let mut asked = [0; 16];
            stream.read_exact(&mut asked).await.unwrap();
            let said = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(said).await.unwrap();
            stream.flush().await.unwrap();
        }
        names
    });
    for tls in [Tls::Named, Tls::Nameless] {
        let looked = look(&target(Some(tls), "/", None), at, Pace::REAL).await;
        assert!(looked.is_ok(), "{looked:?}");
    }
    let names = serving.join_next().await.unwrap().unwrap();
    let named = Some("switch.s3.us-east-1.amazonaws.com".to_owned());
    assert_eq!(names, [named, None]);
    let web = web().await;
    let looked = look(&target(Some(Tls::Named), "/active", None), web.at, PACE).await;
    assert!(matches!(looked, Err(Failed::Broken(_))), "{looked:?}");
}
