//! How a connection of the web begins: with TLS, which is ended here, or with its first request.

use std::{io, net::SocketAddr};

use tokio::io::{AsyncReadExt, DuplexStream, join, split};
use tokio_rustls::TlsAcceptor;

use super::{flow::relay, handshake::connect};

/// The first byte of TLS. Source: RFC 8446, section 5.1.
const HANDSHAKE: u8 = 22;

/// Serves one connection for the server at `backend`. A road that is cut drops this future when its time is up.
pub(super) async fn serve(
    client: DuplexStream,
    backend: SocketAddr,
    tls: &TlsAcceptor,
) -> io::Result<()> {
    let server = connect(backend).await?;
    let (mut reads, writes) = split(client);
    let first = [reads.read_u8().await?];
    let client = join(first.chain(reads), writes);
    if first == [HANDSHAKE] {
        relay(tls.accept(client).await?, server, None).await
    } else {
        relay(client, server, None).await
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, sync::Arc, time::Duration};

    use rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs::default_provider,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    };
    use tokio::{
        io::{AsyncRead, AsyncWrite, AsyncWriteExt},
        net::TcpListener,
        task::JoinSet,
    };
    use tokio_rustls::TlsConnector;

    use crate::{certificates::Certificates, roads::Roads};

    const NAME: &str = "switch.s3.us-east-1.amazonaws.com";

    /// What comes back for a request.
    async fn said(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
        stream.write_all(b"GET /").await.unwrap();
        stream.flush().await.unwrap();
        let mut said = [0; 8];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut said)
            .await
            .unwrap();
        String::from_utf8_lossy(&said).into_owned()
    }

    #[tokio::test]
    async fn requests_pass_with_tls_and_without_and_none_passes_a_cut() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::create(folder.path()).unwrap();
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let backend = server.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            loop {
                let (mut stream, _) = server.accept().await.unwrap();
                let mut asked = [0; 5];
                tokio::io::AsyncReadExt::read_exact(&mut stream, &mut asked)
                    .await
                    .unwrap();
                assert_eq!(&asked, b"GET /");
                stream.write_all(b"HTTP/1.1").await.unwrap();
            }
        });
        let roads = Roads::new(Roads::free_port().await.unwrap());
        let tls = certificates.server(&[NAME]).unwrap();
        let road = roads.open_web("here", "s3", backend, tls).await.unwrap();
        let connect = async || {
            tokio::net::TcpStream::connect((road, roads.port()))
                .await
                .unwrap()
        };
        assert_eq!(said(connect().await).await, "HTTP/1.1");

        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(certificates.bundle()).unwrap();
        roots.add(authority).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(client));
        let name = ServerName::try_from(NAME).unwrap();
        let encrypted = connector.connect(name, connect().await).await.unwrap();
        assert_eq!(said(encrypted).await, "HTTP/1.1");

        roads.cut("here", "s3").unwrap();
        let silent = said(connect().await);
        let heard = tokio::time::timeout(Duration::from_millis(300), silent).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}
