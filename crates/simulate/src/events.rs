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
        if self.is_felt(event) {
            self.truth.disturbed_at = Some(now);
        }
        match event {
            Event::Lost(region) => {
                self.lost.insert(region.clone());
                self.restart(region);
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
            Event::Silent(service, region) => {
                self.silent.insert((*service, region.clone()));
            }
            Event::Answers(service, region) => {
                self.silent.remove(&(*service, region.clone()));
            }
            Event::Server(region, condition) => self.serve(region, *condition),
            Event::Restarted(region) => self.restart(region),
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
            Event::FailedOver(region) => self.fail_over_inside(now, region),
            Event::Refuses(operation, true) => {
                self.refusing.insert(operation.clone());
            }
            Event::Refuses(operation, false) => {
                self.refusing.remove(operation);
            }
            Event::Cancelled => self.rds.cancel(now, GLOBAL),
            Event::Rotated
            | Event::Planned(_)
            | Event::Stopped(_)
            | Event::Redriven(_)
            | Event::Deleted(_)
            | Event::Answered(_)
            | Event::Killed(_)
            | Event::Started(..)
            | Event::Invoked(..) => self.act_as_people(now, event),
        }
    }

    /// Whether an event changes anything.
    fn is_felt(&self, event: &Event) -> bool {
        if let Event::Back(region) = event {
            return self.lost.contains(region);
        }
        *event != Event::Joined || !self.cut.is_empty()
    }

    /// What people do, as far as it takes effect at once.
    fn act_as_people(&mut self, now: Timestamp, event: &Event) {
        if let Event::Answered(approved) = event {
            self.truth.is_allowed |= approved;
            for answer in self.questions.values_mut() {
                *answer = Answer::Given(json!({"approved": approved}));
            }
        }
        if let Event::Invoked(_, _, payload) = event {
            self.truth.is_allowed |= payload.get("force").is_some();
        }
        if let Event::Planned(change) = event {
            self.plan_anew(change);
            self.is_plan_deleted = false;
        }
        if let Event::Redriven(region) = event {
            self.redrive(now, region);
        }
        if let Event::Deleted(theirs) = event {
            self.delete(now, theirs);
        }
        if let Event::Killed(is_on) = event {
            self.killed = *is_on;
        }
        if let Event::Stopped(region) = event {
            let all = self.executions.values_mut();
            for started in all.filter(|started| started.region == *region) {
                started.is_stopped = started.ended.is_none();
            }
        }
        if *event == Event::Rotated {
            // Who is in stays in.
            self.password.number += 1;
            self.password.since = Some(now);
        }
    }

    /// Every session is gone.
    fn restart(&mut self, region: &Region) {
        for found in self.member(region) {
            found.incarnation += 1;
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
