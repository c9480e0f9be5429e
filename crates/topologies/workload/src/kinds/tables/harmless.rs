//! Holds every call against what its phase may touch, once more and right before it is made.

use failover::Error;

use super::names;
use crate::{
    phase::Phase,
    plan::DynamodbTable,
    tables::{Call, Change},
    verbs::On,
};

/// Whether a call touches only what its phase may touch.
///
/// # Errors
/// `UnexpectedTopology` for one that does not: it is not made.
pub(super) fn harmless(on: &On<'_>, table: &DynamodbTable, change: &Change) -> Result<(), Error> {
    let (call, plan) = (&change.call, on.plan);
    let backs_up = matches!(call, Call::CreateBackup { .. });
    let sets_policy = matches!(call, Call::PutPolicy { .. } | Call::DeletePolicy { .. });
    let is_recovery = change.region == plan.recovery_region && call.table() == table.recovery;
    let at_home = change.region == plan.home_region;
    let is_side = at_home && call.table() == names::side(&table.home);
    let is_home = at_home && call.table() == table.home;
    let may = match on.phase {
        Phase::Prepare | Phase::Retire | Phase::Verify => false,
        Phase::Sync | Phase::LastSync => is_recovery && backs_up,
        Phase::Rehearse => is_side,
        Phase::Suspend => is_recovery && sets_policy,
        Phase::CutOver => is_home,
        Phase::Conclude => is_home && !matches!(call, Call::Delete { .. }),
        Phase::Revert => is_home || (is_recovery && sets_policy),
    };
    if may {
        return Ok(());
    }
    Err(Error::UnexpectedTopology(format!(
        "{call} in {} is nothing that {} does; it was not made, so report it",
        change.region, on.phase
    )))
}
