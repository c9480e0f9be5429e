//! What a verdict rests on, in sentences.

use failover::{
    evidence::{Evidence, HomeVantage, Progress, Said, Witness},
    ledger::Run,
};
use report::{Confirmed, Piece};

/// What a run confirmed last; `None` where it did not come so far.
pub(crate) fn of(run: &Run) -> Option<Confirmed> {
    let confirmed = run.confirmed.as_ref()?;
    let verdict = serde_json::to_value(confirmed.verdict).ok()?;
    Some(Confirmed {
        run: run.run_id.to_string(),
        verdict: verdict.as_str()?.into(),
        evidence: pieces(&confirmed.evidence, run.from.as_str(), run.to.as_str()),
    })
}

fn pieces(evidence: &Evidence, from: &str, to: &str) -> Vec<Piece> {
    let write = evidence.write.as_ref();
    let write = write.map_or("the probe does not answer".to_owned(), ToString::to_string);
    let ledger = if evidence.writer_ledger_answers {
        "it answers"
    } else {
        "it does not answer"
    };
    let mut pieces = vec![
        (format!("a beat from {to}"), write),
        (
            "replication".to_owned(),
            progress(evidence.progress).to_owned(),
        ),
        (
            format!("the probe of {from} itself"),
            home(evidence.home_vantage).to_owned(),
        ),
        (format!("RDS in {from}"), evidence.writer_rds.to_string()),
        (format!("the ledger in {from}"), ledger.to_owned()),
        ("the witness".to_owned(), witness(evidence.witness, from)),
        (format!("RDS in {to}"), evidence.local_rds.to_string()),
    ];
    if let Some(said) = said(evidence.said) {
        pieces.push(("the writer".to_owned(), said.to_owned()));
    }
    pieces
        .into_iter()
        .map(|(asked, found)| Piece { asked, found })
        .collect()
}

const fn progress(progress: Progress) -> &'static str {
    match progress {
        Progress::Moving => "a commit from after the failures began has arrived",
        Progress::Draining => "it moved a moment ago, and may still be arriving",
        Progress::Late => "it moved when everything should have arrived",
        Progress::Still => "it stands still",
        Progress::Unreadable => "the reader does not answer",
    }
}

const fn home(home: HomeVantage) -> &'static str {
    match home {
        HomeVantage::FreshSuccess => "it commits",
        HomeVantage::OthersSuccess => "it does not commit, and that of another Region does",
        HomeVantage::FreshFailure => "it fails too",
        HomeVantage::Saturated => "it finds every connection slot used",
        HomeVantage::Unknown => "nothing fresh is known of it",
    }
}

fn witness(witness: Witness, from: &str) -> String {
    match witness {
        Witness::NotConfigured => "the plan has none".into(),
        Witness::Reaches => format!("it reaches {from}"),
        Witness::ReachesOthers => {
            format!("it reaches {from}, but neither RDS nor the ledger there")
        }
        Witness::DoesNotReach => format!("it does not reach {from} either"),
        Witness::Unreachable => "it does not answer".into(),
    }
}

const fn said(said: Said) -> Option<&'static str> {
    match said {
        Said::Nothing => None,
        Said::Starting => Some("it says that it is starting"),
        Said::Exhausted => Some("it says that it is out of disk or memory"),
        Said::Answered => Some("it answers all the same, and commits nothing"),
    }
}
