//! What the core asks of the outside: one trait for each service. The adapters implement them; a step names those that it calls.

mod approvals;
mod comparison;
mod fence;
mod functions;
mod heart;
mod ledger;
mod names;
mod objects;
mod parameters;
mod people;
mod runtime;
mod secrets;
mod services;
mod stop;

pub use approvals::{Approvals, Linked, Sent, TaskToken};
pub use comparison::{Comparison, Held, LATE, ListedRows, Pair, Reached, RowBatch};
pub use fence::{Access, Fence, Fenced, Rights, Unfenced};
pub use functions::{
    Confirmation, Execution, Functions, Hooked, ReachInput, ReachOutput, Suspicion,
};
pub use heart::{Heart, Place, Spares};
pub use ledger::{Ledger, rows, update, update_if, withdraw};
pub use names::{Batch, Heard, Names, Record};
pub use objects::{Object, Objects};
pub use parameters::{Parameter, Parameters};
pub use people::People;
pub use runtime::{Runtime, within};
pub use secrets::{Credentials, Rotation, Secrets, by_whichever_serves, first_that_serves};
pub use services::{Deployment, Group, Image, ImageVersion, Refresh, Service, Services};
pub use stop::{Mark, NotStopped, Stopped};
