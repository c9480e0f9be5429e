//! A Route 53 whose only private zone has no records.

use std::net::{Ipv4Addr, SocketAddr};

use aws_sdk_route53::config::{BehaviorVersion, Credentials, Region};
use axum::{Router, routing::get};
use tokio::{net::TcpListener, task::JoinSet};

/// Serves the zone `Z0EXAMPLE`, until what it answers is dropped.
///
/// # Errors
/// When there is no socket for it.
pub async fn empty_route53()
-> std::io::Result<(aws_sdk_route53::Client, JoinSet<std::io::Result<()>>)> {
    let zone = "<GetHostedZoneResponse><HostedZone><Id>/hostedzone/Z0EXAMPLE</Id><Name>orders.internal.</Name>\
        <CallerReference>c</CallerReference></HostedZone></GetHostedZoneResponse>";
    let records = "<ListResourceRecordSetsResponse><ResourceRecordSets></ResourceRecordSets>\
        <IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>";
    let routes = Router::new()
        .route("/2013-04-01/hostedzone/Z0EXAMPLE", get(async move || zone))
        .route(
            "/2013-04-01/hostedzone/Z0EXAMPLE/rrset",
            get(async move || records),
        );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address: SocketAddr = listener.local_addr()?;
    let mut server = JoinSet::new();
    server.spawn(async { axum::serve(listener, routes).await });
    let config = aws_sdk_route53::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(
            "AKIAEXAMPLE",
            "example",
            None,
            None,
            "drill",
        ))
        .endpoint_url(format!("http://{address}"));
    Ok((aws_sdk_route53::Client::from_conf(config.build()), server))
}
