//! How connections with databases begin, by what is spoken: TLS is demanded and ended here, the rest is the member's business.

pub(super) mod mysql;
pub(super) mod postgres;

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, time::timeout};

/// How long a member may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection with the member at `backend`.
pub(super) async fn connect(backend: SocketAddr) -> io::Result<TcpStream> {
    let member = timeout(CONNECT_TIMEOUT, TcpStream::connect(backend)).await??;
    // Else small messages would wait for acknowledgements of earlier ones.
    member.set_nodelay(true)?;
    Ok(member)
}
