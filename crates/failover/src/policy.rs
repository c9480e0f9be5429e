//! What a verdict leads to under a plan's policy.

use serde::Serialize;

use crate::{
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

/// What a verdict leads to under the plan's policy.
#[must_use]
pub fn decide(verdict: Verdict, plan: &Plan) -> Decision {
    let automatic = |mode: Mode| {
        if mode == Mode::Automatic {
            Decision::GoOn
        } else {
            Decision::StandDown
        }
    };
    match verdict {
        Verdict::Draining => Decision::Wait,
        Verdict::RegionDown => automatic(plan.unplanned.region_down),
        Verdict::RegionDownUnwitnessed
            if plan.unplanned.without_witness == Some(Accept::Accept) =>
        {
            automatic(plan.unplanned.region_down)
        }
        Verdict::WriterDown => automatic(plan.unplanned.writer_down),
        Verdict::RegionDownUnwitnessed
        | Verdict::Healthy
        | Verdict::ProbeMisconfigured
        | Verdict::PathImpaired
        | Verdict::WriterRestarting
        | Verdict::WriterMoved
        | Verdict::ObserverIsolated
        | Verdict::Undetermined => Decision::StandDown,
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
    fn a_mode_other_than_automatic_does_not_lead_on() {
        let mut plan = plan();
        plan.unplanned.region_down = Mode::Approval;
        assert_eq!(decide(Verdict::RegionDown, &plan), Decision::StandDown);
    }
}
