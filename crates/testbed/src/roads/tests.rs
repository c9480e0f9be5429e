//! Roads carrying a real PostgreSQL client over TLS to a member that speaks just enough of the protocol.

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::{Duration, sleep, timeout},
};
use tokio_postgres::{Client, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{flow::Flow, *};
use crate::certificates::Certificates;

const WRITER: &str = "orders-west.cluster-c0example.us-west-2.rds.amazonaws.com";
const SOON: Duration = Duration::from_secs(10);
const A_WHILE: Duration = Duration::from_millis(300);

/// A member that greets every client, completes every simple query and reports the first byte of each message.
async fn member() -> (SocketAddr, mpsc::UnboundedReceiver<u8>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, messages) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(speak(stream, heard.clone()));
        }
    });
    (address, messages)
}

async fn speak(mut stream: TcpStream, heard: mpsc::UnboundedSender<u8>) -> io::Result<()> {
    let mut startup = vec![0; stream.read_u32().await? as usize - 4];
    stream.read_exact(&mut startup).await?;
    heard.send(startup[3]).unwrap();
    let ready = b"Z\0\0\0\x05I";
    stream
        .write_all(&[b"R\0\0\0\x08\0\0\0\0".as_slice(), ready].concat())
        .await?;
    loop {
        let kind = stream.read_u8().await?;
        let mut body = vec![0; stream.read_u32().await? as usize - 4];
        stream.read_exact(&mut body).await?;
        heard.send(kind).unwrap();
        if body.starts_with(b"slow") {
            sleep(A_WHILE).await;
        }
        stream
            .write_all(&[b"C\0\0\0\x0dSELECT 0\0".as_slice(), ready].concat())
            .await?;
    }
}

struct World {
    roads: Roads,
    address: IpAddr,
    messages: mpsc::UnboundedReceiver<u8>,
    trust: MakeRustlsConnect,
}

impl World {
    async fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::create(folder.path()).unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(certificates.bundle()).unwrap())
            .unwrap();
        let trust = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let roads = Roads::new(Roads::free_port().await.unwrap());
        let (backend, messages) = member().await;
        let tls = certificates.server(&[WRITER]).unwrap();
        let address = roads
            .open("us-east-1", "us-west-2", backend, tls)
            .await
            .unwrap();
        Self {
            roads,
            address,
            messages,
            trust: MakeRustlsConnect::new(trust),
        }
    }

    async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config
            .host(WRITER)
            .hostaddr(self.address)
            .port(self.roads.port());
        config
            .user("failover_probe")
            .dbname("orders")
            .ssl_mode(SslMode::Require);
        let (client, connection) = config.connect(self.trust.clone()).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn bare(&self) -> io::Result<TcpStream> {
        TcpStream::connect((self.address, self.roads.port())).await
    }
}

async fn answers(client: &Client) -> bool {
    let answer = timeout(SOON, client.simple_query("select")).await;
    answer.is_ok_and(|answer| answer.is_ok())
}

#[tokio::test]
async fn a_client_reaches_the_member_over_tls() {
    let mut world = World::build().await;
    let client = timeout(SOON, world.connect()).await.unwrap().unwrap();
    client.simple_query("select").await.unwrap();
    assert_eq!(
        world.messages.recv().await,
        Some(0),
        "the start-up message of protocol 3.0"
    );
    assert_eq!(world.messages.recv().await, Some(b'Q'));
    assert!(world.address.is_loopback());
    assert_eq!(
        world.roads.address("us-east-1", "us-west-2"),
        Some(world.address)
    );
}

#[tokio::test]
async fn the_roads_of_two_vantages_share_the_port_and_are_cut_one_by_one() {
    let world = World::build().await;
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::create(folder.path()).unwrap();
    let (backend, _messages) = member().await;
    let tls = certificates.server(&[WRITER]).unwrap();
    let other = world
        .roads
        .open("us-west-2", "us-west-2", backend, tls)
        .await
        .unwrap();
    assert_ne!(other, world.address);
    world.roads.cut("us-west-2", "us-west-2").unwrap();
    timeout(SOON, world.connect()).await.unwrap().unwrap();
    world.roads.lose_member("us-west-2");
    assert!(timeout(A_WHILE, world.connect()).await.is_err());
    world.roads.mend_member("us-west-2");
    timeout(SOON, world.connect()).await.unwrap().unwrap();
    assert!(world.roads.cut("us-east-1", "us-east-2").is_err());
}

#[tokio::test]
async fn a_cut_road_says_nothing_and_goes_on_when_mended() {
    let mut world = World::build().await;
    let client = timeout(SOON, world.connect()).await.unwrap().unwrap();
    assert!(answers(&client).await);
    world.roads.cut("us-east-1", "us-west-2").unwrap();
    let silent = timeout(A_WHILE, client.simple_query("select")).await;
    assert!(silent.is_err(), "a cut road answered");
    assert!(
        timeout(A_WHILE, world.connect()).await.is_err(),
        "a cut road let a client in"
    );
    while world.messages.try_recv().is_ok() {}
    world.roads.mend("us-east-1", "us-west-2").unwrap();
    assert_eq!(
        timeout(SOON, world.messages.recv()).await.unwrap(),
        Some(b'Q'),
        "what waited arrives"
    );
    assert!(answers(&client).await);
}

#[tokio::test]
async fn an_answer_under_way_does_not_pass_a_cut() {
    let mut world = World::build().await;
    let client = timeout(SOON, world.connect()).await.unwrap().unwrap();
    let slow = tokio::spawn(async move { client.simple_query("slow").await.is_ok() });
    while world.messages.recv().await != Some(b'Q') {}
    world.roads.cut("us-east-1", "us-west-2").unwrap();
    sleep(A_WHILE * 2).await;
    assert!(!slow.is_finished());
    world.roads.mend("us-east-1", "us-west-2").unwrap();
    assert!(timeout(SOON, slow).await.unwrap().unwrap());
}

#[tokio::test]
async fn the_members_death_does_not_pass_a_cut() {
    let world = World::build().await;
    let dying = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let backend = dying.local_addr().unwrap();
    world
        .roads
        .set_backend("us-east-1", "us-west-2", backend)
        .unwrap();
    let mut client = world.bare().await.unwrap();
    let (member, _) = timeout(SOON, dying.accept()).await.unwrap().unwrap();
    world.roads.lose_member("us-west-2");
    drop((member, dying));
    assert!(
        timeout(A_WHILE, client.read_u8()).await.is_err(),
        "the client learned of the death"
    );
}

#[tokio::test]
async fn a_silent_connection_is_dropped_in_the_end() {
    let (condition, changes) = watch::channel(Condition {
        traffic: Traffic::Silent,
        backend: (Ipv4Addr::LOCALHOST, 1).into(),
    });
    let flow = Flow::new(changes);
    timeout(SOON, flow.silent_for(A_WHILE)).await.unwrap();
    condition.send_modify(|road| road.traffic = Traffic::Flowing);
    assert!(
        timeout(A_WHILE * 2, flow.silent_for(A_WHILE))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_refusing_road_drops_its_connections_and_listens_again_when_mended() {
    let world = World::build().await;
    let client = timeout(SOON, world.connect()).await.unwrap().unwrap();
    world.roads.refuse("us-east-1", "us-west-2").unwrap();
    assert!(
        timeout(SOON, client.simple_query("select"))
            .await
            .unwrap()
            .is_err()
    );
    let refused = timeout(SOON, world.bare()).await.unwrap().unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    world.roads.mend("us-east-1", "us-west-2").unwrap();
    let again = async {
        while world.connect().await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, again).await.unwrap();
}

#[tokio::test]
async fn a_road_leads_to_the_members_new_place() {
    let mut world = World::build().await;
    let (moved, mut messages) = member().await;
    world
        .roads
        .set_backend("us-east-1", "us-west-2", moved)
        .unwrap();
    timeout(SOON, world.connect()).await.unwrap().unwrap();
    assert_eq!(messages.recv().await, Some(0));
    assert!(world.messages.try_recv().is_err());
}

#[tokio::test]
async fn a_client_without_tls_is_told_that_encryption_is_needed() {
    let world = World::build().await;
    let mut config = tokio_postgres::Config::new();
    config
        .host(WRITER)
        .hostaddr(world.address)
        .port(world.roads.port());
    config.user("failover_probe").ssl_mode(SslMode::Disable);
    let connecting = timeout(SOON, config.connect(tokio_postgres::NoTls))
        .await
        .unwrap();
    let error = connecting.err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28000");
    assert!(
        error
            .as_db_error()
            .unwrap()
            .message()
            .contains("no encryption")
    );
}

#[tokio::test]
async fn gss_encryption_is_declined_and_cancel_requests_reach_the_member() {
    let mut world = World::build().await;
    let mut stream = world.bare().await.unwrap();
    stream
        .write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30])
        .await
        .unwrap();
    assert_eq!(
        timeout(SOON, stream.read_u8()).await.unwrap().unwrap(),
        b'N'
    );
    let cancel = [0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e, 0, 0, 0, 1, 0, 0, 0, 2];
    stream.write_all(&cancel).await.unwrap();
    assert_eq!(
        timeout(SOON, world.messages.recv()).await.unwrap(),
        Some(0x2e)
    );
}
