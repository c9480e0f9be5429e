//! The world as one invocation of a function meets it: every port, and what may go wrong with each call.

use std::{
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use failover::{
    Error,
    domain::Region,
    ports::{Runtime, Spares},
};
use futures::channel::{mpsc, oneshot};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    api::Api,
    clock::{Clock, pause},
    database::Session,
    fault::Way,
    state::State,
};

mod fence;
mod functions;
mod heart;
mod ledger;
mod members;
mod secrets;
mod services;

/// A call within a Region.
const NEAR: Duration = Duration::from_millis(8);
/// A call to another Region.
const FAR: Duration = Duration::from_millis(70);
/// How long a call that only reads is tried, where nobody answers.
const READS: Duration = Duration::from_secs(6);
/// How long a call that changes something is tried where no connection comes about. There is one attempt.
const CHANGES: Duration = Duration::from_secs(1);
/// How long its answer is waited for.
const ANSWERS: Duration = Duration::from_secs(6);
/// How much later a late call takes effect.
const LATE: Duration = Duration::from_secs(4);
/// How much later a very late one does.
const VERY_LATE: Duration = Duration::from_secs(60);
/// How old a stale answer is.
pub(crate) const STALE: SignedDuration = SignedDuration::from_secs(20);

/// Asks for an invocation.
pub struct Request {
    /// In which Region.
    pub region: Region,
    /// Which function.
    pub function: String,
    /// What it is given.
    pub payload: Value,
    /// Where its answer goes.
    pub answer: oneshot::Sender<Result<Value, Failure>>,
}

/// How an invocation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error's name.
    pub error: String,
    /// Its cause.
    pub cause: String,
}

/// What everything in a case shares.
pub struct Shared {
    /// The clock.
    pub clock: Clock,
    /// All there is.
    pub state: Mutex<State>,
    /// Invocations that are asked for.
    pub requests: mpsc::UnboundedSender<Request>,
    /// Executions that are asked for.
    pub starts: mpsc::UnboundedSender<String>,
}

impl Shared {
    /// All there is. It is never kept over a wait.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn perform<T>(&self, age: SignedDuration, perform: impl Fn(Made<'_>) -> T) -> T {
        let now = self.now();
        let mut state = self.state();
        perform(Made {
            state: &mut state,
            now,
            age,
        })
    }

    /// Lets the executions run that have begun.
    pub(crate) fn start_what_began(&self) {
        let begun = std::mem::take(&mut self.state().begun);
        for arn in begun {
            let _ = self.starts.unbounded_send(arn);
        }
    }

    /// Notes what happened.
    pub fn note(&self, what: impl FnOnce() -> String) {
        let now = self.now();
        self.state().note(now, what);
    }
}

/// One invocation of a function.
pub struct Invocation {
    /// What everything shares.
    pub shared: Arc<Shared>,
    /// The Region it runs in.
    pub region: Region,
    /// The function.
    pub function: &'static str,
    /// What the invocation before left open.
    pub spares: Spares<Session>,
    /// Whether the function has died.
    pub dead: Mutex<Option<oneshot::Sender<()>>>,
}

/// What a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It reads.
    Reads,
    /// It changes something.
    Changes,
}

/// How a call is carried out.
pub(crate) struct Made<'a> {
    /// All there is.
    pub(crate) state: &'a mut State,
    /// The time.
    pub(crate) now: Timestamp,
    /// How old the answer is.
    pub(crate) age: SignedDuration,
}

impl Invocation {
    /// One call of a service in a Region that reads. `perform` carries it out.
    pub(crate) async fn call<T>(
        &self,
        at: (Api, &Region),
        what: &'static str,
        perform: impl Fn(Made<'_>) -> Result<T, Error> + Send + Sync,
    ) -> Result<T, Error> {
        let asked = format!("{what} in {}", at.1);
        let way = self.begin(&asked).await;
        self.carried(at, (Kind::Reads, way), &asked, perform).await
    }

    /// One call of a service in a Region that changes something. What takes effect late does so although its caller has given up, or is
    /// no more.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        (service, region): (Api, &Region),
        what: &'static str,
        perform: impl Fn(Made<'_>) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let asked = format!("{what} in {region}");
        let way = self.begin(&asked).await;
        let late = match way {
            Some(Way::Late) => LATE,
            Some(Way::VeryLate) => VERY_LATE,
            _ => {
                let kind = (Kind::Changes, way);
                return self.carried((service, region), kind, &asked, perform).await;
            }
        };
        let (tell, told) = oneshot::channel();
        let (shared, from, to) = (self.shared.clone(), self.region.clone(), region.clone());
        tokio::task::spawn_local(async move {
            pause(late).await;
            if shared.state().answers(&from, &to, service) {
                shared.state().truth.is_late = true;
                let answer = shared.perform(SignedDuration::ZERO, &perform);
                shared.state().truth.is_late = false;
                let _ = tell.send(answer);
            }
        });
        match tokio::time::timeout(ANSWERS, told).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(Error::Unavailable(format!("{asked} timed out"))),
        }
    }

    async fn carried<T>(
        &self,
        (service, region): (Api, &Region),
        (kind, way): (Kind, Option<Way>),
        asked: &str,
        perform: impl Fn(Made<'_>) -> Result<T, Error> + Send + Sync,
    ) -> Result<T, Error> {
        let distance = self.distance(region);
        pause(distance / 2).await;
        if let Some(refused) = way.and_then(|way| way.refusal(asked)) {
            pause(distance / 2).await;
            return Err(refused);
        }
        match way {
            Some(Way::DiesBefore) => self.die().await,
            Some(Way::LostBefore) => return self.lost(asked).await,
            Some(Way::Late) => pause(LATE).await,
            Some(Way::VeryLate) => pause(VERY_LATE).await,
            _ => {}
        }
        if !self.is_answered(service, region) {
            return self.unanswered(asked, kind).await;
        }
        let age = if way == Some(Way::Stale) {
            STALE
        } else {
            SignedDuration::ZERO
        };
        let answer = self.shared.perform(age, &perform);
        if way == Some(Way::Twice) {
            drop(self.shared.perform(age, &perform));
        }
        match way {
            Some(Way::DiesAfter) => self.die().await,
            Some(Way::LostAfter) => return self.lost(asked).await,
            _ => {}
        }
        pause(distance / 2).await;
        if !self.is_answered(service, region) {
            return self.unanswered(asked, kind).await;
        }
        answer
    }

    /// How long a call and its answer are on their way.
    fn distance(&self, region: &Region) -> Duration {
        let usual = if *region == self.region { NEAR } else { FAR };
        let state = self.shared.state();
        usual + state.slowness(&self.region) + state.slowness(region)
    }

    /// Numbers a call, and says how it goes wrong. A function in a lost Region makes none.
    async fn begin(&self, asked: &str) -> Option<Way> {
        if self.shared.state().lost.contains(&self.region) {
            self.die().await;
        }
        let now = self.shared.now();
        let mut state = self.shared.state();
        let (number, way) = state.number(self.function);
        if let Some(way) = way {
            state.note(now, || {
                format!(
                    "call {number} of {} in {}: {asked}: {way:?}",
                    self.function, self.region
                )
            });
        }
        way
    }

    fn is_answered(&self, service: Api, region: &Region) -> bool {
        self.shared.state().answers(&self.region, region, service)
    }

    /// A connection came about, and no answer.
    async fn lost<T>(&self, asked: &str) -> Result<T, Error> {
        pause(ANSWERS).await;
        Err(Error::Unavailable(format!("{asked} timed out")))
    }

    async fn unanswered<T>(&self, asked: &str, kind: Kind) -> Result<T, Error> {
        pause(match kind {
            Kind::Reads => READS,
            Kind::Changes => CHANGES,
        })
        .await;
        Err(Error::Unavailable(format!("{asked} timed out")))
    }

    /// The function dies: nothing of it goes on.
    pub(crate) async fn die(&self) -> ! {
        let dead = self
            .dead
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(dead) = dead {
            let _ = dead.send(());
        }
        pending().await
    }

    /// Invokes a function, as a caller that waits for its answer so long.
    pub(crate) async fn invoke(
        &self,
        region: &Region,
        function: &'static str,
        payload: Value,
        limit: Duration,
    ) -> Result<Value, Error> {
        let what = format!("invoking {function} in {region}");
        let asked = self.call((Api::Lambda, region), "Lambda Invoke", |_| Ok(()));
        asked.await?;
        let (answer, answered) = oneshot::channel();
        let request = Request {
            region: region.clone(),
            function: function.to_owned(),
            payload,
            answer,
        };
        let _ = self.shared.requests.unbounded_send(request);
        match tokio::time::timeout(limit, answered).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(why))) => Err(Error::NotReady(format!(
                "{what}: {}: {}",
                why.error, why.cause
            ))),
            Ok(Err(_)) | Err(_) => Err(Error::Unavailable(format!("{what} timed out"))),
        }
    }
}

impl Runtime for Invocation {
    fn region(&self) -> &Region {
        &self.region
    }

    fn now(&self) -> Timestamp {
        let ahead = self.shared.state().ahead(&self.region);
        self.shared.now() + ahead
    }

    async fn pause(&self, time: Duration) {
        pause(time).await;
    }

    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        tokio::time::timeout(limit, work).await.ok()
    }
}
