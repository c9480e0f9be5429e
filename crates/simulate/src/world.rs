//! The world as one invocation of a function meets it: every port, and what may go wrong with each call.

use std::{ops::Deref, sync::Arc, time::Duration};

use failover::{
    Error,
    domain::Region,
    ports::{Runtime, Spares},
};
use futures::channel::oneshot;
use jiff::Timestamp;
use serde_json::Value;

use crate::{api::Api, clock::pause, database::Session};

mod fence;
mod functions;
mod heart;
mod ledger;
mod members;
mod objects;
mod secrets;
mod services;

pub(crate) use crate::caller::Made;
pub use crate::{
    caller::Caller,
    shared::{Failure, Request, Shared},
};

/// What a container keeps from one invocation to the next.
#[derive(Default)]
pub struct Kept {
    /// Sessions that are left open.
    pub spares: Spares<Session>,
    /// What the SDK may still spend on retries.
    #[cfg(feature = "adapters")]
    pub quotas: aws::Quotas,
}

/// One invocation of a function.
pub struct Invocation {
    /// Who calls.
    caller: Arc<Caller>,
    /// What the invocation before left.
    pub kept: Kept,
    #[cfg(feature = "adapters")]
    adapters: std::sync::OnceLock<aws::Aws>,
}

impl Deref for Invocation {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Invocation {
    /// In a container that has kept something.
    #[must_use]
    pub fn new(caller: Caller, kept: Kept) -> Self {
        Self {
            caller: Arc::new(caller),
            kept,
            #[cfg(feature = "adapters")]
            adapters: std::sync::OnceLock::new(),
        }
    }

    /// RDS's adapter, where the case is played through it.
    #[cfg(feature = "adapters")]
    fn adapters(&self) -> Option<&aws::Aws> {
        let made = || crate::wire::adapters(&self.caller, self.kept.quotas.clone());
        (self.shared.depth == crate::case::Depth::Adapters).then(|| self.adapters.get_or_init(made))
    }

    /// As [`Caller::read`], where what is refused or unanswered has the words of the port.
    pub(crate) async fn call<T>(
        &self,
        at: (Api, &Region),
        what: &str,
        perform: impl Fn(Made<'_>) -> Result<T, Error> + Send + Sync,
    ) -> Result<T, Error> {
        let asked = format!("{what} in {}", at.1);
        let came = self.read(at, &asked, perform).await;
        came.unwrap_or_else(|missed| Err(missed.error(&asked)))
    }

    /// As [`Caller::ask`], where what is refused or unanswered has the words of the port.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        at: (Api, &Region),
        what: &str,
        perform: impl Fn(Made<'_>) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let asked = format!("{what} in {}", at.1);
        let came = self.ask(at, &asked, perform).await;
        came.unwrap_or_else(|missed| Err(missed.error(&asked)))
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
