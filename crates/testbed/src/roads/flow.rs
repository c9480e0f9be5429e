//! Whether a road's traffic flows, and the relay that waits while it does not.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    sync::watch,
    time::timeout,
};

use super::{Condition, Traffic};

/// How long the second direction may go on after the first has ended.
const FAREWELL: Duration = Duration::from_secs(1);

/// Whether the road's traffic flows.
pub(super) struct Flow {
    condition: watch::Receiver<Condition>,
}

impl Flow {
    pub(super) fn new(condition: watch::Receiver<Condition>) -> Self {
        Self { condition }
    }

    /// Returns once it flows.
    pub(super) async fn resumed(&self) {
        let mut changes = self.condition.clone();
        // An error means that the road is gone, and its connections end with it.
        let _ = changes
            .wait_for(|road| road.traffic == Traffic::Flowing)
            .await;
    }

    /// Returns once it has not flowed for this long without a break.
    pub(super) async fn silent_for(&self, limit: Duration) {
        loop {
            let mut changes = self.condition.clone();
            if changes
                .wait_for(|road| road.traffic != Traffic::Flowing)
                .await
                .is_err()
            {
                return;
            }
            if timeout(limit, self.resumed()).await.is_err() {
                return;
            }
        }
    }
}

/// Relays both directions until one ends; bytes and ends wait while it does not flow.
pub(super) async fn relay(
    near: impl AsyncRead + AsyncWrite,
    far: impl AsyncRead + AsyncWrite,
    flow: Option<&Flow>,
) -> io::Result<()> {
    let (near_read, near_write) = split(near);
    let (far_read, far_write) = split(far);
    let forth = pass_on(near_read, far_write, flow);
    let back = pass_on(far_read, near_write, flow);
    tokio::pin!(forth, back);
    // No database closes one direction only, so the end of one is the end of both; the other may finish its say.
    let (ended, farewell) = tokio::select! {
        ended = &mut forth => (ended, timeout(FAREWELL, back).await),
        ended = &mut back => (ended, timeout(FAREWELL, forth).await),
    };
    ended.and(farewell.unwrap_or(Ok(())))
}

async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    flow: Option<&Flow>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await;
        if let Some(flow) = flow {
            flow.resumed().await;
        }
        let count = match count {
            // MariaDB hangs up without TLS's farewell: an end like any other.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            count => count?,
        };
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
        to.flush().await?;
    }
}
