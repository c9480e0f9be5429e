//! The client's loop: one number after the other, a new connection when the old one fails.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    ClientConfig, Progress,
    names::Names,
    record::{Ack, Answer, ClientRecord, OUTAGE_MS, Unacknowledged},
    session::{Outcome, Session},
};
use crate::timeline::{Kind, Timeline, now_ms};

/// More numbers than any drill writes: the bound of the loop and of the record.
const MAX_NUMBERS: i64 = 1_000_000;
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Writer {
    config: ClientConfig,
    tls: MakeRustlsConnect,
    names: Names,
    timeline: Timeline,
    record: Arc<Mutex<ClientRecord>>,
    progress: watch::Sender<Progress>,
    /// What the name led to last, to tell when it changes.
    answer: Option<Answer>,
    connected_before: bool,
    /// Between a failure and the next acknowledgement: told once, not at every attempt.
    in_trouble: bool,
}

impl Writer {
    pub(super) fn new(
        config: ClientConfig,
        tls: MakeRustlsConnect,
        names: Names,
        timeline: Timeline,
        record: Arc<Mutex<ClientRecord>>,
        progress: watch::Sender<Progress>,
    ) -> Self {
        Self {
            config,
            tls,
            names,
            timeline,
            record,
            progress,
            answer: None,
            connected_before: false,
            in_trouble: false,
        }
    }

    /// Writes until `stopped` says true.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut ticks = interval(self.config.interval.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut session: Option<Session> = None;
        let mut pause = FIRST_PAUSE;
        let mut n = 1;
        while n <= MAX_NUMBERS && !*stopped.borrow() {
            let Some(open) = session.take().filter(|open| !open.is_closed()) else {
                session = self.connect().await;
                if session.is_none() {
                    wait(&mut stopped, Instant::now() + pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                continue;
            };
            if self.write(&open, n).await {
                session = Some(open);
                pause = FIRST_PAUSE;
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = stopped.changed() => {}
                }
            } else {
                wait(&mut stopped, Instant::now() + pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            n += 1;
        }
    }

    async fn connect(&mut self) -> Option<Session> {
        let (answer, asked) = self.names.resolve().await;
        if let Some(resolution) = asked {
            self.lock().resolutions.push(resolution);
        }
        let opened = match answer {
            Ok(answer) => {
                self.tell_where(&answer);
                let opened = Session::open(&self.config, &self.tls, &answer).await;
                opened.map_err(|reason| format!("cannot connect to {}: {reason}", answer.endpoint))
            }
            Err(reason) => Err(format!(
                "cannot resolve {}: {reason}",
                self.config.writer_name
            )),
        };
        match opened {
            Ok(session) => {
                if self.connected_before {
                    self.lock().reconnects += 1;
                }
                self.connected_before = true;
                Some(session)
            }
            Err(reason) => {
                self.lock().failed_connects += 1;
                self.trouble(&reason);
                None
            }
        }
    }

    /// Sends one number; false means that the connection is of no more use.
    async fn write(&mut self, session: &Session, n: i64) -> bool {
        let sent_ms = now_ms();
        let outcome = session.write(n).await;
        let at_ms = now_ms();
        let (refused, reason) = match outcome {
            Outcome::Acknowledged => {
                self.acknowledge(Ack {
                    n,
                    sent_ms,
                    acked_ms: at_ms,
                    endpoint: session.endpoint.clone(),
                });
                return true;
            }
            Outcome::Refused(reason) => (true, reason),
            Outcome::Unknown(reason) => (false, reason),
        };
        let told = if refused {
            format!("row {n} is refused by {}: {reason}", session.endpoint)
        } else {
            format!(
                "lost its connection to {}, row {n} is of unknown fate: {reason}",
                session.endpoint
            )
        };
        let number = Unacknowledged {
            n,
            sent_ms,
            given_up_ms: at_ms,
            endpoint: session.endpoint.clone(),
            reason,
        };
        {
            let mut record = self.lock();
            if refused {
                record.refused.push(number);
            } else {
                record.unknown.push(number);
            }
        }
        self.trouble(&told);
        false
    }

    fn acknowledge(&mut self, ack: Ack) {
        let silence_ms = self
            .progress
            .borrow()
            .last
            .as_ref()
            .map(|last| ack.acked_ms - last.acked_ms);
        match silence_ms {
            None => self.timeline.say(
                Kind::Client,
                "client",
                format!("writes to {}", ack.endpoint),
            ),
            Some(ms) if ms > OUTAGE_MS => self.timeline.mark(
                Kind::Client,
                "client",
                format!(
                    "writes again, to {}, {}.{} s after the last acknowledged row",
                    ack.endpoint,
                    ms / 1000,
                    ms % 1000 / 100
                ),
                "writes again",
            ),
            Some(_) if self.in_trouble => {
                self.timeline.say(
                    Kind::Client,
                    "client",
                    format!("goes on at {}", ack.endpoint),
                );
            }
            Some(_) => {}
        }
        self.in_trouble = false;
        self.progress.send_modify(|progress| {
            progress.acknowledged += 1;
            progress.last = Some(ack.clone());
        });
        self.lock().acknowledged.push(ack);
    }

    fn tell_where(&mut self, answer: &Answer) {
        let before = self.answer.replace(answer.clone());
        if let Some(before) = before
            && before.endpoint != answer.endpoint
        {
            self.timeline.say(
                Kind::Client,
                "client",
                format!(
                    "learns that {} is now {} (was {})",
                    self.config.writer_name, answer.endpoint, before.endpoint
                ),
            );
        }
    }

    fn trouble(&mut self, text: &str) {
        if !self.in_trouble {
            self.timeline.say(Kind::Client, "client", text);
        }
        self.in_trouble = true;
    }

    fn lock(&self) -> MutexGuard<'_, ClientRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until the moment, or until the client is told to stop.
async fn wait(stopped: &mut watch::Receiver<bool>, until: Instant) {
    tokio::select! {
        () = sleep(until.saturating_duration_since(Instant::now())) => {}
        _ = stopped.changed() => {}
    }
}
