//! Roads carrying bytes of MySQL's protocol to a member with a certificate that nobody knows.

use failover::plan::Engine;
use rustls::{ClientConfig, crypto::aws_lc_rs::default_provider};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{Duration, timeout},
};
use tokio_rustls::client::TlsStream;

use super::*;
use crate::{certificates::Certificates, roads::Roads};

const WRITER: &str = "orders-west.c0example.us-west-2.rds.amazonaws.com";
const SOON: Duration = Duration::from_secs(10);
/// As a server begins: version, name, and whatever else it says.
const GREETING: &[u8] = b"\x0e\0\0\0\x0a10.11.14\0more";
/// As a busy server begins: it refuses.
const BUSY: &[u8] = b"\x17\0\0\0\xff\x10\x04Too many connections";
/// The first part of a login, with `CLIENT_SSL` among the capabilities.
const SSL_REQUEST: &[u8] =
    b"\x20\0\0\x01\x05\xae\0\0\0\0\0\x01\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// The same of a client that goes on without.
const LOGIN: &[u8] =
    b"\x25\0\0\x01\x05\xa6\0\0\0\0\0\x01\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0app\0\0";

/// What the member does not say back.
const HANG_UP: &[u8] = b"hang up";

struct World {
    roads: Roads,
    address: std::net::IpAddr,
    /// What the member read before TLS.
    heard: mpsc::UnboundedReceiver<Vec<u8>>,
    authority: Certificates,
    _folder: tempfile::TempDir,
}

impl World {
    /// A member that begins with `greeting`, and says everything back once TLS is there.
    async fn build(greeting: &'static [u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Certificates::create(&folder.path().join("known")).unwrap();
        let own = Certificates::create(&folder.path().join("own")).unwrap();
        let own = TlsAcceptor::from(own.server(&["localhost"]).unwrap());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let backend = listener.local_addr().unwrap();
        let (hears, heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.write_all(greeting).await.unwrap();
                let mut asked = [0; HEADER + SSL_REQUEST_BYTES];
                if stream.read_exact(&mut asked).await.is_ok() {
                    hears.send(asked.to_vec()).unwrap();
                    let stream = own.accept(stream).await.unwrap();
                    tokio::spawn(repeat(stream));
                }
            }
        });
        let roads = Roads::to(Engine::Mariadb, Roads::free_port().await.unwrap());
        let tls = authority.server(&[WRITER]).unwrap();
        let opened = roads.open("us-east-1", "us-west-2", backend, tls).await;
        Self {
            address: opened.unwrap(),
            roads,
            heard,
            authority,
            _folder: folder,
        }
    }

    /// A client that has read what the road says first.
    async fn greeted(&self, greeting: &[u8]) -> TcpStream {
        let mut client = TcpStream::connect((self.address, self.roads.port()))
            .await
            .unwrap();
        assert_eq!(read(&mut client, greeting.len()).await, greeting);
        client
    }

    /// It goes on with TLS, and trusts the drill's authority alone.
    async fn encrypted(&self, client: TcpStream) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        let known = CertificateDer::from_pem_file(self.authority.bundle()).unwrap();
        roots.add(known).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(WRITER).unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, client)
            .await
            .unwrap()
    }
}

/// Says everything back, until it is to hang up: as a process that is killed, without a word more.
async fn repeat(mut stream: tokio_rustls::server::TlsStream<TcpStream>) -> std::io::Result<()> {
    let mut heard = [0; 64];
    loop {
        let count = stream.read(&mut heard).await?;
        if count == 0 || heard[..count] == *HANG_UP {
            return Ok(());
        }
        stream.write_all(&heard[..count]).await?;
        stream.flush().await?;
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin), length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let read = timeout(SOON, stream.read_exact(&mut bytes)).await;
    read.unwrap().unwrap();
    bytes
}

#[tokio::test]
async fn a_client_is_greeted_and_reaches_the_member_over_tls_of_the_roads_own() {
    let mut world = World::build(GREETING).await;
    let mut client = world.greeted(GREETING).await;
    client.write_all(SSL_REQUEST).await.unwrap();
    let mut client = world.encrypted(client).await;
    client.write_all(b"login and all else").await.unwrap();
    assert_eq!(read(&mut client, 18).await, b"login and all else");
    let asked = timeout(SOON, world.heard.recv()).await.unwrap();
    assert_eq!(asked.unwrap(), SSL_REQUEST, "as the client said it");
}

#[tokio::test]
async fn a_member_that_hangs_up_without_a_farewell_in_tls_is_gone_for_the_client_at_once() {
    let world = World::build(GREETING).await;
    let mut client = world.greeted(GREETING).await;
    client.write_all(SSL_REQUEST).await.unwrap();
    let mut client = world.encrypted(client).await;
    client.write_all(HANG_UP).await.unwrap();
    let heard = timeout(Duration::from_millis(500), client.read(&mut [0])).await;
    assert_eq!(heard.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn a_client_without_tls_is_told_that_it_is_needed_and_the_member_hears_nothing() {
    let mut world = World::build(GREETING).await;
    let mut client = world.greeted(GREETING).await;
    client.write_all(LOGIN).await.unwrap();
    let mut answer = Vec::new();
    let ended = timeout(SOON, client.read_to_end(&mut answer)).await;
    ended.unwrap().unwrap();
    assert_eq!(usize::from(answer[0]), answer.len() - HEADER);
    assert_eq!(answer[3], 2, "the packet after the client's");
    assert_eq!(answer[HEADER..HEADER + 9], *b"\xff\x57\x0c#HY000");
    assert!(String::from_utf8_lossy(&answer).contains("insecure transport"));
    assert!(world.heard.try_recv().is_err());
}

#[tokio::test]
async fn a_member_that_refuses_in_place_of_a_greeting_is_heard() {
    let world = World::build(BUSY).await;
    let client = world.greeted(BUSY).await;
    drop(client);
}

#[tokio::test]
async fn a_cut_road_does_not_greet() {
    let world = World::build(GREETING).await;
    world.roads.cut("us-east-1", "us-west-2").unwrap();
    let mut client = TcpStream::connect((world.address, world.roads.port()))
        .await
        .unwrap();
    let heard = timeout(Duration::from_millis(300), client.read_u8()).await;
    assert!(heard.is_err(), "{heard:?}");
}
