//! What one pass sees: RDS in the target's Region, the ledgers, and the guards' word on promoting now.

use jiff::{SignedDuration, Timestamp};

use super::{IntentState, Observed, Tried, resolve};
use crate::members::{Members, in_region};
use failover::{
    Error,
    beat::{Vantage, Write},
    evidence::Said,
    guard,
    ledger::{self, Confirmed, Run},
    pass::{Pass, SILENCE, calls},
    plan::Strategy,
    ports::{Ledger, Parameters, Runtime},
    switches::Switches,
    topology::{Cluster, GlobalCluster, Group, Named, Role, is_led_by, role},
};
use steps::confirm_outage::is_gone;

pub(super) async fn observe(
    world: &(impl Ledger + Runtime + Members + Parameters),
    pass: &Pass,
) -> Result<Observed, Error> {
    let run = &pass.run;
    let (global, target, switches) = shown(world, pass).await?;
    let intent = intent_state(pass);
    let role = role(global.as_ref(), &target);
    let everywhere = asks_everywhere(run, intent, role, pass.now);
    let lived_at = last_life(world, run, everywhere).await;
    let confirmed = run.confirmed.as_ref();
    let tried = Tried::of(run, global.as_ref(), pass.now);
    let may_pass = calls::may_show(run, pass.now);
    Ok(Observed {
        led_by_the_writer: is_led_by_the_left(run, global.as_ref()),
        is_between_writers: may_pass
            && global
                .as_ref()
                .is_some_and(GlobalCluster::is_between_writers),
        strategy: strategy(run, &target, global.as_ref(), &tried),
        refusal: refusal(run, &switches, lived_at, world.now())
            .or_else(|| unasked(run, &target, global.as_ref())),
        may_detach: run.plan.topology.strategy() != Strategy::Managed,
        tried,
        global,
        target,
        intent,
        region_is_down: confirmed.is_some_and(|confirmed| is_gone(confirmed.verdict)),
    })
}

/// The global cluster, the target and the plan's switches, in the target's Region.
async fn shown(
    world: &(impl Ledger + Runtime + Members + Parameters),
    pass: &Pass,
) -> Result<(Option<GlobalCluster>, Cluster, Switches), Error> {
    let run = &pass.run;
    let member = run.plan.members().get(&run.to).ok_or_else(|| {
        Error::InvalidRequest(format!(
            "target_region is {}, which is not a member of plan {}",
            run.to,
            run.name()
        ))
    })?;
    let named = named(pass);
    let global = async {
        match &named {
            Some(named) => in_region(world, &run.to, named).await,
            None => Ok(None),
        }
    };
    let target = world.cluster(&run.to, &member.cluster);
    let switches = world.switches(run.name());
    let (global, target, switches) = futures::future::try_join3(global, target, switches).await?;
    let target = target.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {} knows no cluster {}",
            run.to, member.cluster
        ))
    })?;
    Ok((global, target, switches))
}

/// The global cluster that a change of writer to the target was begun in, or the ledger's current one.
fn named(pass: &Pass) -> Option<Named> {
    let intent = pass.rows.intent().filter(|intent| intent.to == pass.run.to);
    let of_intent = intent.and_then(|intent| intent.global_cluster.clone());
    let current = pass.rows.current();
    of_intent.or_else(|| current.and_then(|current| current.global_cluster.clone()))
}

fn is_led_by_the_left(run: &Run, global: Option<&GlobalCluster>) -> bool {
    let left = run.plan.members().get(&run.from);
    let left = left.map(|member| member.cluster.as_str());
    global.is_some_and(|global| is_led_by(global, &run.from, left.unwrap_or_default()))
}

/// Whether every member Region's probe is asked for a last sign of life: where this very pass may promote, because the road may be
/// cut from here alone, and where somebody forces it, who is the evidence and may not know. A dead Region costs that pass a second,
/// so it is spared where the evidence, in which all of them were asked, is as new as another look.
fn asks_everywhere(run: &Run, intent: IntentState, role: Role, now: Timestamp) -> bool {
    const AS_NEW: SignedDuration = SignedDuration::from_secs(5);
    let confirmed = run.confirmed.as_ref();
    let is_new = confirmed
        .is_some_and(|confirmed| now.duration_since(confirmed.evidence.gathered_at) < AS_NEW);
    run.forced || (intent == IntentState::OwnIntent && role == Role::Standby && !is_new)
}

/// When a probe last knew the old writer alive: this Region's, or any. What does not answer knows nothing.
async fn last_life(world: &impl Ledger, run: &Run, everywhere: bool) -> Option<Timestamp> {
    let was_silent = |confirmed: &Confirmed| confirmed.evidence.said == Said::Nothing;
    let answers_are_new = !run.forced && run.confirmed.as_ref().is_some_and(was_silent);
    let members = run.plan.members().keys();
    let members = members.filter(|region| everywhere || **region == run.to);
    let asked = members.map(async |region| {
        let vantage = world.vantage(region, run.name());
        let vantage = tokio::time::timeout(SILENCE, vantage).await.ok()?.ok()??;
        let lived = lived_at(&vantage, answers_are_new);
        lived.filter(|_| vantage.writer_region == run.from)
    });
    let seen = futures::future::join_all(asked).await;
    seen.into_iter().flatten().max()
}

/// When a vantage last knew the writer alive, by its own clock. One attempt that failed since is no death. An answer without a
/// commit counts where it is new: what was answered before the evidence is in it already, and may have been approved.
fn lived_at(vantage: &Vantage, answers_are_new: bool) -> Option<Timestamp> {
    const AT_ONCE: SignedDuration = SignedDuration::from_mins(3);
    let commits = matches!(vantage.write, Write::Committed { .. });
    let answers = answers_are_new && Said::of(&vantage.write) != Said::Nothing;
    let last = (commits || answers).then_some(vantage.at);
    // Where nobody looked between the last beat and the first failure, the failure tells nothing of the writer's end.
    let beat = vantage.last_beat.map(|beat| beat.at);
    let ended = vantage.signs.uncommitted_since;
    let ended = ended.filter(|ended| beat.is_some_and(|at| ended.duration_since(at) < AT_ONCE));
    let answered = vantage.signs.answered_at.max(vantage.signs.spoke_at);
    let answered = answered.filter(|_| answers_are_new);
    let saturated = vantage.signs.saturated_at;
    last.max(ended).max(saturated).max(answered)
}

/// Why the first promoting call may not be made now: a switch, or the guards' word on the evidence and the loss.
fn refusal(
    run: &Run,
    switches: &Switches,
    lived_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Error> {
    let judge = || {
        switches.admit(run.name())?;
        if run.forced {
            guard::abandoned(run, lived_at, now)?;
            return guard::forced(run.accept_data_loss);
        }
        let confirmed = run.confirmed.as_ref();
        guard::freshness(&run.plan, confirmed, now)?;
        guard::still_down(confirmed, lived_at)?;
        confirmed.map_or(Ok(()), |confirmed| {
            guard::loss(&run.plan, confirmed.loss.as_ref())
        })
    };
    judge().err()
}

/// Why nothing is promoted where RDS, which did not answer when the outage was confirmed, shows now what `auto` would answer with a
/// detach: of a Region that is not gone people are asked about that.
fn unasked(run: &Run, target: &Cluster, global: Option<&GlobalCluster>) -> Option<Error> {
    let confirmed = run.confirmed.as_ref().filter(|_| !run.forced)?;
    let is_auto = run.plan.topology.strategy() == Strategy::Auto && run.strategy.is_none();
    if !is_auto || is_gone(confirmed.verdict) {
        return None;
    }
    let resolved = resolve(&run.plan, Some(target), global.map(Group::from).as_ref());
    (resolved.strategy == Strategy::Detach).then(|| {
        Error::EvidenceStale(format!(
            "{}, so that auto would detach {}, about which people are asked; confirming again",
            resolved.reason, target.identifier
        ))
    })
}

/// How to promote: as it was resolved when the outage was confirmed, or now where a human forces it or RDS did not answer then.
fn strategy(
    run: &Run,
    target: &Cluster,
    global: Option<&GlobalCluster>,
    tried: &Tried,
) -> Strategy {
    match &run.strategy {
        // A human is the evidence: nothing is to be confirmed anew.
        None if run.forced && tried.given_up.is_some() => Strategy::Detach,
        Some(resolved) => resolved.strategy,
        None => resolve(&run.plan, Some(target), global.map(Group::from).as_ref()).strategy,
    }
}

pub(crate) fn intent_state(pass: &Pass) -> IntentState {
    let run = &pass.run;
    let own = |row: &ledger::PlanState| {
        row.intent
            .as_ref()
            .is_some_and(|intent| intent.run_id == run.run_id)
    };
    if pass
        .rows
        .current()
        .is_some_and(|current| current.writer == run.to)
    {
        IntentState::Proven
    } else if run
        .leased
        .iter()
        .all(|region| pass.rows.0.get(region).is_some_and(own))
    {
        IntentState::OwnIntent
    } else if pass.rows.0.get(&run.to).is_some_and(own) {
        IntentState::OwnIntentHere
    } else if pass
        .rows
        .intent()
        .is_some_and(|intent| intent.to == run.to && intent.run_id != run.run_id)
    {
        IntentState::AnotherRunsIntent
    } else {
        IntentState::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        beat::Beat,
        domain::Epoch,
        evidence::{Evidence, Verdict},
        ports::Ledger,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn one_failed_attempt_since_the_last_beat_does_not_hide_a_writer_that_lived_a_moment_ago() {
        let beat = |second| Beat {
            seq: 1,
            epoch: Epoch(1),
            at: at(second),
        };
        let failed = Vantage {
            region: "us-east-1".into(),
            writer_region: "us-west-2".into(),
            at: at(1_005),
            write: Write::Failed {
                why: "timed out".into(),
            },
            last_beat: Some(beat(1_000)),
            failing_since: Some(at(1_002)),
            failures: 1,
            reading: None,
            moved_at: None,
            signs: Default::default(),
        };
        let mut failing = failed.clone();
        failing.signs.uncommitted_since = Some(at(1_002));
        assert_eq!(lived_at(&failing, false), Some(at(1_002)));
        failing.signs.saturated_at = Some(at(1_004));
        assert_eq!(lived_at(&failing, false), Some(at(1_004)));
        let mut long_ago = failed;
        long_ago.last_beat = Some(beat(100));
        long_ago.signs.uncommitted_since = Some(at(1_002));
        assert_eq!(lived_at(&long_ago, false), None, "nobody looked in between");
    }

    #[test]
    fn a_detach_that_auto_takes_from_a_region_that_answers_is_confirmed_again_first() {
        let target = failover::testing::cluster(&[]);
        let why = |verdict, change: fn(&mut Run)| {
            let mut run = failover::testing::run();
            run.confirmed = Some(failover::testing::confirmed(verdict));
            change(&mut run);
            unasked(&run, &target, None).map(|why| why.name())
        };
        assert_eq!(why(Verdict::WriterDown, |_| {}), Some("EvidenceStale"));
        assert_eq!(why(Verdict::RegionDown, |_| {}), None);
        assert_eq!(why(Verdict::WriterDown, |run| run.forced = true), None);
        let detach = |run: &mut Run| *run.plan.topology.strategy_mut() = Strategy::Detach;
        assert_eq!(why(Verdict::WriterDown, detach), None);
    }

    /// The evidence is of 1,000 s, and what the writer had said until then with it.
    fn confirmed(said: Said) -> Run {
        let mut run = failover::testing::run();
        let confirmed = failover::testing::confirmed(Verdict::WriterDownUnconfirmed);
        let evidence = Evidence {
            said,
            ..failover::testing::evidence(at(1_000))
        };
        run.confirmed = Some(Confirmed {
            evidence,
            approved: true,
            ..confirmed
        });
        run.approve(at(1_000), "test");
        run
    }

    async fn refused(run: &Run, seen: &Vantage) -> Option<&'static str> {
        let books = failover::testing::Books::with(&ledger::PlanState::new("orders".into()));
        books.put_vantage(run.name(), seen).await.unwrap();
        refused_by(&books, run).await
    }

    /// In the pass that makes the call.
    async fn refused_by(books: &failover::testing::Books, run: &Run) -> Option<&'static str> {
        let everywhere = asks_everywhere(run, IntentState::OwnIntent, Role::Standby, at(1_010));
        let lived = last_life(books, run, everywhere).await;
        let switches = Switches::default();
        let why = refusal(run, &switches, lived, at(1_010));
        why.filter(|why| why.name() == "EvidenceStale")
            .map(|why| why.name())
    }

    #[tokio::test]
    async fn a_writer_that_answers_again_after_the_evidence_makes_that_stale() {
        let why = || "why".to_owned();
        let look = |write: Write| Vantage {
            write,
            ..failover::testing::probe::vantage("us-east-1".into(), at(1_010))
        };
        let silent = look(Write::Failed { why: why() });
        assert_eq!(refused(&confirmed(Said::Nothing), &silent).await, None);
        let mut full = silent.clone();
        full.signs.saturated_at = Some(at(1_005));
        let mut before = silent.clone();
        before.signs.answered_at = Some(at(1_005));
        let mut spoke = silent.clone();
        spoke.signs.spoke_at = Some(at(1_005));
        let mut committed = silent.clone();
        committed.last_beat = Some(Beat {
            seq: 9,
            epoch: Epoch(7),
            at: at(1_005),
        });
        committed.signs.uncommitted_since = Some(at(1_009));
        let answers = [
            look(Write::Starting { why: why() }),
            look(Write::Exhausted { why: why() }),
            look(Write::Answered { why: why() }),
            before.clone(),
            spoke.clone(),
            full.clone(),
            committed.clone(),
        ];
        for seen in &answers {
            let stale = refused(&confirmed(Said::Nothing), seen).await;
            assert_eq!(stale, Some("EvidenceStale"), "{seen:?}");
        }
        // An answer that the human knew of when they agreed is no news; a commit and a full server are.
        let known = confirmed(Said::Answered);
        for seen in &answers[..5] {
            assert_eq!(refused(&known, seen).await, None, "{seen:?}");
        }
        for seen in [&full, &committed] {
            assert_eq!(refused(&known, seen).await, Some("EvidenceStale"));
        }
    }

    #[tokio::test]
    async fn a_writer_that_commits_to_its_own_regions_probe_after_the_evidence_makes_that_stale() {
        let run = confirmed(Said::Nothing);
        let by_home = |second| {
            let beat = Beat {
                seq: 9,
                epoch: Epoch(7),
                at: at(second),
            };
            Vantage {
                write: Write::Committed { beat },
                last_beat: Some(beat),
                ..failover::testing::probe::vantage("us-west-2".into(), at(second))
            }
        };
        let books = |second| async move {
            let books = failover::testing::Books::with(&ledger::PlanState::new("orders".into()));
            let name = "orders".into();
            books.put_vantage(&name, &by_home(second)).await.unwrap();
            // Our own road stays cut.
            let own = failover::testing::probe::vantage("us-east-1".into(), at(1_010));
            books.put_vantage(&name, &own).await.unwrap();
            books
        };
        let again = books(1_005).await;
        assert_eq!(refused_by(&again, &run).await, Some("EvidenceStale"));
        assert_eq!(refused_by(&books(999).await, &run).await, None);
        let silent = again.silence("us-west-2");
        assert_eq!(refused_by(&silent, &run).await, None, "a dead Region");
    }

    #[test]
    fn the_region_that_is_left_is_asked_where_the_very_pass_may_promote() {
        let mut run = failover::testing::run();
        run.confirmed = Some(failover::testing::confirmed(Verdict::RegionDown));
        let asks = |run: &Run, intent, role, second| asks_everywhere(run, intent, role, at(second));
        assert!(asks(&run, IntentState::OwnIntent, Role::Standby, 5));
        assert!(!asks(&run, IntentState::OwnIntent, Role::Standby, 4));
        assert!(!asks(&run, IntentState::Nothing, Role::Standby, 5));
        assert!(!asks(&run, IntentState::OwnIntent, Role::Standalone, 5));
        run.forced = true;
        assert!(asks(&run, IntentState::Nothing, Role::Standby, 0));
    }
}
