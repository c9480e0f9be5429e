//! The gate of a road, and the relay that passes bytes through it.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    sync::watch,
    time::timeout,
};

use super::{Condition, Traffic};

/// How long the second direction may go on after the first has ended.
const FAREWELL: Duration = Duration::from_secs(1);

/// Open while the road's traffic flows.
pub(super) struct Gate {
    condition: watch::Receiver<Condition>,
}

impl Gate {
    pub(super) fn new(condition: watch::Receiver<Condition>) -> Self {
        Self { condition }
    }

    /// Returns once the gate is open.
    pub(super) async fn open(&self) {
        let mut changes = self.condition.clone();
        // An error means that the road is gone, and its connections end with it.
        let _ = changes
            .wait_for(|road| road.traffic == Traffic::Flowing)
            .await;
    }

    /// Returns once the gate has been shut for this long without a break.
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
            if timeout(limit, self.open()).await.is_err() {
                return;
            }
        }
    }
}

/// Relays both directions until one ends; bytes and ends wait while the gate is shut.
pub(super) async fn relay(
    near: impl AsyncRead + AsyncWrite,
    far: impl AsyncRead + AsyncWrite,
    gate: Option<&Gate>,
) -> io::Result<()> {
    let (near_read, near_write) = split(near);
    let (far_read, far_write) = split(far);
    let forth = pass_on(near_read, far_write, gate);
    let back = pass_on(far_read, near_write, gate);
    tokio::pin!(forth, back);
    // PostgreSQL never closes one direction only, so the end of one is the end of both; the other may finish its say.
    let (ended, farewell) = tokio::select! {
        ended = &mut forth => (ended, timeout(FAREWELL, back).await),
        ended = &mut back => (ended, timeout(FAREWELL, forth).await),
    };
    ended.and(farewell.unwrap_or(Ok(())))
}

async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    gate: Option<&Gate>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await;
        if let Some(gate) = gate {
            gate.open().await;
        }
        let count = count?;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
        to.flush().await?;
    }
}
