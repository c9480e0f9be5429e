//! As MariaDB speaks.

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::Mood;

/// Protocol 10; the scramble's two parts, capabilities (`PROTOCOL_41`, `SSL`, `SECURE_CONNECTION`, `PLUGIN_AUTH` and the old ones)
/// and the plug-in of passwords.
const GREETING: &[u8] = b"\x0a5.5.5-10.11.14-MariaDB\0\x07\0\0\0abcdefgh\0\x01\xaa\x2d\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0\
    ijklmnopqrst\0mysql_native_password\0";
const OK: &[u8] = b"\0\0\0\x02\0\0\0";
/// Statement 1: no columns come back, and there is one parameter.
const PREPARED: &[u8] = b"\0\x01\0\0\0\0\0\x01\0\0\0\0";
/// The parameter: a bigint.
const PARAMETER: &[u8] = b"\x03def\0\0\0\x01?\0\x0c\x3f\0\x14\0\0\0\x08\x80\0\0\0\0";
const END: &[u8] = b"\xfe\0\0\x02\0";
const READ_ONLY: &[u8] = b"\xff\x0a\x05#HY000The MariaDB server is running with the --read-only option so it cannot execute this statement";

const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;
const CLOSE: u8 = 0x19;

pub(super) async fn speak(
    mut socket: TcpStream,
    acceptor: TlsAcceptor,
    mood: impl Fn() -> Mood,
) -> Option<()> {
    socket.write_all(&packets(0, &[GREETING])).await.ok()?;
    read(&mut socket).await?;
    let mut stream = acceptor.accept(socket).await.ok()?;
    read(&mut stream).await?;
    stream.write_all(&packets(3, &[OK])).await.ok()?;
    loop {
        let command = read(&mut stream).await?;
        let answer: &[&[u8]] = match (*command.first()?, mood()) {
            (CLOSE, _) => continue,
            (_, Mood::Deaf) => std::future::pending().await,
            (PREPARE, _) => &[PREPARED, PARAMETER, END],
            (EXECUTE, Mood::Accepts) => &[OK],
            (EXECUTE, Mood::ReadOnly) => &[READ_ONLY],
            (EXECUTE, Mood::Silent) => std::future::pending().await,
            // Any other command is a farewell.
            _ => return None,
        };
        stream.write_all(&packets(1, answer)).await.ok()?;
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let length = stream.read_u32_le().await.ok()? & 0x00ff_ffff;
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

/// Packets of one answer, the first of which has this place in the conversation.
fn packets(first: u8, bodies: &[&[u8]]) -> Vec<u8> {
    let packet = |(place, body): (u8, &&[u8])| {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        [&length[..3], &[place], body].concat()
    };
    (first..).zip(bodies).flat_map(packet).collect()
}
