//! One call's way through the front door: read, faults, upstream and back.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response, Version,
    body::Incoming,
    client::conn::http1,
    header,
    http::{request, response},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use super::{
    Caller, Shared,
    call::Asked,
    fault::{self, Fault, HANG_MAX},
    journal::{self, Entry},
};

const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A Lambda invocation may take 15 minutes.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(16 * 60);

/// Why a caller gets no answer; its connection is closed instead.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("hung")]
    Hung,
    #[error("refused")]
    Refused,
    #[error("unreachable")]
    Unreachable(#[source] io::Error),
    #[error("request broken or too large")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
}

type Answer = (response::Parts, Bytes);

/// Passes one call on, or does what a fault says, and records it.
pub(super) async fn pass(
    shared: Arc<Shared>,
    caller: Arc<Caller>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Unanswered> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let body = body.map_err(Unanswered::Request)?.to_bytes();
    let asked = Asked::read(&head, &body);
    let mut entry = shared.journal.enter(&caller, &asked);
    match answer(&shared, &caller, &asked, (head, body), &mut entry).await {
        Ok((head, body)) => {
            entry.answered(head.status.as_u16(), journal::error_code(&head, &body));
            Ok(Response::from_parts(head, Full::new(body)))
        }
        Err(unanswered) => {
            if let Unanswered::Unreachable(error) = &unanswered {
                tracing::warn!(%error, service = asked.service, operation = asked.operation, "no answer from upstream");
            }
            entry.unanswered(&unanswered.to_string());
            Err(unanswered)
        }
    }
}

async fn answer(
    shared: &Shared,
    caller: &Caller,
    asked: &Asked,
    (head, body): (request::Parts, Bytes),
    entry: &mut Entry,
) -> Result<Answer, Unanswered> {
    let delay = match shared.faults.matching(caller, asked) {
        Some(Fault::Throttle) => return Ok(own_answer(fault::throttled(asked)).await),
        Some(Fault::ServerError) => return Ok(own_answer(fault::failed(asked)).await),
        None if !shared.limits.takes(&asked.service, Instant::now()) => {
            return Ok(own_answer(fault::throttled(asked)).await);
        }
        Some(Fault::Slow(delay)) => delay.min(HANG_MAX),
        Some(Fault::Hang | Fault::Refuse) | None => Duration::ZERO,
    };
    let passing = async {
        tokio::time::sleep(delay).await;
        pass_on(shared, asked, head, body).await
    };
    tokio::select! {
        // A lost Region's answers must not arrive, not even those already on their way.
        biased;
        fault = shared.faults.silenced(caller, asked) => {
            if fault == Fault::Refuse {
                return Err(Unanswered::Refused);
            }
            entry.held("hung");
            shared.faults.hung(caller, asked).await;
            Err(Unanswered::Hung)
        }
        answer = passing => answer,
    }
}

/// A fault's answer in the shape of an upstream's.
async fn own_answer(response: Response<Full<Bytes>>) -> Answer {
    let (head, body) = response.into_parts();
    let Ok(body) = body.collect().await;
    (head, body.to_bytes())
}

async fn pass_on(
    shared: &Shared,
    asked: &Asked,
    head: request::Parts,
    body: Bytes,
) -> Result<Answer, Unanswered> {
    // The simulated RDS knows no roles: the emulator says first whether the caller's allows the call.
    if asked.service == "rds" {
        let judged = exchanged(shared.emulator, (&head, &body)).await?;
        if !judged.0.status.is_success() {
            return Ok(at_this_door(judged));
        }
    }
    let upstream = if asked.service == "rds" {
        shared.simulator
    } else {
        shared.emulator
    };
    let (mut head, mut answer) = at_this_door(exchanged(upstream, (&head, &body)).await?);
    if let Some(shown) = shared
        .deployments
        .shown(asked, &body, &answer, Instant::now())
    {
        head.headers.remove(header::CONTENT_LENGTH);
        answer = shown.into();
    }
    Ok((head, answer))
}

/// What comes back for a request, in good time.
async fn exchanged(
    upstream: SocketAddr,
    (head, body): (&request::Parts, &Bytes),
) -> Result<Answer, Unanswered> {
    let request = Request::from_parts(head.clone(), Full::new(body.clone()));
    let exchanged = timeout(ANSWER_TIMEOUT, exchange(upstream, request)).await;
    let exchanged = exchanged.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    exchanged.map_err(Unanswered::Unreachable)
}

/// An answer without what belongs to the connection upstream; the caller's has its own.
fn at_this_door((mut head, body): Answer) -> Answer {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    head.headers.remove("keep-alive");
    head.version = Version::HTTP_11;
    (head, body)
}

/// One request on its own connection: no pool whose stale connections would have to be told from failures.
async fn exchange(upstream: SocketAddr, request: Request<Full<Bytes>>) -> io::Result<Answer> {
    let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(upstream)).await??;
    let (mut sender, connection) = http1::Builder::new()
        .preserve_header_case(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    // Dropped at the end of this function, and the connection with it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    Ok((head, body.map_err(io::Error::other)?.to_bytes()))
}
