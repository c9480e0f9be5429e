//! Accepting connections, each of which is served beside the others.

use std::time::Duration;

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Connections that are served at a time; further ones wait in the listen queue.
const CONNECTIONS_MAX: usize = 512;

/// Accepts connections until it is aborted, and everything that it serves with it; `who` is what a log calls the listener.
pub(crate) async fn accept<S>(listener: TcpListener, who: &str, serve: impl Fn(TcpStream) -> S)
where
    S: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream));
                }
                Err(error) => {
                    tracing::warn!(%error, who, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}
