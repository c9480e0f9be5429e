//! What a run knew when it decided, in sentences.

use failover::{
    evidence::{Evidence, HomeVantage, Progress, Witness},
    ledger::Run,
};

use crate::words::time;

/// What its last confirmation found; nothing of a run that confirms nothing.
pub(super) fn of(run: &Run) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(confirmed) = &run.confirmed {
        let evidence = &confirmed.evidence;
        lines.push(format!(
            "the verdict was {}, by what was seen at {}",
            confirmed.verdict.name().replace('_', " "),
            time(evidence.gathered_at)
        ));
        lines.extend(seen(run, evidence));
        let loss = confirmed.loss.as_ref().map(|loss| {
            format!(
                "a promotion would lose {} beats, {:.1} s",
                loss.beats, loss.seconds
            )
        });
        lines.push(loss.unwrap_or_else(|| "what a promotion would lose was unknown".to_owned()));
    }
    if let Some(way) = &run.strategy {
        lines.push(format!(
            "it promotes by {}: {}",
            way.strategy.name(),
            way.reason
        ));
    }
    if let Some(asked) = &run.asked {
        lines.push(format!("a human was asked at {}", time(asked.at)));
    }
    if let Some(at) = run.approved_at {
        lines.push(format!("a human agreed at {}", time(at)));
    }
    if let Some(proof) = &run.proof {
        lines.push(format!(
            "the new writer committed epoch {} at {}",
            proof.epoch,
            time(proof.beat.at)
        ));
    }
    lines
}

fn seen(run: &Run, evidence: &Evidence) -> Vec<String> {
    let write = evidence.write.as_ref().map_or_else(
        || format!("the probe in {} did not answer", run.to),
        |write| format!("the probe in {}: {write}", run.to),
    );
    let since = evidence.failing_since;
    let since = since.map(|at| format!("its beats failed since {}", time(at)));
    let lines = [
        Some(write),
        since,
        Some(format!(
            "replication to {}: {}",
            run.to,
            progress(evidence.progress)
        )),
        Some(format!("RDS in {}: {}", run.to, evidence.local_rds)),
        Some(format!("RDS in {}: {}", run.from, evidence.writer_rds)),
        Some(format!(
            "the ledger in {} {}",
            run.from,
            if evidence.writer_ledger_answers {
                "answered"
            } else {
                "did not answer"
            }
        )),
        Some(format!(
            "the probe in {}: {}",
            run.from,
            home(evidence.home_vantage)
        )),
        witness(evidence.witness).map(|said| format!("the witness {said}")),
    ];
    lines.into_iter().flatten().collect()
}

const fn progress(progress: Progress) -> &'static str {
    match progress {
        Progress::Moving => "commits arrived that were made after the failures began",
        Progress::Draining => "it moved within the last two intervals",
        Progress::Late => "it moved when everything should have arrived",
        Progress::Still => "it stood still",
        Progress::Unreadable => "the reader did not answer",
    }
}

const fn home(home: HomeVantage) -> &'static str {
    match home {
        HomeVantage::FreshSuccess => "it committed after the failures began",
        HomeVantage::OthersSuccess => "another member's probe committed after the failures began",
        HomeVantage::FreshFailure => "it failed too",
        HomeVantage::Saturated => "it met a writer whose connection slots were all used",
        HomeVantage::Unknown => "nothing is known of it after the failures began",
    }
}

const fn witness(witness: Witness) -> Option<&'static str> {
    match witness {
        Witness::NotConfigured => None,
        Witness::Reaches => Some("reached RDS or the ledger in the writer's Region"),
        Witness::ReachesOthers => {
            Some("reached the writer's Region, but neither RDS nor the ledger there")
        }
        Witness::DoesNotReach => Some("did not reach the writer's Region"),
        Witness::Unreachable => Some("did not answer"),
    }
}
