//! What a run found of an outage.

use failover::{
    evidence::{Evidence, HomeVantage, Progress, Said, Witness},
    ledger::Run,
};
use serde::{Deserialize, Serialize};

/// The verdict of a run and its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The run.
    pub run: String,
    /// The verdict's name, such as `region_down`.
    pub verdict: String,
    /// What each side said.
    pub evidence: Vec<Piece>,
}

/// One side's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Who or what was asked.
    pub asked: String,
    /// What was learnt.
    pub found: String,
}

impl Confirmed {
    /// What a run confirmed last; `None` where it did not come so far.
    #[must_use]
    pub fn of(run: &Run) -> Option<Self> {
        let confirmed = run.confirmed.as_ref()?;
        Some(Self {
            run: run.run_id.to_string(),
            verdict: confirmed.verdict.name().to_owned(),
            evidence: pieces(&confirmed.evidence, run.from.as_str(), run.to.as_str()),
        })
    }
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
