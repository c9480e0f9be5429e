//! Queries sent: signed, within time-outs, tried again within bounds where that changes nothing.

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_runtime::{
    auth::{
        SigV4OperationSigningConfig,
        sigv4::{SCHEME_ID, SigV4AuthScheme},
    },
    retries::classifiers::AwsErrorCodeClassifier,
};
use aws_smithy_runtime::client::{
    orchestrator::operation::{Operation, OperationBuilder},
    retries::{
        RetryPartition,
        classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
    },
};
use aws_smithy_runtime_api::client::{
    auth::{
        AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
        static_resolver::StaticAuthSchemeOptionResolver,
    },
    identity::SharedIdentityResolver,
    orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
    result::SdkError,
    runtime_components::RuntimeComponentsBuilder,
    runtime_plugin::StaticRuntimePlugin,
};
use aws_smithy_types::{body::SdkBody, config_bag::Layer};
use aws_types::{
    SigningName,
    region::{Region, SigningRegion},
    service_config::ServiceConfigKey,
};

use crate::{Answer, Pages, Refusal, Request};

/// What went wrong with a query.
pub type Trouble = SdkError<Refusal, HttpResponse>;
/// What came of one.
pub type Answered<A> = Result<A, Trouble>;

/// The most pages that are read of one list.
const PAGES_MAX: usize = 40;
/// Who asks.
const AGENT: &str = concat!("aurora-failover/", env!("CARGO_PKG_VERSION"));

/// EC2 of a Region.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) config: SdkConfig,
    pub(crate) region: String,
    retries: RetryConfig,
    timeouts: TimeoutConfig,
    once: TimeoutConfig,
    partition: Option<RetryPartition>,
}

/// What is asked of which service.
pub(crate) struct Service {
    /// Its name in signatures, and the first part of the host's.
    pub(crate) name: &'static str,
    /// Its name in configurations.
    pub(crate) id: &'static str,
}

pub(crate) const EC2: Service = Service {
    name: "ec2",
    id: "EC2",
};

impl Client {
    /// A client of a Region with the configuration's credentials, connections, retries and time-outs, and its endpoint where it has one.
    #[must_use]
    pub fn new(config: &SdkConfig, region: &str) -> Self {
        let retries = config.retry_config().cloned();
        let timeouts = config.timeout_config().cloned();
        let timeouts = timeouts.unwrap_or_else(TimeoutConfig::disabled);
        Self {
            config: config.clone(),
            region: region.to_owned(),
            retries: retries.unwrap_or_else(RetryConfig::standard),
            once: timeouts.clone(),
            timeouts,
            partition: None,
        }
    }

    /// The same, with a quota of its own for retries.
    #[must_use]
    pub fn with_partition(self, partition: Option<RetryPartition>) -> Self {
        Self { partition, ..self }
    }

    /// The same, with other time-outs for what is sent once.
    #[must_use]
    pub fn with_once_timeouts(self, once: TimeoutConfig) -> Self {
        Self { once, ..self }
    }

    /// Sends a query that changes nothing, and tries again within bounds.
    ///
    /// # Errors
    /// EC2's refusal, or that no answer was seen.
    pub async fn read<A: Answer>(&self, request: &Request<A>) -> Answered<A> {
        self.send(request, &self.retries, &self.timeouts).await
    }

    /// Sends a query that changes something, once: what was cut off may have been carried out.
    ///
    /// # Errors
    /// EC2's refusal, or that no answer was seen.
    pub async fn once<A: Answer>(&self, request: &Request<A>) -> Answered<A> {
        self.send(request, &RetryConfig::disabled(), &self.once)
            .await
    }

    /// Reads all pages of a list, as many as there may be.
    ///
    /// # Errors
    /// As [`Client::read`]; and where a list has more pages than anybody here expects.
    pub async fn all<P: Pages>(&self, request: &Request<P>) -> Answered<Vec<P::Item>> {
        let mut all = Vec::new();
        let mut next = request.clone();
        for _ in 0..PAGES_MAX {
            let (items, token) = self.read(&next).await?.parts();
            all.extend(items);
            let Some(token) = token else {
                return Ok(all);
            };
            next = request.clone().with("NextToken", token);
        }
        Err(SdkError::construction_failure(format!(
            "{} lists more than {PAGES_MAX} pages",
            request.action()
        )))
    }

    /// How what changes nothing is tried.
    pub(crate) const fn reading(&self) -> (&RetryConfig, &TimeoutConfig) {
        (&self.retries, &self.timeouts)
    }

    async fn send<A: Answer>(
        &self,
        request: &Request<A>,
        retries: &RetryConfig,
        timeouts: &TimeoutConfig,
    ) -> Answered<A> {
        let body = request.body().map_err(SdkError::construction_failure)?;
        let operation = self
            .operation(&EC2, request.action(), retries, timeouts)
            .serializer(|body: String| {
                let mut request = HttpRequest::new(SdkBody::from(body));
                request.set_method("POST")?;
                request.set_uri("/")?;
                let headers = request.headers_mut();
                headers.insert("content-type", "application/x-www-form-urlencoded");
                headers.insert("user-agent", AGENT);
                Ok(request)
            })
            .deserializer(answer::<A>)
            .build();
        operation.invoke(body).await
    }

    /// What every query to a service of the Region has.
    pub(crate) fn operation(
        &self,
        service: &Service,
        action: &'static str,
        retries: &RetryConfig,
        timeouts: &TimeoutConfig,
    ) -> OperationBuilder {
        let mut builder = Operation::builder()
            .service_name(service.name)
            .operation_name(action)
            .endpoint_url(&self.endpoint(service))
            .standard_retry(retries)
            .retry_classifier(AwsErrorCodeClassifier::<Refusal>::new())
            .retry_classifier(TransientErrorClassifier::<Refusal>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .timeout_config(timeouts.clone())
            .runtime_plugin(self.signed(service));
        if let Some(version) = self.config.behavior_version() {
            builder = builder.behavior_version(version);
        }
        if let Some(http) = self.config.http_client() {
            builder = builder.http_client(http);
        }
        if let Some(sleep) = self.config.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        if let Some(time) = self.config.time_source() {
            builder = builder.time_source(time);
        }
        builder
    }

    /// The configuration's credentials, from its cache, and the signature of the service.
    fn signed(&self, service: &Service) -> StaticRuntimePlugin {
        let schemes = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
        let mut components = RuntimeComponentsBuilder::new("ec2-client")
            .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
            .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(schemes)))
            .with_identity_cache(self.config.identity_cache());
        if let Some(provider) = self.config.credentials_provider() {
            let resolver = SharedIdentityResolver::new(provider);
            components = components.with_identity_resolver(SCHEME_ID, resolver);
        }
        let region = Region::new(self.region.clone());
        let mut layer = Layer::new("ec2-client");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(region)),
            name: Some(SigningName::from_static(service.name)),
            ..SigV4OperationSigningConfig::default()
        });
        if let Some(partition) = &self.partition {
            layer.store_put(partition.clone());
        }
        StaticRuntimePlugin::new()
            .with_config(layer.freeze())
            .with_runtime_components(components)
    }

    /// Where a service is asked: where the code says, or the configuration for this service or for all, or AWS's own place.
    pub(crate) fn endpoint(&self, service: &Service) -> String {
        let all = self.config.endpoint_url().map(str::to_owned);
        let own = || {
            let key = ServiceConfigKey::builder()
                .service_id(service.id)
                .env("AWS_ENDPOINT_URL")
                .profile("endpoint_url")
                .build();
            let configured = self.config.service_config();
            configured.and_then(|configured| configured.load_config(key.ok()?))
        };
        let given = match self.config.get_origin("endpoint_url").is_client_config() {
            true => all,
            false => own().or(all),
        };
        given.unwrap_or_else(|| {
            let (service, region) = (service.name, &self.region);
            // Source: <https://docs.aws.amazon.com/general/latest/gr/ec2-service.html>.
            let domain = match region.starts_with("cn-") {
                true => "amazonaws.com.cn",
                false => "amazonaws.com",
            };
            format!("https://{service}.{region}.{domain}")
        })
    }
}

/// Reads an answer.
#[expect(
    clippy::result_large_err,
    reason = "the type is what a deserializer answers"
)]
fn answer<A: Answer>(response: &HttpResponse) -> Result<A, OrchestratorError<Refusal>> {
    let body = response.body().bytes().unwrap_or_default();
    let status = response.status();
    if !status.is_success() {
        return Err(OrchestratorError::operation(Refusal::read(
            status.as_u16(),
            body,
        )));
    }
    quick_xml::de::from_reader(body).map_err(OrchestratorError::other)
}
