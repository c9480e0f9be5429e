//! The doors of a deposed writer's database.

use failover::{
    Error,
    domain::Epoch,
    ledger::Known,
    ports::{Doors, Fence, Reopened, Rights, Shut},
};

use super::{Answer, Concerns, Seen, astray, aws::takes_writes, unavailable};
use crate::{
    rules::Rule,
    state::{Harm, State, index, region},
};

impl Fence for Seen<'_> {
    async fn doors(&self, _: &Known) -> Result<Doors, Error> {
        let here = index(&self.here);
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Doors(doors(state, here))
        });
        answered!(answer, Answer::Doors)
    }

    async fn shut(&self, _: &Known, proven: Epoch) -> Result<Option<Shut>, Error> {
        let (here, off) = (index(&self.here), self.off);
        let answer = self.call(Concerns::Others, move |state, _| {
            Answer::Shut(shut(state, here, proven, off))
        });
        answered!(answer, Answer::Shut)
    }

    async fn reopen(&self, _: &Known) -> Result<Reopened, Error> {
        astray()
    }

    /// Secrets are no part of the model.
    async fn log_in(&self, _: &Known) -> Result<(), Error> {
        Ok(())
    }

    async fn rights(&self, _: &Known) -> Result<Rights, Error> {
        astray()
    }
}

/// What the fence sees of a member's database.
fn doors(state: &State, member: usize) -> Result<Doors, Error> {
    let Some(found) = state.members.get(member).filter(|found| found.is_up) else {
        return unavailable(&region(member));
    };
    let app = (!found.is_fenced).then(|| "app".to_owned());
    Ok(Doors {
        in_recovery: !takes_writes(found.role),
        epoch: Some(Epoch(found.epoch)),
        roles: app.into_iter().collect(),
        ..Doors::default()
    })
}

/// The fence's transaction on a member's database.
fn shut(
    state: &mut State,
    member: usize,
    proven: Epoch,
    off: Option<Rule>,
) -> Result<Option<Shut>, Error> {
    let Some(found) = state.members.get_mut(member).filter(|found| found.is_up) else {
        return unavailable(&region(member));
    };
    if !takes_writes(found.role) {
        return Err(Error::UnexpectedTopology("it is a standby".into()));
    }
    if found.epoch >= proven.0 && off != Some(Rule::DatabaseEpoch) {
        return Ok(None);
    }
    found.is_fenced = true;
    let writes = !found.is_deposed;
    state.harm(Harm::WriterFenced, writes);
    let after = doors(state, member)?;
    Ok(Some(Shut {
        after: Some(after),
        ..Shut::default()
    }))
}
