//! What makes the evidence stale beside a sign of life.

use super::*;
use failover::evidence::Verdict;

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
    let detach = |run: &mut Run| *run.plan.topology.strategy_mut().unwrap() = Strategy::Detach;
    assert_eq!(why(Verdict::WriterDown, detach), None);
}
