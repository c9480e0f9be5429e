//! A DynamoDB table that comes home: what is looked at in each phase, what is decided by that, and the calls. Rerunning it is safe: what
//! bears the name of home is told apart by what DynamoDB calls it for good and by the backup that it was made of, and nothing is deleted
//! before its backup is seen complete.

mod canonical;
mod case;
mod cut_over;
pub mod digest;
mod harmless;
pub mod memory;
pub mod names;
mod policy;
mod prepare;
mod rehearse;
mod revert;
pub mod sample;
mod seen;
mod settings;
mod sync;
mod verify;
mod wanted;

use failover::{Error, topology::Accepted};

use crate::{
    phase::Phase,
    plan::{DynamodbTable, Resource},
    tables::{Change, Tables},
    verbs::{Next, On, Verbs},
};

use case::Case;
use memory::Memory;
pub use seen::Seen;

/// The verbs of `dynamodb_table`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DynamodbTables;

impl<W: Tables> Verbs<W> for DynamodbTables {
    type Seen = Seen;
    type Call = Change;

    async fn look(self, world: &W, on: &On<'_>) -> Result<Seen, Error> {
        let (table, memory) = (table(on)?, Memory::read(&on.row.kept)?);
        seen::look(world, on, table, &memory).await
    }

    fn decide(self, on: &On<'_>, seen: &Seen) -> Result<Next<Change>, Error> {
        let case = case(on, seen)?;
        let next = match on.phase {
            Phase::Prepare => prepare::prepared(&case),
            Phase::Sync => sync::synced(&case),
            Phase::Rehearse => rehearse::rehearsed(&case),
            Phase::Suspend => policy::denied(&case),
            Phase::LastSync => sync::synced_last(&case),
            Phase::CutOver => cut_over::cut_over(&case),
            Phase::Verify => verify::verified(&case),
            Phase::Retire => verify::retired(&case),
            Phase::Conclude => verify::concluded(&case),
            Phase::Revert => revert::reverted(&case),
        }?;
        next.ok_or_else(|| {
            Error::UnexpectedTopology(format!(
                "{} has nothing left to do in {}, and is not done; report it",
                on.resource.name(),
                on.phase
            ))
        })
    }

    fn reasons(self, on: &On<'_>, seen: &Seen) -> Vec<String> {
        match case(on, seen) {
            Ok(case) if on.phase == Phase::Prepare => prepare::reasons(&case),
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    async fn call(self, world: &W, on: &On<'_>, call: &Change) -> Result<(), Error> {
        harmless::harmless(on, table(on)?, call)?;
        match world.change(&call.region, &call.call).await? {
            Accepted::Yes => Ok(()),
            // The next pass looks, and makes it again where that is still to be done.
            Accepted::NotNow(said) | Accepted::Throttled(said) => Err(Error::Unavailable(format!(
                "DynamoDB {} in {}: {said}",
                call.call.operation(),
                call.region
            ))),
        }
    }
}

fn case<'a>(on: &'a On<'a>, seen: &'a Seen) -> Result<Case<'a>, Error> {
    Ok(Case {
        on,
        table: table(on)?,
        memory: Memory::read(&on.row.kept)?,
        seen,
    })
}

/// The table in the plan.
///
/// # Errors
/// `InvalidRequest` for a resource of another kind.
fn table<'a>(on: &On<'a>) -> Result<&'a DynamodbTable, Error> {
    match on.resource {
        Resource::DynamodbTable(table) => Ok(table),
        Resource::RdsInstance(_) | Resource::AuroraCluster(_) | Resource::Ec2Instance(_) => {
            Err(Error::InvalidRequest(format!(
                "{} is of kind {}, and no dynamodb_table",
                on.resource.name(),
                on.resource.kind()
            )))
        }
    }
}

#[cfg(test)]
mod tests;
