//! Route 53 and the other functions, as a run calls them.

use std::time::Duration;

use aurora_global::members::Accepted;
use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    ports::{
        Batch, Confirmation, Execution, Functions, Group, Heard, Hooked, Image, Names, Object,
        Objects, Parameter, Parameters, People, ReachInput, ReachOutput, Record, Rights, Service,
        Services, Suspicion,
    },
    switches::Switches,
};
use serde_json::Value;

use super::{Answer, Concerns, Seen, astray, aws, ledger::vantage, unavailable};
use crate::{
    rules::Rule,
    state::{Arriving, Live, Slot, State, Task, index},
};

impl Seen<'_> {
    pub(super) async fn promoting(
        &self,
        region: &Region,
        call: aws::Call,
    ) -> Result<Accepted, Error> {
        let (here, there) = (index(&self.here), index(region));
        let answer = self.call(Concerns::Others, move |state, slot| {
            let loses = match state.runs.get_mut(slot) {
                Some(Slot::Live(live)) => std::mem::take(&mut live.loses_answer),
                _ => false,
            };
            if loses && call == aws::Call::Promote {
                state.arriving = Some(Arriving::Promotion(there));
                return Answer::Accepted(unavailable(&crate::state::region(there)));
            }
            if loses {
                state.fall_behind();
            }
            let answer = aws::promote(state, slot, here, there, call);
            Answer::Accepted(if loses {
                unavailable(&crate::state::region(there))
            } else {
                answer
            })
        });
        answered!(answer, Answer::Accepted)
    }
}

/// A run that a sweep starts, in the place that is kept for one. Each name starts once.
fn resume(state: &mut State, here: usize, name: String) -> bool {
    let spare = state.runs.len().saturating_sub(2);
    if state.runs.get(spare) != Some(&Slot::Free) || state.resumed.contains(&name) {
        return false;
    }
    let from = usize::from(here == 0);
    let live = Live::new(Task::Planned, (from, here), state);
    if let Some(place) = state.runs.get_mut(spare) {
        *place = Slot::Live(Box::new(live));
    }
    state.resumed.push(name);
    true
}

impl Functions for Seen<'_> {
    async fn ask_probe(&self, _: &PlanName, _: bool) -> Result<Confirmation, Error> {
        let (here, now, kind) = (index(&self.here), self.now, self.plan.kind());
        let answer = self.call(Concerns::Reading, move |state, _| {
            let vantage = vantage(state, here, (now, kind));
            let seen = vantage.map(|vantage| Confirmation {
                vantage,
                readable: true,
                blind: Vec::new(),
            });
            Answer::Look(seen.ok_or_else(|| Error::NotReady("no ledger names a writer".into())))
        });
        answered!(answer, Answer::Look)
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
                others_only: false,
                reason: String::new(),
            }),
            _ => astray(),
        }
    }

    /// It warns, and decides nothing.
    async fn hears(&self, _: &Region, _: &ReachInput) -> Result<ReachOutput, Error> {
        Ok(ReachOutput {
            reaches: true,
            others_only: false,
            reason: String::new(),
        })
    }

    async fn ask_data_planes(&self, region: &Region) -> Result<String, Error> {
        // The witness answers as a whole above.
        Err(Error::Unavailable(format!("{region} does not answer")))
    }

    /// Its answer is the same whatever happens.
    async fn ask_rights(&self, _: &Region, _: &PlanName) -> Result<Rights, Error> {
        Ok(Rights {
            refused: Vec::new(),
            moves_break: Vec::new(),
        })
    }

    /// Nothing stands in its way.
    async fn ask_rebuild(&self, _: &str, _: &Value) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    /// No plan of the search names a function of its own.
    async fn call_hook(&self, _: &str, _: &Value, _: Duration) -> Result<Hooked, Error> {
        astray()
    }

    async fn look_at_hook(&self, _: &str) -> Result<(), Error> {
        astray()
    }

    async fn warm(&self, _: &Region, _: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn suspect(&self, _: &Suspicion) -> Result<(), Error> {
        Ok(())
    }

    /// A run there may start at any time, with or without this.
    async fn suspect_in(&self, _: &Region, _: &Value) -> Result<(), Error> {
        Ok(())
    }

    /// Nothing listens.
    async fn run_ended(&self, _: &Value) -> Result<(), Error> {
        Ok(())
    }

    async fn start(&self, name: Option<&RunId>, _: &Value) -> Result<Option<String>, Error> {
        let (here, name, off) = (index(&self.here), name.map(RunId::to_string), self.off);
        let answer = self.call(Concerns::Others, move |state, _| {
            let name = name.unwrap_or_default();
            Answer::Started(off != Some(Rule::Resumes) && resume(state, here, name))
        });
        match answer.await {
            Answer::Started(is_new) => Ok(is_new.then(|| "execution".to_owned())),
            _ => astray(),
        }
    }

    fn execution(&self, _: &RunId) -> Result<String, Error> {
        astray()
    }

    async fn look_at_execution(&self, _: &RunId) -> Result<Execution, Error> {
        astray()
    }
}

impl Parameters for Seen<'_> {
    async fn plans(&self) -> Result<Vec<(PlanName, String)>, Error> {
        Ok(vec![(self.plan.plan.clone(), self.document.to_owned())])
    }

    async fn plan(&self, _: &PlanName) -> Result<String, Error> {
        Ok(self.document.to_owned())
    }

    async fn plan_in(&self, _: &Region, _: &PlanName) -> Result<String, Error> {
        Ok(self.document.to_owned())
    }

    async fn switches(&self, _: &PlanName) -> Result<Switches, Error> {
        Ok(Switches::default())
    }

    async fn parameter(&self, _: &Region, _: &str) -> Result<Option<Parameter>, Error> {
        Ok(None)
    }

    async fn put_parameter(&self, _: &Region, _: &str, _: &Parameter) -> Result<(), Error> {
        Ok(())
    }
}

/// No plan that is searched has a switch.
impl Objects for Seen<'_> {
    async fn object(&self, _: &Region, _: &str, _: &str) -> Result<Option<Object>, Error> {
        astray()
    }

    async fn put_object(
        &self,
        _: &Region,
        _: (&str, &str),
        _: &str,
        _: Option<&Object>,
    ) -> Result<bool, Error> {
        astray()
    }
}

impl Names for Seen<'_> {
    async fn record(
        &self,
        _: &str,
        name: &str,
        kind: &'static str,
    ) -> Result<Heard<Option<Record>>, Error> {
        let name = name.to_owned();
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Record(Some(aws::record(state, &name, kind)))
        });
        match answer.await {
            Answer::Record(record) => Ok(Heard::Said(record)),
            _ => astray(),
        }
    }

    async fn change(&self, _: &str, batch: &Batch, _: &str) -> Result<Heard<String>, Error> {
        let batch = batch.clone();
        let answer = self.call(Concerns::Others, move |state, _| {
            Answer::Text(aws::change(state, &batch))
        });
        let answer: Result<String, Error> = answered!(answer, Answer::Text);
        answer.map(Heard::Said)
    }

    async fn is_in_sync(&self, _: &str) -> Result<Heard<bool>, Error> {
        Ok(Heard::Said(true))
    }
}

impl People for Seen<'_> {
    async fn topic(&self, _: &Region, _: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn publish(&self, _: &str, _: &str, _: &str) -> Result<(), Error> {
        Ok(())
    }
}

impl Services for Seen<'_> {
    async fn service(&self, _: &Region, _: &str, service: &str) -> Result<Service, Error> {
        Err(Error::NotReady(format!(
            "the plan names no service {service}"
        )))
    }

    async fn images(&self, _: &Region, _: &str, _: &str) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    async fn holds(&self, _: &Image) -> Result<bool, Error> {
        Ok(true)
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

    async fn scale_service(&self, _: &Region, _: &str, service: &str, _: u32) -> Result<(), Error> {
        Err(Error::NotReady(format!(
            "the plan names no service {service}"
        )))
    }

    async fn group(&self, _: &Region, group: &str) -> Result<Group, Error> {
        Err(Error::NotReady(format!("the plan names no group {group}")))
    }

    async fn refresh_group(&self, _: &Region, group: &str) -> Result<Option<String>, Error> {
        Err(Error::NotReady(format!("the plan names no group {group}")))
    }

    async fn scale_group(&self, _: &Region, group: &str, _: u32) -> Result<(), Error> {
        Err(Error::NotReady(format!("the plan names no group {group}")))
    }

    async fn resize_group(&self, _: &Region, group: &str, _: u32, _: u32) -> Result<(), Error> {
        Err(Error::NotReady(format!("the plan names no group {group}")))
    }
}
