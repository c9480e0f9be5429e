//! What a verdict leads to under a plan's policy.

use serde::Serialize;

use crate::{
    Error,
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
}

/// The mode of a verdict that may lead on; `None` for one that never does.
#[must_use]
pub fn mode(verdict: Verdict, plan: &Plan) -> Option<Mode> {
    let accepted = plan.unplanned.without_witness == Some(Accept::Accept);
    match verdict {
        Verdict::RegionDown => Some(plan.unplanned.region_down),
        Verdict::RegionDownUnwitnessed if accepted => Some(plan.unplanned.region_down),
        Verdict::WriterDown => Some(plan.unplanned.writer_down),
        Verdict::RegionDownUnwitnessed
        | Verdict::Healthy
        | Verdict::ProbeMisconfigured
        | Verdict::PathImpaired
        | Verdict::WriterRestarting
        | Verdict::WriterMoved
        | Verdict::ObserverIsolated
        | Verdict::Draining
        | Verdict::Undetermined => None,
    }
}

/// What a verdict leads to under the plan's policy. A mode that this version does not carry out leads nowhere.
#[must_use]
pub fn decide(verdict: Verdict, plan: &Plan) -> Decision {
    match mode(verdict, plan) {
        Some(Mode::Automatic) => Decision::GoOn,
        Some(Mode::Approval | Mode::Observe) => Decision::StandDown,
        None if verdict == Verdict::Draining => Decision::Wait,
        None => Decision::StandDown,
    }
}

/// Refuses a verdict whose mode this version does not carry out.
///
/// # Errors
/// `RunRefused`.
pub fn carried_out(verdict: Verdict, plan: &Plan) -> Result<(), Error> {
    match mode(verdict, plan) {
        Some(mode @ (Mode::Approval | Mode::Observe)) => Err(Error::RunRefused(format!(
            "the verdict is {verdict:?}, whose mode is {mode:?}; this version carries out automatic only"
        ))),
        Some(Mode::Automatic) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        crate::plan::read(&crate::steps::fake::plan_document().to_string()).unwrap()
    }

    #[test]
    fn only_a_dead_region_or_a_dead_writer_leads_on() {
        use Verdict::*;
        let plan = plan();
        for verdict in [RegionDown, WriterDown] {
            assert_eq!(decide(verdict, &plan), Decision::GoOn);
        }
        let others = [
            Healthy,
            ProbeMisconfigured,
            PathImpaired,
            WriterRestarting,
            WriterMoved,
            ObserverIsolated,
            RegionDownUnwitnessed,
            Undetermined,
        ];
        for verdict in others {
            assert_eq!(decide(verdict, &plan), Decision::StandDown, "{verdict:?}");
        }
        assert_eq!(decide(Draining, &plan), Decision::Wait);
    }

    #[test]
    fn an_unwitnessed_silence_leads_on_only_where_that_was_accepted() {
        let mut plan = plan();
        plan.unplanned.without_witness = Some(Accept::Accept);
        assert_eq!(
            decide(Verdict::RegionDownUnwitnessed, &plan),
            Decision::GoOn
        );
    }

    #[test]
    fn a_mode_that_is_not_carried_out_is_refused_for_its_own_verdict_only() {
        let mut plan = plan();
        plan.unplanned.writer_down = Mode::Observe;
        assert_eq!(carried_out(Verdict::RegionDown, &plan), Ok(()));
        let why = carried_out(Verdict::WriterDown, &plan).unwrap_err();
        assert_eq!(why.name(), "RunRefused");
    }

    #[test]
    fn a_mode_other_than_automatic_does_not_lead_on() {
        let mut plan = plan();
        plan.unplanned.region_down = Mode::Approval;
        assert_eq!(decide(Verdict::RegionDown, &plan), Decision::StandDown);
    }
}
