//! Gathers every piece of evidence at once.

use jiff::Timestamp;

use self::ask::{Asked, ask};
use failover::{
    Error,
    beat::{Vantage, Write},
    domain::Region,
    evidence::{Evidence, HomeVantage, Progress, Said, stillness_tells},
    pass::Pass,
    ports::{Functions, Ledger, Runtime},
    topologies::Topologies,
    topology::{Cluster, Group},
};

mod ask;
mod grace;

pub(super) use ask::answers;

/// Everything that one pass learnt.
pub(super) struct Gathered {
    pub(super) evidence: Evidence,
    pub(super) vantage: Option<Vantage>,
    /// What the writer's Region recorded of its own writer.
    pub(super) home: Option<Vantage>,
    /// What the other standbys' Regions recorded of it.
    pub(super) others: Vec<Vantage>,
    pub(super) target: Option<Cluster>,
    pub(super) group: Option<Group>,
    /// Whether RDS answered about both.
    pub(super) shows_target: bool,
    /// The lease of the Region that the run leaves.
    pub(super) lease: Result<Region, Error>,
}

impl Gathered {
    /// The target and its group as RDS shows them, where it answered about both.
    pub(super) fn shown(&self) -> Option<(Option<&Cluster>, Option<&Group>)> {
        let shown = (self.target.as_ref(), self.group.as_ref());
        self.shows_target.then_some(shown)
    }
}

pub(super) async fn gather(
    world: &(impl Ledger + Runtime + Topologies + Functions),
    pass: &Pass,
) -> Result<Gathered, Error> {
    let asked = ask(world, pass).await;
    let vantage = match &asked.probe {
        Ok(seen) => Some(seen.vantage.clone()),
        Err(_) => world.vantage(world.region(), pass.run.name()).await?,
    };
    Ok(Gathered {
        evidence: evidence(pass, &asked, vantage.as_ref(), world.now()),
        shows_target: asked.target.is_ok() && asked.group.is_ok(),
        vantage,
        home: asked.home.ok().flatten(),
        others: asked.others,
        target: asked.target.ok().flatten(),
        group: asked.group.ok().flatten(),
        lease: asked.lease,
    })
}

/// What was answered, as evidence; `own` is this Region's record of the writer.
fn evidence(pass: &Pass, asked: &Asked, own: Option<&Vantage>, now: Timestamp) -> Evidence {
    let probe = asked.probe.as_ref().ok();
    let write = probe.map(|seen| &seen.vantage.write);
    let readable = probe.is_some_and(|seen| seen.readable);
    let detection = &pass.run.plan.detection;
    let (by_home, home_vantage, said) = elsewhere(write, asked.at_home(), &asked.others, |seen| {
        HomeVantage::of(seen, &pass.run.from, without_commit(own), detection, now)
    });
    let told = (by_home, said, &asked.writer_rds);
    let progress = |own| Progress::of(own, readable, detection, now);
    Evidence {
        write: write.cloned(),
        progress: own.map_or(Progress::Unreadable, progress),
        local_rds: asked.local_rds.clone(),
        writer_rds: asked.writer_rds.clone(),
        writer_ledger_answers: asked.writer_ledger_answers(pass),
        home_vantage,
        witness: asked.witness,
        failing_since: own.and_then(|own| own.failing_since),
        grace_since: grace::since(pass, own, asked.at_home(), told),
        said,
        stillness_tells: own.is_some_and(stillness_tells),
        gathered_at: now,
    }
}

/// Since when this Region's beats are not committed.
fn without_commit(own: Option<&Vantage>) -> Option<Timestamp> {
    let own = own?;
    own.failing_since.or(own.signs.uncommitted_since)
}

/// What home's record comes to, what it comes to beside those of the other standbys, and what the writer itself said: to us, else to
/// one of them.
fn elsewhere(
    own: Option<&Write>,
    home: Option<&Vantage>,
    others: &[Vantage],
    judge: impl Fn(Option<&Vantage>) -> HomeVantage,
) -> (HomeVantage, HomeVantage, Said) {
    let by_home = judge(home);
    let life = others.iter().map(|other| judge(Some(other)));
    let home_vantage = life.fold(by_home, HomeVantage::or_life);
    let fails = |vantage: &&Vantage| judge(Some(vantage)) == HomeVantage::FreshFailure;
    let failed = home.into_iter().chain(others).filter(fails);
    let said = own.map_or(Said::Nothing, Said::of);
    let said = failed.fold(said, |said, vantage| said.or(Said::of(&vantage.write)));
    (by_home, home_vantage, said)
}

#[cfg(test)]
impl Gathered {
    /// That evidence, beside nothing else that was read.
    pub(super) fn with(evidence: Evidence) -> Self {
        Self {
            evidence,
            vantage: None,
            home: None,
            others: Vec::new(),
            target: None,
            group: None,
            shows_target: true,
            lease: Ok("us-east-1".into()),
        }
    }
}

#[cfg(test)]
mod third_tests;
