//! What was found, and what that leads to where it is not plain.

use super::{finding, way::is_gone};
use failover::{
    beat::Loss,
    domain::RunId,
    evidence::{Evidence, Said, Verdict},
    guard,
    ledger::{Declined, Run},
    plan::Mode,
    policy::{Decision, mode},
};

/// The pass's reason.
pub(super) fn sentence(
    verdict: Verdict,
    (decision, why_that_way): (Decision, &str),
    run: &Run,
    evidence: &Evidence,
    (loss, at_most_seconds): (Option<&Loss>, Option<f64>),
    declined: Option<&Declined>,
) -> String {
    let found = finding::sentence(verdict, run, evidence);
    if let Some(no) = declined {
        return format!(
            "{found}; in run {} a human declined that, and nobody is asked again before the writer has committed; start a run by hand to go on",
            no.run_id
        );
    }
    let then = match decision {
        Decision::HandOver => handing_over(run),
        Decision::Ask => format!(
            "{}{}; a human is asked before {} is promoted {}{}",
            why_that_way,
            to_another_question(run, verdict, evidence.said),
            run.to,
            by_the_way(run, losing(run, loss, at_most_seconds)),
            in_vain(run, loss)
        ),
        Decision::StandDown => standing_down(run, verdict, losing(run, loss, at_most_seconds)),
        Decision::Wait if is_gone(verdict) => format!(
            "; it was reached a moment ago, and its silence has to last for {} s",
            run.plan.detection.silent_for().as_secs()
        ),
        Decision::GoOn | Decision::Wait => String::new(),
    };
    format!("{found}{then}")
}

fn handing_over(run: &Run) -> String {
    let better = run.hand_over.as_ref();
    format!(
        "; handing over to {}: {}",
        better.map_or("?", |better| better.to.as_str()),
        better.map_or("?", |better| better.reason.as_str())
    )
}

/// Why a run stands down that would go on, were it not for a question or for the plan.
fn standing_down(run: &Run, verdict: Verdict, losing: String) -> String {
    match mode(verdict, &run.plan) {
        Some(_) if run.waits_behind() => format!(
            "; run {} waits for a human's answer about that",
            run.behind.as_ref().map_or("?", RunId::as_str)
        ),
        Some(Mode::Observe) => format!(
            "; observe: would have failed over to {} {}",
            run.to,
            by_the_way(run, losing)
        ),
        Some(Mode::Automatic | Mode::Approval) | None => String::new(),
    }
}

/// By which way, where there are several, and what that costs.
fn by_the_way(run: &Run, losing: String) -> String {
    if run.plan.topology.strategy().is_none() {
        return losing;
    }
    let way = run.strategy.as_ref();
    let by = way.map_or("?", |resolved| resolved.strategy.name());
    format!("by {by}, {losing}")
}

fn losing(run: &Run, loss: Option<&Loss>, at_most_seconds: Option<f64>) -> String {
    if !run.plan.has_heart() {
        return "losing an unknown number of rows".to_owned();
    }
    let beats = loss.map_or("losing an unknown number of beats".to_owned(), |loss| {
        format!("losing {} beats ({:.1} s)", loss.beats, loss.seconds)
    });
    match at_most_seconds {
        Some(most) => format!("{beats}, at most {most:.1} s of writes"),
        None => beats,
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
    let Err(why) = guard::loss(&run.plan, loss) else {
        return String::new();
    };
    format!(
        "; a yes would end in {} with the plan as it stands: {why}; change that in the plan and start again",
        why.name()
    )
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
            sentence(
                verdict,
                (Decision::Ask, ""),
                &run,
                &evidence,
                (None, None),
                None,
            )
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
            sentence(verdict, (Decision::Ask, ""), &run, &evidence, nobody, None)
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
}
