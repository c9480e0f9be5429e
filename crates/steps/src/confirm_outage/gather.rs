//! Gathers every piece of evidence at once, each under the same short time-out.

use futures::future::join_all;
use jiff::Timestamp;

use super::TIMEOUT;
use failover::{
    Error,
    beat::{Vantage, Write},
    domain::Region,
    evidence::{Evidence, HomeVantage, Progress, Rds, Said, Witness, stillness_tells},
    ledger::Claim,
    pass::Pass,
    plan::Plan,
    ports::{Functions, Here, Ledger, Members, ReachInput, ReachOutput, in_region, update, within},
    topology::{Cluster, GlobalCluster},
};

/// Everything that one pass learnt.
pub(super) struct Gathered {
    pub(super) evidence: Evidence,
    pub(super) vantage: Option<Vantage>,
    /// What the writer's Region recorded of its own writer.
    pub(super) home: Option<Vantage>,
    /// What the other standbys' Regions recorded of it.
    pub(super) others: Vec<Vantage>,
    pub(super) target: Option<Cluster>,
    pub(super) global: Option<GlobalCluster>,
    /// Whether RDS answered about both.
    pub(super) shows_target: bool,
    /// The lease of the Region that the run leaves.
    pub(super) lease: Result<Region, Error>,
}

impl Gathered {
    /// The target and the global cluster as RDS shows them, where it answered about both.
    pub(super) fn shown(&self) -> Option<(Option<&Cluster>, Option<&GlobalCluster>)> {
        let shown = (self.target.as_ref(), self.global.as_ref());
        self.shows_target.then_some(shown)
    }
}

pub(super) async fn gather(
    world: &(impl Ledger + Here + Members + Functions),
    pass: &Pass,
) -> Result<Gathered, Error> {
    let (run, plan) = (&pass.run, &pass.run.plan);
    let (from, to) = (cluster(plan, &run.from), cluster(plan, &run.to));
    let current = pass
        .rows
        .current()
        .and_then(|current| current.global_cluster.clone())
        .unwrap_or_else(|| String::new().into());
    let (probe, home, heard, others, local_rds, writer_rds, witness, target, global, lease) = tokio::join!(
        within(world, TIMEOUT, world.ask_probe(run.name(), pass.dry_run)),
        within(world, TIMEOUT, world.vantage(&run.from, run.name())),
        within(world, TIMEOUT, world.ask_ledger(&run.from, run.name())),
        others(world, pass),
        look(world, &run.to, &to),
        look(world, &run.from, &from),
        ask_witness(world, plan, &run.from, &from),
        within(world, TIMEOUT, world.cluster(&run.to, &to)),
        within(world, TIMEOUT, in_region(world, &run.to, &current)),
        within(world, TIMEOUT, lease(world, pass)),
    );
    let (readable, vantage) = match &probe {
        Ok(seen) => (seen.readable, Some(seen.vantage.clone())),
        Err(_) => (false, world.vantage(world.region(), run.name()).await?),
    };
    let now = world.now();
    let home = home.map(|home| home.filter(|home| home.writer_region == run.from));
    let at_home = home.as_ref().ok().and_then(Option::as_ref);
    let failing_since = vantage.as_ref().and_then(|vantage| vantage.failing_since);
    let uncommitted_since = vantage
        .as_ref()
        .and_then(|vantage| vantage.signs.uncommitted_since);
    let since = failing_since.or(uncommitted_since);
    let judge = |vantage: Option<&Vantage>| {
        HomeVantage::of(vantage, &run.from, since, &plan.detection, now)
    };
    let own = probe.as_ref().ok().map(|seen| &seen.vantage.write);
    let (by_home, home_vantage, said) = elsewhere(own, at_home, &others, judge);
    let told = (by_home, said, &writer_rds);
    let grace_since = grace_since(pass, vantage.as_ref(), at_home, told);
    let progress = |vantage| Progress::of(vantage, readable, &plan.detection, now);
    let evidence = Evidence {
        write: probe.ok().map(|seen| seen.vantage.write),
        progress: vantage.as_ref().map_or(Progress::Unreadable, progress),
        local_rds,
        writer_rds,
        writer_ledger_answers: answers(&home)
            || answers(&heard)
            || (asks_for_lease(pass) && answers(&lease)),
        home_vantage,
        witness,
        failing_since,
        grace_since,
        said,
        stillness_tells: vantage.as_ref().is_some_and(stillness_tells),
        gathered_at: now,
    };
    let shows_target = target.is_ok() && global.is_ok();
    Ok(Gathered {
        evidence,
        shows_target,
        vantage,
        home: home.ok().flatten(),
        others,
        target: target.ok().flatten(),
        global: global.ok().flatten(),
        lease,
    })
}

fn cluster(plan: &Plan, region: &Region) -> String {
    let member = plan.members.get(region);
    member
        .map(|member| member.cluster.clone())
        .unwrap_or_default()
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

/// What the other standbys' probes recorded of the writer: the road may be cut from here alone. One that does not answer knows
/// nothing.
async fn others(world: &(impl Ledger + Here), pass: &Pass) -> Vec<Vantage> {
    let run = &pass.run;
    let members = run.plan.members.keys();
    let others = members.filter(|region| **region != run.from && **region != run.to);
    let asked = others.map(|region| within(world, TIMEOUT, world.vantage(region, run.name())));
    let recorded = join_all(asked).await.into_iter();
    let recorded = recorded.filter_map(|asked| asked.ok().flatten());
    recorded
        .filter(|vantage| vantage.writer_region == run.from)
        .collect()
}

/// Since when a grace counts: the latest of our first failure, home's, and everything that told of life after that, so that
/// a cut road and used slots spend none of it. While the writer answers an error the grace goes on: people are asked then. While RDS
/// works on it that has a grace of its own, and once it is past the grace counts from there.
fn grace_since(
    pass: &Pass,
    own: Option<&Vantage>,
    home: Option<&Vantage>,
    (fresh, said, rds): (HomeVantage, Said, &Rds),
) -> Option<Timestamp> {
    let fails_at_home = home.filter(|_| fresh == HomeVantage::FreshFailure);
    let rows = || pass.rows.0.values();
    let busy_at = rows().filter_map(|row| row.busy_at).max();
    let own = own.filter(|own| own.writer_region == pass.run.from);
    let answered = |vantage: &Vantage| match said {
        Said::Nothing => vantage.signs.spoke_at.max(vantage.signs.answered_at),
        Said::Starting | Said::Exhausted | Said::Answered => None,
    };
    [
        own.and_then(|own| own.failing_since),
        own.and_then(|own| own.signs.newest_at),
        own.and_then(|own| own.signs.saturated_at),
        home.and_then(|home| home.signs.saturated_at),
        own.and_then(answered),
        home.and_then(answered),
        fails_at_home.and_then(|home| home.failing_since),
        rows().filter_map(|row| row.alive_at).max(),
        busy_at.filter(|_| !rds.is_busy()),
    ]
    .into_iter()
    .flatten()
    .max()
}

/// Takes the lease of the Region that is left, beside evidence that waits for that Region anyway.
async fn lease(world: &impl Ledger, pass: &Pass) -> Result<Region, Error> {
    let run = &pass.run;
    if !asks_for_lease(pass) {
        return Ok(run.to.clone());
    }
    let claim = Claim::of(run);
    update(world, &run.from, run.name(), |row| {
        row.claim(&claim, pass.now)
    })
    .await
    .map(|_| run.from.clone())
}

/// A dry run asks for no lease, nor does a run behind another one before its verdict.
fn asks_for_lease(pass: &Pass) -> bool {
    !pass.dry_run && !pass.run.waits_behind()
}

async fn ask_witness(
    world: &(impl Here + Functions),
    plan: &Plan,
    region: &Region,
    cluster: &str,
) -> Witness {
    let Some(witness) = &plan.witness_region else {
        return Witness::NotConfigured;
    };
    let input = ReachInput {
        plan: plan.plan.clone(),
        region: region.clone(),
        cluster: cluster.to_owned(),
    };
    match within(world, TIMEOUT, world.ask_witness(witness, &input)).await {
        Ok(ReachOutput {
            reaches: true,
            others_only: true,
            ..
        }) => Witness::ReachesOthers,
        Ok(ReachOutput { reaches: true, .. }) => Witness::Reaches,
        Ok(ReachOutput { reaches: false, .. }) => Witness::DoesNotReach,
        Err(_) => Witness::Unreachable,
    }
}

/// Whether a ledger answered, if only by a refusal: a Region that refuses is there.
pub(super) fn answers<T>(asked: &Result<T, Error>) -> bool {
    asked.as_ref().err().is_none_or(Error::is_answer)
}

async fn look(world: &(impl Here + Members), region: &Region, cluster: &str) -> Rds {
    let look = async { Ok(world.look(region, cluster).await) };
    let silent = |why: Error| Rds::Silent {
        why: why.to_string(),
    };
    within(world, TIMEOUT, look).await.unwrap_or_else(silent)
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
            global: None,
            shows_target: true,
            lease: Ok("us-east-1".into()),
        }
    }
}

#[cfg(test)]
mod third_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{beat::Look, ledger::Rows, testing};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_writer_that_answered_lately_has_its_grace_from_there_once_it_is_silent() {
        let mut vantage = Vantage {
            failing_since: Some(at(100)),
            ..testing::probe::vantage("us-west-2".into(), at(390))
        };
        vantage.signs.answered_at = Some(at(300));
        let pass = Pass {
            run: testing::run(),
            rows: Rows(Default::default()),
            now: at(400),
            dry_run: false,
        };
        let (own, home) = (Some(&vantage), Some(&vantage));
        let rds = testing::evidence(at(400)).local_rds;
        let since = |own, home, said| {
            grace_since(&pass, own, home, (HomeVantage::FreshFailure, said, &rds))
        };
        assert_eq!(since(own, None, Said::Nothing), Some(at(300)));
        assert_eq!(since(None, home, Said::Nothing), Some(at(300)));
        let asked_about = since(own, home, Said::Answered);
        assert_eq!(asked_about, Some(at(100)), "people are asked in time");
    }

    /// What a Region's probe records of a writer that fails from 100 s on and answers this at 390 s, once.
    fn restarts_once_more(answer: Write) -> Vantage {
        let plan = testing::run().plan;
        let (region, writer) = ("us-east-1".into(), "us-west-2".into());
        let silent = || Write::Failed { why: String::new() };
        let mut seen = None;
        for (second, write) in [
            (100, silent()),
            (250, silent()),
            (390, answer),
            (395, silent()),
        ] {
            let look = Look {
                at: at(second),
                write,
                reading: None,
            };
            let next = Vantage::after(seen.as_ref(), &region, &writer, look, &plan.detection);
            seen = Some(next);
        }
        seen.unwrap()
    }

    #[test]
    fn a_writer_that_was_starting_a_moment_ago_has_its_grace_from_there_once_it_is_silent() {
        let why = || "why".to_owned();
        let pass = Pass {
            run: testing::run(),
            rows: Rows(Default::default()),
            now: at(400),
            dry_run: false,
        };
        let rds = testing::evidence(at(400)).local_rds;
        for answer in [
            Write::Starting { why: why() },
            Write::Exhausted { why: why() },
            Write::Answered { why: why() },
        ] {
            let seen = restarts_once_more(answer.clone());
            assert_eq!(seen.failing_since, Some(at(100)));
            for (own, home) in [(Some(&seen), None), (None, Some(&seen))] {
                let silent = (HomeVantage::FreshFailure, Said::Nothing, &rds);
                let since = grace_since(&pass, own, home, silent);
                assert_eq!(since, Some(at(390)), "{answer:?}");
            }
        }
    }

    #[test]
    fn once_rds_works_on_the_writer_no_more_its_grace_counts_from_there() {
        let failing = Vantage {
            failing_since: Some(at(100)),
            ..testing::probe::vantage("us-east-1".into(), at(400))
        };
        let row = failover::ledger::Row::new("orders".into()).seen_busy(Some(at(380)));
        let pass = Pass {
            run: testing::run(),
            rows: Rows([("us-east-1".into(), row.unwrap())].into()),
            now: at(400),
            dry_run: false,
        };
        let since = |status: &str| {
            let rds = Rds::Status {
                cluster: status.into(),
                instances: Vec::new(),
            };
            let seen = (HomeVantage::FreshFailure, Said::Nothing, &rds);
            grace_since(&pass, Some(&failing), None, seen)
        };
        assert_eq!(since("available"), Some(at(380)));
        assert_eq!(since("rebooting"), Some(at(100)), "a grace of its own");
    }
}
