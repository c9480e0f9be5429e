//! The stop of a writer: what a run asks of the writer's own Region, and what that does to its database.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use failover::{
    Error,
    domain::{Epoch, Region, StopToken},
    ledger::KeptPlan,
    ports::{Fenced, Mark, NotStopped, Stopped, Unfenced},
};
use jiff::SignedDuration;
use rds_replica::{
    members::{
        Stops,
        stops::{Asked, Stands},
    },
    stop_writes,
};

use super::{Answer, Concerns, Seen, astray, aws::takes_writes, fence::access, unavailable};
use crate::{
    rules::Rule,
    state::{self, Arriving, Harm, Role, Slot, State, index, start},
};

impl Stops for Seen<'_> {
    /// The function of the other Region answers, as one step: it reads that Region's row and changes the database behind it.
    async fn ask(&self, region: &Region, asked: &Asked) -> Result<Stands, Error> {
        let (here, there, off) = (index(&self.here), index(region), self.off);
        let (plan, document, asked) = (self.plan, self.document, asked.clone());
        let answer = Seen::call(self, Concerns::Others, move |state, slot| {
            if !state.reaches(here, there) {
                return Answer::Stands(unavailable(&state::region(there)));
            }
            if let Some(arriving) = lost(state, slot, (there, &asked)) {
                state.arriving = Some(arriving);
                return Answer::Stands(unavailable(&state::region(there)));
            }
            let inner = Seen::inside(state, (slot, there), (plan, document), off);
            Answer::Stands(answered_there(&inner, &asked))
        });
        answered!(answer, Answer::Stands)
    }

    async fn stop(
        &self,
        _: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> Result<Result<Fenced, NotStopped>, Error> {
        let (here, off, token) = (index(&self.here), self.off, token.clone());
        let answer = Seen::call(self, Concerns::Others, move |state, _| {
            let mark = state::Mark {
                slot: slot_of(state, &token),
                epoch: epoch.0,
            };
            Answer::NotStopped(Box::new(stop(state, here, mark, off)))
        });
        match answer.await {
            Answer::NotStopped(stopped) => *stopped,
            _ => astray(),
        }
    }

    async fn mark(&self, _: &KeptPlan) -> Result<Option<Mark>, Error> {
        let (here, off) = (index(&self.here), self.off);
        let answer = Seen::call(self, Concerns::Others, move |state, slot| {
            Answer::Mark(
                mark(state, here).map(|mark| mark.filter(|_| !is_orphan(state, slot, here, off))),
            )
        });
        answered!(answer, Answer::Mark)
    }

    async fn stopped(&self, _: &KeptPlan) -> Result<Stopped, Error> {
        let here = index(&self.here);
        let answer = Seen::call(self, Concerns::Others, move |state, _| {
            let stands = mark(state, here).and_then(|mark| {
                Ok(Stopped {
                    mark,
                    access: access(state, here)?,
                })
            });
            Answer::Stopped(Box::new(stands))
        });
        match answer.await {
            Answer::Stopped(stopped) => *stopped,
            _ => astray(),
        }
    }

    async fn position(&self, _: &KeptPlan, token: &StopToken) -> Result<Option<i64>, Error> {
        let (here, token) = (index(&self.here), token.clone());
        let answer = Seen::call(self, Concerns::Others, move |state, _| {
            let own = slot_of(state, &token);
            let found = state.members.get(here);
            let found = found.filter(|found| found.mark.is_some_and(|mark| mark.slot == own));
            Answer::Position(found.map(|found| i64::from(found.position)))
        });
        match answer.await {
            Answer::Position(position) => Ok(position),
            _ => astray(),
        }
    }

    async fn open(
        &self,
        _: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> Result<Option<Unfenced>, Error> {
        let (here, off, token) = (index(&self.here), self.off, token.clone());
        let answer = Seen::call(self, Concerns::Opening, move |state, _| {
            let slot = slot_of(state, &token);
            Answer::Opened(open(state, here, (epoch.0, slot), off))
        });
        answered!(answer, Answer::Opened)
    }
}

/// What is on its way where the run loses the answer: a stop, or an opening. Whether it comes about, nobody knows.
fn lost(state: &mut State, slot: usize, (there, asked): (usize, &Asked)) -> Option<Arriving> {
    let (of, is_stop) = match asked {
        Asked::Stop(of) => (of, true),
        Asked::Open(of) => (of, false),
        Asked::Look(_) | Asked::Position(_) => return None,
    };
    let mark = state::Mark {
        slot: slot_of(state, &of.token),
        epoch: of.epoch.0,
    };
    let Some(Slot::Live(live)) = state.runs.get_mut(slot) else {
        return None;
    };
    let loses = std::mem::take(&mut live.loses_answer);
    let arriving = if is_stop {
        Arriving::Stop(there, mark)
    } else {
        Arriving::Opening(there, mark)
    };
    loses.then_some(arriving)
}

/// What stop-writes of the other Region says. It waits for nobody there.
fn answered_there(inner: &Seen<'_>, asked: &Asked) -> Result<Stands, Error> {
    let payload = serde_json::to_value(asked);
    let payload = payload.map_err(|why| Error::InvalidRequest(why.to_string()))?;
    let pass = pin!(stop_writes::handle(inner, payload));
    match pass.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => {
            serde_json::from_value(answer?).map_err(|why| Error::InvalidRequest(why.to_string()))
        }
        Poll::Pending => astray(),
    }
}

/// The place of the run whose mark a token is.
fn slot_of(state: &State, token: &StopToken) -> usize {
    let mut slots = 0..state.runs.len();
    let found = slots.find(|slot| state.run_id(*slot).as_str() == token.as_str());
    found.unwrap_or(usize::MAX)
}

/// Whether a sweep is blind to a mark that no row here bears.
fn is_orphan(state: &State, slot: usize, here: usize, off: Option<Rule>) -> bool {
    let sweeps =
        matches!(state.runs.get(slot), Some(Slot::Live(live)) if live.task == state::Task::Sweep);
    let row = state.members.get(here).map(|found| &found.row.value);
    off == Some(Rule::OrphanMarks) && sweeps && row.is_some_and(|row| row.stop.is_none())
}

/// The mark in a database, and when it was set: before the writer of a later epoch was proven, or behind that.
fn mark(state: &State, member: usize) -> Result<Option<Mark>, Error> {
    let Some(found) = state.members.get(member).filter(|found| found.is_up) else {
        return unavailable(&state::region(member));
    };
    let proven = found.row.value.proven_epoch().0;
    Ok(found.mark.map(|mark| {
        let second = SignedDuration::from_secs(1);
        Mark {
            token: state.run_id(mark.slot).as_str().into(),
            at: Some(if mark.epoch < proven {
                start() - second
            } else {
                start() + second
            }),
        }
    }))
}

/// The stop's transaction on a member's database.
fn stop(
    state: &mut State,
    member: usize,
    set: state::Mark,
    off: Option<Rule>,
) -> Result<Result<Fenced, NotStopped>, Error> {
    let before = mark(state, member)?;
    let Some(found) = state.members.get_mut(member) else {
        return unavailable(&state::region(member));
    };
    if !takes_writes(found.role) {
        return Err(Error::UnexpectedTopology("it is a standby".into()));
    }
    if found.is_fenced {
        return Ok(Err(NotStopped::Fenced));
    }
    if found.epoch != set.epoch {
        return Ok(Err(NotStopped::OtherEpoch(Some(Epoch(found.epoch)))));
    }
    let other = found.mark.is_some_and(|mark| mark.slot != set.slot);
    if let Some(before) = before.filter(|_| other && off != Some(Rule::OneMark)) {
        return Ok(Err(NotStopped::OtherMark(before)));
    }
    if found.mark != Some(set) {
        found.mark = Some(set);
        found.position += 1;
    }
    Ok(Ok(Fenced {
        after: Some(access(state, member)?),
        ..Fenced::default()
    }))
}

/// Opens a member's database by its epoch and its mark.
fn open(
    state: &mut State,
    member: usize,
    (epoch, slot): (u64, usize),
    off: Option<Rule>,
) -> Result<Option<Unfenced>, Error> {
    let Some(found) = state.members.get_mut(member).filter(|found| found.is_up) else {
        return unavailable(&state::region(member));
    };
    if !takes_writes(found.role) {
        return Err(Error::UnexpectedTopology("it is a standby".into()));
    }
    let is_mine = found
        .mark
        .is_some_and(|mark| mark.slot == slot || off == Some(Rule::OpensByMark));
    if found.is_fenced || found.epoch != epoch || !is_mine {
        return Ok(None);
    }
    found.mark = None;
    found.position += 1;
    let is_deposed = found.is_deposed;
    state.harm(Harm::DeposedOpened, is_deposed);
    Ok(Some(Unfenced {
        roles: vec!["app".into()],
        ..Unfenced::default()
    }))
}

/// A call comes about whose answer nobody has. Answers whether one was on its way.
pub(crate) fn arrive(state: &mut State, off: Option<Rule>) -> bool {
    match state.arriving.take() {
        None => false,
        Some(Arriving::Stop(member, mark)) => {
            // What it meets decides; nobody hears of it.
            let _ = stop(state, member, mark, off);
            true
        }
        Some(Arriving::Opening(member, mark)) => {
            let _ = open(state, member, (mark.epoch, mark.slot), off);
            true
        }
        Some(Arriving::Promotion(member)) => {
            let mut members = state.members.iter_mut();
            let found = members.nth(member);
            if let Some(found) = found.filter(|found| found.is_up && found.role == Role::Standby) {
                found.role = Role::Promoting;
                found.global = 0;
            }
            true
        }
    }
}
