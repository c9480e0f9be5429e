//! The HTTP face: EC2's query protocol, as the SDKs, boto3 and the AWS CLI speak it, and JSON for drills.

use std::{fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Request, Response, StatusCode, body::Incoming, header, http::request::Parts,
    server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    answer,
    control_plane::{ControlPlane, Outcome},
    model::{Fault, Params},
};

/// No request may be longer.
const BODY_MAX: usize = 1024 * 1024;
/// Where drills ask.
const CONTROL: &str = "/_control";
/// More connections than this wait to be accepted.
const CONNECTIONS_MAX: usize = 4_096;

/// The connection ends without an answer.
#[derive(Debug)]
pub(crate) struct Silence;

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the Region does not answer")
    }
}

impl std::error::Error for Silence {}

/// Accepts connections until it is aborted.
pub(crate) async fn serve(listener: TcpListener, plane: Arc<ControlPlane>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let plane = Arc::clone(&plane);
        connections.spawn(async move {
            let service = service_fn(|request| handle(&plane, request));
            if let Err(error) = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
            {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
}

/// Answers one request.
async fn handle(
    plane: &ControlPlane,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Silence> {
    let (parts, body) = request.into_parts();
    if parts.uri.path() == CONTROL {
        let body = read(body).await?;
        return Ok(control(plane, &body).await);
    }
    let request_id = request_id();
    let Some(region) = region_of(&parts) else {
        return Ok(refused(&Fault::unsigned(), &request_id));
    };
    if !plane.answers(&region) {
        plane.stay_silent().await;
        return Err(Silence);
    }
    let params = match read(body).await?.and_then(|body| Params::from_form(&body)) {
        Ok(params) => params,
        Err(fault) => return Ok(refused(&fault, &request_id)),
    };
    let Some(action) = params.optional("Action").map(str::to_owned) else {
        return Ok(refused(&Fault::missing("Action"), &request_id));
    };
    match plane.call(&region, &action, &params).await {
        Outcome::Silent => {
            plane.stay_silent().await;
            Err(Silence)
        }
        Outcome::Unanswered => Err(Silence),
        Outcome::Refused(fault) => {
            let (code, message) = (&fault.code, &fault.message);
            tracing::info!(region, action, code, message, "refused");
            Ok(refused(&fault, &request_id))
        }
        Outcome::Answered(node) => {
            tracing::debug!(region, action, "answered");
            let body = answer::success(&action, &node, &request_id);
            Ok(response(200, body, "text/xml;charset=UTF-8", &request_id))
        }
    }
}

/// A request's body. One that is too long is refused, one that does not come ends the connection.
async fn read(body: Incoming) -> Result<Result<Bytes, Fault>, Silence> {
    match Limited::new(body, BODY_MAX).collect().await {
        Ok(body) => Ok(Ok(body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => {
            Ok(Err(Fault::malformed("the request body is too long")))
        }
        Err(_) => Err(Silence),
    }
}

/// Does what a drill asks for.
async fn control(plane: &ControlPlane, body: &Result<Bytes, Fault>) -> Response<Full<Bytes>> {
    let command = match body {
        Ok(body) => serde_json::from_slice(body).map_err(|error| error.to_string()),
        Err(fault) => Err(fault.to_string()),
    };
    let (status, value) = match command {
        Ok(command) => match plane.control(command).await {
            Ok(value) => (200, value),
            Err(error) => (409, serde_json::json!({"error": error})),
        },
        Err(error) => (400, serde_json::json!({"error": error})),
    };
    let body = Ok(value.to_string().into_bytes());
    response(status, body, "application/json", &request_id())
}

/// The Region that a request is for: that of its signature, or else that at the beginning of its path.
fn region_of(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(header::AUTHORIZATION);
    let signed = header
        .and_then(|value| value.to_str().ok())
        .and_then(region_of_scope);
    let mut path = parts.uri.path().split('/').skip(1);
    signed
        .or_else(|| path.next())
        .filter(|region| !region.is_empty())
        .map(str::to_owned)
}

/// The Region in `Credential=<key>/<date>/<region>/ec2/aws4_request`.
fn region_of_scope(authorization: &str) -> Option<&str> {
    let scope = authorization
        .split_once("Credential=")?
        .1
        .split([',', ' '])
        .next()?;
    let mut parts = scope.rsplit('/');
    (parts.next()? == "aws4_request").then_some(())?;
    parts.next()?;
    parts.next().filter(|region| !region.is_empty())
}

fn refused(fault: &Fault, request_id: &str) -> Response<Full<Bytes>> {
    let body = answer::refusal(&fault.code, &fault.message, request_id);
    response(fault.status, body, "text/xml;charset=UTF-8", request_id)
}

fn response(
    status: u16,
    body: io::Result<Vec<u8>>,
    content: &'static str,
    request_id: &str,
) -> Response<Full<Bytes>> {
    let (status, body) = match body {
        Ok(body) => (
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            body,
        ),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            error.to_string().into_bytes(),
        ),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(content),
    );
    if let Ok(id) = header::HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// A number in the shape of AWS's request identifiers.
fn request_id() -> String {
    static ISSUED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let number = ISSUED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("a0a0a0a0-0000-4000-8000-{number:012x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_the_signatures_scope() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261120/us-east-1/ec2/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=00";
        assert_eq!(region_of_scope(header), Some("us-east-1"));
    }

    #[test]
    fn what_is_no_scope_names_no_region() {
        for header in [
            "",
            "Bearer x",
            "Credential=a/b",
            "Credential=a/d//ec2/aws4_request",
            "Credential=aws4_request",
        ] {
            assert_eq!(region_of_scope(header), None, "{header}");
        }
    }
}
