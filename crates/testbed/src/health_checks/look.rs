//! One look of a checker at an endpoint: a connection of its own, and the answer to one request.
//! Bounds: Route 53's developer guide, "How Amazon Route 53 determines whether a health check is healthy".

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName, version::TLS12};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    check::{Asks, Target, Tls},
    pace::Pace,
};
use crate::trust::everybody;

const TCP_CONNECT: Duration = Duration::from_secs(10);
const HTTP_CONNECT: Duration = Duration::from_secs(4);
/// From the connection to the status, TLS included.
const STATUS: Duration = Duration::from_secs(2);
/// From the status to the body.
const BODY: Duration = Duration::from_secs(2);
/// Of a body, a text is looked for in so much.
const BODY_BYTES: usize = 5_120;
const USER_AGENT: &str = "Amazon-Route53-Health-Check-Service";

/// Why an endpoint did not pass.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("the name leads nowhere")]
    NoAddress,
    #[error("no connection in time")]
    NotConnected,
    #[error("no status in time")]
    NoStatus,
    #[error("the body did not come in time")]
    NoBody,
    #[error("the status is {0}")]
    Status(u16),
    #[error("the body's first {BODY_BYTES} bytes do not hold the text")]
    NoText,
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    #[error("the request or its answer is no HTTP")]
    Http(#[from] hyper::Error),
    #[error("nothing can be asked so")]
    Request(#[from] hyper::http::Error),
}

/// Looks once at what is reached at an address.
pub(super) async fn look(target: &Target, at: SocketAddr, pace: Pace) -> Result<(), Failed> {
    let (tls, authority, path, text) = match &target.asks {
        Asks::Tcp => return connected(at, pace.of(TCP_CONNECT)).await.map(drop),
        Asks::Http {
            tls,
            authority,
            path,
            text,
        } => (*tls, authority, path, text),
    };
    let stream = connected(at, pace.of(HTTP_CONNECT)).await?;
    let request = Request::get(path.as_str())
        .header(header::HOST, authority)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONNECTION, "close")
        .body(Empty::new())?;
    // What drives the connection ends with the look.
    let mut driver = JoinSet::new();
    let asked = async {
        match tls {
            None => answer(stream, request, &mut driver).await,
            Some(tls) => {
                let stream = encrypted(stream, tls, &target.host).await?;
                answer(stream, request, &mut driver).await
            }
        }
    };
    let body = timeout(pace.of(STATUS), asked).await;
    let body = body.unwrap_or(Err(Failed::NoStatus))?;
    let Some(text) = text else {
        return Ok(());
    };
    let begins = timeout(pace.of(BODY), beginning(body)).await;
    let begins = begins.unwrap_or(Err(Failed::NoBody))?;
    if holds(&begins, text.as_bytes()) {
        Ok(())
    } else {
        Err(Failed::NoText)
    }
}

async fn connected(at: SocketAddr, limit: Duration) -> Result<TcpStream, Failed> {
    match timeout(limit, TcpStream::connect(at)).await {
        Ok(stream) => Ok(stream?),
        Err(_) => Err(Failed::NotConnected),
    }
}

async fn encrypted(
    stream: TcpStream,
    tls: Tls,
    host: &str,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    // Source: Route 53's developer guide, "HTTPS health checks don't validate SSL/TLS certificates", and the API reference,
    // "HealthCheckConfig": an endpoint has to support TLS up to 1.2.
    let mut config: ClientConfig = everybody(&[&TLS12]).map_err(io::Error::other)?;
    config.enable_sni = tls == Tls::Named;
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await
}

/// The body of a good answer.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Empty<Bytes>>,
    driver: &mut JoinSet<Result<(), hyper::Error>>,
) -> Result<Incoming, Failed> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    driver.spawn(connection);
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    if status.is_success() || status.is_redirection() {
        Ok(answer.into_body())
    } else {
        Err(Failed::Status(status.as_u16()))
    }
}

/// What of a body is looked at.
async fn beginning(mut body: Incoming) -> Result<Vec<u8>, Failed> {
    let mut begins = Vec::new();
    while begins.len() < BODY_BYTES
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            begins.extend_from_slice(&data);
        }
    }
    begins.truncate(BODY_BYTES);
    Ok(begins)
}

fn holds(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests;
