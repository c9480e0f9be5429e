//! RDS, Route 53 and the other functions, as a run calls them.

use std::time::Duration;

use failover::{
    Error,
    domain::{PlanName, Region},
    evidence::Rds,
    ledger::Known,
    notify::Notify,
    steps::{
        confirm_outage::{Ask, ReachInput, ReachOutput},
        detach_and_promote::{Accepted, Promote},
        dns_flip::{Batch, Dns, Heard, Parameter, Parameters, Record},
        ecs_restart::{Ecs, Service},
        health_probe::Confirmation,
        planned_failover::SwitchOver,
        recovery_ledger::{HandOver, Plans},
    },
    switches::{Switched, Switches},
    topology::{Cluster, Describe, GlobalCluster},
};

use super::{Answer, Concerns, Seen, astray, aws, ledger::vantage, unavailable};
use crate::state::{Slot, index};

impl Describe for Seen<'_> {
    async fn global_cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        let (places, off) = ((index(&self.here), index(region)), self.off);
        let identifier = identifier.to_owned();
        let answer = self.call(Concerns::Reading, move |state, slot| {
            Answer::Global(aws::global(state, slot, places, &identifier, off))
        });
        answered!(answer, Answer::Global)
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
        answered!(answer, Answer::Cluster)
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
            let loses = match state.runs.get_mut(slot) {
                Some(Slot::Live(live)) => std::mem::take(&mut live.loses_answer),
                _ => false,
            };
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

impl Dns for Seen<'_> {
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

impl Ask for Seen<'_> {
    async fn ask_probe(&self, _: &PlanName, _: bool) -> Result<Confirmation, Error> {
        let (here, now) = (index(&self.here), self.now);
        let answer = self.call(Concerns::Reading, move |state, _| {
            let vantage = vantage(state, here, now);
            let seen = vantage.map(|vantage| Confirmation {
                vantage,
                readable: true,
            });
            Answer::Look(seen.ok_or_else(|| Error::NotReady("no ledger names a writer".into())))
        });
        answered!(answer, Answer::Look)
    }

    async fn ask_ledger(&self, region: &Region, _: &PlanName) -> Result<String, Error> {
        // What is not cut off reads and writes: there is no ledger here that is only busy.
        Err(Error::Unavailable(format!("{region} does not answer")))
    }

    async fn ask_data_planes(&self, region: &Region) -> Result<String, Error> {
        // The witness answers as a whole above.
        Err(Error::Unavailable(format!("{region} does not answer")))
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

    async fn end(&self, _: &Region, _: &Known) -> Result<(), Error> {
        astray()
    }
}

impl Switched for Seen<'_> {
    async fn switches(&self, _: &PlanName) -> Result<Switches, Error> {
        Ok(Switches::default())
    }
}

impl Notify for Seen<'_> {
    async fn topic(&self, _: &Region, _: &str) -> Result<(), Error> {
        Ok(())
    }

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
