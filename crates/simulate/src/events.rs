//! What an event does at once.

use failover::domain::Region;
use jiff::Timestamp;
use serde_json::json;

use crate::{
    case::{AWAY, Event, GLOBAL, HOME, WITNESS},
    database::{Condition, Database},
    state::{Answer, State},
};

impl State {
    /// What an event does at once.
    pub(crate) fn change(&mut self, now: Timestamp, event: &Event) {
        self.truth.disturbed_at = Some(now);
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

    fn isolate(&mut self, region: &Region) {
        for other in [HOME, AWAY, WITNESS].map(Region::from) {
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
