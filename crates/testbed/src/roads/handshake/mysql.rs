//! How a MySQL connection begins: the member greets, TLS is demanded and ended here, and begun anew towards the member.
//! Packet formats: MySQL's documentation, "Connection Phase" and "Protocol::SSLRequest".

#[cfg(test)]
mod tests;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use rustls::{DEFAULT_VERSIONS, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::connect;
use crate::{roads::flow::relay, trust::everybody};

/// A packet's length in three bytes, the lowest first, and its place in the conversation.
const HEADER: usize = 4;
/// No greeting, and no answer to one, is longer.
const PACKET_BYTES_MAX: usize = 10_000;
/// What a request for TLS holds: the first part of a login, before the user's name.
const SSL_REQUEST_BYTES: usize = 32;
/// The capability of a client that goes on with TLS.
const CLIENT_SSL: u8 = 0x08;
/// `ER_SECURE_TRANSPORT_REQUIRED`.
const TLS_REQUIRED: u16 = 3159;

/// Serves one connection for the member at `backend`. A road that is cut drops this future when its time is up.
pub(in crate::roads) async fn serve(
    mut client: DuplexStream,
    backend: SocketAddr,
    tls: &TlsAcceptor,
) -> io::Result<()> {
    let mut member = connect(backend).await?;
    // Whoever is refused in place of a greeting goes away.
    let greeting = packet(&mut member).await?;
    client.write_all(&greeting).await?;
    let answer = packet(&mut client).await?;
    if !asks_for_tls(&answer) {
        return refuse_plaintext(client, answer[HEADER - 1]).await;
    }
    member.write_all(&answer).await?;
    // No name leads to a member from here, and what it shows is its own affair.
    let name = ServerName::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST));
    let config = everybody(DEFAULT_VERSIONS).map_err(io::Error::other)?;
    let unchecked = TlsConnector::from(Arc::new(config));
    let (client, member) = tokio::try_join!(tls.accept(client), unchecked.connect(name, member))?;
    relay(client, member, None).await
}

/// One packet, header included.
async fn packet(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; HEADER];
    stream.read_exact(&mut packet).await?;
    let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]);
    let length = usize::try_from(length).map_err(io::Error::other)?;
    if length > PACKET_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    packet.resize(HEADER + length, 0);
    stream.read_exact(&mut packet[HEADER..]).await?;
    Ok(packet)
}

/// Whether a client goes on with TLS; otherwise its answer to the greeting is its login.
fn asks_for_tls(answer: &[u8]) -> bool {
    let capabilities = answer.get(HEADER + 1).copied().unwrap_or_default();
    answer.len() == HEADER + SSL_REQUEST_BYTES && capabilities & CLIENT_SSL != 0
}

/// Answers as a server with `require_secure_transport=ON`.
async fn refuse_plaintext(mut client: DuplexStream, place: u8) -> io::Result<()> {
    let text =
        "Connections using insecure transport are prohibited while --require_secure_transport=ON.";
    let code = TLS_REQUIRED.to_le_bytes();
    let error = [&[0xff], &code[..], b"#HY000", text.as_bytes()].concat();
    let length = u32::try_from(error.len()).map_err(io::Error::other)?;
    let [low, middle, high, _] = length.to_le_bytes();
    let header = [low, middle, high, place.wrapping_add(1)];
    client.write_all(&[&header[..], &error].concat()).await?;
    client.shutdown().await
}
