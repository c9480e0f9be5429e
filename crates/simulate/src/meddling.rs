//! What people do to what is not theirs: they redrive runs that others stopped, and delete what the system lives on.

use failover::{domain::Region, topology::Call};
use jiff::Timestamp;

use crate::{case::NAME, state::State, theirs::Theirs};

impl State {
    /// Every execution of a Region that was stopped, or that no state caught, goes on where it ended, under its own name.
    pub(crate) fn redrive(&mut self, now: Timestamp, region: &Region) {
        let halted: Vec<_> = self.halted.keys().cloned().collect();
        for arn in halted {
            let found = self.executions.get_mut(&arn);
            let Some(found) = found.filter(|found| found.region == *region) else {
                continue;
            };
            found.ended = None;
            found.is_stopped = false;
            self.note(now, || format!("{arn} is redriven"));
            self.begun.push(arn);
        }
    }

    /// Somebody deletes what is not theirs.
    pub(crate) fn delete(&mut self, now: Timestamp, theirs: &Theirs) {
        self.truth.deleted.push(theirs.clone());
        match theirs {
            Theirs::Endpoint(region) => self.parameters.retain(|(of, _), _| of != region),
            Theirs::Plan => self.is_plan_deleted = true,
            Theirs::Name => {
                self.truth.unnamed_at = Some(now);
                self.records.remove(&(NAME.to_owned(), "CNAME"));
            }
            Theirs::Epoch => self.records.retain(|(_, kind), _| *kind != "TXT"),
            Theirs::Instance(region) => self.delete_instance(now, region),
        }
    }

    /// Whether what somebody deleted, and a run leads to the writer, is not there now.
    pub(crate) fn is_missing(&self, theirs: &Theirs) -> bool {
        match theirs {
            Theirs::Endpoint(region) => !self.parameters.keys().any(|(of, _)| of == region),
            Theirs::Name => !self.records.contains_key(&(NAME.to_owned(), "CNAME")),
            Theirs::Epoch => !self.records.keys().any(|(_, kind)| *kind == "TXT"),
            Theirs::Plan | Theirs::Instance(_) => false,
        }
    }

    /// The last instance of a Region's member, by its name, which is a reader where there is another one.
    fn delete_instance(&mut self, now: Timestamp, region: &Region) {
        let mut members = self.databases.iter();
        let member = members.find(|(_, found)| found.region == *region);
        let cluster = member.and_then(|(own, _)| self.rds.identifier(own));
        let shape = cluster.and_then(|cluster| self.rds.shape(region, cluster));
        let instance = shape.and_then(|shape| shape.instances.last().cloned());
        if let Some(instance) = instance.map(|instance| instance.identifier) {
            let call = Call::DeleteInstance { instance };
            let asked = self.rds.call(now, region, &call);
            self.note(now, || format!("DeleteDBInstance in {region}: {asked:?}"));
        }
    }
}
