//! A human's no, and for which question it holds.

use failover::{evidence::Verdict, ledger::Declined, pass::Pass, policy::Decision};

/// A human's no to just what would be asked. A run by hand, which answers no suspicion, asks anew.
pub(super) fn before(pass: &Pass, verdict: Verdict, decision: Decision) -> Option<Declined> {
    let asks = decision == Decision::Ask && pass.run.incident.is_some();
    let mut rows = pass.rows.0.values().filter(|_| asks);
    rows.find_map(|row| row.declined.clone().filter(|no| no.verdict == verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_holds_for_the_same_verdict_of_a_suspicion_and_for_no_run_by_hand() {
        let no = Declined {
            run_id: "before".into(),
            verdict: Verdict::WriterDown,
        };
        let row = failover::ledger::PlanState {
            declined: Some(no.clone()),
            ..failover::ledger::PlanState::new("orders".into())
        };
        let mut pass = Pass {
            run: failover::testing::run(),
            rows: failover::ledger::Rows([("us-east-1".into(), row)].into()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: false,
        };
        let of = |pass: &Pass, verdict| before(pass, verdict, Decision::Ask);
        assert_eq!(of(&pass, Verdict::WriterDown), None, "a human started it");
        pass.run.incident = Some(failover::domain::Incident {
            plan: "orders".into(),
            epoch: failover::domain::Epoch(7),
        });
        assert_eq!(of(&pass, Verdict::WriterDown), Some(no));
        assert_eq!(of(&pass, Verdict::RegionDown), None, "another question");
        assert_eq!(
            before(&pass, Verdict::WriterDown, Decision::GoOn),
            None,
            "nobody is asked"
        );
    }
}
