//! The doors of a deposed writer's database.

use failover::{
    Error,
    domain::Epoch,
    ledger::KeptPlan,
    ports::{Access, Fence, Fenced, Rights, Unfenced},
};

use super::{
    Answer, Concerns, Seen, astray,
    aws::{is_shut, takes_writes},
    unavailable,
};
use crate::{
    rules::Rule,
    state::{Harm, State, index, region},
};

impl Fence for Seen<'_> {
    async fn access(&self, _: &KeptPlan) -> Result<Access, Error> {
        let here = index(&self.here);
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Access(access(state, here))
        });
        answered!(answer, Answer::Access)
    }

    async fn fence(&self, _: &KeptPlan, proven: Epoch) -> Result<Option<Fenced>, Error> {
        let (here, off) = (index(&self.here), self.off);
        let answer = self.call(Concerns::Others, move |state, _| {
            Answer::Fenced(fence(state, here, proven, off))
        });
        answered!(answer, Answer::Fenced)
    }

    async fn unfence(&self, _: &KeptPlan) -> Result<Unfenced, Error> {
        astray()
    }

    /// Secrets are no part of the model.
    async fn log_in(&self, _: &KeptPlan) -> Result<(), Error> {
        Ok(())
    }

    async fn rights(&self, _: &KeptPlan) -> Result<Rights, Error> {
        astray()
    }
}

/// What the fence sees of a member's database.
pub(super) fn access(state: &State, member: usize) -> Result<Access, Error> {
    let Some(found) = state.members.get(member).filter(|found| found.is_up) else {
        return unavailable(&region(member));
    };
    let app = (!is_shut(found)).then(|| "app".to_owned());
    Ok(Access {
        in_recovery: !takes_writes(found.role),
        epoch: Some(Epoch(found.epoch)),
        roles: app.into_iter().collect(),
        ..Access::default()
    })
}

/// The fence's transaction on a member's database.
fn fence(
    state: &mut State,
    member: usize,
    proven: Epoch,
    off: Option<Rule>,
) -> Result<Option<Fenced>, Error> {
    let Some(found) = state.members.get_mut(member).filter(|found| found.is_up) else {
        return unavailable(&region(member));
    };
    if !takes_writes(found.role) {
        return Err(Error::UnexpectedTopology("it is a standby".into()));
    }
    if found.epoch >= proven.0 && off != Some(Rule::DatabaseEpoch) {
        return Ok(None);
    }
    found.position += u8::from(!found.is_fenced);
    found.is_fenced = true;
    let writes = !found.is_deposed;
    state.harm(Harm::WriterFenced, writes);
    let after = access(state, member)?;
    Ok(Some(Fenced {
        after: Some(after),
        ..Fenced::default()
    }))
}
