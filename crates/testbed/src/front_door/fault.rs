//! Faults at the front door: what they match, which one counts, and the answers a troubled service gives.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, StatusCode, header};
use tokio::sync::watch;

use super::{
    Caller,
    call::{Asked, Protocol},
};

/// A silent call is held this long, then closed.
pub(super) const HANG_MAX: Duration = Duration::from_secs(120);

/// What happens to the calls in a fault's scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No answer while the fault stands, 120 s at most; then the connection is closed. Calls under way fall silent too.
    Hang,
    /// The connection is closed at once, unanswered. Calls under way are closed too.
    Refuse,
    /// The service's own throttling error.
    Throttle,
    /// The service's own internal error, 500 or 503.
    ServerError,
    /// The call goes on after this delay.
    Slow(Duration),
}

impl Fault {
    fn silences(self) -> bool {
        matches!(self, Self::Hang | Self::Refuse)
    }
}

/// The calls that a fault matches; `None` matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The Region in which the calling function runs.
    pub caller_region: Option<String>,
    /// The calling function.
    pub function: Option<String>,
    /// The Region that is called; global services sign for `us-east-1`.
    pub region: Option<String>,
    /// The service that is called, by its signing name.
    pub service: Option<String>,
}

impl Scope {
    /// Every call to a Region's endpoints.
    pub fn to_region(region: &str) -> Self {
        Self {
            region: Some(region.to_owned()),
            ..Self::default()
        }
    }

    /// Every call by a Region's functions.
    pub fn from_region(region: &str) -> Self {
        Self {
            caller_region: Some(region.to_owned()),
            ..Self::default()
        }
    }

    fn matches(&self, caller: &Caller, asked: &Asked) -> bool {
        let fits = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        fits(&self.caller_region, &caller.region)
            && fits(&self.function, &caller.function)
            && fits(&self.region, &asked.region)
            && fits(&self.service, &asked.service)
    }
}

/// Names a fault that was set, so that it can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultId(u64);

/// The faults that stand now.
#[derive(Default)]
pub(super) struct Faults {
    standing: watch::Sender<Standing>,
}

#[derive(Default)]
struct Standing {
    last_id: u64,
    faults: Vec<(FaultId, Scope, Fault)>,
}

impl Standing {
    fn matching(&self, caller: &Caller, asked: &Asked) -> Option<Fault> {
        let newest_first = self.faults.iter().rev();
        newest_first
            .filter(|(_, scope, _)| scope.matches(caller, asked))
            .map(|(_, _, fault)| *fault)
            .next()
    }
}

impl Faults {
    pub(super) fn set(&self, scope: Scope, fault: Fault) -> FaultId {
        let mut id = FaultId(0);
        self.standing.send_modify(|standing| {
            standing.last_id += 1;
            id = FaultId(standing.last_id);
            standing.faults.push((id, scope, fault));
        });
        id
    }

    pub(super) fn remove(&self, fault: FaultId) {
        self.standing
            .send_modify(|standing| standing.faults.retain(|(id, ..)| *id != fault));
    }

    pub(super) fn matching(&self, caller: &Caller, asked: &Asked) -> Option<Fault> {
        self.standing.borrow().matching(caller, asked)
    }

    /// Returns with the fault as soon as one stands that lets no answer through.
    pub(super) async fn silenced(&self, caller: &Caller, asked: &Asked) -> Fault {
        let silences = |standing: &Standing| {
            standing
                .matching(caller, asked)
                .filter(|fault| fault.silences())
        };
        let mut changes = self.standing.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let found = changes
            .wait_for(|standing| silences(standing).is_some())
            .await;
        found
            .ok()
            .and_then(|standing| silences(&standing))
            .unwrap_or(Fault::Hang)
    }

    /// Returns when no `Hang` matches any more, or after [`HANG_MAX`].
    pub(super) async fn hung(&self, caller: &Caller, asked: &Asked) {
        let mut changes = self.standing.subscribe();
        let lifted =
            changes.wait_for(|standing| standing.matching(caller, asked) != Some(Fault::Hang));
        // Too long is an end like any other: the caller gets no answer either way.
        let _ = tokio::time::timeout(HANG_MAX, lifted).await;
    }
}

/// The service's own throttling error, with the codes its SDK knows as retryable.
pub(super) fn throttled(asked: &Asked) -> Response<Full<Bytes>> {
    let (status, code) = match (asked.protocol, asked.service.as_str()) {
        (Protocol::RestJson, _) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
        (Protocol::RestXml, "route53") => (StatusCode::BAD_REQUEST, "Throttling"),
        (Protocol::RestXml, _) => (StatusCode::SERVICE_UNAVAILABLE, "SlowDown"),
        (Protocol::Json | Protocol::Query, _) => (StatusCode::BAD_REQUEST, "ThrottlingException"),
    };
    error(asked.protocol, status, code, "Rate exceeded")
}

/// The service's own internal error.
pub(super) fn failed(asked: &Asked) -> Response<Full<Bytes>> {
    let (status, code) = match asked.protocol {
        Protocol::Json => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        Protocol::RestJson => (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException"),
        Protocol::Query | Protocol::RestXml => {
            (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable")
        }
    };
    error(
        asked.protocol,
        status,
        code,
        "The service cannot answer now",
    )
}

fn error(
    protocol: Protocol,
    status: StatusCode,
    code: &str,
    message: &str,
) -> Response<Full<Bytes>> {
    let fault = if status.is_server_error() {
        "Receiver"
    } else {
        "Sender"
    };
    let (content_type, body) = match protocol {
        Protocol::Json | Protocol::RestJson => (
            "application/x-amz-json-1.1",
            serde_json::json!({"__type": code, "message": message}).to_string(),
        ),
        Protocol::Query | Protocol::RestXml => (
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
            ),
        ),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(content_type),
    );
    if let Ok(code) = header::HeaderValue::from_str(code) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}
