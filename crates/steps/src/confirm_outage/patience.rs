//! When a pass looks again instead of ending the run, and for how long at most.

use jiff::{SignedDuration, Timestamp};

use super::STEP;
use failover::{
    beat::Write,
    evidence::{Evidence, Verdict, Witness},
    pass::Pass,
    policy::Decision,
};

/// How long a run looks again. The state machine allows 60 looks, each at least a second after the one before, and its end
/// would be trouble where this one is none: the next suspicion looks again.
const PATIENCE: SignedDuration = SignedDuration::from_secs(45);

/// Looks again while replication drains, and while the probe or the witness does not answer: a cold start is no verdict. All
/// together end after [`PATIENCE`], and the run stands down.
pub(super) fn of(
    pass: &Pass,
    verdict: Verdict,
    decision: Decision,
    evidence: &Evidence,
) -> Decision {
    if !may_change(verdict, decision, evidence) {
        return decision;
    }
    if pass.now.duration_since(waited_since(pass)) < PATIENCE {
        Decision::Wait
    } else {
        Decision::StandDown
    }
}

/// Whether another look may tell more.
fn may_change(verdict: Verdict, decision: Decision, evidence: &Evidence) -> bool {
    let unseen = verdict == Verdict::Undetermined
        && matches!(evidence.write, None | Some(Write::Unattempted { .. }));
    // Whoever started the run by hand is asked instead.
    let unwitnessed = verdict == Verdict::ObserverIsolated
        && evidence.local_rds.answers()
        && evidence.witness == Witness::Unreachable
        && decision == Decision::StandDown;
    verdict == Verdict::Draining || unseen || unwitnessed
}

/// Since when the run looks again and again.
fn waited_since(pass: &Pass) -> Timestamp {
    let again = [
        Verdict::Draining,
        Verdict::Undetermined,
        Verdict::ObserverIsolated,
    ]
    .map(Verdict::name);
    let latest_first = pass.run.timeline.iter().rev();
    latest_first
        .take_while(|entry| entry.step == STEP && again.contains(&entry.action.as_str()))
        .last()
        .map_or(pass.now, |entry| entry.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::testing;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn pass(now: i64, entries: &[(i64, Verdict)]) -> Pass {
        let mut run = testing::run();
        for (second, verdict) in entries {
            run.note(at(*second), STEP, verdict.name(), "");
        }
        Pass {
            run,
            rows: failover::ledger::Rows(Default::default()),
            now: at(now),
            dry_run: false,
        }
    }

    fn judged(pass: &Pass, verdict: Verdict, write: Option<Write>) -> Decision {
        let evidence = Evidence {
            write,
            ..testing::evidence(pass.now)
        };
        of(pass, verdict, Decision::StandDown, &evidence)
    }

    #[test]
    fn a_probe_that_does_not_answer_is_asked_again_for_a_while() {
        let unseen = |pass: &Pass| judged(pass, Verdict::Undetermined, None);
        assert_eq!(unseen(&pass(0, &[])), Decision::Wait);
        let before = [(0, Verdict::Undetermined)];
        assert_eq!(unseen(&pass(44, &before)), Decision::Wait);
        assert_eq!(unseen(&pass(45, &before)), Decision::StandDown);
        let why = String::new();
        let write = Some(Write::Failed { why });
        let seen = judged(&pass(1, &before), Verdict::Undetermined, write);
        assert_eq!(seen, Decision::StandDown, "what was seen fits no row");
    }

    #[test]
    fn a_witness_that_does_not_answer_is_asked_again_for_a_while() {
        let unwitnessed = |now: i64, entries: &[(i64, Verdict)], decision| {
            let pass = pass(now, entries);
            let evidence = Evidence {
                witness: Witness::Unreachable,
                ..testing::evidence(pass.now)
            };
            let verdict = evidence.verdict_under(&pass.run.plan);
            assert_eq!(verdict, Verdict::ObserverIsolated);
            of(&pass, verdict, decision, &evidence)
        };
        let before = [(0, Verdict::ObserverIsolated), (20, Verdict::Draining)];
        let stands_down = |now| unwitnessed(now, &before, Decision::StandDown);
        assert_eq!(stands_down(44), Decision::Wait);
        assert_eq!(stands_down(45), Decision::StandDown);
        for by_hand in [Decision::Ask, Decision::GoOn] {
            assert_eq!(unwitnessed(1, &before, by_hand), by_hand);
        }
        let pass = pass(1, &[]);
        let isolated = Evidence {
            local_rds: testing::evidence(pass.now).writer_rds,
            witness: Witness::Unreachable,
            ..testing::evidence(pass.now)
        };
        let verdict = Verdict::ObserverIsolated;
        let found = of(&pass, verdict, Decision::StandDown, &isolated);
        assert_eq!(found, Decision::StandDown, "its own RDS is silent too");
    }

    #[test]
    fn a_run_whose_draining_outlasts_its_passes_stands_down() {
        let draining = |pass: &Pass| {
            let why = String::new();
            judged(pass, Verdict::Draining, Some(Write::Failed { why }))
        };
        let both = [(0, Verdict::Draining), (20, Verdict::Undetermined)];
        assert_eq!(draining(&pass(44, &both)), Decision::Wait);
        assert_eq!(draining(&pass(45, &both)), Decision::StandDown);
        let elsewhere = [(0, Verdict::Draining), (20, Verdict::RegionDown)];
        assert_eq!(draining(&pass(45, &elsewhere)), Decision::Wait);
    }
}
