//! The prober with a Route 53 that serves two pages, can be changed, and can fall silent.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    time::Instant,
};

use aws_sdk_route53::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use axum::{Router, http::Uri, routing::get};
use tokio::{net::TcpListener, sync::watch};

use super::*;
use Health::{Healthy, Unhealthy};

/// Ten seconds are 200 ms.
const PACE: Pace = Pace(0.02);
const SOON: Duration = Duration::from_secs(20);

/// What is listed: identifiers with the elements of their configurations. Silent while there is nothing.
type Listed = Option<Vec<(&'static str, String)>>;

struct Route53 {
    address: SocketAddr,
    listed: watch::Sender<Listed>,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Route53 {
    async fn start(listed: Vec<(&'static str, String)>) -> Self {
        let (listed, changes) = watch::channel(Some(listed));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let checks = move |uri: Uri| page(uri, changes.clone());
        let routes = Router::new().route("/2013-04-01/healthcheck", get(checks));
        let mut serving = JoinSet::new();
        serving.spawn(async { axum::serve(listener, routes).await });
        Self {
            address,
            listed,
            _serving: serving,
        }
    }

    async fn prober(&self) -> Result<Prober, Unreadable> {
        let credentials = Credentials::new("AKIAEXAMPLE", "example", None, None, "test");
        let config = aws_sdk_route53::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(credentials)
            .region(Region::new("us-east-1"))
            .endpoint_url(format!("http://{}", self.address))
            .retry_config(RetryConfig::disabled());
        let route53 = aws_sdk_route53::Client::from_conf(config.build());
        Prober::start(route53, Reach::default(), PACE).await
    }
}

/// One check a page.
async fn page(uri: Uri, mut listed: watch::Receiver<Listed>) -> String {
    let query: HashMap<String, String> =
        serde_urlencoded::from_str(uri.query().unwrap_or_default()).unwrap();
    let listed = listed.wait_for(Option::is_some).await.unwrap().clone();
    let listed = listed.unwrap();
    let marker = query.get("marker");
    let at = marker.map_or(0, |marker| marker.parse::<usize>().unwrap());
    let one = listed.get(at).map(|(id, config)| {
        format!(
            "<HealthCheck><Id>{id}</Id><CallerReference>c</CallerReference><HealthCheckVersion>1</HealthCheckVersion>\
             <HealthCheckConfig>{config}</HealthCheckConfig></HealthCheck>"
        )
    });
    let more = at + 1 < listed.len();
    let next = if more {
        format!("<NextMarker>{}</NextMarker>", at + 1)
    } else {
        String::new()
    };
    format!(
        "<ListHealthChecksResponse><HealthChecks>{}</HealthChecks><Marker>{at}</Marker>\
         <IsTruncated>{more}</IsTruncated>{next}<MaxItems>100</MaxItems></ListHealthChecksResponse>",
        one.unwrap_or_default()
    )
}

/// A check on a port of this machine.
fn tcp(port: u16, more: &str) -> String {
    format!(
        "<Type>TCP</Type><IPAddress>127.0.0.1</IPAddress><Port>{port}</Port><RequestInterval>10</RequestInterval>\
         <FailureThreshold>1</FailureThreshold>{more}"
    )
}

const INVERTED: &str = "<Inverted>true</Inverted>";

async fn becomes(prober: &Prober, id: &str, expected: Option<Health>) {
    let begun = Instant::now();
    while prober.state(id) != expected {
        assert!(begun.elapsed() < SOON, "{id} is {:?}", prober.state(id));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A port that somebody listens on, and one that nobody does.
async fn ports() -> (TcpListener, u16, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let open = listener.local_addr().unwrap().port();
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let closed = closed.local_addr().unwrap().port();
    (listener, open, closed)
}

#[tokio::test]
async fn every_page_is_read_and_what_is_new_or_gone_is_noticed() {
    let (_listener, open, closed) = ports().await;
    let all = vec![("good", tcp(open, "")), ("bad", tcp(closed, ""))];
    let route53 = Route53::start(all).await;
    let prober = route53.prober().await.unwrap();
    assert_eq!(prober.state("bad"), Some(Healthy), "nobody has looked yet");
    becomes(&prober, "bad", Some(Unhealthy)).await;
    assert_eq!(prober.state("good"), Some(Healthy));

    let children = ["good", "bad"].map(|id| format!("<ChildHealthCheck>{id}</ChildHealthCheck>"));
    let sum = format!(
        "<Type>CALCULATED</Type><HealthThreshold>1</HealthThreshold><ChildHealthChecks>{}</ChildHealthChecks>",
        children.concat()
    );
    let all = vec![("good", tcp(open, "")), ("sum", sum)];
    route53.listed.send_replace(Some(all));
    becomes(&prober, "bad", None).await;
    assert_eq!(prober.state("sum"), Some(Healthy));
}

#[tokio::test]
async fn without_its_prober_no_check_has_a_state_and_nothing_begins_anew() {
    let (_listener, open, _) = ports().await;
    let route53 = Route53::start(vec![("it", tcp(open, ""))]).await;
    let prober = route53.prober().await.unwrap();
    let states = prober.states();
    let checkers = Arc::new(Checkers {
        reach: Reach::default(),
        pace: PACE,
    });
    assert_eq!(states.of("it"), Some(Healthy));
    drop(prober);
    assert_eq!(states.of("it"), None);
    let check = Check {
        kind: check::Kind::Unwatched,
        inverted: false,
        disabled: true,
    };
    states.renew([("it".to_owned(), check)].into(), &checkers);
    assert_eq!(states.of("it"), None);
}

/// The same, by checkers of which none has a verdict of its own before a minute has passed.
fn slowly(config: &str) -> String {
    let config = config.replace("<RequestInterval>10<", "<RequestInterval>3000<");
    config.replace("<FailureThreshold>1<", "<FailureThreshold>2<")
}

#[tokio::test]
async fn what_was_seen_counts_on_under_an_inversion_and_not_for_another_endpoint() {
    let (_listener, open, closed) = ports().await;
    let route53 = Route53::start(vec![("it", tcp(closed, INVERTED))]).await;
    let prober = route53.prober().await.unwrap();
    assert_eq!(prober.state("it"), Some(Unhealthy), "nobody has looked yet");
    becomes(&prober, "it", Some(Healthy)).await;
    let plain = slowly(&tcp(closed, ""));
    route53.listed.send_replace(Some(vec![("it", plain)]));
    becomes(&prober, "it", Some(Unhealthy)).await;
    let elsewhere = slowly(&tcp(open, ""));
    route53.listed.send_replace(Some(vec![("it", elsewhere)]));
    becomes(&prober, "it", Some(Healthy)).await;
}

#[tokio::test]
async fn a_disabled_check_is_looked_at_no_more_and_anew_when_it_is_enabled() {
    let (listener, open, _) = ports().await;
    let route53 = Route53::start(vec![("it", tcp(open, "<Disabled>true</Disabled>"))]).await;
    let prober = route53.prober().await.unwrap();
    let asked = tokio::time::timeout(Duration::from_millis(600), listener.accept());
    assert!(asked.await.is_err(), "somebody looks");
    drop(listener);
    assert_eq!(prober.state("it"), Some(Healthy));
    route53
        .listed
        .send_replace(Some(vec![("it", tcp(open, ""))]));
    becomes(&prober, "it", Some(Unhealthy)).await;
}

#[tokio::test]
async fn the_checkers_look_on_while_the_api_is_silent() {
    let (listener, open, _) = ports().await;
    let route53 = Route53::start(vec![("it", tcp(open, ""))]).await;
    let prober = route53.prober().await.unwrap();
    route53.listed.send_replace(None);
    drop(listener);
    becomes(&prober, "it", Some(Unhealthy)).await;
    route53.listed.send_replace(Some(Vec::new()));
    becomes(&prober, "it", None).await;
}

#[tokio::test]
async fn health_checks_that_cannot_be_read_are_an_error_at_the_start() {
    let route53 = Route53::start(vec![("endless", String::new()); 21]).await;
    let error = route53.prober().await.err().unwrap();
    assert!(error.to_string().contains("more than 20 pages"), "{error}");
}
