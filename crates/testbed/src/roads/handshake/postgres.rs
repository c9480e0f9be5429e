//! How a PostgreSQL connection begins: TLS is demanded and ended here, the rest is the member's business.
//! Message formats: PostgreSQL's documentation, "Message Formats" and "SSL Session Encryption".

use std::{io, net::SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsAcceptor;

use super::connect;
use crate::roads::flow::relay;

const CANCEL_REQUEST: u32 = 80_877_102;
const SSL_REQUEST: u32 = 80_877_103;
const GSSENC_REQUEST: u32 = 80_877_104;
/// PostgreSQL's own limit for a start-up packet.
const STARTUP_BYTES_MAX: u32 = 10_000;

/// Serves one connection for the member at `backend`. A road that is cut drops this future when its time is up.
pub(in crate::roads) async fn serve(
    mut client: DuplexStream,
    backend: SocketAddr,
    tls: &TlsAcceptor,
) -> io::Result<()> {
    let mut member = connect(backend).await?;
    // A client may ask for GSS encryption once and for TLS once.
    for _ in 0..2 {
        let length = client.read_u32().await?;
        match client.read_u32().await? {
            GSSENC_REQUEST if length == 8 => client.write_all(b"N").await?,
            SSL_REQUEST if length == 8 => {
                client.write_all(b"S").await?;
                return relay(tls.accept(client).await?, member, None).await;
            }
            CANCEL_REQUEST if length == 16 => {
                member.write_u32(length).await?;
                member.write_u32(CANCEL_REQUEST).await?;
                return relay(client, member, None).await;
            }
            _ => return refuse_plaintext(client, length).await,
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Answers as a server whose `pg_hba.conf` has `hostssl` lines only.
async fn refuse_plaintext(mut client: DuplexStream, length: u32) -> io::Result<()> {
    if !(8..=STARTUP_BYTES_MAX).contains(&length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut startup = (&mut client).take(u64::from(length - 8));
    tokio::io::copy(&mut startup, &mut tokio::io::sink()).await?;
    let fields =
        "SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for this connection, no encryption\0\0";
    let length = u32::try_from(fields.len() + 4).map_err(io::Error::other)?;
    client.write_u8(b'E').await?;
    client.write_u32(length).await?;
    client.write_all(fields.as_bytes()).await?;
    client.shutdown().await
}
