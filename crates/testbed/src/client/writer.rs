//! The client's loop: one number after the other, a new connection when the old one fails.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use report::{
    timeline::{Kind, Timeline, now_ms},
    words,
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    Ack, Answer, ClientConfig, ClientRecord, OUTAGE_MS, Progress, Unacknowledged,
    names::Names,
    session::{Outcome, Session, Trust},
};
/// More numbers than any drill writes: the bound of the loop and of the record.
const MAX_NUMBERS: i64 = 1_000_000;
/// How the timeline calls the client.
const APPLICATION: &str = "the application";
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Writer {
    config: ClientConfig,
    trust: Trust,
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
        trust: Trust,
        names: Names,
        timeline: Timeline,
        record: Arc<Mutex<ClientRecord>>,
        progress: watch::Sender<Progress>,
    ) -> Self {
        Self {
            config,
            trust,
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
            let Some(mut open) = self.still_open(session.take()) else {
                match self.connect().await {
                    Attempt::Open(opened) => session = Some(*opened),
                    Attempt::Outdated => {}
                    Attempt::Failed => pause = back_off(&mut stopped, pause).await,
                }
                continue;
            };
            if self.write(&mut open, n).await {
                session = Some(open);
                pause = FIRST_PAUSE;
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = stopped.changed() => {}
                }
            } else {
                pause = back_off(&mut stopped, pause).await;
            }
            n += 1;
        }
    }

    /// The session, unless it has ended by itself since the last row.
    fn still_open(&mut self, session: Option<Session>) -> Option<Session> {
        let session = session?;
        if session.is_closed() {
            let cluster = words::cluster_of(&session.endpoint);
            self.trouble(&format!("lost its connection to {cluster}"));
            return None;
        }
        Some(session)
    }

    async fn connect(&mut self) -> Attempt {
        let (answer, asked) = self.names.resolve().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(reason) => {
                self.lock().resolutions.extend(asked);
                let name = &self.config.writer_name;
                return self.failed(&format!("cannot resolve {name}: {reason}"));
            }
        };
        // A fresh answer gets the whole time; an old one only what is left of its life, as DNS may know better by then.
        let mut limit = self.config.connect_timeout;
        if asked.is_none() {
            limit = limit.min(self.names.time_left());
        }
        self.lock().resolutions.extend(asked);
        self.tell_where(&answer);
        match Session::open(&self.config, &self.trust, &answer, limit).await {
            Ok(session) => {
                if self.connected_before {
                    self.lock().reconnects += 1;
                }
                self.connected_before = true;
                Attempt::Open(Box::new(session))
            }
            Err(reason) => {
                let cluster = words::cluster_of(&answer.endpoint);
                let failed = self.failed(&format!("cannot connect to {cluster}: {reason}"));
                if limit < self.config.connect_timeout && self.names.time_left().is_zero() {
                    return Attempt::Outdated;
                }
                failed
            }
        }
    }

    fn failed(&mut self, reason: &str) -> Attempt {
        self.lock().failed_connects += 1;
        self.trouble(reason);
        Attempt::Failed
    }

    /// Sends one number; false means that the connection is of no more use.
    async fn write(&mut self, session: &mut Session, n: i64) -> bool {
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
        let cluster = words::cluster_of(&session.endpoint);
        let told = if refused {
            format!("has row {n} refused by {cluster}: {reason}")
        } else {
            format!("lost its connection to {cluster}; row {n} is of unknown fate: {reason}")
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
        let cluster = words::cluster_of(&ack.endpoint);
        match silence_ms {
            None => self
                .timeline
                .say(Kind::Client, APPLICATION, format!("writes to {cluster}")),
            Some(ms) if ms > OUTAGE_MS => self.timeline.mark(
                Kind::Client,
                APPLICATION,
                format!(
                    "writes again, to {cluster}, {}.{} s after the last acknowledged row",
                    ms / 1000,
                    ms % 1000 / 100
                ),
                "writes again",
            ),
            Some(_) if self.in_trouble => {
                self.timeline
                    .say(Kind::Client, APPLICATION, format!("goes on at {cluster}"));
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
                APPLICATION,
                format!(
                    "learns that {} is now {} (was {})",
                    self.config.writer_name,
                    words::cluster_of(&answer.endpoint),
                    words::cluster_of(&before.endpoint)
                ),
            );
        }
    }

    fn trouble(&mut self, text: &str) {
        if !self.in_trouble {
            self.timeline.say(Kind::Client, APPLICATION, text);
        }
        self.in_trouble = true;
    }

    fn lock(&self) -> MutexGuard<'_, ClientRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of an attempt to connect.
enum Attempt {
    Open(Box<Session>),
    Failed,
    /// Given up because its DNS answer expired: the next one asks anew, at once.
    Outdated,
}

/// Waits for the pause, or until the client is told to stop; returns the next pause.
async fn back_off(stopped: &mut watch::Receiver<bool>, pause: Duration) -> Duration {
    tokio::select! {
        () = sleep(pause) => {}
        _ = stopped.changed() => {}
    }
    (pause * 2).min(LONGEST_PAUSE)
}
