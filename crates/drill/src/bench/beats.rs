//! How many plans the packaged probe watches on a small share of a core: beats on real PostgreSQL, over TLS, under a CPU quota.

mod databases;

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::{
    account::Account,
    function::{Function, Surroundings},
    quota::Quota,
    stand_ins::{at_once, serve},
};
use crate::{profile::HOME, report, world::Trouble};
use databases::Databases;

/// How many plans there are.
const PLANS: [usize; 3] = [10, 50, 200];
/// Percent of a core: what Lambda gives for 128 MB and for 256 MB.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>: 1,769 MB are one core.
const SHARES: [u32; 2] = [7, 14];
/// How many plans one invocation watches.
const OF_ONE: usize = 50;
/// A probe is invoked so often.
const MINUTE: Duration = Duration::from_secs(60);
/// How long an invocation may last beyond its minute.
const LATE: Duration = Duration::from_secs(60);
/// Beats due of a plan in a minute: an interval of 5 s, and the last one begins after 55 s.
const DUE: u64 = 12;
/// What a case may lose of its beats before it counts as beyond the cliff.
const LOST_MAX: f64 = 0.01;

/// What came of one number of plans under one quota.
#[derive(Debug, Clone, PartialEq)]
struct Case {
    share: u32,
    plans: usize,
    /// Invocations that shared them, each under a quota of its own.
    shards: usize,
    due: u64,
    committed: u64,
    suspected: usize,
    /// Plans that an invocation did not report on, or could not watch.
    unwatched: usize,
    /// What the busiest invocation used of its core, in percent.
    used: f64,
    /// In how many of the quota's periods it had to wait, in percent.
    throttled: f64,
}

/// What came of every case.
#[derive(Debug, Clone, PartialEq)]
pub struct Beats {
    cases: Vec<Case>,
    minutes: u32,
    /// Why there are none.
    impossible: Option<String>,
}

/// Watches for `minutes` in each case, with the `probe` that is at this path; `folder` is the bench's own.
///
/// # Errors
/// When the databases do not come up, or a probe does not.
pub async fn measure(
    minutes: u32,
    root: &Path,
    probe: &Path,
    folder: &Path,
) -> Result<Beats, Trouble> {
    let mut beats = Beats {
        cases: Vec::new(),
        minutes,
        impossible: None,
    };
    if let Err(why) = Quota::new("try", 7) {
        beats.impossible = Some(why);
        return Ok(beats);
    }
    let databases =
        Databases::build(root, folder, PLANS.into_iter().max().unwrap_or_default()).await?;
    for share in SHARES {
        for plans in PLANS {
            let case = watched(&databases, probe, (share, plans), minutes).await?;
            eprintln!("{case}");
            beats.cases.push(case);
        }
    }
    databases.end().await;
    Ok(beats)
}

async fn watched(
    databases: &Databases,
    probe: &Path,
    (share, plans): (u32, usize),
    minutes: u32,
) -> Result<Case, Trouble> {
    let documents = databases.plans(plans);
    let account = Account::new(documents, HOME, databases.secrets(), u32::MAX);
    let account = Arc::new(account);
    let answers = Arc::clone(&account);
    let tls = TlsAcceptor::from(databases.tls()?);
    let answers = move |asked| at_once(answers.answer(&asked));
    let (aws, _aws) = serve(Some(tls), Arc::new(answers)).await?;
    let shards = plans.div_ceil(OF_ONE);
    let quotas = (0..shards).map(|shard| Quota::new(&format!("{share}-{plans}-{shard}"), share));
    let quotas = quotas.collect::<Result<Vec<_>, _>>()?;
    let before = databases.beats(plans).await?;
    let mut probes = Vec::new();
    for (shard, quota) in quotas.iter().enumerate() {
        let before = Surroundings {
            aws,
            rds: databases.rds(),
            trusted: databases.trusted(),
            resolver: Some(databases.resolver()),
            quota: Some(quota),
        };
        let probe = Function::start(probe, &before).await?;
        let watch = json!({"operation": "watch", "shard": shard, "shards": shards});
        probes.push((probe, watch, quota));
    }
    let began = Instant::now();
    let each = probes.into_iter().map(async |(mut probe, watch, quota)| {
        let answered = invoked(&mut probe, &watch, began, minutes).await;
        let used = probe.cpu_seconds().unwrap_or_default() / began.elapsed().as_secs_f64();
        let throttled = quota.throttled().unwrap_or_default();
        probe.end().await?;
        Ok::<_, Trouble>((answered, used, throttled))
    });
    let each = futures::future::try_join_all(each).await?;
    let after = databases.beats(plans).await?;
    let watched: usize = each.iter().map(|(answered, ..)| answered).sum();
    let most = |of: fn(&(usize, f64, f64)) -> f64| each.iter().map(of).fold(0.0, f64::max) * 100.0;
    Ok(Case {
        share,
        plans,
        shards,
        due: DUE * u64::from(minutes) * plans as u64,
        committed: after.saturating_sub(before),
        suspected: account.suspected(),
        unwatched: (plans * minutes as usize).saturating_sub(watched),
        used: most(|(_, used, _)| *used),
        throttled: most(|(_, _, throttled)| *throttled),
    })
}

/// Invokes a probe once a minute, as its schedule does; answers how many plans it watched, over all invocations.
async fn invoked(probe: &mut Function, watch: &Value, began: Instant, minutes: u32) -> usize {
    let mut watched = 0;
    for minute in 0..minutes {
        tokio::time::sleep_until(began + MINUTE * minute).await;
        probe.invoke(watch);
        let Ok(answer) = tokio::time::timeout(MINUTE + LATE, probe.answer()).await else {
            continue;
        };
        let answer = answer.unwrap_or_default();
        let plans = answer["plans"].as_array().into_iter().flatten();
        watched += plans.filter(|plan| plan["fault"].is_null()).count();
    }
    watched
}

impl Case {
    fn missed(&self) -> u64 {
        self.due.saturating_sub(self.committed)
    }

    fn is_beyond(&self) -> bool {
        let lost = self.missed() as f64 / self.due.max(1) as f64;
        lost > LOST_MAX || self.suspected > 0
    }
}

impl Beats {
    /// The cliff under each quota: the most plans before it and the fewest beyond it.
    fn cliffs(&self) -> BTreeMap<u32, (Option<usize>, Option<usize>)> {
        let mut cliffs = BTreeMap::new();
        for case in &self.cases {
            let (holds, falls): &mut (Option<usize>, Option<usize>) =
                cliffs.entry(case.share).or_default();
            if case.is_beyond() {
                *falls = Some(falls.map_or(case.plans, |least| least.min(case.plans)));
            } else {
                *holds = Some(holds.map_or(case.plans, |most| most.max(case.plans)));
            }
        }
        cliffs
    }

    /// Pass where an invocation with the least memory that its template takes, 256 MB, watches as many plans as one may; and
    /// where this machine lets nobody find out.
    #[must_use]
    pub fn verdict(&self) -> report::Verdict {
        let promised = |case: &&Case| case.share >= 14 && case.plans <= OF_ONE;
        if self.cases.iter().filter(promised).any(Case::is_beyond) {
            report::Verdict::Fail
        } else {
            report::Verdict::Pass
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>4} % {:>6} {:>7} {:>7} {:>10} {:>7} {:>10} {:>10} {:>7.1} {:>10.0}",
            self.share,
            self.plans,
            self.shards,
            self.due,
            self.committed,
            self.missed(),
            self.suspected,
            self.unwatched,
            self.used,
            self.throttled
        )
    }
}

impl fmt::Display for Beats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.impossible {
            return write!(
                f,
                "beats under a CPU quota: not measured, this machine lets nobody make a control group ({why})"
            );
        }
        writeln!(
            f,
            "beats under a CPU quota: a beat every 5 s, {} minute(s), the probe's own binary, PostgreSQL over TLS;",
            self.minutes
        )?;
        writeln!(
            f,
            "{OF_ONE} plans an invocation at most, each invocation with the share of a core to itself"
        )?;
        writeln!(
            f,
            "{:>6} {:>6} {:>7} {:>7} {:>10} {:>7} {:>10} {:>10} {:>7} {:>10}",
            "share",
            "plans",
            "shards",
            "due",
            "committed",
            "missed",
            "suspected",
            "unwatched",
            "used %",
            "waited %"
        )?;
        for case in &self.cases {
            writeln!(f, "{case}")?;
        }
        let mut cliffs = self.cliffs().into_iter().peekable();
        while let Some((share, (holds, falls))) = cliffs.next() {
            let most = holds.map_or("none".to_owned(), |most| most.to_string());
            match falls {
                Some(least) => write!(
                    f,
                    "the cliff at {share} %: {most} plans hold, {least} do not"
                )?,
                None => write!(f, "no cliff at {share} %: {most} plans hold")?,
            }
            if cliffs.peek().is_some() {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
