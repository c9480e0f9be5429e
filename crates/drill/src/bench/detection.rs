//! How outages are told from disturbances: each is repeated in worlds without an emulator, on real PostgreSQL and the
//! simulated RDS, by the functions' own code from the probe's look to the verdict.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use failover::{evidence::Verdict, policy::Decision};
use serde_json::json;
use steps::{confirm_outage, recovery_ledger};
use tokio::time::Instant;

use super::median;
use crate::{
    profile::{HOME, PLAN, STANDBY, WITNESS, cluster},
    report,
    world::{Trouble, in_process::InProcess},
};

/// Worlds that are disturbed at the same time.
const WORLDS: u32 = 4;
/// A disturbance ends when it is judged, or after this long without a suspicion.
const WINDOW: Duration = Duration::from_secs(8);
/// An outage that is not confirmed by then is missed.
const MISSED: Duration = Duration::from_secs(60);
/// A blip ends before the third failure.
const BLIP: Duration = Duration::from_millis(1_200);
/// Beats on one connection, for their median.
const BEATS: u32 = 200;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disturbance {
    RegionLoss,
    RoadCut,
    Blip,
    WriterRestart,
    RegionsParted,
    ObserverIsolated,
    RoadAndReplication,
}

impl Disturbance {
    const ALL: [Self; 7] = [
        Self::RegionLoss,
        Self::RoadCut,
        Self::Blip,
        Self::WriterRestart,
        Self::RegionsParted,
        Self::ObserverIsolated,
        Self::RoadAndReplication,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::RegionLoss => "region loss",
            Self::RoadCut => "road cut",
            Self::Blip => "blip",
            Self::WriterRestart => "writer restarts",
            Self::RegionsParted => "Regions parted",
            Self::ObserverIsolated => "observer isolated",
            Self::RoadAndReplication => "road and replication cut",
        }
    }

    const fn is_outage(self) -> bool {
        matches!(self, Self::RegionLoss)
    }

    async fn begin(self, world: &Arc<InProcess>) -> Result<(), Trouble> {
        let cut = || world.roads.cut(STANDBY, cluster(HOME));
        match self {
            Self::RegionLoss => world.lose_home().await,
            Self::RoadCut => cut()?,
            Self::Blip => {
                cut()?;
                tokio::time::sleep(BLIP).await;
                world.roads.mend(STANDBY, cluster(HOME))?;
            }
            Self::WriterRestart => {
                world
                    .simulator
                    .show_status(HOME, cluster(HOME), Some("rebooting"));
                world.simulator.crash(HOME, cluster(HOME)).await;
            }
            Self::RegionsParted => {
                cut()?;
                world.roads.cut(HOME, cluster(STANDBY))?;
                world.simulator.cut_replication(STANDBY).await;
                world.part(HOME, STANDBY);
            }
            Self::ObserverIsolated => {
                cut()?;
                world.simulator.cut_replication(STANDBY).await;
                world.part(STANDBY, HOME);
                world.part(STANDBY, WITNESS);
            }
            Self::RoadAndReplication => {
                cut()?;
                world.simulator.cut_replication(STANDBY).await;
            }
        }
        Ok(())
    }

    async fn end(self, world: &Arc<InProcess>) -> Result<(), Trouble> {
        match self {
            Self::RegionLoss => world.return_home().await,
            Self::Blip => {}
            Self::WriterRestart => {
                world.simulator.revive(HOME, cluster(HOME)).await?;
                world.simulator.show_status(HOME, cluster(HOME), None);
            }
            Self::RoadCut
            | Self::RegionsParted
            | Self::ObserverIsolated
            | Self::RoadAndReplication => {
                world.simulator.mend_replication(STANDBY).await;
                world.roads.mend(STANDBY, cluster(HOME))?;
                world.roads.mend(HOME, cluster(STANDBY))?;
            }
        }
        world.calm().await
    }
}

/// How one repetition was judged.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Judged {
    disturbance: Disturbance,
    verdict: Option<Verdict>,
    /// Whether it would have led to a promotion.
    acts: bool,
    /// Seconds from the disturbance to the verdict.
    seconds: Option<f64>,
}

/// What came of every repetition.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    judged: Vec<Judged>,
    beat_ms: Option<f64>,
}

/// Repeats every disturbance `repetitions` times, in `folder`, which is its own.
///
/// # Errors
/// When a world does not come up, or is not calm again.
pub async fn measure(repetitions: u32, root: &Path, folder: &Path) -> Result<Detection, Trouble> {
    let worlds = (0..WORLDS).map(|number| {
        let (root, folder) = (root.to_owned(), folder.join(number.to_string()));
        async move {
            let world = InProcess::build(&root, &folder).await?;
            let beat_ms = if number == 0 {
                Some(beat(&world).await?)
            } else {
                None
            };
            let mut judged = Vec::new();
            for turn in (number..repetitions).step_by(WORLDS as usize) {
                for disturbance in Disturbance::ALL {
                    let seen = judge(&world, disturbance, turn).await?;
                    eprintln!("world {number}, turn {}: {seen}", turn + 1);
                    judged.push(seen);
                }
            }
            world.end().await?;
            Ok::<_, Trouble>((judged, beat_ms))
        }
    });
    let mut detection = Detection {
        judged: Vec::new(),
        beat_ms: None,
    };
    for (judged, beat_ms) in futures::future::try_join_all(worlds).await? {
        detection.judged.extend(judged);
        detection.beat_ms = detection.beat_ms.or(beat_ms);
    }
    Ok(detection)
}

/// The median time of a committed beat and a reading on kept connections, in milliseconds.
async fn beat(world: &Arc<InProcess>) -> Result<f64, Trouble> {
    let session = world.session().await?;
    let mut times = Vec::new();
    for _ in 0..BEATS {
        let began = Instant::now();
        let write = session
            .beat(&STANDBY.into(), failover::domain::Epoch(1))
            .await;
        if write.is_failure() {
            return Err(format!("a beat failed: {write:?}").into());
        }
        times.push(Some(began.elapsed().as_secs_f64() * 1_000.0));
    }
    median(times.into_iter()).ok_or_else(|| "no beat was measured".into())
}

async fn judge(
    world: &Arc<InProcess>,
    disturbance: Disturbance,
    turn: u32,
) -> Result<Judged, Trouble> {
    // At another moment between two beats each time.
    tokio::time::sleep(Duration::from_millis(u64::from(turn) * 370 % 1_000)).await;
    let began = Instant::now();
    disturbance.begin(world).await?;
    let limit = if disturbance.is_outage() {
        MISSED
    } else {
        WINDOW
    };
    let found = match world.suspicion(limit).await {
        Some(_) => Some(confirm(world, limit).await?),
        None => None,
    };
    let seconds = found.map(|_| began.elapsed().as_secs_f64());
    disturbance.end(world).await?;
    Ok(Judged {
        disturbance,
        verdict: found.map(|(verdict, _)| verdict),
        acts: found.is_some_and(|(_, decision)| decision == Decision::GoOn),
        seconds,
    })
}

/// What the state machine does up to the verdict: opens the run, confirms until that leads somewhere, and closes it.
async fn confirm(world: &Arc<InProcess>, limit: Duration) -> Result<(Verdict, Decision), Trouble> {
    let there = world.view(STANDBY);
    let open = json!({"operation": "open", "kind": "unplanned_failover", "run_id": "bench",
        "input": {"plan": PLAN, "incident": format!("{PLAN}/1"), "writer_region": HOME, "observer_region": STANDBY}});
    let opened = Box::pin(recovery_ledger::handle(&there, open)).await?;
    let input: failover::pass::Input = serde_json::from_value(opened["run"].clone())?;
    let began = Instant::now();
    let answer = loop {
        let answer = Box::pin(confirm_outage::confirm(&there, &input, false)).await?;
        if answer.decision != Decision::Wait || began.elapsed() > limit {
            break answer;
        }
        tokio::time::sleep(Duration::from_secs(answer.output.wait_seconds)).await;
    };
    Ok((answer.verdict, answer.decision))
}

impl Detection {
    fn of(&self, disturbance: Disturbance) -> impl Iterator<Item = &Judged> {
        self.judged
            .iter()
            .filter(move |judged| judged.disturbance == disturbance)
    }

    /// Disturbances that would have led to a promotion.
    fn false_positives(&self) -> usize {
        let harmless = self
            .judged
            .iter()
            .filter(|judged| !judged.disturbance.is_outage());
        harmless.filter(|judged| judged.acts).count()
    }

    /// Outages that would not have.
    fn missed(&self) -> usize {
        let outages = self
            .judged
            .iter()
            .filter(|judged| judged.disturbance.is_outage());
        outages.filter(|judged| !judged.acts).count()
    }

    /// Pass when no disturbance was taken for an outage, and no outage for a disturbance.
    #[must_use]
    pub fn verdict(&self) -> report::Verdict {
        if self.false_positives() + self.missed() == 0 && !self.judged.is_empty() {
            report::Verdict::Pass
        } else {
            report::Verdict::Fail
        }
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = self.verdict.map_or("nobody is suspected", Verdict::name);
        write!(f, "{}: {verdict}", self.disturbance.name())?;
        match self.seconds {
            Some(seconds) => write!(f, " after {seconds:.1} s"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "detection: a beat every second, time-out 1 s, 3 failures; seconds from the disturbance to the verdict"
        )?;
        writeln!(
            f,
            "{:<26} {:>5} {:>7} {:>8}  verdicts",
            "disturbance", "times", "median", "maximum"
        )?;
        for disturbance in Disturbance::ALL {
            let seconds = || self.of(disturbance).filter_map(|judged| judged.seconds);
            let known =
                |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.1}"));
            let mut verdicts = std::collections::BTreeMap::<&str, usize>::new();
            for judged in self.of(disturbance) {
                let name = judged.verdict.map_or("not suspected", Verdict::name);
                *verdicts.entry(name).or_default() += 1;
            }
            let verdicts: Vec<_> = verdicts
                .iter()
                .map(|(name, times)| format!("{name} {times}"))
                .collect();
            writeln!(
                f,
                "{:<26} {:>5} {:>7} {:>8}  {}",
                disturbance.name(),
                self.of(disturbance).count(),
                known(median(seconds().map(Some))),
                known(seconds().max_by(f64::total_cmp)),
                verdicts.join(", ")
            )?;
        }
        if let Some(beat) = self.beat_ms {
            writeln!(
                f,
                "a beat on a kept connection: {beat:.1} ms (median of {BEATS})"
            )?;
        }
        write!(
            f,
            "false positives: {} (0 allowed), missed: {} (0 allowed)",
            self.false_positives(),
            self.missed()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(disturbance: Disturbance, acts: bool) -> Detection {
        let verdict = if acts {
            Verdict::RegionDown
        } else {
            Verdict::PathImpaired
        };
        Detection {
            judged: vec![Judged {
                disturbance,
                verdict: Some(verdict),
                acts,
                seconds: Some(1.0),
            }],
            beat_ms: None,
        }
    }

    #[test]
    fn a_disturbance_taken_for_an_outage_and_a_missed_outage_fail() {
        use report::Verdict::{Fail, Pass};
        assert_eq!(judged(Disturbance::RegionLoss, true).verdict(), Pass);
        assert_eq!(judged(Disturbance::RoadCut, false).verdict(), Pass);
        assert_eq!(judged(Disturbance::RegionLoss, false).verdict(), Fail);
        assert_eq!(judged(Disturbance::RoadCut, true).verdict(), Fail);
        let none = Detection {
            judged: Vec::new(),
            beat_ms: None,
        };
        assert_eq!(none.verdict(), Fail);
        let text = judged(Disturbance::RoadCut, true).to_string();
        assert!(text.contains("false positives: 1 "), "{text}");
    }
}
