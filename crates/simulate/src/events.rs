//! What an event does at once.

use std::time::Duration;

use failover::domain::Region;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    case::{Event, GLOBAL, merge},
    database::{Condition, Database},
    state::{Answer, State},
};

impl State {
    /// What an event does at once.
    pub(crate) fn change(&mut self, now: Timestamp, event: &Event) {
        let is_felt = match event {
            Event::Back(region) => self.lost.contains(region),
            Event::Joined => !self.cut.is_empty(),
            _ => true,
        };
        if is_felt {
            self.truth.disturbed_at = Some(now);
        }
        if let Event::Answered(approved) = event {
            self.truth.is_allowed |= approved;
        }
        if let Event::Invoked(_, _, payload) = event {
            self.truth.is_allowed |= payload.get("force").is_some();
        }
        match event {
            Event::Lost(region) => {
                self.lost.insert(region.clone());
                for found in self.member(region) {
                    found.incarnation += 1;
                }
            }
            Event::Back(region) => {
                self.lost.remove(region);
            }
            Event::Isolated(region) => self.isolate(region),
            Event::Parted(from, to) => {
                self.cut.insert((from.clone(), to.clone()));
            }
            Event::Joined => self.cut.clear(),
            Event::Slow(region, seconds) => {
                let more = Duration::try_from_secs_f64(*seconds).unwrap_or_default();
                self.slow.insert(region.clone(), more);
            }
            Event::Ahead(region, seconds) => {
                let ahead = SignedDuration::try_from_secs_f64(*seconds).unwrap_or_default();
                self.ahead.insert(region.clone(), ahead);
            }
            Event::Rotated => {
                self.password.number += 1;
                self.password.since = Some(now);
                // Who is in stays in.
            }
            Event::Planned(change) => self.plan_anew(change),
            Event::FailedOver(region) => self.fail_over_inside(now, region),
            Event::Silent(service, region) => {
                self.silent.insert((*service, region.clone()));
            }
            Event::Answers(service, region) => {
                self.silent.remove(&(*service, region.clone()));
            }
            Event::Server(region, condition) => self.serve(region, *condition),
            Event::Restarted(region) => {
                for found in self.member(region) {
                    found.incarnation += 1;
                }
            }
            Event::Stalled(region, is_stalled) => {
                for found in self.member(region) {
                    found.is_stalled = *is_stalled;
                }
            }
            Event::Lags(region, seconds) => {
                for found in self.member(region) {
                    found.lag_seconds = *seconds;
                }
            }
            Event::Refuses(operation, refuses) => {
                match refuses {
                    true => self.refusing.insert(operation.clone()),
                    false => self.refusing.remove(operation),
                };
            }
            Event::Cancelled => self.rds.cancel(now, GLOBAL),
            Event::Stopped(region) => {
                let all = self.executions.values_mut();
                for started in all.filter(|started| started.region == *region) {
                    started.is_stopped = started.ended.is_none();
                }
            }
            Event::Answered(approved) => {
                for answer in self.questions.values_mut() {
                    *answer = Answer::Given(json!({"approved": approved}));
                }
            }
            Event::Killed(is_on) => self.killed = *is_on,
            Event::Started(..) | Event::Invoked(..) => {}
        }
    }

    /// The plan is changed, and its revision grows.
    fn plan_anew(&mut self, change: &Value) {
        let Ok(mut plan) = serde_json::from_str::<Value>(&self.document) else {
            return;
        };
        let revision = plan["revision"].as_u64().unwrap_or_default() + 1;
        merge(&mut plan, change);
        plan["revision"] = revision.into();
        self.document = plan.to_string();
    }

    /// Another instance of the writer's cluster takes over: every session is gone, and it starts.
    fn fail_over_inside(&mut self, now: Timestamp, region: &Region) {
        let in_region = self.databases.iter();
        let mut in_region = in_region.filter(|(_, found)| found.region == *region);
        let Some((own, _)) = in_region.next() else {
            return;
        };
        let shown = self.rds.identifier(own).map(str::to_owned);
        if let Some(cluster) = shown {
            let _ = self.rds.move_writer(now, region, &cluster);
        }
    }

    fn isolate(&mut self, region: &Region) {
        let all: Vec<_> = self.regions().collect();
        for other in all {
            if other != *region {
                self.cut.insert((region.clone(), other.clone()));
                self.cut.insert((other, region.clone()));
            }
        }
    }

    /// A server that was gone comes back as another one.
    fn serve(&mut self, region: &Region, condition: Condition) {
        for found in self.member(region) {
            if matches!(condition, Condition::Gone | Condition::Starting) {
                found.incarnation += 1;
            }
            found.condition = condition;
        }
    }

    fn member(&mut self, region: &Region) -> impl Iterator<Item = &mut Database> {
        let all = self.databases.values_mut();
        all.filter(move |found| found.region == *region)
    }
}
