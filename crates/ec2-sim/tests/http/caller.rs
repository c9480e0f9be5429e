//! Who calls: plain requests with a signature that names a Region, and a drill's commands.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ec2_sim::{
    Simulator, SimulatorConfig,
    model::{Durations, Limits},
};
use http_body_util::{BodyExt, Full};
use hyper::{Request, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Caller {
    simulator: Simulator,
    client: Client<HttpConnector, Full<Bytes>>,
    _folder: TempDir,
}

impl Caller {
    pub(crate) async fn start(durations: Durations, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = SimulatorConfig {
            durations,
            limits,
            ..SimulatorConfig::new(folder.path().join("data"))
        };
        Self {
            simulator: Simulator::start(config).await.unwrap(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            _folder: folder,
        }
    }

    async fn post(
        &self,
        path: &str,
        body: String,
        signature: Option<String>,
    ) -> Result<(u16, String), String> {
        let uri = format!("http://{}{path}", self.simulator.address());
        let mut request = Request::post(uri);
        if let Some(signature) = signature {
            request = request.header(header::AUTHORIZATION, signature);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let response = self.client.request(request).await;
        let response = response.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        Ok((status, String::from_utf8(body.to_vec()).unwrap()))
    }

    /// A call as an SDK sends it.
    pub(crate) async fn call(
        &self,
        region: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> Result<(u16, String), String> {
        let named = [("Action", action), ("Version", "2016-11-15")];
        let form = serde_urlencoded::to_string([&named, params].concat()).unwrap();
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261120/{region}/ec2/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00"
        );
        self.post("/", form, Some(signature)).await
    }

    /// The answer of a call that succeeds.
    pub(crate) async fn ok(&self, region: &str, action: &str, params: &[(&str, &str)]) -> String {
        let (status, body) = self.call(region, action, params).await.unwrap();
        assert_eq!(status, 200, "{action}: {body}");
        body
    }

    /// A request without a signature.
    pub(crate) async fn unsigned(&self, path: &str, form: &str) -> (u16, String) {
        self.post(path, form.to_owned(), None).await.unwrap()
    }

    /// Waits until a describe shows a state.
    pub(crate) async fn until(&self, region: &str, action: &str, id: (&str, &str), state: &str) {
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            let body = self.ok(region, action, &[id]).await;
            if body.contains(&format!(">{state}<")) {
                return;
            }
            assert!(Instant::now() < limit, "never {state}: {body}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn try_control(&self, command: &Value) -> (u16, Value) {
        let (status, body) = self
            .post("/_control", command.to_string(), None)
            .await
            .unwrap();
        (status, serde_json::from_str(&body).unwrap())
    }

    /// What comes of a command that succeeds.
    pub(crate) async fn control(&self, command: Value) -> Value {
        let (status, value) = self.try_control(&command).await;
        assert_eq!(status, 200, "{command}: {value}");
        value
    }
}

/// The text of the first element of that name.
pub(crate) fn between<'a>(body: &'a str, name: &str) -> &'a str {
    let (_, rest) = body
        .split_once(&format!("<{name}>"))
        .unwrap_or_else(|| panic!("no {name} in {body}"));
    rest.split_once("</").unwrap().0
}
