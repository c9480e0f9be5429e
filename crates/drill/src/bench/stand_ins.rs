//! The stand-ins before which a function runs: the Lambda Runtime API, and the AWS that it reads and writes.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use failover::{
    domain::Epoch,
    ledger::{Current, Known, Row},
};
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::profile::{PLAN, Profile, STANDBY};

/// The longest time-out of any function.
const FUNCTION: Duration = Duration::from_secs(120);

/// What was asked of a stand-in.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) target: String,
    /// The Region that the call was signed for.
    pub(super) region: String,
    pub(super) body: Bytes,
}

/// An answer; where there is none, whoever asked waits.
pub(super) type Answer = Option<(StatusCode, String)>;

type Answers = dyn Fn(Asked) -> BoxFuture<'static, Answer> + Send + Sync;

/// An answer that needs no waiting.
pub(super) fn at_once(answer: Answer) -> BoxFuture<'static, Answer> {
    Box::pin(std::future::ready(answer))
}

/// The Lambda Runtime API: one event; whoever asks for a second one waits.
pub(super) fn runtime_answers(
    asked: &Asked,
    event: &Mutex<Option<String>>,
    happened: &mpsc::UnboundedSender<Instant>,
) -> Answer {
    if asked.path.ends_with("/invocation/next") {
        let event = event
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        let _ = happened.send(Instant::now());
        return Some((StatusCode::OK, event));
    }
    let _ = happened.send(Instant::now());
    tracing::debug!(answer = %String::from_utf8_lossy(&asked.body), "the function answered");
    Some((StatusCode::ACCEPTED, "{}".into()))
}

/// SSM with the plan, DynamoDB with a ledger; nothing else is allowed.
pub(super) fn aws_answers(asked: &Asked) -> Answer {
    let operation = asked.target.rsplit('.').next().unwrap_or_default();
    let request: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let answer = match operation {
        "GetParameter" => {
            let plan = Profile::quick("detach").plan(PLAN, "Z0EXAMPLE").to_string();
            json!({"Parameter": {"Name": request["Name"], "Type": "String", "Value": plan}})
        }
        "GetParameters" => json!({"Parameters": [], "InvalidParameters": request["Names"]}),
        "GetItem" => item(&request["Key"]),
        _ => {
            let refused =
                json!({"__type": "AccessDeniedException", "message": "not in this bench"});
            return Some((StatusCode::BAD_REQUEST, refused.to_string()));
        }
    };
    Some((StatusCode::OK, answer.to_string()))
}

/// The plan as a probe remembers it, and a row that names a writer; no vantage and no run.
fn item(key: &Value) -> Value {
    let plan = failover::plan::read(&Profile::quick("detach").plan(PLAN, "Z0EXAMPLE").to_string());
    let body = if key["plan"]["S"] == "_known" {
        let known = plan.map(|plan| Known {
            plan,
            endpoints: BTreeMap::new(),
        });
        known
            .ok()
            .and_then(|known| serde_json::to_value(known).ok())
    } else if key["item"]["S"] == "state" {
        let current = Current {
            epoch: Epoch(2),
            writer: STANDBY.into(),
            global_cluster: None,
            run_id: "bench".into(),
            proven_at: jiff::Timestamp::now(),
            unplanned: false,
            acknowledged_at: None,
        };
        let row = Row::new(PLAN.into()).learn(&current);
        serde_json::to_value(row).ok()
    } else {
        None
    };
    match body {
        Some(body) => {
            json!({"Item": {"plan": key["plan"], "item": key["item"], "body": attribute(body)}})
        }
        None => json!({}),
    }
}

/// A value as DynamoDB's protocol writes it.
pub(super) fn attribute(value: Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(value) => json!({"BOOL": value}),
        Value::Number(value) => json!({"N": value.to_string()}),
        Value::String(value) => json!({"S": value}),
        Value::Array(values) => {
            let values: Vec<_> = values.into_iter().map(attribute).collect();
            json!({"L": values})
        }
        Value::Object(fields) => {
            let fields: serde_json::Map<_, _> = fields
                .into_iter()
                .map(|(name, value)| (name, attribute(value)))
                .collect();
            json!({"M": fields})
        }
    }
}

/// Serves until what it answers is dropped.
pub(super) async fn serve(
    tls: Option<TlsAcceptor>,
    answers: Arc<Answers>,
) -> io::Result<(SocketAddr, JoinSet<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, answers) = (tls.clone(), Arc::clone(&answers));
            connections.spawn(async move {
                let service = service_fn(|request| answer(request, Arc::clone(&answers)));
                let server = http1::Builder::new();
                // A connection that breaks is the function's end.
                let _ = match tls {
                    None => server.serve_connection(TokioIo::new(stream), service).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => server.serve_connection(TokioIo::new(stream), service).await,
                        Err(why) => return tracing::warn!(%why, "no TLS"),
                    },
                };
            });
        }
    });
    Ok((address, serving))
}

async fn answer(
    request: Request<Incoming>,
    answers: Arc<Answers>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request.headers().get("x-amz-target");
    let target = target
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let scope = request.headers().get("authorization");
    let scope = scope
        .and_then(|scope| scope.to_str().ok())
        .unwrap_or_default();
    let asked = Asked {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        target: target.to_owned(),
        region: scope.split('/').nth(2).unwrap_or_default().to_owned(),
        body: request
            .into_body()
            .collect()
            .await
            .map(|body| body.to_bytes())
            .unwrap_or_default(),
    };
    let Some((status, body)) = answers(asked).await else {
        return std::future::pending().await;
    };
    let deadline = jiff::Timestamp::now() + FUNCTION;
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.1")
        .header("lambda-runtime-aws-request-id", "bench")
        .header("lambda-runtime-deadline-ms", deadline.as_millisecond())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:bench",
        )
        .body(Full::new(Bytes::from(body)));
    Ok(response.unwrap_or_default())
}
