//! A Region is lost whole, and comes back as it was.

use std::sync::PoisonError;

use report::timeline::Kind;

use super::{Trouble, World};
use crate::{health_checks::s3, profile::member};

impl World {
    /// Loses a Region whole: its databases, its roads, its endpoints and its functions.
    ///
    /// # Errors
    /// When its functions would not end.
    pub async fn lose_region(&self, region: &str) -> Result<(), Trouble> {
        self.timeline.mark(
            Kind::Fault,
            region,
            "is lost: databases, endpoints, roads and functions",
            "Region lost",
        );
        let faults = self.front_door.lose_region(region);
        self.faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(region.to_owned(), faults);
        for plan in self.plans_in(region) {
            self.roads.lose_member(&member(plan, region));
        }
        self.roads.lose_member(&s3(region));
        let (killed, ()) = tokio::join!(
            self.emulator.kill_region(region),
            self.simulator.lose_region(region)
        );
        Ok(killed?)
    }

    /// The plans that have a member in a Region; the witness has none.
    fn plans_in(&self, region: &str) -> impl Iterator<Item = &'static str> {
        let is_member = self.profile.members.contains(&region);
        let plans = self.profile.plans.iter().copied();
        plans.filter(move |_| is_member)
    }

    /// The Regions that are lost.
    #[must_use]
    pub fn lost(&self) -> Vec<String> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.keys().cloned().collect()
    }

    /// Gives a lost Region back: everything as it was when it was lost.
    ///
    /// # Errors
    /// When its functions would not come back.
    pub async fn return_region(&self, region: &str) -> Result<(), Trouble> {
        self.timeline
            .mark(Kind::Fault, region, "is back", "Region back");
        let faults = self
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(region);
        for fault in faults.into_iter().flatten() {
            self.front_door.remove(fault);
        }
        self.simulator.return_region(region);
        for plan in self.plans_in(region) {
            self.roads.mend_member(&member(plan, region));
        }
        self.roads.mend_member(&s3(region));
        Ok(self.emulator.return_region(region).await?)
    }
}
