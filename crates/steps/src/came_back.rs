//! Whether a writer that was left came back: a dead one may be there again before its successor is promoted, and names lead to it
//! until they are moved. What it took by then is in no count.

use std::time::Duration;

use failover::{
    beat::{Beat, Vantage},
    domain::{Epoch, Region},
    evidence::Verdict,
    ledger::Run,
    ports::Ledger,
};
use futures::future::join_all;
use jiff::Timestamp;

/// How long each Region is asked.
const SILENCE: Duration = Duration::from_millis(1_500);

/// What is known of a writer after it was left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CameBack {
    /// When it last committed a beat after its outage was confirmed, as any Region's probe saw it.
    pub(crate) until: Option<Timestamp>,
    /// Whether its Region, which nobody heard then, answers again. Its writer may have taken writes that no probe saw.
    pub(crate) is_heard_again: bool,
}

impl CameBack {
    /// Whether it may have taken writes that are in no count.
    pub(crate) const fn hides_losses(&self) -> bool {
        self.until.is_some() || self.is_heard_again
    }
}

/// Asks the ledger of the Region that was left. Where it does not answer in time, the others' are asked: their probes may have reached a
/// writer that was back for seconds and is gone again. `epoch` is that of the new writer.
pub(crate) async fn ask(world: &impl Ledger, run: &Run, epoch: Epoch) -> CameBack {
    let Some(confirmed) = run.confirmed.as_ref() else {
        return CameBack::default();
    };
    let is_late = |beat: &Beat| beat.epoch < epoch && beat.at > confirmed.evidence.gathered_at;
    let late = |vantage: Option<Vantage>| {
        let beat = vantage?.last_beat_on(&run.from);
        beat.filter(is_late)
    };
    let Some(vantage) = seen_in(world, run, &run.from).await else {
        let others = run.plan.members().keys();
        let others = others.filter(|region| **region != run.from);
        let seen = join_all(others.map(|region| seen_in(world, run, region))).await;
        let beats = seen.into_iter().filter_map(|vantage| late(vantage?));
        return CameBack {
            until: beats.map(|beat| beat.at).max(),
            is_heard_again: false,
        };
    };
    let late = late(vantage);
    CameBack {
        until: late.map(|beat| beat.at),
        is_heard_again: confirmed.verdict == Verdict::RegionDown,
    }
}

/// What a Region's probe saw; `None` where its ledger does not answer in time.
async fn seen_in(world: &impl Ledger, run: &Run, region: &Region) -> Option<Option<Vantage>> {
    let read = world.vantage(region, run.name());
    tokio::time::timeout(SILENCE, read).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::testing::{Books, confirmed, probe, row, run};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn a_beat_of_the_old_writer_after_it_was_left_tells_that_it_came_back() {
        let mut run = run();
        run.confirmed = Some(confirmed(Verdict::WriterDown));
        let seen = async |writer: &str, epoch: u64, second: i64| {
            let books = Books::with(&row("us-east-1", 8));
            let mut vantage = probe::vantage("us-west-2".into(), at(120));
            vantage.writer_region = writer.into();
            vantage.last_beat = Some(Beat {
                seq: 1,
                epoch: Epoch(epoch),
                at: at(second),
            });
            books.put_vantage(run.name(), &vantage).await.unwrap();
            ask(&books, &run, Epoch(8)).await.until
        };
        assert_eq!(seen("us-west-2", 7, 110).await, Some(at(110)));
        // The beat before the outage, one of the new epoch, and one on the new writer.
        assert_eq!(seen("us-west-2", 7, -5).await, None);
        assert_eq!(seen("us-west-2", 8, 110).await, None);
        assert_eq!(seen("us-east-1", 7, 110).await, None);
        let silent = Books::with(&row("us-east-1", 8)).silence("us-west-2");
        assert_eq!(ask(&silent, &run, Epoch(8)).await, CameBack::default());
    }

    #[tokio::test]
    async fn a_beat_of_the_old_writer_is_told_by_a_probe_that_follows_the_new_one_already() {
        let mut run = run();
        run.confirmed = Some(confirmed(Verdict::WriterDown));
        let beat = Beat {
            seq: 1,
            epoch: Epoch(7),
            at: at(110),
        };
        let books = Books::with(&row("us-east-1", 8));
        let mut vantage = probe::vantage("us-west-2".into(), at(120));
        vantage.writer_region = "us-east-1".into();
        vantage.signs.left = Some(("us-west-2".into(), beat));
        books.put_vantage(run.name(), &vantage).await.unwrap();
        assert_eq!(ask(&books, &run, Epoch(8)).await.until, Some(at(110)));
    }

    #[tokio::test]
    async fn a_beat_of_another_regions_probe_tells_that_a_writer_was_back_that_is_gone_again() {
        let mut run = run();
        run.confirmed = Some(confirmed(Verdict::RegionDown));
        let books = Books::with(&row("us-east-1", 8));
        let mut vantage = probe::vantage("us-east-1".into(), at(120));
        vantage.last_beat = Some(Beat {
            seq: 1,
            epoch: Epoch(7),
            at: at(110),
        });
        books.put_vantage(run.name(), &vantage).await.unwrap();
        let gone = books.silence("us-west-2");
        let came = ask(&gone, &run, Epoch(8)).await;
        assert_eq!((came.until, came.is_heard_again), (Some(at(110)), false));
        assert!(came.hides_losses());
    }

    #[tokio::test]
    async fn a_region_that_nobody_heard_is_heard_again_where_its_ledger_answers() {
        let mut run = run();
        let books = Books::with(&row("us-east-1", 8));
        for (verdict, again) in [(Verdict::RegionDown, true), (Verdict::WriterDown, false)] {
            run.confirmed = Some(confirmed(verdict));
            let came = ask(&books, &run, Epoch(8)).await;
            assert_eq!((came.is_heard_again, came.hides_losses()), (again, again));
        }
        run.confirmed = Some(confirmed(Verdict::RegionDown));
        let silent = Books::with(&row("us-east-1", 8)).silence("us-west-2");
        assert!(!ask(&silent, &run, Epoch(8)).await.hides_losses());
    }
}
