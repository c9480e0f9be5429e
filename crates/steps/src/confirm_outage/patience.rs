//! When a pass looks again instead of ending the run, and for how long at most.

use jiff::{SignedDuration, Timestamp};

use super::{STEP, signs::Signs, way::is_gone};
use failover::{
    beat::Write,
    evidence::{Evidence, Verdict, Witness},
    ledger::Entry,
    pass::Pass,
    policy::{Decision, Human},
};

/// How long a run looks again. The state machine allows 60 looks, each at least a second after the one before, and its end
/// would be trouble where this one is none: the next suspicion looks again.
const PATIENCE: SignedDuration = SignedDuration::from_secs(45);

/// Looks again while replication drains, and while the probe or the witness does not answer: a cold start is no verdict. All
/// together end after [`PATIENCE`], and the run stands down. A Region that was reached a moment ago is looked at until it has been
/// silent for long enough.
pub(super) fn of(
    pass: &Pass,
    verdict: Verdict,
    (decision, human): (Decision, Human),
    evidence: &Evidence,
    signs: &Signs,
) -> Decision {
    // A dry run says what would come of it in the end.
    let by_itself = !pass.dry_run && !human.approved && !human.started_it;
    if decision == Decision::GoOn && by_itself && is_just_silent(pass, verdict, evidence, signs) {
        return Decision::Wait;
    }
    if !may_change(pass, verdict, decision, evidence) {
        return decision;
    }
    if pass.now.duration_since(waited_since(pass)) < PATIENCE {
        Decision::Wait
    } else {
        Decision::StandDown
    }
}

/// Whether a Region that counts as gone has not been silent for as long as a suspicion takes: our own looks have failed for less, or
/// it was reached after they had begun to fail and has not been seen silent for so long since.
fn is_just_silent(pass: &Pass, verdict: Verdict, evidence: &Evidence, signs: &Signs) -> bool {
    let needed = pass.run.plan.detection.silent_for();
    let Some(since) = evidence.failing_since.filter(|_| is_gone(verdict)) else {
        return false;
    };
    let reached = signs.alive_at.max(signs.maybe_alive_at) > Some(since);
    let silent = pass.now.duration_since(silent_since(pass));
    evidence.gathered_at.duration_since(since) < needed || (reached && silent < needed)
}

/// Since when every look of the run that anybody answered has found the Region gone. A witness that did not answer found nothing.
fn silent_since(pass: &Pass) -> Timestamp {
    let is = |entry: &&Entry, verdicts: &[Verdict]| {
        let mut names = verdicts.iter().map(|verdict| verdict.name());
        names.any(|name| name == entry.action)
    };
    let looks = pass.run.timeline.iter().rev();
    let looks = looks.filter(|entry| entry.step == STEP);
    let on_end = looks.take_while(|entry| is(entry, &GONE) || is(entry, &UNHEARD));
    let gone = on_end.filter(|entry| is(entry, &GONE)).last();
    gone.map_or(pass.now, |entry| entry.at)
}

/// Of a Region that is gone.
const GONE: [Verdict; 2] = [Verdict::RegionDown, Verdict::RegionDownUnwitnessed];
/// Of a look that tells nothing of the Region.
const UNHEARD: [Verdict; 1] = [Verdict::ObserverIsolated];

/// Whether another look may tell more.
fn may_change(pass: &Pass, verdict: Verdict, decision: Decision, evidence: &Evidence) -> bool {
    let unseen = verdict == Verdict::Undetermined
        && pass.run.plan.has_heart()
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
        Verdict::RegionDown,
        Verdict::RegionDownUnwitnessed,
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
    use super::super::gather::Gathered;
    use super::*;
    use failover::{
        ledger::{PlanState, Rows},
        testing,
    };

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
            rows: Rows(Default::default()),
            now: at(now),
            dry_run: false,
        }
    }

    fn judged(pass: &Pass, verdict: Verdict, write: Option<Write>) -> Decision {
        let evidence = Evidence {
            write,
            ..testing::evidence(pass.now)
        };
        decided(pass, verdict, Decision::StandDown, &evidence)
    }

    fn decided(pass: &Pass, verdict: Verdict, decision: Decision, evidence: &Evidence) -> Decision {
        let signs = Signs::of(pass, &Gathered::with(evidence.clone()), verdict);
        of(
            pass,
            verdict,
            (decision, Human::default()),
            evidence,
            &signs,
        )
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
            decided(&pass, verdict, decision, &evidence)
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
        let found = decided(&pass, verdict, Decision::StandDown, &isolated);
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
        let elsewhere = [(0, Verdict::Draining), (20, Verdict::WriterRestarting)];
        assert_eq!(draining(&pass(45, &elsewhere)), Decision::Wait);
    }

    /// A pass about a Region that fell silent; our own looks have failed since 10 s, and the witness reached it last at `reached`.
    fn silent(now: i64, reached: i64, entries: &[(i64, Verdict)]) -> (Pass, Evidence) {
        let mut pass = pass(now, entries);
        let mut row = PlanState::new("orders".into());
        row.maybe_alive_at = Some(at(reached));
        pass.rows.0.insert("us-east-1".into(), row);
        let evidence = Evidence {
            failing_since: Some(at(10)),
            ..testing::evidence(pass.now)
        };
        (pass, evidence)
    }

    #[test]
    fn a_region_that_was_reached_after_our_road_was_cut_is_left_when_it_stays_silent() {
        let gone = Verdict::RegionDown;
        let goes_on = |now, reached, entries: &[(i64, Verdict)]| {
            let (pass, evidence) = silent(now, reached, entries);
            let for_seconds = pass.run.plan.detection.silent_for().as_secs();
            assert_eq!(for_seconds, 10, "three looks at intervals of 5 s");
            decided(&pass, gone, Decision::GoOn, &evidence)
        };
        assert_eq!(goes_on(100, 90, &[]), Decision::Wait);
        assert_eq!(goes_on(109, 90, &[(100, gone)]), Decision::Wait);
        assert_eq!(goes_on(110, 90, &[(100, gone)]), Decision::GoOn);
        assert_eq!(goes_on(100, 9, &[]), Decision::GoOn, "all at once");
        let isolated = Verdict::ObserverIsolated;
        let unheard = [(100, gone), (104, isolated), (108, gone)];
        assert_eq!(goes_on(112, 90, &unheard), Decision::GoOn, "by the witness");
        let heard = [(100, gone), (104, Verdict::Undetermined), (108, gone)];
        assert_eq!(goes_on(112, 90, &heard), Decision::Wait);
        let drained = [(60, Verdict::Draining), (100, gone)];
        assert_eq!(goes_on(109, 90, &drained), Decision::Wait, "its own time");
        assert_eq!(goes_on(110, 90, &drained), Decision::GoOn);
        let moment = [(12, gone)];
        assert_eq!(
            goes_on(19, 9, &moment),
            Decision::Wait,
            "it committed at 9 s"
        );
        assert_eq!(goes_on(20, 9, &moment), Decision::GoOn);
    }

    #[test]
    fn a_dry_run_says_what_would_come_of_a_silence_that_lasts() {
        let (mut pass, evidence) = silent(100, 90, &[]);
        pass.dry_run = true;
        let found = decided(&pass, Verdict::RegionDown, Decision::GoOn, &evidence);
        assert_eq!(found, Decision::GoOn);
    }

    #[test]
    fn a_call_that_was_late_does_not_make_the_silence_begin_anew() {
        let gone = Verdict::RegionDown;
        let (mut pass, evidence) = silent(120, 90, &[(100, gone)]);
        pass.run
            .note(at(111), "detach_and_promote", "write_intent", "");
        let found = decided(&pass, gone, Decision::GoOn, &evidence);
        assert_eq!(found, Decision::GoOn);
    }

    #[test]
    fn people_who_have_decided_do_not_wait_for_the_silence_to_last() {
        let (pass, evidence) = silent(100, 90, &[]);
        let signs = Signs::of(
            &pass,
            &Gathered::with(evidence.clone()),
            Verdict::RegionDown,
        );
        let by = |decision, human| {
            of(
                &pass,
                Verdict::RegionDown,
                (decision, human),
                &evidence,
                &signs,
            )
        };
        let nobody = Human::default();
        assert_eq!(by(Decision::GoOn, nobody), Decision::Wait);
        assert_eq!(by(Decision::Ask, nobody), Decision::Ask);
        let agreed = Human {
            approved: true,
            ..nobody
        };
        let started = Human {
            started_it: true,
            ..nobody
        };
        for human in [agreed, started] {
            assert_eq!(by(Decision::GoOn, human), Decision::GoOn);
        }
    }
}
