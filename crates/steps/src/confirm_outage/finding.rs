//! What was found, in a sentence.

use failover::{
    beat::Write,
    domain::Region,
    evidence::{Evidence, HomeVantage, Progress, Said, Verdict, Witness},
    ledger::Run,
};

/// What the verdict found, as people are told it.
pub(super) fn sentence(verdict: Verdict, run: &Run, evidence: &Evidence) -> String {
    let (from, here) = (&run.from, &run.to);
    if !run.plan.has_heart() {
        return without_beats(verdict, (from, here), evidence);
    }
    match verdict {
        Verdict::Healthy => format!("the writer in {from} commits again"),
        Verdict::ProbeMisconfigured => misconfigured(evidence),
        Verdict::PathImpaired => parted((from, here), evidence),
        Verdict::WriterRestarting => {
            format!("{from} answers, the writer may be restarting, and the grace is not spent")
        }
        Verdict::WriterSaturated => format!(
            "the writer in {from} lives: all its connection slots are used, so that nobody new is let in"
        ),
        Verdict::WriterDownUnconfirmed => {
            format!("{}; {}", down(from), unconfirmed(evidence))
        }
        Verdict::WriterDown => down(from),
        Verdict::WriterMoved => "another member has become the writer".into(),
        Verdict::ObserverIsolated => isolated((from, here), evidence),
        Verdict::RegionDown => {
            format!("{from} answers neither {here} nor the witness, and replication has stopped")
        }
        Verdict::RegionDownUnwitnessed => {
            format!("{from} does not answer, and the plan has no witness")
        }
        Verdict::Draining => "replication may still be draining".into(),
        Verdict::Undetermined => undetermined((from, here), evidence),
    }
}

/// What was found of a writer that no probe looks at.
fn without_beats(
    verdict: Verdict,
    (from, here): (&Region, &Region),
    evidence: &Evidence,
) -> String {
    let unseen = format!(
        "no heart beats in the writer in {from}, so that nothing here tells whether it lives"
    );
    match verdict {
        Verdict::RegionDown => format!("{from} answers neither {here} nor the witness; {unseen}"),
        Verdict::RegionDownUnwitnessed => {
            format!("{from} does not answer, and the plan has no witness; {unseen}")
        }
        Verdict::ObserverIsolated => isolated((from, here), evidence),
        Verdict::Healthy
        | Verdict::ProbeMisconfigured
        | Verdict::PathImpaired
        | Verdict::WriterRestarting
        | Verdict::WriterSaturated
        | Verdict::WriterDown
        | Verdict::WriterDownUnconfirmed
        | Verdict::WriterMoved
        | Verdict::Draining
        | Verdict::Undetermined => {
            format!("{unseen}; of RDS there: {}", evidence.writer_rds)
        }
    }
}

fn misconfigured(evidence: &Evidence) -> String {
    match &evidence.write {
        Some(Write::Misconfigured { why }) => format!("the probe is wrongly set up: {why}"),
        _ => "the probe is wrongly set up".into(),
    }
}

/// What shows that the writer lives beyond a road that is cut.
fn parted((from, here): (&Region, &Region), evidence: &Evidence) -> String {
    match (evidence.home_vantage, evidence.progress) {
        (HomeVantage::FreshSuccess, _) => format!(
            "the writer commits for its own Region's probe; only the road from {here} to {from} is cut"
        ),
        (HomeVantage::OthersSuccess, _) => format!(
            "the writer in {from} commits for the probe of another member's Region; only the road from {here} to it is cut"
        ),
        (_, Progress::Moving) => format!(
            "the writer in {from} committed after the failures began, and that arrived here; only the road from {here} to it is cut"
        ),
        _ => format!(
            "RDS or the ledger in {from} answers the witness; the Regions {here} and {from} are parted"
        ),
    }
}

fn down(from: &Region) -> String {
    format!("the writer fails for its own Region {from} too, and the grace is spent")
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

fn isolated((from, here): (&Region, &Region), evidence: &Evidence) -> String {
    match evidence.local_rds.answers() {
        true => format!(
            "the witness does not answer {here}, so that a lost {from} is not told from a road that is cut"
        ),
        false => format!("{here} cannot tell: it is cut off itself"),
    }
}

fn undetermined((from, here): (&Region, &Region), evidence: &Evidence) -> String {
    if matches!(evidence.write, None | Some(Write::Unattempted { .. })) {
        return format!("the probe in {here} did not answer, or had no login to try with");
    }
    if evidence.progress == Progress::Late {
        return format!(
            "replication from {from} moved long after everything should have arrived, which is neither life nor death"
        );
    }
    if evidence.witness == Witness::ReachesOthers {
        return format!(
            "{from} answers the witness, but neither its RDS nor its ledger does, so that nobody knows whether the writer lives"
        );
    }
    "the evidence is not enough to say what happened".into()
}
