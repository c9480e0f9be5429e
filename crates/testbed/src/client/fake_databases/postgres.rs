//! As PostgreSQL speaks.

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::Mood;

pub(super) async fn speak(
    mut socket: TcpStream,
    acceptor: TlsAcceptor,
    mood: impl Fn() -> Mood,
) -> Option<()> {
    let mut ssl_request = [0; 8];
    socket.read_exact(&mut ssl_request).await.ok()?;
    socket.write_all(b"S").await.ok()?;
    let mut stream = acceptor.accept(socket).await.ok()?;
    let length = stream.read_u32().await.ok()?;
    read(&mut stream, length).await?;
    let ready = [frame(b'R', &[0, 0, 0, 0]), frame(b'Z', b"I")].concat();
    stream.write_all(&ready).await.ok()?;
    loop {
        let kind = stream.read_u8().await.ok()?;
        let length = stream.read_u32().await.ok()?;
        read(&mut stream, length).await?;
        let answer = match (kind, mood()) {
            (_, Mood::Deaf) => std::future::pending().await,
            (b'P', _) => frame(b'1', &[]),
            // One parameter, an int8; no columns come back.
            (b'D', _) => [frame(b't', &[0, 1, 0, 0, 0, 20]), frame(b'n', &[])].concat(),
            (b'B', _) => frame(b'2', &[]),
            (b'E', Mood::Accepts) => frame(b'C', b"INSERT 0 1\0"),
            (b'E', Mood::ReadOnly) => frame(
                b'E',
                b"SERROR\0VERROR\0C25006\0Mcannot execute INSERT in a read-only transaction\0\0",
            ),
            (b'E', Mood::HangsUp) => return None,
            (b'E', Mood::Silent) => std::future::pending().await,
            (b'S', _) => frame(b'Z', b"I"),
            _ => Vec::new(),
        };
        stream.write_all(&answer).await.ok()?;
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin), length: u32) -> Option<Vec<u8>> {
    let mut body = vec![0; length as usize - 4];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind], &length[..], body].concat()
}
