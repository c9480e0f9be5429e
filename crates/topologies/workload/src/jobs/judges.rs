//! Functions of the plan's own that answer a question in people's place.

use failover::{Error, domain::Region};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What such a function answers. Whatever else it says is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Whether it is a yes.
    pub yes: bool,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// Asks functions of a plan's own.
pub trait Judges: Sync {
    /// Calls a function in a Region and waits for its answer.
    ///
    /// # Errors
    /// `Unavailable` where none comes, `NotReady` for one that fails or answers neither yes nor no, `Denied`.
    fn judge(
        &self,
        region: &Region,
        function: &str,
        payload: &Value,
    ) -> impl Future<Output = Result<Judged, Error>> + Send;
}

#[cfg(feature = "aws")]
impl<K> Judges for ::aws::Aws<K> {
    async fn judge(
        &self,
        region: &Region,
        function: &str,
        payload: &Value,
    ) -> Result<Judged, Error> {
        self.invoke(region, function, payload).await
    }
}
