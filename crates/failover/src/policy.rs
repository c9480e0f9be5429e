//! What a verdict leads to under a plan's policy.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    domain::seconds_between,
    evidence::Verdict,
    plan::{Accept, Mode, Plan},
};

/// What a verdict leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// On to the promotion.
    GoOn,
    /// Nothing is changed.
    StandDown,
    /// Look again.
    Wait,
    /// A human is asked first.
    Ask,
    /// Another Region's standby is the better one: a run there goes on.
    HandOver,
}

/// The mode of a verdict that may lead on; `None` for one that never does.
#[must_use]
pub fn mode(verdict: Verdict, plan: &Plan) -> Option<Mode> {
    match written(verdict, plan) {
        // Nobody has seen the writer fail: a plan that says so all the same was never taken.
        Some(Mode::Automatic) if !plan.has_heart() => Some(Mode::Approval),
        mode => mode,
    }
}

/// What a verdict that may lead on says is lost. A plan has a mode for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The writer's Region: `region_down`.
    Region,
    /// The writer alone: `writer_down`.
    Writer,
}

/// What a verdict says is lost; `None` for one that never leads on.
#[must_use]
pub const fn lost(verdict: Verdict) -> Option<Lost> {
    match verdict {
        Verdict::RegionDown | Verdict::RegionDownUnwitnessed => Some(Lost::Region),
        Verdict::WriterDown | Verdict::WriterDownUnconfirmed => Some(Lost::Writer),
        Verdict::Healthy
        | Verdict::ProbeMisconfigured
        | Verdict::PathImpaired
        | Verdict::WriterRestarting
        | Verdict::WriterSaturated
        | Verdict::WriterMoved
        | Verdict::ObserverIsolated
        | Verdict::Draining
        | Verdict::Undetermined => None,
    }
}

/// The mode that the plan gives a verdict.
fn written(verdict: Verdict, plan: &Plan) -> Option<Mode> {
    let mode = match lost(verdict)? {
        Lost::Region => plan.unplanned.region_down,
        Lost::Writer => plan.unplanned.writer_down,
    };
    let accepted = plan.unplanned.without_witness == Some(Accept::Accept);
    // Nobody else can confirm it, or one mechanism alone says so: a human must agree, unless the plan accepts the former or only
    // observes.
    let needs_word = verdict == Verdict::RegionDownUnwitnessed && !accepted
        || verdict == Verdict::WriterDownUnconfirmed;
    if needs_word && mode == Mode::Automatic {
        return Some(Mode::Approval);
    }
    Some(mode)
}

/// A human's part in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Human {
    /// They agreed lately enough.
    pub approved: bool,
    /// They started the run, and its own look met a writer that fails: they may be asked where no row of the table fits, or
    /// nobody else can confirm it.
    pub started_it: bool,
}

/// What a verdict leads to under the plan's policy.
#[must_use]
pub fn decide(verdict: Verdict, plan: &Plan, human: Human) -> Decision {
    let unsure = matches!(verdict, Verdict::Undetermined | Verdict::ObserverIsolated);
    let asked_anyway = human.started_it && unsure;
    match mode(verdict, plan).or(asked_anyway.then_some(Mode::Approval)) {
        Some(Mode::Automatic) => Decision::GoOn,
        Some(Mode::Approval) if human.approved => Decision::GoOn,
        Some(Mode::Approval) => Decision::Ask,
        Some(Mode::Observe) => Decision::StandDown,
        None if verdict == Verdict::Draining => Decision::Wait,
        None => Decision::StandDown,
    }
}

/// Whether a yes to one verdict is one to another: to the same, and to a stronger one of the same kind. Who agreed that a Region is
/// gone has not agreed to leave a writer whose Region answers again.
#[must_use]
pub const fn covers(asked: Verdict, found: Verdict) -> bool {
    use Verdict::{
        Draining, Healthy, ObserverIsolated, PathImpaired, ProbeMisconfigured, RegionDown,
        RegionDownUnwitnessed, Undetermined, WriterDown, WriterDownUnconfirmed, WriterMoved,
        WriterRestarting, WriterSaturated,
    };
    match found {
        RegionDown => true,
        RegionDownUnwitnessed => {
            matches!(
                asked,
                RegionDownUnwitnessed | Undetermined | ObserverIsolated
            )
        }
        WriterDown => matches!(
            asked,
            WriterDown | WriterDownUnconfirmed | Undetermined | ObserverIsolated
        ),
        WriterDownUnconfirmed => {
            matches!(
                asked,
                WriterDownUnconfirmed | Undetermined | ObserverIsolated
            )
        }
        Undetermined => matches!(asked, Undetermined),
        ObserverIsolated => matches!(asked, ObserverIsolated),
        Healthy | ProbeMisconfigured | PathImpaired | WriterRestarting | WriterSaturated
        | WriterMoved | Draining => false,
    }
}

/// How long a human's approval leads on, in seconds: a redrive on Thursday must not stand on Monday's word.
pub const APPROVAL_SECONDS_MAX: f64 = 600.0;

/// Whether an approval given at `approved_at` still leads on.
#[must_use]
pub fn is_approved(approved_at: Option<Timestamp>, now: Timestamp) -> bool {
    approved_at.is_some_and(|at| seconds_between(at, now) <= APPROVAL_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Human = Human {
        approved: false,
        started_it: false,
    };
    const APPROVED: Human = Human {
        approved: true,
        started_it: false,
    };

    fn plan() -> Plan {
        crate::plan::read(&crate::testing::plan_document().to_string()).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn only_a_dead_region_or_a_dead_writer_leads_on() {
        use Verdict::*;
        let plan = plan();
        for verdict in [RegionDown, WriterDown] {
            assert_eq!(decide(verdict, &plan, NOBODY), Decision::GoOn);
        }
        let others = [
            Healthy,
            ProbeMisconfigured,
            PathImpaired,
            WriterRestarting,
            WriterSaturated,
            WriterMoved,
            ObserverIsolated,
            Undetermined,
        ];
        for verdict in others {
            assert_eq!(
                decide(verdict, &plan, APPROVED),
                Decision::StandDown,
                "{verdict:?}"
            );
        }
        assert_eq!(decide(Draining, &plan, APPROVED), Decision::Wait);
    }

    #[test]
    fn a_verdict_leads_on_under_the_mode_of_what_it_says_is_lost() {
        use Verdict::*;
        let mut plan = plan();
        plan.unplanned.region_down = Mode::Observe;
        plan.unplanned.writer_down = Mode::Approval;
        let found = [
            (RegionDown, Some(Lost::Region), Some(Mode::Observe)),
            (
                RegionDownUnwitnessed,
                Some(Lost::Region),
                Some(Mode::Observe),
            ),
            (WriterDown, Some(Lost::Writer), Some(Mode::Approval)),
            (
                WriterDownUnconfirmed,
                Some(Lost::Writer),
                Some(Mode::Approval),
            ),
            (Draining, None, None),
            (Undetermined, None, None),
        ];
        for (verdict, is_lost, leads) in found {
            assert_eq!((lost(verdict), mode(verdict, &plan)), (is_lost, leads));
        }
    }

    #[test]
    fn an_unwitnessed_silence_leads_on_where_that_was_accepted_and_is_asked_about_elsewhere() {
        let mut plan = plan();
        let decided = |plan: &Plan| decide(Verdict::RegionDownUnwitnessed, plan, NOBODY);
        assert_eq!(decided(&plan), Decision::Ask);
        plan.unplanned.without_witness = Some(Accept::Accept);
        assert_eq!(decided(&plan), Decision::GoOn);
        plan.unplanned.region_down = Mode::Observe;
        assert_eq!(decided(&plan), Decision::StandDown);
    }

    #[test]
    fn a_writer_that_only_failing_probes_call_dead_is_never_left_without_a_humans_word() {
        let mut plan = plan();
        let decided = |plan: &Plan, human| decide(Verdict::WriterDownUnconfirmed, plan, human);
        assert_eq!(decided(&plan, NOBODY), Decision::Ask);
        assert_eq!(decided(&plan, APPROVED), Decision::GoOn);
        plan.unplanned.writer_down = Mode::Observe;
        assert_eq!(decided(&plan, APPROVED), Decision::StandDown);
    }

    #[test]
    fn whoever_starts_a_run_by_hand_may_be_asked_where_the_evidence_fits_no_row() {
        let plan = plan();
        let decided = |human| decide(Verdict::Undetermined, &plan, human);
        let by_hand = Human {
            started_it: true,
            ..NOBODY
        };
        let agreed = Human {
            approved: true,
            ..by_hand
        };
        assert_eq!([NOBODY, APPROVED].map(decided), [Decision::StandDown; 2]);
        assert_eq!(
            [by_hand, agreed].map(decided),
            [Decision::Ask, Decision::GoOn]
        );
        for verdict in [
            Verdict::Healthy,
            Verdict::PathImpaired,
            Verdict::WriterSaturated,
        ] {
            assert_eq!(decide(verdict, &plan, agreed), Decision::StandDown);
        }
    }

    #[test]
    fn a_silent_witness_is_no_worse_than_none_for_a_run_by_hand() {
        let plan = plan();
        let decided = |human| decide(Verdict::ObserverIsolated, &plan, human);
        let by_hand = Human {
            started_it: true,
            ..NOBODY
        };
        let agreed = Human {
            approved: true,
            ..by_hand
        };
        assert_eq!([NOBODY, APPROVED].map(decided), [Decision::StandDown; 2]);
        assert_eq!(
            [by_hand, agreed].map(decided),
            [Decision::Ask, Decision::GoOn]
        );
    }

    #[test]
    fn approval_asks_until_a_human_agreed_and_observe_never_leads_on() {
        let mut plan = plan();
        plan.unplanned.region_down = Mode::Approval;
        assert_eq!(decide(Verdict::RegionDown, &plan, NOBODY), Decision::Ask);
        assert_eq!(decide(Verdict::RegionDown, &plan, APPROVED), Decision::GoOn);
        plan.unplanned.region_down = Mode::Observe;
        assert_eq!(
            decide(Verdict::RegionDown, &plan, APPROVED),
            Decision::StandDown
        );
    }

    #[test]
    fn a_yes_counts_for_the_verdict_that_was_asked_about_and_for_a_stronger_one() {
        use Verdict::*;
        let asked_about = [
            RegionDown,
            RegionDownUnwitnessed,
            WriterDown,
            WriterDownUnconfirmed,
            Undetermined,
            ObserverIsolated,
        ];
        for asked in asked_about {
            assert!(
                covers(asked, asked) && covers(asked, RegionDown),
                "{asked:?}"
            );
            assert!(!covers(asked, PathImpaired) && !covers(asked, Healthy));
        }
        assert!(covers(WriterDownUnconfirmed, WriterDown));
        for weaker in [WriterDown, WriterDownUnconfirmed, Undetermined] {
            assert!(!covers(RegionDown, weaker), "{weaker:?}");
            assert!(!covers(RegionDownUnwitnessed, weaker), "{weaker:?}");
        }
        assert!(!covers(WriterDown, WriterDownUnconfirmed));
        assert!(
            !covers(WriterDown, RegionDownUnwitnessed),
            "it may have come back unseen"
        );
    }

    #[test]
    fn an_approval_is_good_for_ten_minutes() {
        let approved = |now| is_approved(Some(at(0)), at(now));
        assert_eq!([600, 601].map(approved), [true, false]);
        assert!(!is_approved(None, at(0)));
    }
}
