//! A name with a pair of failover records, moved by what an object in the standby's bucket says: buckets, checks and records in the
//! emulator, Route 53's checkers on roads to S3, and the DNS that follows them.

pub(crate) mod records;

use std::{
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use aws_sdk_route53::types::{
    HealthCheckConfig, HealthCheckType, builders::HealthCheckConfigBuilder,
};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RecordType,
};
use testbed::{
    certificates::Certificates,
    dns::Dns,
    emulator::{Emulator, EmulatorConfig},
    front_door::{Caller, FrontDoor},
    health_checks::{Health, Pace, Prober, Reach},
    roads::Roads,
};

pub(crate) const HOME: &str = "us-west-2";
pub(crate) const STANDBY: &str = "us-east-1";
pub(crate) const KEY: &str = "switch";
pub(crate) const NAME: &str = "shop.internal.";
/// The answers by the name's primary and by its secondary.
pub(crate) const AT_HOME: &str = "shop.internal. 5 IN CNAME west.shop.example.";
pub(crate) const AT_STANDBY: &str = "shop.internal. 7 IN CNAME east.shop.example.";

/// The same as a pair of aliases: the primary's to a name outside the zone, the secondary's to a record in it.
pub(crate) const ALIAS: &str = "alias.shop.internal.";
pub(crate) const ALIAS_AT_HOME: &str = "alias.shop.internal. 60 IN A 127.1.0.1";
pub(crate) const ALIAS_AT_STANDBY: &str = "alias.shop.internal. 9 IN A 127.1.0.2";
/// The name outside the zone.
pub(crate) const OUTSIDE: &str = "west.us-west-2.rds.amazonaws.com";

/// Ten seconds are two and a half.
pub(crate) const PACE: Pace = Pace(0.25);
/// What is checked so often has been looked at once by every checker within this.
pub(crate) const A_LOOK: Duration = Duration::from_secs(5);
const SOON: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) front_door: FrontDoor,
    pub(crate) roads: Roads,
    pub(crate) prober: Prober,
    pub(crate) route53: aws_sdk_route53::Client,
    /// The health checks of the primary and of the secondary.
    pub(crate) checks: [String; 2],
    pub(crate) zone: String,
    resolver: TokioResolver,
    _dns: Dns,
    _folder: tempfile::TempDir,
}

/// The bucket of a Region's object.
pub(crate) fn bucket(region: &str) -> String {
    format!("shop-switch-{region}")
}

/// What an inverted check looks for in a Region's object.
pub(crate) fn switch(region: &str, text: &str) -> HealthCheckConfigBuilder {
    HealthCheckConfig::builder()
        .r#type(HealthCheckType::HttpsStrMatch)
        .fully_qualified_domain_name(format!("{}.s3.{region}.amazonaws.com", bucket(region)))
        .resource_path(format!("/{KEY}"))
        .search_string(text)
        .request_interval(10)
        .failure_threshold(1)
        .inverted(true)
}

impl World {
    pub(crate) async fn build() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let root = root.canonicalize().unwrap();
        let folder = tempfile::tempdir_in(root.join("target")).unwrap();
        let config = EmulatorConfig {
            root,
            folder: folder.path().join("emulator"),
        };
        let emulator = Emulator::start(&config).await.unwrap();
        let front_door = FrontDoor::start(emulator.address(), emulator.address());
        let route53 = route53(&emulator, &front_door).await;
        for region in [HOME, STANDBY] {
            create_bucket(&emulator, region).await;
            policy(&emulator, region, "127.0.0.0/8").await;
        }
        let checks = [
            create_check(&route53, "primary", switch(STANDBY, "standby-active")).await,
            create_check(&route53, "secondary", switch(HOME, "primary-active")).await,
        ];
        let zone = records::create(&route53, &checks).await;

        let roads = Roads::new(Roads::free_port().await.unwrap());
        let certificates = Certificates::create(folder.path()).unwrap();
        let regions = [HOME, STANDBY];
        let reach = Reach::to_s3(&roads, &certificates, emulator.address(), &regions);
        let reach = reach.await.unwrap();
        let prober = Prober::start(route53.clone(), reach, PACE).await.unwrap();
        let dns = Dns::start(&zone, route53.clone()).await.unwrap();
        dns.heed(prober.states());
        let outside = [(OUTSIDE.to_owned(), [127, 1, 0, 1].into())];
        let view = dns.view("client", &outside.into()).await.unwrap();
        Self {
            emulator,
            front_door,
            roads,
            prober,
            route53,
            checks,
            zone,
            resolver: resolver(view),
            _dns: dns,
            _folder: folder,
        }
    }

    /// Ends it, and answers whether nothing of the emulator is left.
    pub(crate) async fn end(self) {
        drop(self.prober);
        self.emulator.stop().await.unwrap();
    }

    /// What the name's CNAME is answered with now.
    pub(crate) async fn answer(&self) -> String {
        self.answer_for(NAME, RecordType::CNAME).await
    }

    /// The first record of what the DNS answers now.
    pub(crate) async fn answer_for(&self, name: &str, kind: RecordType) -> String {
        self.resolver.clear_cache();
        let found = self.resolver.lookup(name, kind).await.unwrap();
        found.answers()[0].to_string()
    }

    /// Waits until the name is answered so.
    pub(crate) async fn moves_to(&self, expected: &str, why: &str) {
        let begun = Instant::now();
        loop {
            let found = self.answer().await;
            if found == expected {
                return;
            }
            assert!(begun.elapsed() < SOON, "{why}: {found}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Holds that the name is answered so for as long as every checker needs for a look.
    pub(crate) async fn stays(&self, expected: &str, why: &str) {
        let begun = Instant::now();
        while begun.elapsed() < A_LOOK {
            assert_eq!(self.answer().await, expected, "{why}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until a health check says so.
    pub(crate) async fn becomes(&self, check: &str, expected: Option<Health>, why: &str) {
        let begun = Instant::now();
        while self.prober.state(check) != expected {
            assert!(begun.elapsed() < SOON, "{why}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Writes a Region's object.
    pub(crate) async fn put(&self, region: &str, text: &str) {
        let put = s3(&self.emulator, region).put_object();
        let body = text.as_bytes().to_vec().into();
        let put = put.bucket(bucket(region)).key(KEY).body(body);
        put.send().await.unwrap();
    }

    /// Deletes a Region's object.
    pub(crate) async fn delete(&self, region: &str) {
        let delete = s3(&self.emulator, region).delete_object();
        let delete = delete.bucket(bucket(region)).key(KEY);
        delete.send().await.unwrap();
    }

    /// Lets addresses of this range alone read a Region's object, without credentials.
    pub(crate) async fn policy(&self, region: &str, range: &str) {
        policy(&self.emulator, region, range).await;
    }
}

/// A client whose calls can be lost.
async fn route53(emulator: &Emulator, front_door: &FrontDoor) -> aws_sdk_route53::Client {
    let caller = Caller {
        function: "route53".into(),
        region: STANDBY.into(),
    };
    let door = front_door.open(caller).await.unwrap();
    let config = emulator.sdk_config(STANDBY).into_builder();
    let config = config.endpoint_url(format!("http://{door}")).build();
    aws_sdk_route53::Client::new(&config)
}

fn s3(emulator: &Emulator, region: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(&emulator.sdk_config(region));
    aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
}

async fn create_bucket(emulator: &Emulator, region: &str) {
    let create = s3(emulator, region).create_bucket().bucket(bucket(region));
    let placed = (region != "us-east-1").then(|| {
        CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region))
            .build()
    });
    let create = create.set_create_bucket_configuration(placed);
    create.send().await.unwrap();
}

async fn policy(emulator: &Emulator, region: &str, range: &str) {
    let bucket = bucket(region);
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{bucket}/{KEY}"),
            "Condition": {"IpAddress": {"aws:SourceIp": range}},
        }],
    });
    let put = s3(emulator, region).put_bucket_policy().bucket(bucket);
    put.policy(policy.to_string()).send().await.unwrap();
}

pub(crate) async fn create_check(
    route53: &aws_sdk_route53::Client,
    reference: &str,
    config: HealthCheckConfigBuilder,
) -> String {
    let create = route53.create_health_check().caller_reference(reference);
    let create = create.health_check_config(config.build().unwrap());
    create.send().await.unwrap().health_check.unwrap().id
}

fn resolver(view: SocketAddr) -> TokioResolver {
    let mut connection = ConnectionConfig::new(ProtocolConfig::Udp);
    connection.port = view.port();
    let server = NameServerConfig::new(view.ip(), true, vec![connection]);
    let config = ResolverConfig::from_name_servers(vec![server]);
    Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        .build()
        .unwrap()
}
