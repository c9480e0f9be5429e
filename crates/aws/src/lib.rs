//! The adapters that every topology shares. Each carries out what a port of the core asks for.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use failover::{
    Error,
    domain::Region,
    installation,
    plan::TopologyKind,
    ports::{Runtime, Spares},
    topologies::{Topologies, Topology},
    topology::Reach,
};
use jiff::Timestamp;
use resolver::Resolver;

mod autoscaling;
mod databases;
mod dynamodb;
mod ecr;
mod ecs;
mod errors;
mod eventbridge;
mod fence;
pub mod function;
pub mod heart;
mod lambda;
mod links;
mod losses;
mod quotas;
mod rds;
mod route53;
mod s3;
mod sealing;
mod secrets;
pub mod shapes;
mod sns;
mod ssm;
mod states;
mod stop;

pub use databases::{Databases, Session};
pub use dynamodb::{Item, read as read_item, write as write_item};
pub use errors::{error, is_throttled};
pub use quotas::Quotas;
pub use rds::{accepted, looked, once_rds, repeated};

/// A connection that is not there after this long will not come: a dead Region must cost seconds.
const CONNECT: Duration = Duration::from_millis(1000);
/// One attempt at a call.
const ATTEMPT: Duration = Duration::from_millis(2500);
/// A call with all its attempts.
const OPERATION: Duration = Duration::from_secs(6);

/// What is waited for at most before the second attempt at a call, and twice that before the third.
const BACKOFF: Duration = Duration::from_millis(100);

/// Where the functions find what no SDK configuration says. Read once, from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `LEDGER_TABLE`: the ledger's table, alike in every Region.
    pub ledger_table: String,
    /// `LOSS_BUCKET`: where loss ledgers are kept, in the function's own Region.
    pub loss_bucket: Option<String>,
    /// `STATE_MACHINE_ARN`: the state machine that the function may start, in its own Region.
    pub machine: Option<String>,
    /// `CLUSTER_ARNS`, `INSTANCE_ARNS`, `ENDPOINT_ARNS`, `ROLE_ARNS`: what the function may make again, separated by commas.
    pub reach: Option<Reach>,
    /// `AURORA_FAILOVER_RESOLVER`: a DNS server to ask instead of the system's, as `address:port`.
    pub resolver: Option<String>,
    /// `VERSION`: the version of what was deployed.
    pub version: Option<String>,
    /// `AURORA_FAILOVER_CA_BUNDLE`: the certificates to trust for databases, a PEM file.
    pub ca_bundle: PathBuf,
}

impl Settings {
    /// Reads the environment.
    #[must_use]
    pub fn from_env() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the edge where configuration is read, once"
        )]
        let read = |name: &str| std::env::var(name).ok();
        let list = |text: String| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let arns = |name: &str| read(name).map(list).unwrap_or_default();
        let reach = Reach {
            clusters: arns("CLUSTER_ARNS"),
            instances: arns("INSTANCE_ARNS"),
            endpoints: arns("ENDPOINT_ARNS"),
            roles: arns("ROLE_ARNS"),
        };
        let reach = (reach != Reach::default()).then_some(reach);
        let task_root = read("LAMBDA_TASK_ROOT").unwrap_or_else(|| "/var/task".into());
        Self {
            ledger_table: read("LEDGER_TABLE").unwrap_or_else(|| installation::named("ledger")),
            loss_bucket: read("LOSS_BUCKET"),
            machine: read("STATE_MACHINE_ARN"),
            reach,
            resolver: read("AURORA_FAILOVER_RESOLVER"),
            version: read("VERSION"),
            ca_bundle: read("AURORA_FAILOVER_CA_BUNDLE").map_or_else(
                || Path::new(&task_root).join("ca-bundle.pem"),
                PathBuf::from,
            ),
        }
    }
}

/// The name that this function has in Lambda.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the edge where configuration is read, once"
)]
pub(crate) fn deployed_as() -> Option<String> {
    std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok()
}

/// AWS as one function sees it from its Region. Where that function asks plans' topologies, `K` answers.
pub struct Aws<K = ()> {
    topologies: fn(TopologyKind) -> K,
    config: SdkConfig,
    region: Region,
    settings: Settings,
    quotas: Option<Quotas>,
    databases: OnceLock<Result<Databases, Error>>,
    spares: Spares<Session>,
}

impl Aws {
    /// AWS by the function's environment.
    pub async fn from_env() -> Self {
        // One client for all services and Regions: each of its own would open its own connections at every call.
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build_https();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .timeout_config(timeouts())
            .retry_config(retries())
            .load()
            .await;
        Self::new(config, Settings::from_env())
    }

    /// AWS by a given configuration.
    #[must_use]
    pub fn new(config: SdkConfig, settings: Settings) -> Self {
        let region = Region(config.region().map(ToString::to_string).unwrap_or_default());
        Self {
            topologies: |_| (),
            config,
            region,
            settings,
            quotas: None,
            databases: OnceLock::new(),
            spares: Spares::default(),
        }
    }

    /// The same, where a topology answers for plans of each kind.
    #[must_use]
    pub fn with_topologies<K>(self, topologies: fn(TopologyKind) -> K) -> Aws<K> {
        let Self {
            config,
            region,
            settings,
            quotas,
            databases,
            spares,
            ..
        } = self;
        Aws {
            topologies,
            config,
            region,
            settings,
            quotas,
            databases,
            spares,
        }
    }
}

impl<K> Aws<K> {
    /// The same, with quotas of its own for retries, which the process does not share.
    #[must_use]
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self {
            quotas: Some(quotas),
            ..self
        }
    }

    /// Its own quotas for retries, where it has some.
    pub const fn quotas(&self) -> Option<&Quotas> {
        self.quotas.as_ref()
    }

    /// What the clients of every service are made of.
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// What the function was told beside that.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    fn databases(&self) -> Result<&Databases, Error> {
        let made = self.databases.get_or_init(|| {
            let server = match &self.settings.resolver {
                None => None,
                Some(text) => Some(text.parse::<SocketAddr>().map_err(|_| {
                    Error::InvalidRequest(format!(
                        "AURORA_FAILOVER_RESOLVER is {text:?}; write address:port"
                    ))
                })?),
            };
            Databases::new(Resolver::new(server)?, &self.settings.ca_bundle)
        });
        made.as_ref().map_err(Clone::clone)
    }
}

impl<K: Topology<Self>> Topologies for Aws<K> {
    type Topology = K;

    fn topology(&self, kind: TopologyKind) -> K {
        (self.topologies)(kind)
    }
}

impl<K> Runtime for Aws<K> {
    fn region(&self) -> &Region {
        &self.region
    }

    fn version(&self) -> Option<&str> {
        self.settings.version.as_deref()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the edge where the clock is read"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the probe's measuring loop is the one place that sleeps"
    )]
    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        tokio::time::timeout(limit, work).await.ok()
    }
}

/// The configuration of a call that changes something: one attempt. What was cut off may have been carried out, and the
/// next pass looks before anything is asked for again.
#[macro_export]
macro_rules! once {
    ($sdk:ident) => {
        $sdk::config::Builder::new()
            .retry_config($sdk::config::retry::RetryConfig::disabled())
            .timeout_config($crate::once_timeouts())
    };
}

/// How long a call may take, with all its attempts.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// How often a call that only reads is tried, and what is waited for in between.
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(BACKOFF)
}

/// How long a call may take that is made once.
pub fn once_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(OPERATION)
        .operation_timeout(OPERATION)
        .build()
}

/// A client of a service in a Region; all of them share one pool of connections.
#[macro_export]
macro_rules! client {
    ($aws:expr, $sdk:ident, $region:expr) => {{
        let mut config = $sdk::config::Builder::from($aws.config())
            .region($sdk::config::Region::new($region.0.clone()));
        let quotas = $aws.quotas();
        config.set_retry_partition(quotas.map(|quotas| quotas.of(stringify!($sdk), &$region)));
        $sdk::Client::from_conf(config.build())
    }};
}
