//! Accepting a road's connections and carrying them, as the road's condition at the time allows.

use std::time::Duration;

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

use crate::accept::accept;

use super::{
    Condition, Speaks, Traffic,
    flow::{Flow, relay},
    handshake::{mysql, postgres},
    web,
};

/// How a connection's member is spoken to.
type Way = (Speaks, TlsAcceptor);

/// A connection that stayed silent this long is dropped.
const SILENCE_MAX: Duration = Duration::from_secs(120);
/// Bytes on their way between the network's side of a road and the member's.
const BUFFER_BYTES: usize = 64 * 1024;

/// Listens while the road does not refuse, and carries what comes.
pub(super) async fn keep(listener: TcpListener, way: Way, condition: watch::Receiver<Condition>) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let mut listener = Some(listener);
    let mut changes = condition.clone();
    loop {
        let listening = match listener.take() {
            Some(listener) => Ok(listener),
            None => TcpListener::bind(address).await,
        };
        match listening {
            Ok(listening) => {
                let refused = changes.wait_for(|road| road.traffic == Traffic::Refused);
                tokio::select! {
                    refused = refused => if refused.is_err() { return },
                    () = carry_all(listening, &way, &condition) => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, %address, "a road could not listen again");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        if changes
            .wait_for(|road| road.traffic != Traffic::Refused)
            .await
            .is_err()
        {
            return;
        }
    }
}

async fn carry_all(listener: TcpListener, way: &Way, condition: &watch::Receiver<Condition>) {
    accept(listener, "a road", |stream| {
        carry(stream, way.clone(), condition.clone())
    })
    .await;
}

/// Carries one connection: the network's side passes through it, the member's side ends TLS. Thus a cut stops
/// handshakes and farewells as well as data.
async fn carry(network: TcpStream, (speaks, tls): Way, condition: watch::Receiver<Condition>) {
    // Else small messages would wait for acknowledgements of earlier ones.
    if let Err(error) = network.set_nodelay(true) {
        tracing::debug!(%error, "a connection on a road ended at once");
        return;
    }
    let flow = Flow::new(condition.clone());
    let carried = async {
        // A cut road does not trouble the member, and a member that moved is looked for where it is now.
        flow.resumed().await;
        let backend = condition.borrow().backend;
        let (outside, inside) = tokio::io::duplex(BUFFER_BYTES);
        // Neither side's failure ends the other: the member's end waits while traffic is silent, like all else.
        tokio::join!(relay(network, outside, Some(&flow)), async {
            match speaks {
                Speaks::Postgres => postgres::serve(inside, backend, &tls).await,
                Speaks::Mysql => mysql::serve(inside, backend, &tls).await,
                Speaks::Web => web::serve(inside, backend, &tls).await,
            }
        })
    };
    tokio::select! {
        (network, member) = carried => {
            tracing::debug!(?network, ?member, "a connection on a road ended");
        }
        () = flow.silent_for(SILENCE_MAX) => {}
    }
}
