//! The DNS over real sockets: a Route 53 that serves two pages, and a caching stub resolver as applications have one.

use aws_sdk_route53::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use axum::{Router, http::Uri, routing::get};
use hickory_proto::{op::ResponseCode, rr::RecordType};
use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig},
    net::{DnsError as Refusal, NetError, runtime::TokioRuntimeProvider},
};
use tokio::{task::JoinSet, time::Instant};

use super::*;

const WEST: &str = "orders-west.cluster-c0example.us-west-2.rds.amazonaws.com";
const EAST: &str = "orders-east.cluster-c0example.us-east-1.rds.amazonaws.com";
const WRITER: &str = "writer.orders.internal.";

/// A Route 53 whose writer record can be changed, and which can fall silent.
struct Route53 {
    address: SocketAddr,
    writer: watch::Sender<Option<&'static str>>,
    _server: JoinSet<io::Result<()>>,
}

impl Route53 {
    async fn start() -> Self {
        let (writer, changes) = watch::channel(Some(WEST));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let sets = move |uri: Uri| page(uri, changes.clone());
        let routes = Router::new()
            .route("/2013-04-01/hostedzone/Z0EXAMPLE", get(zone_of_orders))
            .route("/2013-04-01/hostedzone/Z0EXAMPLE/rrset", get(sets));
        let mut server = JoinSet::new();
        server.spawn(async { axum::serve(listener, routes).await });
        Self {
            address,
            writer,
            _server: server,
        }
    }

    fn client(&self) -> aws_sdk_route53::Client {
        let config = aws_sdk_route53::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(
                "AKIAEXAMPLE",
                "example",
                None,
                None,
                "test",
            ))
            .region(Region::new("us-east-1"))
            .endpoint_url(format!("http://{}", self.address))
            .retry_config(RetryConfig::disabled());
        aws_sdk_route53::Client::from_conf(config.build())
    }
}

async fn zone_of_orders() -> &'static str {
    "<GetHostedZoneResponse><HostedZone><Id>/hostedzone/Z0EXAMPLE</Id><Name>orders.internal.</Name>\
     <CallerReference>c</CallerReference></HostedZone></GetHostedZoneResponse>"
}

async fn page(uri: Uri, mut writer: watch::Receiver<Option<&'static str>>) -> String {
    let query: HashMap<String, String> =
        serde_urlencoded::from_str(uri.query().unwrap_or_default()).unwrap();
    // Silent while there is no writer to name.
    let target = writer.wait_for(Option::is_some).await.unwrap().unwrap();
    let set = |name: &str, kind: &str, ttl: u32, value: &str| {
        format!(
            "<ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type><TTL>{ttl}</TTL><ResourceRecords>\
             <ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>"
        )
    };
    let (sets, rest) = if query.contains_key("name") {
        assert_eq!(
            (query["name"].as_str(), query["type"].as_str()),
            (WRITER, "CNAME")
        );
        let sets = [
            set(WRITER, "CNAME", 3, target),
            set(WRITER, "TXT", 4, "&quot;epoch 7&quot;"),
        ];
        (sets.concat(), "<IsTruncated>false</IsTruncated>")
    } else {
        let next = "<IsTruncated>true</IsTruncated><NextRecordName>writer.orders.internal.</NextRecordName>\
                    <NextRecordType>CNAME</NextRecordType>";
        let soa = "ns-1.example. host.example. 1 7200 900 1209600 86400";
        (set("orders.internal.", "SOA", 900, soa), next)
    };
    format!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets>{sets}</ResourceRecordSets>{rest}\
         <MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"
    )
}

fn resolver(view: SocketAddr, protocol: ProtocolConfig) -> TokioResolver {
    let mut connection = ConnectionConfig::new(protocol);
    connection.port = view.port();
    let server = NameServerConfig::new(view.ip(), true, vec![connection]);
    let config = ResolverConfig::from_name_servers(vec![server]);
    Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        .build()
        .unwrap()
}

fn endpoints(west: &str) -> HashMap<String, IpAddr> {
    let endpoints = [(WEST, west), (EAST, "127.1.0.9")];
    endpoints
        .map(|(name, address)| (name.to_owned(), address.parse().unwrap()))
        .into()
}

async fn address(resolver: &TokioResolver) -> String {
    let found = resolver.lookup_ip(WRITER).await.unwrap();
    found
        .iter()
        .map(|address| address.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Waits until the writer's name leads to this address.
async fn becomes(resolver: &TokioResolver, wanted: &str) {
    let changed = async {
        while address(resolver).await != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), changed)
        .await
        .unwrap();
}

#[tokio::test]
async fn each_vantage_gets_the_alias_with_its_own_address_and_the_ttls_over_udp_and_tcp() {
    let route53 = Route53::start().await;
    let dns = Dns::start("Z0EXAMPLE", route53.client()).await.unwrap();
    for (vantage, west) in [("us-west-2", "127.1.0.1"), ("us-east-1", "127.1.0.2")] {
        let view = dns.view(vantage, &endpoints(west)).await.unwrap();
        for protocol in [ProtocolConfig::Udp, ProtocolConfig::Tcp] {
            let answer = resolver(view, protocol)
                .lookup(WRITER, RecordType::A)
                .await
                .unwrap();
            let records: Vec<_> = answer.answers().iter().map(ToString::to_string).collect();
            let expected = [
                format!("{WRITER} 3 IN CNAME {WEST}."),
                format!("{WEST}. 5 IN A {west}"),
            ];
            assert_eq!(records, expected);
        }
        assert_eq!(address(&resolver(view, ProtocolConfig::Udp)).await, west);
    }
}

#[tokio::test]
async fn the_text_beside_the_writer_is_served_and_unknown_names_are_not() {
    let route53 = Route53::start().await;
    let dns = Dns::start("Z0EXAMPLE", route53.client()).await.unwrap();
    let resolver = resolver(
        dns.view("us-west-2", &endpoints("127.1.0.1"))
            .await
            .unwrap(),
        ProtocolConfig::Udp,
    );
    let text = resolver.txt_lookup(WRITER).await.unwrap();
    assert_eq!(
        text.answers()[0].to_string(),
        format!("{WRITER} 4 IN TXT epoch 7")
    );
    for (name, code) in [
        ("reader.orders.internal.", ResponseCode::NXDomain),
        ("gone.us-west-2.rds.amazonaws.com.", ResponseCode::NXDomain),
        ("example.com.", ResponseCode::Refused),
    ] {
        let error = resolver.lookup(name, RecordType::A).await.unwrap_err();
        assert_eq!(code_of(&error), Some(code), "{name}: {error}");
    }
}

fn code_of(error: &NetError) -> Option<ResponseCode> {
    if let NetError::Dns(Refusal::NoRecordsFound(none)) = error {
        return Some(none.response_code);
    }
    let NetError::Dns(Refusal::ResponseCode(code)) = error else {
        return None;
    };
    Some(*code)
}

#[tokio::test]
async fn a_change_is_served_at_once_and_cached_by_clients_for_its_ttl() {
    let route53 = Route53::start().await;
    let dns = Dns::start("Z0EXAMPLE", route53.client()).await.unwrap();
    let view = dns
        .view("us-west-2", &endpoints("127.1.0.1"))
        .await
        .unwrap();
    let caching = resolver(view, ProtocolConfig::Udp);
    assert_eq!(address(&caching).await, "127.1.0.1");
    let began = Instant::now();
    route53.writer.send_replace(Some(EAST));
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(
        address(&resolver(view, ProtocolConfig::Udp)).await,
        "127.1.0.9"
    );
    becomes(&caching, "127.1.0.9").await;
    assert!(
        began.elapsed() > Duration::from_secs(2),
        "the alias has a TTL of 3 s"
    );
}

#[tokio::test]
async fn what_was_last_read_is_served_while_route53_is_silent() {
    let route53 = Route53::start().await;
    let dns = Dns::start("Z0EXAMPLE", route53.client()).await.unwrap();
    let view = dns
        .view("us-west-2", &endpoints("127.1.0.1"))
        .await
        .unwrap();
    route53.writer.send_replace(None);
    tokio::time::sleep(Duration::from_millis(250)).await;
    let began = Instant::now();
    assert_eq!(
        address(&resolver(view, ProtocolConfig::Udp)).await,
        "127.1.0.1"
    );
    assert!(began.elapsed() < Duration::from_secs(2));
    route53.writer.send_replace(Some(EAST));
    becomes(&resolver(view, ProtocolConfig::Udp), "127.1.0.9").await;
}

#[tokio::test]
async fn a_view_learns_another_endpoint() {
    let route53 = Route53::start().await;
    let dns = Dns::start("Z0EXAMPLE", route53.client()).await.unwrap();
    let view = dns.view("us-west-2", &HashMap::new()).await.unwrap();
    dns.add_endpoint("us-west-2", WEST, "127.1.0.7".parse().unwrap())
        .unwrap();
    assert_eq!(
        address(&resolver(view, ProtocolConfig::Udp)).await,
        "127.1.0.7"
    );
    assert!(matches!(
        dns.add_endpoint("us-east-1", WEST, "127.1.0.7".parse().unwrap()),
        Err(DnsError::NoView { .. })
    ));
    drop(dns);
    assert!(
        resolver(view, ProtocolConfig::Tcp)
            .lookup_ip(WRITER)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_zone_that_cannot_be_read_is_an_error_at_the_start() {
    let route53 = Route53::start().await;
    let error = Dns::start("Z0OTHER", route53.client()).await.err().unwrap();
    assert!(error.to_string().contains("Z0OTHER"), "{error}");
}
