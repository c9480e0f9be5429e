//! The stand-ins before which a function runs: the Lambda Runtime API, and how AWS is served.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tokio_rustls::TlsAcceptor;

/// The longest time-out of any function.
const FUNCTION: Duration = Duration::from_secs(120);

/// What was asked of a stand-in.
#[derive(Default)]
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
            // Otherwise a small answer behind another one waits 40 ms for its acknowledgement, which no service lets it.
            if let Err(why) = stream.set_nodelay(true) {
                tracing::warn!(%why, "answers may be held back");
            }
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
