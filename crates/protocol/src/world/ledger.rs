//! The ledgers, as a run reads and writes them.

mod blind;

use std::sync::Arc;

use failover::{
    Error,
    beat::{Beat, Reading, Signs, Vantage, Write},
    domain::{Epoch, PlanName, Region, RunId},
    ledger::{KeptPlan, Losses, PlanState, Run},
    plan::TopologyKind,
    ports::Ledger,
    topology::{Blueprint, Healthy},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Answer, Concerns, Seen, astray, aws, instances::shape as instance_shape,
    rebuild::of_generation, recorded, unavailable,
};
use crate::{
    rules::Rule,
    state::{Slot, State, digested, index, start},
};
use blind::{blinded, forgotten, unblinded};

impl Ledger for Seen<'_> {
    async fn row(&self, region: &Region, _: &PlanName) -> Result<PlanState, Error> {
        let (here, there, off) = (index(&self.here), index(region), self.off);
        let answer = self.call(Concerns::Others, move |state, slot| {
            if !state.reaches(here, there) {
                return Answer::PlanState(unavailable(&crate::state::region(there)));
            }
            let row = state
                .members
                .get(there)
                .map(|member| (*member.row.value).clone());
            let row = row.unwrap_or_else(|| PlanState::new(crate::state::PLAN.into()));
            Answer::PlanState(Ok(blinded(row, state, slot, (here, there), off)))
        });
        answered!(answer, Answer::PlanState)
    }

    async fn replace_row(&self, region: &Region, row: &PlanState) -> Result<bool, Error> {
        let (here, there, off) = (index(&self.here), index(region), self.off);
        let before = {
            let inner = self.inner();
            let log = inner.log.iter().take(inner.next).rev();
            let mut read = log.filter_map(|answer| match &*answer.value {
                Answer::PlanState(Ok(row)) => Some(row.clone()),
                _ => None,
            });
            read.next()
        };
        let next = row.clone();
        let concerns = if self.is_off(Rule::ConditionalWrite) {
            Concerns::Others
        } else {
            Concerns::OthersWithTheCallBefore
        };
        let answer = self.call(concerns, move |state, slot| {
            if !state.reaches(here, there) {
                return Answer::Replaced(unavailable(&crate::state::region(there)));
            }
            let Some(member) = state.members.get(there) else {
                return Answer::Replaced(Ok(false));
            };
            let held = (*member.row.value).clone();
            let seen = blinded(held.clone(), state, slot, (here, there), off);
            let unchanged = before.is_some_and(|before| digested(before) == digested(seen));
            if !unchanged && off != Some(Rule::ConditionalWrite) {
                return Answer::Replaced(Ok(false));
            }
            let from = match state.runs.get(slot) {
                Some(Slot::Live(live)) => live.from,
                _ => usize::MAX,
            };
            let next = unblinded(next, held, (here, there, from), off);
            if let Some(member) = state.members.get_mut(there) {
                member.row = digested(next);
            }
            Answer::Replaced(Ok(true))
        });
        answered!(answer, Answer::Replaced)
    }

    async fn vantage(&self, region: &Region, _: &PlanName) -> Result<Option<Vantage>, Error> {
        let (here, there) = (index(&self.here), index(region));
        let (now, kind) = (self.now, self.plan.kind());
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Vantage(if state.reaches(here, there) {
                Ok(vantage(state, there, (now, kind)))
            } else {
                unavailable(&crate::state::region(there))
            })
        });
        answered!(answer, Answer::Vantage)
    }

    async fn run(&self, _: &Region, _: &PlanName, run_id: &RunId) -> Result<Option<Run>, Error> {
        let (off, wanted) = (self.off, run_id.clone());
        let concerns = if self.is_own(run_id) {
            Concerns::Nobody
        } else {
            Concerns::Reading
        };
        let answer = self.call(concerns, move |state, slot| {
            let mut slots = 0..state.runs.len();
            let of_it = slots.find(|other| state.run_id(*other) == wanted);
            // Two that are forced by hand after each other go by one name.
            let of_it = if state.run_id(slot) == wanted {
                Some(slot)
            } else {
                of_it
            };
            let record = match of_it.and_then(|slot| state.runs.get(slot)) {
                Some(Slot::Live(live) | Slot::Stopped(live)) => live.record.as_ref(),
                Some(Slot::Ended(_, record)) => record.as_ref(),
                _ => None,
            };
            Answer::Run(record.map(|record| Arc::new(forgotten(&record.value, off))))
        });
        match answer.await {
            Answer::Run(run) => Ok(run.map(|run| (*run).clone())),
            _ => astray(),
        }
    }

    async fn put_run(&self, _: &Region, run: &Run) -> Result<(), Error> {
        let record = recorded(run.clone());
        let answer = self.call(Concerns::Nobody, move |state, slot| {
            if let Some(Slot::Live(live)) = state.runs.get_mut(slot) {
                live.record = Some(record);
            }
            Answer::Told(Ok(()))
        });
        answered!(answer, Answer::Told)
    }

    /// No run has two passes at once here.
    async fn note_call(&self, region: &Region, run: &Run) -> Result<(), Error> {
        self.put_run(region, run).await
    }

    async fn known(&self, _: &Region, _: &PlanName) -> Result<Option<KeptPlan>, Error> {
        let members = self.plan.members().keys();
        let endpoints = members.map(|region| (region.clone(), aws::endpoints(index(region))));
        Ok(Some(KeptPlan {
            plan: self.plan.clone(),
            endpoints: endpoints.collect(),
        }))
    }

    async fn all_known(&self, region: &Region) -> Result<Vec<KeptPlan>, Error> {
        Ok(self
            .known(region, &self.plan.plan)
            .await?
            .into_iter()
            .collect())
    }

    async fn ask_ledger(&self, region: &Region, _: &PlanName) -> Result<String, Error> {
        // What is not cut off reads and writes: there is no ledger here that is only busy.
        Err(Error::Unavailable(format!("{region} does not answer")))
    }

    /// What a probe keeps is what the state says.
    async fn put_vantage(&self, _: &PlanName, _: &Vantage) -> Result<(), Error> {
        Ok(())
    }

    async fn put_known(&self, _: &KeptPlan) -> Result<(), Error> {
        Ok(())
    }

    async fn end_known(&self, _: &Region, _: &KeptPlan) -> Result<(), Error> {
        astray()
    }

    /// No row is modelled: what is retired is renamed, which needs no loss ledger.
    async fn losses(&self, _: &Region, _: &PlanName, _: &str) -> Result<Option<Losses>, Error> {
        Ok(None)
    }

    async fn put_losses(&self, _: &PlanName, _: &Losses) -> Result<(), Error> {
        Ok(())
    }

    async fn blueprint(&self, _: &PlanName, member: &Region) -> Result<Option<Blueprint>, Error> {
        let (there, kind) = (index(member), self.plan.kind());
        let answer = self.call_nobody(move |state| {
            let found = state.members.get(there);
            let kept = found.and_then(|found| Some((found, found.remembered?)));
            Answer::Blueprint(Ok(kept.map(|(found, (epoch, global))| Blueprint {
                shape: match kind {
                    TopologyKind::AuroraGlobal => {
                        of_generation(there, found.generation, Some(global))
                    }
                    TopologyKind::RdsReplica => instance_shape(there, found.generation),
                },
                epoch: Epoch(epoch),
                seen_at: start(),
                global: None,
                completions: 0,
                completed_at: None,
                succeeded_at: None,
            })))
        });
        answered!(answer, Answer::Blueprint)
    }

    async fn put_blueprint(
        &self,
        _: &PlanName,
        member: &Region,
        blueprint: &Blueprint,
    ) -> Result<(), Error> {
        // Nobody removes a reader on purpose here: that a successor stands is not modelled.
        if blueprint.succeeded_at.is_some() {
            return Ok(());
        }
        let (there, epoch) = (index(member), blueprint.epoch.0);
        let answer = self.call_nobody(move |state| {
            if let Some(found) = state.members.get_mut(there) {
                found.remembered = Some((epoch, found.global));
            }
            Answer::Told(Ok(()))
        });
        answered!(answer, Answer::Told)
    }

    /// What is deposed is always there to be looked at.
    async fn healthy(&self, _: &PlanName, _: &Region) -> Result<Option<Healthy>, Error> {
        Ok(None)
    }

    async fn put_healthy(&self, _: &PlanName, _: &Region, _: &Healthy) -> Result<(), Error> {
        Ok(())
    }
}

/// How far the member of a Region has written or replayed, where the search goes by that.
fn position(state: &State, member: usize, kind: TopologyKind) -> Option<i64> {
    let found = state.members.get(member)?;
    (kind == TopologyKind::RdsReplica).then(|| found.position.into())
}

/// For how long a writer has failed that fails: any grace is spent.
const FAILING: SignedDuration = SignedDuration::from_mins(20);

/// What the probe in a Region last saw of the writer that its own ledger names.
pub(super) fn vantage(
    state: &State,
    here: usize,
    (now, kind): (Timestamp, TopologyKind),
) -> Option<Vantage> {
    let row = &state.members.get(here)?.row.value;
    let current = row.current.as_ref()?;
    let beat = Beat {
        seq: 1,
        epoch: current.epoch,
        at: start() - SignedDuration::from_secs(1),
    };
    let write = aws::beat(state, here, index(&current.writer), current.epoch.0, beat);
    let commits = matches!(write, Write::Committed { .. });
    let failing_since = matches!(write, Write::Failed { .. }).then(|| start() - FAILING);
    let arrived = (crate::state::region(here), beat);
    Some(Vantage {
        region: crate::state::region(here),
        writer_region: current.writer.clone(),
        at: now,
        write,
        last_beat: Some(beat),
        failing_since,
        failures: 3,
        reading: Some(Reading {
            position: position(state, here, kind),
            beats: [arrived].into(),
            committed_at: None,
        }),
        moved_at: Some(if commits { now } else { start() - FAILING }),
        // Something else than beats had moved the reader: its stillness is a second mechanism.
        version: None,
        signs: Signs {
            read_at: Some(now),
            others_moved_at: Some(start() - FAILING),
            others_moved_before_at: Some(start() - FAILING),
            ..Signs::default()
        },
    })
}
