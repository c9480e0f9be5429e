//! What a verdict leads to, and how that is said.

use super::way::why_a_detach;
use failover::{
    beat::{Loss, Write},
    domain::RunId,
    evidence::{Evidence, HomeVantage, Progress, Said, Verdict, Witness},
    guard,
    ledger::{Declined, Run},
    pass::Pass,
    plan::Mode,
    policy::{Decision, mode},
};

/// A human's no to just what would be asked. A run by hand, which answers no suspicion, asks anew.
pub(super) fn declined(pass: &Pass, verdict: Verdict, decision: Decision) -> Option<Declined> {
    let asks = decision == Decision::Ask && pass.run.incident.is_some();
    let mut rows = pass.rows.0.values().filter(|_| asks);
    rows.find_map(|row| row.declined.clone().filter(|no| no.verdict == verdict))
}

/// What was found, and what that leads to where it is not plain.
pub(super) fn reason(
    verdict: Verdict,
    decision: Decision,
    run: &Run,
    evidence: &Evidence,
    (loss, at_most_seconds): (Option<&Loss>, Option<f64>),
    declined: Option<&Declined>,
) -> String {
    let found = finding(verdict, run, evidence);
    if let Some(no) = declined {
        return format!(
            "{found}; in run {} a human declined that, and nobody is asked again before the writer has committed; start a run by hand to go on",
            no.run_id
        );
    }
    let mut losing = loss.map_or("losing an unknown number of beats".to_owned(), |loss| {
        format!("losing {} beats ({:.1} s)", loss.beats, loss.seconds)
    });
    if let Some(most) = at_most_seconds {
        losing.push_str(&format!(", at most {most:.1} s of writes"));
    }
    let by = run
        .strategy
        .as_ref()
        .map_or("?", |resolved| resolved.strategy.name());
    match decision {
        Decision::HandOver => {
            let better = run.hand_over.as_ref();
            format!(
                "{found}; handing over to {}: {}",
                better.map_or("?", |better| better.to.as_str()),
                better.map_or("?", |better| better.reason.as_str())
            )
        }
        Decision::Ask => format!(
            "{found}{}{}; a human is asked before {} is promoted by {by}, {losing}{}",
            why_a_detach(run),
            to_another_question(run, verdict, evidence.said),
            run.to,
            in_vain(run, loss)
        ),
        Decision::StandDown if run.waits_behind() && mode(verdict, &run.plan).is_some() => format!(
            "{found}; run {} waits for a human's answer about that",
            run.behind.as_ref().map_or("?", RunId::as_str)
        ),
        Decision::StandDown if mode(verdict, &run.plan) == Some(Mode::Observe) => {
            format!(
                "{found}; observe: would have failed over to {} by {by}, {losing}",
                run.to
            )
        }
        Decision::GoOn | Decision::StandDown | Decision::Wait => found,
    }
}

/// Why people are asked although they agreed.
fn to_another_question(run: &Run, verdict: Verdict, said: Said) -> String {
    let asked = run.asked.as_ref().filter(|_| run.approved_at.is_some());
    let asked = asked.filter(|asked| !asked.covers(verdict, said));
    let about = asked.and_then(|asked| asked.verdict).map(Verdict::name);
    about.map_or_else(String::new, |about| {
        format!("; the yes that was given is to {about}, and does not count for this")
    })
}

/// What comes of a yes where the plan's bound on the loss stands against it.
fn in_vain(run: &Run, loss: Option<&Loss>) -> String {
    guard::loss(&run.plan, loss).map_or_else(
        |why| {
            format!(
                "; a yes would end in {} with the plan as it stands: {why}; change that in the plan and start again",
                why.name()
            )
        },
        |()| String::new(),
    )
}

/// Why nothing but failing probes says that the writer is dead.
const fn unconfirmed(evidence: &Evidence) -> &'static str {
    match (evidence.said, evidence.progress) {
        (Said::Exhausted, _) => "it answers that it is out of disk or memory",
        (Said::Starting, _) => "it answers that it is starting",
        (Said::Answered, _) => {
            "it answers all the same, with an error or by letting a probe in, so that it may well be alive for whoever is connected"
        }
        (Said::Nothing, Progress::Still) if evidence.stillness_tells => {
            "RDS there does not tell whether it is working on the writer or making its only instance anew"
        }
        (Said::Nothing, Progress::Unreadable) => {
            "the local reader cannot be read, so that nothing else says so"
        }
        (
            Said::Nothing,
            Progress::Moving | Progress::Draining | Progress::Late | Progress::Still,
        ) => {
            "the local reader stands still, but nothing except beats had moved it, so that nothing else says so"
        }
    }
}

fn finding(verdict: Verdict, run: &Run, evidence: &Evidence) -> String {
    let (from, here) = (&run.from, &run.to);
    match verdict {
        Verdict::Healthy => format!("the writer in {from} commits again"),
        Verdict::ProbeMisconfigured => match &evidence.write {
            Some(Write::Misconfigured { why }) => format!("the probe is wrongly set up: {why}"),
            _ => "the probe is wrongly set up".into(),
        },
        Verdict::PathImpaired if evidence.home_vantage == HomeVantage::FreshSuccess => {
            format!(
                "the writer commits for its own Region's probe; only the road from {here} to {from} is cut"
            )
        }
        Verdict::PathImpaired if evidence.home_vantage == HomeVantage::OthersSuccess => {
            format!(
                "the writer in {from} commits for the probe of another member's Region; only the road from {here} to it is cut"
            )
        }
        Verdict::PathImpaired if evidence.progress == Progress::Moving => {
            format!(
                "the writer in {from} committed after the failures began, and that arrived here; only the road from {here} to it is cut"
            )
        }
        Verdict::PathImpaired => {
            format!(
                "RDS or the ledger in {from} answers the witness; the Regions {here} and {from} are parted"
            )
        }
        Verdict::WriterRestarting => {
            format!("{from} answers, the writer may be restarting, and the grace is not spent")
        }
        Verdict::WriterSaturated => {
            format!(
                "the writer in {from} lives: all its connection slots are used, so that nobody new is let in"
            )
        }
        Verdict::WriterDownUnconfirmed => format!(
            "the writer fails for its own Region {from} too, and the grace is spent; {}",
            unconfirmed(evidence)
        ),
        Verdict::WriterDown => {
            format!("the writer fails for its own Region {from} too, and the grace is spent")
        }
        Verdict::WriterMoved => "another member has become the writer".into(),
        Verdict::ObserverIsolated if evidence.local_rds.answers() => format!(
            "the witness does not answer {here}, so that a lost {from} is not told from a road that is cut"
        ),
        Verdict::ObserverIsolated => format!("{here} cannot tell: it is cut off itself"),
        Verdict::RegionDown => {
            format!("{from} answers neither {here} nor the witness, and replication has stopped")
        }
        Verdict::RegionDownUnwitnessed => {
            format!("{from} does not answer, and the plan has no witness")
        }
        Verdict::Draining => "replication may still be draining".into(),
        Verdict::Undetermined
            if matches!(evidence.write, None | Some(Write::Unattempted { .. })) =>
        {
            format!("the probe in {here} did not answer, or had no login to try with")
        }
        Verdict::Undetermined if evidence.progress == Progress::Late => format!(
            "replication from {from} moved long after everything should have arrived, which is neither life nor death"
        ),
        Verdict::Undetermined if evidence.witness == Witness::ReachesOthers => format!(
            "{from} answers the witness, but neither its RDS nor its ledger does, so that nobody knows whether the writer lives"
        ),
        Verdict::Undetermined => "the evidence is not enough to say what happened".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_says_when_the_plans_bound_on_the_loss_makes_a_yes_vain() {
        let asked = |verdict, change: fn(&mut Run)| {
            let mut run = failover::testing::run();
            change(&mut run);
            let evidence = failover::testing::evidence(jiff::Timestamp::UNIX_EPOCH);
            reason(verdict, Decision::Ask, &run, &evidence, (None, None), None)
        };
        let told = asked(Verdict::Undetermined, |_| {});
        for part in ["DataLossTooLarge", "unknown_loss", "start again"] {
            assert!(told.contains(part), "{told}");
        }
        let accepts = |run: &mut Run| {
            run.plan.unplanned.unknown_loss = failover::plan::UnknownLoss::Accept;
        };
        let told = asked(Verdict::Undetermined, accepts);
        assert!(!told.contains("DataLossTooLarge"), "{told}");
    }

    #[test]
    fn a_yes_to_a_lost_region_is_asked_again_about_a_writer_whose_region_is_back() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let mut run = failover::testing::run();
        run.asked = Some(failover::ledger::Asked {
            question: "a".into(),
            at,
            is_sent: true,
            verdict: Some(Verdict::RegionDown),
            said: Said::Nothing,
        });
        run.approve(at, "test");
        let agreed = |run: &Run, verdict, said| run.is_approved(verdict, said, at);
        assert!(agreed(&run, Verdict::RegionDown, Said::Nothing));
        let silent_or_full = [Said::Nothing, Said::Exhausted];
        for said in silent_or_full {
            assert!(!agreed(&run, Verdict::WriterDownUnconfirmed, said));
        }
        let evidence = failover::testing::evidence(at);
        let asked = |verdict| {
            let nobody = (None, None);
            reason(verdict, Decision::Ask, &run, &evidence, nobody, None)
        };
        let told = asked(Verdict::WriterDownUnconfirmed);
        assert!(
            told.contains("the yes that was given is to region_down"),
            "{told}"
        );
        assert!(!asked(Verdict::RegionDown).contains("the yes"));
    }

    #[test]
    fn a_yes_about_a_silent_writer_is_none_about_one_that_answers() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let verdict = Verdict::WriterDownUnconfirmed;
        let agreed = |asked: Option<Said>, found| {
            let mut run = failover::testing::run();
            run.asked = asked.map(|said| failover::ledger::Asked {
                question: "a".into(),
                at,
                is_sent: true,
                verdict: Some(verdict),
                said,
            });
            run.approve(at, "test");
            run.is_approved(verdict, found, at)
        };
        assert!(!agreed(Some(Said::Nothing), Said::Answered));
        assert!(agreed(Some(Said::Starting), Said::Answered), "they knew");
        assert!(
            agreed(Some(Said::Answered), Said::Nothing),
            "it is silent since"
        );
        assert!(!agreed(None, Said::Nothing), "nobody was asked");
    }

    #[test]
    fn a_no_holds_for_the_same_verdict_of_a_suspicion_and_for_no_run_by_hand() {
        let no = Declined {
            run_id: "before".into(),
            verdict: Verdict::WriterDown,
        };
        let row = failover::ledger::Row {
            declined: Some(no.clone()),
            ..failover::ledger::Row::new("orders".into())
        };
        let mut pass = Pass {
            run: failover::testing::run(),
            rows: failover::ledger::Rows([("us-east-1".into(), row)].into()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: false,
        };
        let of = |pass: &Pass, verdict| declined(pass, verdict, Decision::Ask);
        assert_eq!(of(&pass, Verdict::WriterDown), None, "a human started it");
        pass.run.incident = Some(failover::domain::Incident {
            plan: "orders".into(),
            epoch: failover::domain::Epoch(7),
        });
        assert_eq!(of(&pass, Verdict::WriterDown), Some(no));
        assert_eq!(of(&pass, Verdict::RegionDown), None, "another question");
        assert_eq!(
            declined(&pass, Verdict::WriterDown, Decision::GoOn),
            None,
            "nobody is asked"
        );
    }
}
