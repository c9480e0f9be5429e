//! Whether a writer that was left came back: a dead one may be there again before its successor is promoted, and names lead to it
//! until they are moved. What it took by then is in no count.

use std::time::Duration;

use failover::{domain::Epoch, ledger::Run, ports::Ledger};
use jiff::Timestamp;

/// How long the Region that was left is asked.
const SILENCE: Duration = Duration::from_millis(1_500);

/// When the old writer last committed a beat after its outage was confirmed, as its own Region's probe saw it; `None` where that
/// Region does not say so in time. `epoch` is that of the new writer.
pub(crate) async fn until(world: &impl Ledger, run: &Run, epoch: Epoch) -> Option<Timestamp> {
    let confirmed = run.confirmed.as_ref()?;
    let read = world.vantage(&run.from, run.name());
    let vantage = tokio::time::timeout(SILENCE, read).await.ok()?.ok()??;
    let beat = vantage
        .last_beat
        .filter(|_| vantage.writer_region == run.from)?;
    let is_late = beat.epoch < epoch && beat.at > confirmed.evidence.gathered_at;
    is_late.then_some(beat.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        beat::Beat,
        evidence::Verdict,
        testing::{Books, confirmed, probe, row, run},
    };

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
            until(&books, &run, Epoch(8)).await
        };
        assert_eq!(seen("us-west-2", 7, 110).await, Some(at(110)));
        // The beat before the outage, one of the new epoch, and one of a probe that follows the new writer already.
        assert_eq!(seen("us-west-2", 7, -5).await, None);
        assert_eq!(seen("us-west-2", 8, 110).await, None);
        assert_eq!(seen("us-east-1", 7, 110).await, None);
        let silent = Books::with(&row("us-east-1", 8)).silence("us-west-2");
        assert_eq!(until(&silent, &run, Epoch(8)).await, None);
    }
}
