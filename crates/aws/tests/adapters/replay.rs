//! An HTTP client for the SDKs that plays back a script and remembers what it was asked.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws::{Aws, Settings};
use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_rds::config::{Credentials, Region, SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
    shared::IntoShared,
};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

pub(crate) const HERE: &str = "us-east-1";
/// How long a call may take; a scripted silence ends by it.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// What comes of the next request.
#[derive(Debug, Clone)]
pub(crate) enum Next {
    Answer {
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: String,
        after: Duration,
    },
    /// The connection breaks.
    Broken,
    /// Nothing comes, ever.
    Silence,
}

impl Next {
    pub(crate) fn says(status: u16, body: impl ToString) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.to_string(),
            after: Duration::ZERO,
        }
    }

    pub(crate) fn ok(body: impl ToString) -> Self {
        Self::says(200, body)
    }

    /// An error in the words of services that speak JSON.
    pub(crate) fn json_error(status: u16, code: &str, message: &str) -> Self {
        Self::says(
            status,
            serde_json::json!({"__type": code, "message": message}),
        )
    }

    /// An error in the words of services that speak XML.
    pub(crate) fn xml_error(status: u16, code: &str, message: &str) -> Self {
        Self::says(
            status,
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>1</RequestId></ErrorResponse>"
            ),
        )
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value));
        }
        self
    }

    pub(crate) fn only_after(mut self, time: Duration) -> Self {
        if let Self::Answer { after, .. } = &mut self {
            *after = time;
        }
        self
    }
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) uri: String,
    /// The operation, in services that name it in a header.
    pub(crate) target: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Debug, Default)]
struct Script {
    next: VecDeque<Next>,
    asked: Vec<Asked>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Replay(Arc<Mutex<Script>>);

impl Replay {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap()
    }

    pub(crate) fn then(&self, next: Next) {
        self.script().next.push_back(next);
    }

    /// Every request so far; the script must have been played to its end.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let script = self.script();
        assert!(script.next.is_empty(), "not asked for: {:?}", script.next);
        script.asked.clone()
    }

    /// The one request that was made.
    pub(crate) fn asked_once(&self) -> Asked {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked[0].clone()
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let asked = Asked {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            target: request
                .headers()
                .get("x-amz-target")
                .unwrap_or_default()
                .to_owned(),
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        let next = {
            let mut script = self.script();
            script.asked.push(asked);
            script.next.pop_front()
        };
        HttpConnectorFuture::new(play(next))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an answer that comes late is part of a script"
)]
async fn play(next: Option<Next>) -> Result<HttpResponse, ConnectorError> {
    match next {
        None => Err(ConnectorError::user("the script has ended".into())),
        Some(Next::Broken) => Err(ConnectorError::io("connection reset".into())),
        Some(Next::Silence) => std::future::pending().await,
        Some(Next::Answer {
            status,
            headers,
            body,
            after,
        }) => {
            tokio::time::sleep(after).await;
            let status = StatusCode::try_from(status).unwrap();
            let mut response = HttpResponse::new(status, SdkBody::from(body));
            for (name, value) in headers {
                response.headers_mut().insert(name, value);
            }
            Ok(response)
        }
    }
}

impl HttpClient for Replay {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

/// The adapters in [`HERE`], speaking to the given HTTP client; a call is made once and waits for `patience`.
pub(crate) fn aws_through(http: impl HttpClient + 'static, patience: Duration) -> Aws {
    aws(HERE, http, patience, RetryConfig::disabled())
}

/// The same as it is in another Region.
pub(crate) fn aws_in(region: &'static str, http: impl HttpClient + 'static) -> Aws {
    aws(
        region,
        http,
        Duration::from_secs(2),
        RetryConfig::disabled(),
    )
}

fn aws(
    region: &'static str,
    http: impl HttpClient + 'static,
    patience: Duration,
    retries: RetryConfig,
) -> Aws {
    let credentials = Credentials::new("AKIAEXAMPLE", "example", None, None, "test");
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .retry_config(retries)
        .timeout_config(TimeoutConfig::builder().operation_timeout(patience).build());
    config.set_time_source(Some(Default::default()));
    let settings = Settings {
        loss_bucket: None,
        machine: None,
        reach: None,
        ledger_table: "ledger".into(),
        resolver: None,
        version: None,
        ca_bundle: PathBuf::new(),
    };
    Aws::new(config.build(), settings)
}

/// The adapters, and the script they play.
pub(crate) fn scripted(script: impl IntoIterator<Item = Next>) -> (Aws, Replay) {
    let replay = Replay::default();
    for next in script {
        replay.then(next);
    }
    (aws_through(replay.clone(), PATIENCE), replay)
}

/// The same, where the SDK makes a failed call three times, as in a function.
pub(crate) fn scripted_with_retries(script: impl IntoIterator<Item = Next>) -> (Aws, Replay) {
    let (_, replay) = scripted(script);
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(1));
    (aws(HERE, replay.clone(), PATIENCE, retries), replay)
}
