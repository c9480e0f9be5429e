//! What a pass makes of what it gathered: the verdict, and what that leads to under the plan.

use super::{Answer, Observed, gather::Gathered, patience, reason, signs::Signs, way};
use failover::{
    beat::Write,
    evidence::{Evidence, Verdict},
    ledger::{Confirmed, Declined},
    pass::{Output, Pass, Progress},
    policy::{Decision, Human, decide},
    topologies::Topology,
};

/// What a pass makes of what it gathered.
pub(super) struct Judged {
    evidence: Evidence,
    pub(super) verdict: Verdict,
    pub(super) signs: Signs,
    /// The most seconds of writes that a promotion can lose.
    at_most_seconds: Option<f64>,
    human: Human,
}

impl Judged {
    pub(super) fn of(pass: &Pass, gathered: &Gathered) -> Self {
        let evidence = gathered.evidence.clone();
        let verdict = evidence.verdict_under(&pass.run.plan);
        let signs = Signs::of(pass, gathered, verdict);
        let human = Human {
            approved: pass.run.is_approved(verdict, evidence.said, pass.now),
            // Where no heart beats nothing else leads on, and a dry run says so.
            started_it: !(pass.dry_run && pass.run.plan.has_heart())
                && by_hand(pass, verdict, &evidence),
        };
        Self {
            at_most_seconds: signs.at_most_seconds(gathered),
            evidence,
            verdict,
            signs,
            human,
        }
    }

    /// What it leads to, once it is known how the standby would be promoted, and before the leases have their word.
    pub(super) fn leads_to<W>(
        &self,
        topology: impl Topology<W>,
        pass: &mut Pass,
        gathered: &Gathered,
    ) -> Decision {
        let (verdict, approved) = (self.verdict, self.human.approved);
        let run = &mut pass.run;
        let decided = (decide(verdict, &run.plan, self.human), approved);
        let decision = way::after_refusals(topology, run, verdict, decided, pass.now);
        let decided = (decision, approved);
        let decision = way::by_which_way(topology, run, verdict, decided, gathered.shown());
        let decided = (decision, self.human);
        patience::of(pass, verdict, decided, &self.evidence, &self.signs)
    }

    pub(super) fn reason<W>(
        &self,
        topology: impl Topology<W>,
        pass: &Pass,
        decision: Decision,
        declined: Option<&Declined>,
    ) -> String {
        let loss = (self.signs.loss.as_ref(), self.at_most_seconds);
        reason::sentence(
            self.verdict,
            (decision, &way::why_that_way(topology, &pass.run)),
            &pass.run,
            &self.evidence,
            loss,
            declined,
        )
    }

    /// What the run's record keeps of it.
    pub(super) fn confirmed(&self) -> Confirmed {
        let signs = &self.signs;
        Confirmed {
            verdict: self.verdict,
            evidence: self.evidence.clone(),
            loss: signs.loss.clone(),
            acknowledged: signs.acknowledged.clone(),
            alive_at: signs.alive_at,
            maybe_alive_at: signs.last_sign,
            outage_since: signs.outage_since,
            writes_until: signs.writes_until,
            approved: self.human.approved,
            by_hand: self.human.started_it,
        }
    }

    pub(super) fn answer(self, pass: &Pass, decision: Decision, reason: String) -> Answer {
        let (progress, wait_seconds) = progress(decision);
        let observed = Observed {
            evidence: self.evidence,
            loss: self.signs.loss,
            at_most_seconds: self.at_most_seconds,
            strategy: pass.run.strategy.clone(),
            hand_over: pass.run.hand_over.clone(),
        };
        Answer {
            output: Output {
                progress,
                wait_seconds,
                action: self.verdict.name(),
                reason,
                dry_run: pass.dry_run,
                refusal: None,
                next: Vec::new(),
                observed: Some(observed),
            },
            verdict: self.verdict,
            decision,
            approval_seconds: pass.run.plan.unplanned.approval_minutes * 60,
        }
    }
}

fn progress(decision: Decision) -> (Progress, u64) {
    match decision == Decision::Wait {
        true => (Progress::Pending, 1),
        false => (Progress::Done, 0),
    }
}

/// Whether whoever started the run may be asked about evidence that fits no row, or that only a silent witness could confirm:
/// there is a failing writer to ask about, and this Region is not cut off from its own RDS.
fn by_hand(pass: &Pass, verdict: Verdict, evidence: &Evidence) -> bool {
    // A run that was handed over by a suspicion brings its incident along.
    let suspected = pass.run.incident.is_some();
    let fails = matches!(
        evidence.write,
        Some(
            Write::Failed { .. }
                | Write::Starting { .. }
                | Write::Exhausted { .. }
                | Write::Answered { .. }
        )
    );
    // Nobody looks at a writer in which no heart beats: people may know all the same.
    let fails = fails || !pass.run.plan.has_heart();
    let cut_off = verdict == Verdict::ObserverIsolated && !evidence.local_rds.answers();
    !suspected && fails && !cut_off
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{ledger::Rows, testing};

    #[test]
    fn whoever_starts_a_run_of_a_plan_without_a_heart_is_asked_and_a_suspicion_is_not() {
        let document = testing::sqlserver_document().to_string();
        let mut pass = Pass {
            run: testing::run(),
            rows: Rows(Default::default()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: false,
        };
        let unseen = Evidence {
            write: None,
            writer_ledger_answers: true,
            ..testing::evidence(pass.now)
        };
        let judged = |pass: &Pass| Judged::of(pass, &Gathered::with(unseen.clone()));
        assert!(!judged(&pass).human.started_it, "its probe is to answer");
        pass.run.plan = failover::plan::read(&document).unwrap();
        let found = judged(&pass);
        assert_eq!(found.verdict, Verdict::Undetermined);
        let decided = decide(found.verdict, &pass.run.plan, found.human);
        assert_eq!(decided, Decision::Ask);
        pass.dry_run = true;
        assert!(judged(&pass).human.started_it, "it says what would come");
        pass.run.incident = Some(failover::domain::Incident {
            plan: "orders".into(),
            epoch: failover::domain::Epoch(7),
        });
        assert!(!judged(&pass).human.started_it);
    }

    #[test]
    fn a_run_by_hand_asks_beside_a_silent_witness_as_long_as_its_own_rds_answers() {
        let pass = Pass {
            run: testing::run(),
            rows: Rows(Default::default()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: false,
        };
        let unwitnessed = Evidence {
            witness: failover::evidence::Witness::Unreachable,
            ..testing::evidence(pass.now)
        };
        let verdict = unwitnessed.verdict_under(&pass.run.plan);
        assert_eq!(verdict, Verdict::ObserverIsolated);
        assert!(by_hand(&pass, verdict, &unwitnessed));
        let isolated = Evidence {
            local_rds: unwitnessed.writer_rds.clone(),
            ..unwitnessed
        };
        assert!(!by_hand(&pass, verdict, &isolated));
    }
}
