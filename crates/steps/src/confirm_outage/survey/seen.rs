//! What a survey was answered about one plan, and what it means. What is missing is unknown: a Region whose ledger is silent has no
//! age of a beat, and is a gap.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use failover::{
    Error,
    beat::Vantage,
    domain::{Region, seconds_between},
    ledger::PlanState,
    plan::{Phase, Plan},
    switches::Switches,
};

/// A probe records every few seconds, and two invocations of it follow each other closely: one that has no beat for so long has
/// missed one and more.
pub const OLD: SignedDuration = SignedDuration::from_secs(90);

/// What a survey was answered about one plan.
pub(super) struct Seen {
    /// This Region's row.
    pub(super) row: Result<PlanState, Error>,
    /// What the probe of each member Region recorded.
    pub(super) vantages: BTreeMap<Region, Result<Option<Vantage>, Error>>,
    /// This Region's switches.
    pub(super) switches: Result<Switches, Error>,
    /// Whether the plan's witness answers and hears this Region, where there is one.
    pub(super) witness: Option<Result<(), Error>>,
    /// Whether the plan's topic here is there, where there is one.
    pub(super) topic: Option<Result<(), Error>>,
    /// What is wrong with each function of the plan's own, which a run here would call.
    pub(super) hooks: Vec<(Phase, Error)>,
}

impl Seen {
    /// The Region of the proven writer.
    pub(super) fn writer(&self) -> Option<&Region> {
        let current = self.row.as_ref().ok()?.current.as_ref();
        current.map(|current| &current.writer)
    }

    /// Seconds since a Region's probe last had a beat committed; one that never had since the writer was proven, since then.
    fn age(&self, vantage: Option<&Vantage>, now: Timestamp) -> Option<f64> {
        let current = self.row.as_ref().ok()?.current.as_ref()?;
        let beat = vantage.and_then(|vantage| vantage.last_beat);
        let last = beat.map(|beat| beat.at).max(Some(current.proven_at))?;
        Some(seconds_between(last, now).max(0.0))
    }

    /// The greatest age of a beat of all Regions whose ledger answers.
    pub(super) fn beat_age(&self, now: Timestamp) -> Option<f64> {
        let answered = self.vantages.values().filter_map(|read| read.as_ref().ok());
        let ages = answered.filter_map(|vantage| self.age(vantage.as_ref(), now));
        ages.reduce(f64::max)
    }

    /// How far this Region's standby was behind when its probe last looked, unless that is long ago.
    pub(super) fn lag_ms(&self, here: &Region, now: Timestamp) -> Option<u64> {
        let is_standby = self.writer().is_some_and(|writer| writer != here);
        let seen = self.vantages.get(here)?.as_ref().ok()?.as_ref()?;
        let is_fresh = now.duration_since(seen.at) < OLD;
        seen.signs.lag_ms.filter(|_| is_standby && is_fresh)
    }

    /// The name of a switch that is on.
    pub(super) fn switch_on(&self) -> Option<&'static str> {
        let switches = self.switches.as_ref().ok()?;
        if switches.kill.is_some() {
            return Some("kill switch");
        }
        switches.maintenance.as_ref().map(|_| "maintenance switch")
    }

    /// What is missing that a failover needs, one sentence each.
    pub(super) fn gaps(&self, plan: &Plan, now: Timestamp) -> Vec<String> {
        let mut gaps = self.of_the_row();
        for (region, read) in &self.vantages {
            gaps.extend(self.of_a_region(plan, region, read, now));
        }
        match &self.switches {
            Ok(_) => gaps.extend(self.switch_on().map(|name| format!("The {name} is on"))),
            Err(why) => gaps.push(format!("The switches cannot be read: {why}")),
        }
        if let Some(Err(why)) = &self.witness {
            gaps.push(format!("The witness does not serve: {why}"));
        }
        if let Some(Err(why)) = &self.topic {
            gaps.push(format!("Nobody can be told: {why}"));
        }
        let hooks = self.hooks.iter();
        gaps.extend(
            hooks.map(|(phase, why)| format!("The hook {} cannot be called: {why}", phase.name())),
        );
        gaps
    }

    fn of_the_row(&self) -> Vec<String> {
        let row = match &self.row {
            Ok(row) => row,
            Err(why) => return vec![format!("This Region's row cannot be read: {why}")],
        };
        let mut gaps = Vec::new();
        if row.current.is_none() {
            gaps.push("No writer is adopted".to_owned());
        }
        if row.epoch() > row.proven_epoch() {
            gaps.push("A change of writer has begun and is not proven".to_owned());
        }
        if row.plan_fault.is_some() {
            gaps.push("The plan is not watched as its parameter says".to_owned());
        }
        gaps
    }

    fn of_a_region(
        &self,
        plan: &Plan,
        region: &Region,
        read: &Result<Option<Vantage>, Error>,
        now: Timestamp,
    ) -> Vec<String> {
        let vantage = match read {
            Ok(vantage) => vantage.as_ref(),
            Err(why) => return vec![format!("The ledger in {region} does not answer: {why}")],
        };
        let mut gaps = Vec::new();
        // Nobody looks at its members: what a probe would have recorded is no gap.
        if !plan.has_heart() {
            return gaps;
        }
        let age = self.age(vantage, now);
        if let Some(age) = age.filter(|age| *age >= OLD.as_secs_f64()) {
            gaps.push(format!(
                "The probe in {region} has had no beat committed for {age:.0} s"
            ));
        }
        if self.writer().is_some_and(|writer| writer != region) {
            gaps.extend(behind(plan, region, vantage));
        }
        gaps
    }
}

/// What is wrong with the standby in a Region, as its probe saw it when it last had a beat committed.
fn behind(plan: &Plan, region: &Region, vantage: Option<&Vantage>) -> Option<String> {
    let most = plan.unplanned.max_lost_seconds.saturating_mul(1_000);
    match vantage.and_then(|vantage| vantage.signs.lag_ms) {
        None => Some(format!("No beat was read at the standby in {region}")),
        Some(lag) if lag > most => Some(format!(
            "The standby in {region} is {lag} ms behind, and the plan lets {most} ms be lost"
        )),
        Some(_) => None,
    }
}
