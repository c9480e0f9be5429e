//! A function as it calls: how long a call is on its way, and what may go wrong with it.

use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use failover::{Error, domain::Region};
use futures::channel::oneshot;
use jiff::{SignedDuration, Timestamp};

use crate::{
    api::Api,
    clock::pause,
    fault::Way,
    rds::{Fault, Rds, Taken},
    shared::Shared,
    state::State,
};

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
const STALE: SignedDuration = SignedDuration::from_secs(20);

/// Who calls: a function, as long as one invocation of it lasts.
pub struct Caller {
    /// What everything shares.
    pub shared: Arc<Shared>,
    /// The Region it runs in.
    pub region: Region,
    /// The function.
    pub function: &'static str,
    /// Whether the function has died.
    pub dead: Mutex<Option<oneshot::Sender<()>>>,
}

/// Why a call was not carried out, or not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    /// The service refused it in this way.
    Refused(Way),
    /// Nothing came.
    Silent,
}

impl Missed {
    /// What a step is told, where the service models no error for it.
    pub(crate) fn error(self, asked: &str) -> Error {
        let refusal = match self {
            Self::Refused(way) => way.refusal(asked),
            Self::Silent => None,
        };
        refusal.unwrap_or_else(|| Error::Unavailable(format!("{asked} timed out")))
    }
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

impl Shared {
    fn perform<T>(&self, age: SignedDuration, perform: impl Fn(Made<'_>) -> T) -> T {
        let now = self.now();
        let mut state = self.state();
        perform(Made {
            state: &mut state,
            now,
            age,
        })
    }
}

impl Made<'_> {
    /// Carries out a change of RDS, unless it refuses that operation for now.
    pub(crate) fn change(
        &mut self,
        operation: &str,
        change: impl Fn(&mut Rds, Timestamp) -> Taken,
    ) -> Taken {
        if self.state.refuses(operation) {
            let said = format!("RDS {operation} is refused");
            return Err(Fault::global_state(said));
        }
        self.state.settle(self.now);
        let taken = change(&mut self.state.rds, self.now);
        self.state.settle(self.now);
        taken
    }
}

impl Caller {
    /// One call of a service in a Region that reads. `perform` carries it out.
    pub(crate) async fn read<T>(
        &self,
        at: (Api, &Region),
        asked: &str,
        perform: impl Fn(Made<'_>) -> T + Send + Sync,
    ) -> Result<T, Missed> {
        let way = self.begin(asked).await;
        self.carried(at, (Kind::Reads, way), perform).await
    }

    /// One call of a service in a Region that changes something. What takes effect late does so although its caller has given up, or is
    /// no more.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        (service, region): (Api, &Region),
        asked: &str,
        perform: impl Fn(Made<'_>) -> T + Send + Sync + 'static,
    ) -> Result<T, Missed> {
        let way = self.begin(asked).await;
        let late = match way {
            Some(Way::Late) => LATE,
            Some(Way::VeryLate) => VERY_LATE,
            _ => {
                let kind = (Kind::Changes, way);
                return self.carried((service, region), kind, perform).await;
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
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(Missed::Silent),
        }
    }

    async fn carried<T>(
        &self,
        (service, region): (Api, &Region),
        (kind, way): (Kind, Option<Way>),
        perform: impl Fn(Made<'_>) -> T + Send + Sync,
    ) -> Result<T, Missed> {
        let distance = self.distance(region);
        pause(distance / 2).await;
        if let Some(way) = way.filter(|way| way.is_refusal()) {
            pause(distance / 2).await;
            return Err(Missed::Refused(way));
        }
        match way {
            Some(Way::DiesBefore) => self.die().await,
            Some(Way::LostBefore) => return lost().await,
            Some(Way::Late) => pause(LATE).await,
            Some(Way::VeryLate) => pause(VERY_LATE).await,
            _ => {}
        }
        if !self.is_answered(service, region) {
            return unanswered(kind).await;
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
            Some(Way::LostAfter) => return lost().await,
            _ => {}
        }
        pause(distance / 2).await;
        if !self.is_answered(service, region) {
            return unanswered(kind).await;
        }
        Ok(answer)
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
}

/// A connection came about, and no answer.
async fn lost<T>() -> Result<T, Missed> {
    pause(ANSWERS).await;
    Err(Missed::Silent)
}

async fn unanswered<T>(kind: Kind) -> Result<T, Missed> {
    pause(match kind {
        Kind::Reads => READS,
        Kind::Changes => CHANGES,
    })
    .await;
    Err(Missed::Silent)
}
