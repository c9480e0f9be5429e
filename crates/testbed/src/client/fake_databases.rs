//! For the client's tests: a small DNS server and databases that speak just enough of their engine's protocol, over TLS.

mod mysql;
mod postgres;

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use hickory_proto::{
    op::{Message, MessageType},
    rr::{Name, RData, Record, rdata},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;

use super::*;

pub(super) const WRITER: &str = "writer.orders.internal";
pub(super) const WEST: &str = "orders-west.cluster-abc.us-west-2.rds.amazonaws.com";
pub(super) const EAST: &str = "orders-east.cluster-abc.us-east-1.rds.amazonaws.com";

/// What the database does with an insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Accepts,
    ReadOnly,
    HangsUp,
    Silent,
    /// Takes connections and says nothing.
    Deaf,
}

pub(super) struct FakeDatabases {
    pub(super) config: ClientConfig,
    pub(super) target: Arc<Mutex<(&'static str, u32)>>,
    pub(super) questions: Arc<AtomicUsize>,
    moods: Arc<Mutex<HashMap<&'static str, Mood>>>,
    _folder: tempfile::TempDir,
}

impl FakeDatabases {
    /// Both databases stand behind one port, on different loopback addresses.
    pub(super) async fn new(engine: Engine, certified: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_pem = folder.path().join("ca.pem");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(&ca_pem, issuer.pem()).unwrap();

        let moods: Arc<Mutex<HashMap<_, _>>> = Arc::default();
        let mut port = 0;
        for (member, name) in certified {
            let key = KeyPair::generate().unwrap();
            let certificate = CertificateParams::new([(*name).to_owned()])
                .unwrap()
                .signed_by(&key, &issuer)
                .unwrap();
            let server = rustls::ServerConfig::builder_with_provider(
                rustls::crypto::aws_lc_rs::default_provider().into(),
            )
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
            let listener = TcpListener::bind((address_of(member), port)).await.unwrap();
            port = listener.local_addr().unwrap().port();
            moods.lock().unwrap().insert(*member, Mood::Accepts);
            let acceptor = TlsAcceptor::from(Arc::new(server));
            tokio::spawn(serve(engine, listener, acceptor, member, moods.clone()));
        }
        let (resolver, target, questions) = start_dns().await;
        Self {
            config: ClientConfig {
                engine,
                resolver,
                writer_name: WRITER.into(),
                port,
                ca_pem,
                database: "orders".into(),
                user: "app".into(),
                password: "secret".into(),
                interval: Duration::from_millis(5),
                connect_timeout: Duration::from_millis(500),
                statement_timeout: Duration::from_millis(200),
            },
            target,
            questions,
            moods,
            _folder: folder,
        }
    }

    pub(super) fn set(&self, member: &'static str, mood: Mood) {
        self.moods.lock().unwrap().insert(member, mood);
    }
}

fn address_of(member: &str) -> Ipv4Addr {
    if member == WEST {
        Ipv4Addr::new(127, 0, 31, 1)
    } else {
        Ipv4Addr::new(127, 0, 31, 2)
    }
}

async fn start_dns() -> (
    SocketAddr,
    Arc<Mutex<(&'static str, u32)>>,
    Arc<AtomicUsize>,
) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let target = Arc::new(Mutex::new((WEST, 1)));
    let questions = Arc::new(AtomicUsize::new(0));
    let (served, counted) = (target.clone(), questions.clone());
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            counted.fetch_add(1, Ordering::SeqCst);
            let (name, ttl) = *served.lock().unwrap();
            let mut answer = Message::from_vec(&buffer[..length]).unwrap();
            answer.metadata.message_type = MessageType::Response;
            let owner = answer.queries[0].name().clone();
            let name_of = Name::from_utf8(format!("{name}.")).unwrap();
            answer.add_answer(Record::from_rdata(
                owner,
                ttl,
                RData::CNAME(rdata::CNAME(name_of.clone())),
            ));
            let address = RData::A(rdata::A(address_of(name)));
            answer.add_answer(Record::from_rdata(name_of, 60, address));
            socket
                .send_to(&answer.to_vec().unwrap(), from)
                .await
                .unwrap();
        }
    });
    (address, target, questions)
}

/// What each database does with inserts now.
type Moods = Arc<Mutex<HashMap<&'static str, Mood>>>;

async fn serve(
    engine: Engine,
    listener: TcpListener,
    acceptor: TlsAcceptor,
    member: &'static str,
    moods: Moods,
) {
    while let Ok((socket, _)) = listener.accept().await {
        let (acceptor, moods) = (acceptor.clone(), moods.clone());
        tokio::spawn(async move {
            let mood = || *moods.lock().unwrap().get(member).unwrap();
            // Ends when the client is gone, or is to be hung up on.
            let _ = match engine {
                Engine::Postgres | Engine::Sqlserver => {
                    postgres::speak(socket, acceptor, mood).await
                }
                Engine::Mariadb | Engine::Mysql => mysql::speak(socket, acceptor, mood).await,
            };
        });
    }
}
