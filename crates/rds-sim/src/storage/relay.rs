//! The road that replication takes to one standby: a TCP relay that can be cut, mended and pointed elsewhere.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS_MAX: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Road {
    target: SocketAddr,
    flows: bool,
}

/// A relay on a loopback port of its own; dropping it closes the port and every connection.
#[derive(Debug)]
pub(crate) struct Relay {
    address: SocketAddr,
    road: watch::Sender<Road>,
    _tasks: JoinSet<()>,
}

impl Relay {
    /// Opens a relay to `target`.
    pub(crate) async fn open(target: SocketAddr, flows: bool) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (road, watched) = watch::channel(Road { target, flows });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, watched));
        Ok(Self {
            address,
            road,
            _tasks: tasks,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cut, it takes connections and bytes but passes nothing on, like a network that swallows packets.
    pub(crate) fn set_flow(&self, flows: bool) {
        self.road.send_modify(|road| road.flows = flows);
    }

    /// Points it at another primary; connections to the old one end.
    pub(crate) fn set_target(&self, target: SocketAddr) {
        self.road.send_modify(|road| road.target = target);
    }
}

async fn accept(listener: TcpListener, road: watch::Receiver<Road>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) if connections.len() < CONNECTIONS_MAX => {
                connections.spawn(relay(stream, road.clone()));
            }
            // Over the limit the stream is dropped, which closes it.
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "replication relay cannot accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn relay(standby: TcpStream, mut road: watch::Receiver<Road>) {
    let Ok(passed) = road.wait_for(|road| road.flows).await.map(|road| *road) else {
        return;
    };
    let Ok(Ok(primary)) = timeout(CONNECT_TIMEOUT, TcpStream::connect(passed.target)).await else {
        return;
    };
    // Latency matters more than packets here.
    if standby
        .set_nodelay(true)
        .and_then(|()| primary.set_nodelay(true))
        .is_err()
    {
        return;
    }
    let (from_standby, to_standby) = standby.into_split();
    let (from_primary, to_primary) = primary.into_split();
    tokio::select! {
        () = pass(from_standby, to_primary, road.clone(), passed.target) => {}
        () = pass(from_primary, to_standby, road.clone(), passed.target) => {}
    }
}

/// Passes bytes on until an end closes or the road leads elsewhere; stands still while the road is cut.
async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut road: watch::Receiver<Road>,
    target: SocketAddr,
) {
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = road.wait_for(|road| road.target != target) => return,
        };
        let Ok(length @ 1..) = read else {
            return;
        };
        match road
            .wait_for(|road| road.flows || road.target != target)
            .await
        {
            Ok(now) if now.target == target => {}
            Ok(_) | Err(_) => return,
        }
        let Some(bytes) = buffer.get(..length) else {
            return;
        };
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    tokio::io::copy(&mut read, &mut write).await
                });
            }
        });
        address
    }

    async fn answer(stream: &mut TcpStream) -> Option<u8> {
        let read = timeout(Duration::from_millis(300), stream.read_u8()).await;
        read.ok().and_then(Result::ok)
    }

    #[tokio::test]
    async fn a_cut_road_swallows_bytes_until_it_is_mended() {
        let relay = Relay::open(echo().await, true).await.unwrap();
        let mut stream = TcpStream::connect(relay.address()).await.unwrap();
        stream.write_u8(1).await.unwrap();
        assert_eq!(answer(&mut stream).await, Some(1));

        relay.set_flow(false);
        stream.write_u8(2).await.unwrap();
        assert_eq!(answer(&mut stream).await, None);

        relay.set_flow(true);
        assert_eq!(answer(&mut stream).await, Some(2));
    }

    #[tokio::test]
    async fn a_road_pointed_elsewhere_drops_its_connections() {
        let relay = Relay::open(echo().await, true).await.unwrap();
        let mut stream = TcpStream::connect(relay.address()).await.unwrap();
        stream.write_u8(1).await.unwrap();
        assert_eq!(answer(&mut stream).await, Some(1));

        relay.set_target(echo().await);
        let end = timeout(Duration::from_secs(2), stream.read_u8())
            .await
            .unwrap();
        assert!(end.is_err());
    }

    #[tokio::test]
    async fn a_dropped_relay_listens_no_more() {
        let relay = Relay::open(echo().await, true).await.unwrap();
        let address = relay.address();
        drop(relay);
        tokio::task::yield_now().await;
        let mut refused = false;
        for _ in 0..20 {
            refused = TcpStream::connect(address).await.is_err();
            if refused {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(refused);
    }
}
