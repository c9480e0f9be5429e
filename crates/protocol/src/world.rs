//! AWS, the databases and the other functions, as one pass of a run meets them: each call is one step of the search.

use std::{
    fmt::Debug,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use failover::{
    Error,
    beat::{Beat, Reading, Vantage, Write},
    domain::{PlanName, Region, RunId},
    evidence::Rds,
    ledger::{Intent, Known, Ledger, Row, Run},
    notify::Notify,
    plan::Plan,
    steps::{
        Here,
        confirm_outage::{Ask, ReachInput, ReachOutput},
        detach_and_promote::{Accepted, Promote},
        dns_flip::{Batch, Dns, Parameter, Parameters, Record},
        ecs_restart::{Ecs, Service},
        health_probe::Confirmation,
        planned_failover::SwitchOver,
        recovery_ledger::{HandOver, Plans},
    },
    switches::{Switched, Switches},
    topology::{Cluster, Describe, GlobalCluster},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    rules::Rule,
    state::{Digested, LATER, Live, Slot, State, Step, digested, index, start},
};

pub(crate) mod aws;

/// What a call answered.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is named after what was asked for")]
#[expect(
    clippy::large_enum_variant,
    reason = "rows are the most frequent answer"
)]
pub enum Answer {
    Row(Result<Row, Error>),
    Replaced(Result<bool, Error>),
    Run(Option<Arc<Run>>),
    Told(Result<(), Error>),
    Global(Result<Option<GlobalCluster>, Error>),
    Cluster(Result<Option<Cluster>, Error>),
    Rds(Rds),
    Vantage(Result<Option<Vantage>, Error>),
    Look(Result<Confirmation, Error>),
    Accepted(Result<Accepted, Error>),
    Record(Option<Record>),
    Text(Result<String, Error>),
    Beat(Write),
}

/// How a call concerns the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concerns {
    /// What it reads or changes, others change or read: it is a step of its own.
    Others,
    /// It only reads. Where reads are taken together, those that follow each other are one step.
    Reading,
    /// It replaces what the call before it read, if nobody wrote meanwhile: both are one step, since what comes between
    /// them only makes the pass read again.
    OthersWithTheCallBefore,
    /// Nobody else sees it: it belongs to the step before it.
    Nobody,
}

/// The world as one pass of one run sees it. What was answered before is answered again; the first call after that is made.
pub struct Seen<'a> {
    here: Region,
    now: Timestamp,
    plan: &'a Plan,
    document: &'a str,
    off: Option<Rule>,
    reads_together: bool,
    inner: Mutex<Inner<'a>>,
}

struct Inner<'a> {
    state: &'a mut State,
    slot: usize,
    log: Vec<Digested<Answer>>,
    next: usize,
    /// Whether this step's call has been made.
    is_spent: bool,
    /// Whether a call had to wait for a later step: then so must every one after it.
    is_over: bool,
    /// Whether nothing but reading was done in this step.
    has_only_read: bool,
    /// Which call comes right after a row was read in this step.
    has_read: Option<usize>,
}

impl<'a> Seen<'a> {
    /// The world as the pass of the run in `slot` sees it.
    pub fn by(
        state: &'a mut State,
        slot: usize,
        live: &Live,
        (plan, document): (&'a Plan, &'a str),
        (off, reads_together): (Option<Rule>, bool),
    ) -> Self {
        let ages = live.is_late && off != Some(Rule::Freshness);
        let late = if ages { LATER } else { SignedDuration::ZERO };
        Self {
            here: crate::state::region(live.to),
            now: start() + late,
            plan,
            document,
            off,
            reads_together,
            inner: Mutex::new(Inner {
                state,
                slot,
                log: live.log.clone(),
                next: 0,
                is_spent: false,
                is_over: false,
                has_only_read: true,
                has_read: None,
            }),
        }
    }

    /// What the pass has been answered so far.
    #[must_use]
    pub fn into_log(self) -> Vec<Digested<Answer>> {
        let inner = self.inner.into_inner();
        inner.unwrap_or_else(PoisonError::into_inner).log
    }

    fn inner(&self) -> MutexGuard<'_, Inner<'a>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_off(&self, rule: Rule) -> bool {
        self.off == Some(rule)
    }

    /// One call.
    async fn call(
        &self,
        concerns: Concerns,
        perform: impl FnOnce(&mut State, usize) -> Answer + Send,
    ) -> Answer {
        let mut perform = Some(perform);
        poll_fn(move |_| {
            let mut guard = self.inner();
            let inner = &mut *guard;
            if let Some(answer) = inner.log.get(inner.next) {
                inner.next += 1;
                return Poll::Ready((*answer.value).clone());
            }
            let just_read = inner.has_read == Some(inner.next);
            let together = self.reads_together && inner.has_only_read;
            inner.is_over |= inner.is_spent
                && match concerns {
                    Concerns::Others => true,
                    Concerns::Reading => !together,
                    Concerns::OthersWithTheCallBefore => !just_read,
                    Concerns::Nobody => false,
                };
            let Some(perform) = perform.take().filter(|_| !inner.is_over) else {
                return Poll::Pending;
            };
            let answer = perform(inner.state, inner.slot);
            inner.is_spent |= concerns != Concerns::Nobody;
            inner.has_only_read &= matches!(concerns, Concerns::Reading | Concerns::Nobody);
            inner.has_read = matches!(answer, Answer::Row(_)).then_some(inner.next + 1);
            let matters = match &answer {
                Answer::Run(run) => format!("{:?}", run.as_deref().map(essence)),
                other => format!("{other:?}"),
            };
            inner.log.push(Digested::of(answer.clone(), &matters));
            inner.next += 1;
            Poll::Ready(answer)
        })
        .await
    }

    /// What ProveWriter's login commits on a member.
    pub async fn prove(&self, member: usize, epoch: u64) -> Write {
        let answer = self.call(Concerns::Others, move |state, slot| {
            Answer::Beat(aws::prove(state, slot, member, epoch))
        });
        match answer.await {
            Answer::Beat(write) => write,
            _ => Write::ReadOnly,
        }
    }
}

/// What of a run's record its own later passes decide by.
fn essence(run: &Run) -> impl Debug + use<> {
    let confirmed = run.confirmed.as_ref();
    let called = run
        .timeline
        .iter()
        .filter(|entry| entry.action == "switch_over");
    (
        run.leased.clone(),
        confirmed.map(|confirmed| (confirmed.verdict, confirmed.evidence.gathered_at)),
        run.hand_over.is_some(),
        run.proof.as_ref().map(|proof| proof.epoch),
        run.dns_changes.len(),
        called.map(|entry| entry.at).next_back(),
        run.closed.as_ref().map(|closed| closed.outcome),
    )
}

fn unavailable<T>(region: &Region) -> Result<T, Error> {
    Err(Error::Unavailable(format!("{region} does not answer")))
}

/// An answer of another kind: the pass took another way than before, which it never does.
fn astray<T>() -> Result<T, Error> {
    Err(Error::InvalidRequest(
        "the pass was not repeated as it was".into(),
    ))
}

impl Here for Seen<'_> {
    fn region(&self) -> &Region {
        &self.here
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

impl Ledger for Seen<'_> {
    async fn row(&self, region: &Region, _: &PlanName) -> Result<Row, Error> {
        let (here, there, off) = (index(&self.here), index(region), self.off);
        let answer = self.call(Concerns::Others, move |state, slot| {
            if !state.reaches(here, there) {
                return Answer::Row(unavailable(&crate::state::region(there)));
            }
            let row = state
                .members
                .get(there)
                .map(|member| (*member.row.value).clone());
            let row = row.unwrap_or_else(|| Row::new(crate::state::PLAN.into()));
            Answer::Row(Ok(blinded(row, state, slot, (here, there), off)))
        });
        match answer.await {
            Answer::Row(row) => row,
            _ => astray(),
        }
    }

    async fn replace_row(&self, region: &Region, row: &Row) -> Result<bool, Error> {
        let (here, there, off) = (index(&self.here), index(region), self.off);
        let before = {
            let inner = self.inner();
            let log = inner.log.iter().take(inner.next).rev();
            let mut read = log.filter_map(|answer| match &*answer.value {
                Answer::Row(Ok(row)) => Some(row.clone()),
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
            let next = unblinded(next, held, (here, there), off);
            if let Some(member) = state.members.get_mut(there) {
                member.row = digested(next);
            }
            Answer::Replaced(Ok(true))
        });
        match answer.await {
            Answer::Replaced(done) => done,
            _ => astray(),
        }
    }

    async fn vantage(&self, region: &Region, _: &PlanName) -> Result<Option<Vantage>, Error> {
        let (here, there) = (index(&self.here), index(region));
        let now = self.now;
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Vantage(if state.reaches(here, there) {
                Ok(vantage(state, there, now))
            } else {
                unavailable(&crate::state::region(there))
            })
        });
        match answer.await {
            Answer::Vantage(vantage) => vantage,
            _ => astray(),
        }
    }

    async fn run(&self, _: &Region, _: &PlanName, _: &RunId) -> Result<Option<Run>, Error> {
        let answer = self.call(Concerns::Nobody, |state, slot| {
            let record = match state.runs.get(slot) {
                Some(Slot::Live(live)) => {
                    live.record.as_ref().map(|record| Arc::clone(&record.value))
                }
                _ => None,
            };
            Answer::Run(record)
        });
        match answer.await {
            Answer::Run(run) => Ok(run.map(|run| (*run).clone())),
            _ => astray(),
        }
    }

    async fn put_run(&self, _: &Region, run: &Run) -> Result<(), Error> {
        let record = Digested::of(run.clone(), &essence(run));
        let answer = self.call(Concerns::Nobody, move |state, slot| {
            if let Some(Slot::Live(live)) = state.runs.get_mut(slot) {
                live.record = Some(record);
            }
            Answer::Told(Ok(()))
        });
        match answer.await {
            Answer::Told(told) => told,
            _ => astray(),
        }
    }

    async fn known(&self, _: &Region, _: &PlanName) -> Result<Option<Known>, Error> {
        let members = self.plan.members.keys();
        let endpoints = members.map(|region| (region.clone(), aws::endpoints(index(region))));
        Ok(Some(Known {
            plan: self.plan.clone(),
            endpoints: endpoints.collect(),
        }))
    }
}

/// A row as a run sees it that a rule was taken from.
fn blinded(
    mut row: Row,
    state: &State,
    slot: usize,
    (here, there): (usize, usize),
    off: Option<Rule>,
) -> Row {
    let Some(Slot::Live(live)) = state.runs.get(slot) else {
        return row;
    };
    let run_id = state.run_id(slot);
    let own_lease = |row: &mut Row| {
        row.lease = Some(failover::ledger::Lease {
            run_id: run_id.clone(),
            token: 1,
            kind: live.task.kind(),
            from: crate::state::region(live.from),
            to: crate::state::region(live.to),
            expires_at: start() + failover::ledger::LEASE,
            waits_for_human: false,
        });
    };
    match off {
        // As if it were written already, where nobody else sees it.
        Some(Rule::Intent)
            if matches!(live.step, Step::Promote | Step::SwitchOver | Step::Prove)
                && row
                    .current
                    .as_ref()
                    .is_some_and(|current| index(&current.writer) != live.to) =>
        {
            row.intent = Some(Intent {
                epoch: row.epoch().next(),
                from: crate::state::region(live.from),
                to: crate::state::region(live.to),
                global_cluster: Some(crate::state::GLOBAL.into()),
                run_id: run_id.clone(),
                written_at: start(),
            });
        }
        Some(Rule::Lease) => own_lease(&mut row),
        Some(Rule::LeaseEverywhere) if here != there => own_lease(&mut row),
        Some(Rule::IntentOutranks) => {
            row.intent = row.intent.filter(|intent| intent.run_id == run_id);
        }
        Some(Rule::CurrentStandby) if aws::takes_for_standby(state, slot, off) => {
            if let Some(current) = &mut row.current {
                current.global_cluster = Some(crate::state::GLOBAL.into());
            }
        }
        _ => {}
    }
    row
}

/// What a run writes that a rule was taken from.
fn unblinded(mut next: Row, held: Row, (here, there): (usize, usize), off: Option<Rule>) -> Row {
    match off {
        Some(Rule::LeaseEverywhere) if here != there => next.lease = held.lease,
        Some(Rule::Lease) => next.lease = held.lease,
        Some(Rule::Intent) => next.intent = None,
        Some(Rule::IntentOutranks) if next.intent.is_none() => next.intent = held.intent,
        Some(Rule::CurrentStandby) => {
            let same = |next: &failover::ledger::Current, held: &failover::ledger::Current| {
                next.run_id == held.run_id
            };
            if let (Some(written), Some(before)) = (&next.current, &held.current)
                && same(written, before)
            {
                next.current = held.current;
            }
        }
        _ => {}
    }
    next
}

/// What the probe in a Region last saw of the writer that its own ledger names.
fn vantage(state: &State, here: usize, now: Timestamp) -> Option<Vantage> {
    let row = &state.members.get(here)?.row.value;
    let current = row.current.as_ref()?;
    let beat = Beat {
        seq: 1,
        epoch: current.epoch,
        at: start() - SignedDuration::from_secs(1),
    };
    let write = aws::beat(state, here, index(&current.writer), current.epoch.0, beat);
    let commits = matches!(write, Write::Committed { .. });
    let failing_since =
        matches!(write, Write::Failed { .. }).then(|| start() - SignedDuration::from_secs(100));
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
            position: None,
            beats: [arrived].into(),
        }),
        moved_at: Some(if commits {
            now
        } else {
            start() - SignedDuration::from_secs(100)
        }),
    })
}

impl Describe for Seen<'_> {
    async fn global_cluster(
        &self,
        region: &Region,
        _: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        let (here, there, off) = (index(&self.here), index(region), self.off);
        let answer = self.call(Concerns::Reading, move |state, slot| {
            Answer::Global(aws::global(state, slot, here, there, off))
        });
        match answer.await {
            Answer::Global(global) => global,
            _ => astray(),
        }
    }

    async fn look(&self, region: &Region, _: &str) -> Rds {
        let (here, there) = (index(&self.here), index(region));
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Rds(if state.reaches(here, there) {
                Rds::Status {
                    cluster: "available".into(),
                    instances: vec!["available".into()],
                }
            } else {
                Rds::Silent {
                    why: "timed out".into(),
                }
            })
        });
        match answer.await {
            Answer::Rds(rds) => rds,
            _ => Rds::Silent {
                why: "astray".into(),
            },
        }
    }

    async fn cluster(&self, region: &Region, _: &str) -> Result<Option<Cluster>, Error> {
        let (here, there, off) = (index(&self.here), index(region), self.off);
        let answer = self.call(Concerns::Reading, move |state, slot| {
            Answer::Cluster(aws::cluster(state, slot, here, there, off))
        });
        match answer.await {
            Answer::Cluster(cluster) => cluster,
            _ => astray(),
        }
    }
}

impl Promote for Seen<'_> {
    async fn fail_over(&self, region: &Region, _: &str, _: &str) -> Result<Accepted, Error> {
        self.promoting(region, aws::Call::FailOver).await
    }

    async fn detach(&self, region: &Region, _: &str, _: &str) -> Result<Accepted, Error> {
        self.promoting(region, aws::Call::Detach).await
    }
}

impl SwitchOver for Seen<'_> {
    async fn switch_over(&self, region: &Region, _: &str, _: &str) -> Result<Accepted, Error> {
        self.promoting(region, aws::Call::SwitchOver).await
    }
}

impl Seen<'_> {
    async fn promoting(&self, region: &Region, call: aws::Call) -> Result<Accepted, Error> {
        let (here, there) = (index(&self.here), index(region));
        let answer = self.call(Concerns::Others, move |state, slot| {
            Answer::Accepted(aws::promote(state, slot, here, there, call))
        });
        match answer.await {
            Answer::Accepted(accepted) => accepted,
            _ => astray(),
        }
    }
}

impl Dns for Seen<'_> {
    async fn record(
        &self,
        _: &str,
        name: &str,
        kind: &'static str,
    ) -> Result<Option<Record>, Error> {
        let name = name.to_owned();
        let hidden = self.is_off(Rule::DnsEpoch) && kind == "TXT";
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Record((!hidden).then(|| aws::record(state, &name, kind)))
        });
        match answer.await {
            Answer::Record(record) => Ok(record),
            _ => astray(),
        }
    }

    async fn change(&self, _: &str, batch: &Batch, _: &str) -> Result<String, Error> {
        let batch = batch.clone();
        let answer = self.call(Concerns::Others, move |state, _| {
            Answer::Text(aws::change(state, &batch))
        });
        match answer.await {
            Answer::Text(id) => id,
            _ => astray(),
        }
    }

    async fn is_in_sync(&self, _: &str) -> Result<bool, Error> {
        Ok(true)
    }
}

impl Ask for Seen<'_> {
    async fn ask_probe(&self, _: &PlanName) -> Result<Confirmation, Error> {
        let (here, now) = (index(&self.here), self.now);
        let answer = self.call(Concerns::Reading, move |state, _| {
            let vantage = vantage(state, here, now);
            let seen = vantage.map(|vantage| Confirmation {
                vantage,
                readable: true,
            });
            Answer::Look(seen.ok_or_else(|| Error::NotReady("no ledger names a writer".into())))
        });
        match answer.await {
            Answer::Look(look) => look,
            _ => astray(),
        }
    }

    async fn ask_witness(&self, _: &Region, input: &ReachInput) -> Result<ReachOutput, Error> {
        let there = index(&input.region);
        let answer = self.call(Concerns::Reading, move |state, _| {
            let is_up = state.members.get(there).is_some_and(|member| member.is_up);
            Answer::Replaced(Ok(is_up))
        });
        match answer.await {
            Answer::Replaced(reaches) => Ok(ReachOutput {
                reaches: reaches?,
                reason: String::new(),
            }),
            _ => astray(),
        }
    }

    async fn within<T: Send>(
        &self,
        _: Duration,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        work.await
    }
}

impl Plans for Seen<'_> {
    async fn plan(&self, _: &PlanName) -> Result<String, Error> {
        Ok(self.document.to_owned())
    }

    async fn plan_in(&self, _: &Region, _: &PlanName) -> Result<String, Error> {
        Ok(self.document.to_owned())
    }
}

impl Switched for Seen<'_> {
    async fn switches(&self, _: &PlanName) -> Result<Switches, Error> {
        Ok(Switches::default())
    }
}

impl Notify for Seen<'_> {
    async fn publish(&self, _: &str, _: &str, _: &str) -> Result<(), Error> {
        Ok(())
    }
}

impl HandOver for Seen<'_> {
    /// A run there may start at any time, with or without this.
    async fn suspect_in(&self, _: &Region, _: &serde_json::Value) -> Result<(), Error> {
        Ok(())
    }
}

impl Parameters for Seen<'_> {
    async fn parameter(&self, _: &Region, _: &str) -> Result<Option<Parameter>, Error> {
        Ok(None)
    }

    async fn put_parameter(&self, _: &Region, _: &str, _: &Parameter) -> Result<(), Error> {
        Ok(())
    }
}

impl Ecs for Seen<'_> {
    async fn service(&self, _: &Region, _: &str, service: &str) -> Result<Service, Error> {
        Err(Error::NotReady(format!(
            "the plan names no service {service}"
        )))
    }

    async fn force_deployment(
        &self,
        _: &Region,
        _: &str,
        service: &str,
        _: Option<u32>,
    ) -> Result<String, Error> {
        Err(Error::NotReady(format!(
            "the plan names no service {service}"
        )))
    }
}
