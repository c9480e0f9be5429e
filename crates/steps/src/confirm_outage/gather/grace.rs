//! Since when the grace of a writer counts that is gone while its Region answers.

use jiff::Timestamp;

use failover::{
    beat::Vantage,
    evidence::{HomeVantage, Rds, Said},
    pass::Pass,
};

/// Since when a grace counts: the latest of our first failure, home's, and everything that told of life after that, so that
/// a cut road and used slots spend none of it. While the writer answers an error the grace goes on: people are asked then. While RDS
/// works on it that has a grace of its own, and once it is past the grace counts from there.
pub(super) fn since(
    pass: &Pass,
    own: Option<&Vantage>,
    home: Option<&Vantage>,
    (fresh, said, rds): (HomeVantage, Said, &Rds),
) -> Option<Timestamp> {
    let fails_at_home = home.filter(|_| fresh == HomeVantage::FreshFailure);
    let rows = || pass.rows.0.values();
    let busy_at = rows().filter_map(|row| row.busy_at).max();
    let own = own.filter(|own| own.writer_region == pass.run.from);
    [
        own.and_then(|own| own.failing_since),
        own.and_then(|own| own.signs.newest_at),
        own.and_then(|own| own.signs.saturated_at),
        home.and_then(|home| home.signs.saturated_at),
        own.and_then(|own| answered_at(own, said)),
        home.and_then(|home| answered_at(home, said)),
        fails_at_home.and_then(|home| home.failing_since),
        rows().filter_map(|row| row.alive_at).max(),
        busy_at.filter(|_| !rds.is_busy()),
    ]
    .into_iter()
    .flatten()
    .max()
}

/// When a writer that says nothing now answered last.
fn answered_at(vantage: &Vantage, said: Said) -> Option<Timestamp> {
    match said {
        Said::Nothing => vantage.signs.spoke_at.max(vantage.signs.answered_at),
        Said::Starting | Said::Exhausted | Said::Answered => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        beat::{Look, Write},
        ledger::Rows,
        testing,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_writer_that_answered_lately_has_its_grace_from_there_once_it_is_silent() {
        let mut vantage = Vantage {
            failing_since: Some(at(100)),
            ..testing::probe::vantage("us-west-2".into(), at(390))
        };
        vantage.signs.answered_at = Some(at(300));
        let pass = Pass {
            run: testing::run(),
            rows: Rows(Default::default()),
            now: at(400),
            dry_run: false,
        };
        let (own, home) = (Some(&vantage), Some(&vantage));
        let rds = testing::evidence(at(400)).local_rds;
        let found =
            |own, home, said| since(&pass, own, home, (HomeVantage::FreshFailure, said, &rds));
        assert_eq!(found(own, None, Said::Nothing), Some(at(300)));
        assert_eq!(found(None, home, Said::Nothing), Some(at(300)));
        let asked_about = found(own, home, Said::Answered);
        assert_eq!(asked_about, Some(at(100)), "people are asked in time");
    }

    /// What a Region's probe records of a writer that fails from 100 s on and answers this at 390 s, once.
    fn restarts_once_more(answer: Write) -> Vantage {
        let plan = testing::run().plan;
        let (region, writer) = ("us-east-1".into(), "us-west-2".into());
        let silent = || Write::Failed { why: String::new() };
        let mut seen = None;
        for (second, write) in [
            (100, silent()),
            (250, silent()),
            (390, answer),
            (395, silent()),
        ] {
            let look = Look {
                at: at(second),
                write,
                reading: None,
            };
            let next = Vantage::after(seen.as_ref(), &region, &writer, look, &plan.detection);
            seen = Some(next);
        }
        seen.unwrap()
    }

    #[test]
    fn a_writer_that_was_starting_a_moment_ago_has_its_grace_from_there_once_it_is_silent() {
        let why = || "why".to_owned();
        let pass = Pass {
            run: testing::run(),
            rows: Rows(Default::default()),
            now: at(400),
            dry_run: false,
        };
        let rds = testing::evidence(at(400)).local_rds;
        for answer in [
            Write::Starting { why: why() },
            Write::Exhausted { why: why() },
            Write::Answered { why: why() },
        ] {
            let seen = restarts_once_more(answer.clone());
            assert_eq!(seen.failing_since, Some(at(100)));
            for (own, home) in [(Some(&seen), None), (None, Some(&seen))] {
                let silent = (HomeVantage::FreshFailure, Said::Nothing, &rds);
                let since = since(&pass, own, home, silent);
                assert_eq!(since, Some(at(390)), "{answer:?}");
            }
        }
    }

    #[test]
    fn once_rds_works_on_the_writer_no_more_its_grace_counts_from_there() {
        let failing = Vantage {
            failing_since: Some(at(100)),
            ..testing::probe::vantage("us-east-1".into(), at(400))
        };
        let row = failover::ledger::PlanState::new("orders".into()).seen_busy(Some(at(380)));
        let pass = Pass {
            run: testing::run(),
            rows: Rows([("us-east-1".into(), row.unwrap())].into()),
            now: at(400),
            dry_run: false,
        };
        let since = |status: &str| {
            let rds = Rds::Status {
                cluster: status.into(),
                instances: Vec::new(),
            };
            let seen = (HomeVantage::FreshFailure, Said::Nothing, &rds);
            since(&pass, Some(&failing), None, seen)
        };
        assert_eq!(since("available"), Some(at(380)));
        assert_eq!(since("rebooting"), Some(at(100)), "a grace of its own");
    }
}
