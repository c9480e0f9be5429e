//! The doors of a deposed writer's database, and how it comes to follow again.

use failover::{
    Error,
    domain::Epoch,
    ledger::Known,
    sql::fence::{Doors, Shut},
    steps::fence_writer::Gate,
};

use super::{Answer, Concerns, Seen, astray, aws::takes_writes, unavailable};
use crate::{
    rules::Rule,
    state::{GLOBAL, Harm, Member, Role, State, digested, index, region},
};

impl Gate for Seen<'_> {
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

    async fn reopen(&self, _: &Known) -> Result<Vec<String>, Error> {
        astray()
    }

    async fn rights(&self, _: &Known) -> Result<Vec<String>, Error> {
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
        sessions: 0,
        jobs: 0,
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
    Ok(Some(Shut::default()))
}

/// What a rebuild after a detach ends with: a deposed member follows the writer, in a global cluster that the ledgers know.
pub(crate) fn rebuild(state: &mut State, member: usize) -> bool {
    let is_writer =
        |found: &Member| found.is_up && found.role == Role::Standalone && !found.is_deposed;
    let Some(writer) = state.members.iter().position(is_writer) else {
        return false;
    };
    let deposed = state
        .members
        .get(member)
        .is_some_and(|found| found.is_deposed && found.is_up);
    // The rebuild is a run: it holds the plan, and begins when the writer is proven.
    let row = |place: usize| {
        state
            .members
            .get(place)
            .map(|found| found.row.value.clone())
    };
    let proven = row(writer).is_some_and(|row| {
        let current = row.current.as_ref();
        current.is_some_and(|current| index(&current.writer) == writer) && row.intent.is_none()
    });
    let is_free = state
        .members
        .iter()
        .all(|found| found.row.value.lease.is_none());
    if !deposed || !proven || !is_free || !state.reaches(member, writer) {
        return false;
    }
    let epoch = state.members.get(writer).map_or(0, |found| found.epoch);
    for (place, found) in state.members.iter_mut().enumerate() {
        if place == writer {
            found.role = Role::Primary;
        } else if place == member {
            found.role = Role::Standby;
            found.is_deposed = false;
            found.is_fenced = false;
            found.epoch = epoch;
        }
        let mut row = (*found.row.value).clone();
        if let Some(current) = row
            .current
            .as_mut()
            .filter(|current| current.epoch.0 == epoch)
        {
            current.global_cluster = Some(GLOBAL.into());
        }
        found.row = digested(row);
    }
    true
}
