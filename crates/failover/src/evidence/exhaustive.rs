//! The verdict over every combination of evidence: total, the first matching row of the documented table, and never a
//! failover while anything shows the writer alive.

use super::*;
use crate::{beat::Beat, domain::Epoch};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

const DETECTION: Detection = Detection {
    interval_seconds: 5,
    failures: 3,
    timeout_seconds: 3,
    in_region_grace_seconds: Some(60),
    busy_grace_seconds: 900,
};

/// Every answer of RDS that the table tells apart.
fn rds() -> [Rds; 6] {
    let status = |cluster: &str, instance: &str| Rds::Status {
        cluster: cluster.into(),
        instances: vec![instance.into()],
    };
    let why = String::new;
    let two = vec!["available".to_owned(), "available".to_owned()];
    [
        Rds::Status {
            cluster: "available".into(),
            instances: two,
        },
        status("available", "available"),
        status("available", "rebooting"),
        status("upgrading", "available"),
        Rds::Other { why: why() },
        Rds::Silent { why: why() },
    ]
}

fn writes() -> [Option<Write>; 12] {
    let why = String::new;
    let beat = Beat {
        seq: 1,
        epoch: Epoch(7),
        at: at(0),
    };
    [
        None,
        Some(Write::Committed { beat }),
        Some(Write::Failed { why: why() }),
        Some(Write::Saturated { why: why() }),
        Some(Write::Starting { why: why() }),
        Some(Write::Exhausted { why: why() }),
        Some(Write::Answered { why: why() }),
        Some(Write::ReadOnly),
        Some(Write::OtherEpoch { epoch: Epoch(8) }),
        Some(Write::Stopped {
            token: "orders-7".into(),
        }),
        Some(Write::Misconfigured { why: why() }),
        Some(Write::Unattempted { why: why() }),
    ]
}

fn combinations(mut look: impl FnMut(&Evidence)) {
    let progresses = [
        Progress::Moving,
        Progress::Draining,
        Progress::Late,
        Progress::Still,
        Progress::Unreadable,
    ];
    let homes = [
        HomeVantage::FreshSuccess,
        HomeVantage::OthersSuccess,
        HomeVantage::FreshFailure,
        HomeVantage::Saturated,
        HomeVantage::Unknown,
    ];
    // What home heard, where ours heard nothing; whether the reader's stillness tells; what told of life after the failure.
    let heard = [
        Said::Nothing,
        Said::Starting,
        Said::Exhausted,
        Said::Answered,
    ];
    let others = [(false, None), (true, None), (true, Some(at(9_970)))];
    let witnesses = [
        Witness::NotConfigured,
        Witness::Reaches,
        Witness::ReachesOthers,
        Witness::DoesNotReach,
        Witness::Unreachable,
    ];
    // Unknown; within the grace; beyond it, within the busy one; beyond both.
    let since = [None, Some(at(9_950)), Some(at(9_500)), Some(at(9_000))];
    for write in writes() {
        for local_rds in rds() {
            for writer_rds in rds() {
                for (progress, home_vantage) in pairs(&progresses, &homes) {
                    for (witness, failing_since) in pairs(&witnesses, &since) {
                        for writer_ledger_answers in [false, true] {
                            for (heard, (stillness_tells, grace_since)) in pairs(&heard, &others) {
                                let own = write.as_ref().map_or(Said::Nothing, Said::of);
                                look(&Evidence {
                                    write: write.clone(),
                                    progress,
                                    local_rds: local_rds.clone(),
                                    writer_rds: writer_rds.clone(),
                                    writer_ledger_answers,
                                    home_vantage,
                                    witness,
                                    failing_since,
                                    grace_since,
                                    said: own.or(heard),
                                    stillness_tells,
                                    gathered_at: at(10_000),
                                });
                            }
                        }
                    }
                }
            }
        }
    }
}

fn pairs<A: Copy, B: Copy>(ones: &[A], others: &[B]) -> impl Iterator<Item = (A, B)> {
    ones.iter()
        .flat_map(move |one| others.iter().map(move |other| (*one, *other)))
}

/// Whether the grace is not spent, and for how long the writer has been gone.
fn in_grace(seen: &Evidence) -> (bool, Option<i64>) {
    let busy = matches!(&seen.writer_rds, Rds::Status { cluster, instances }
        if cluster != "available" || instances.iter().any(|status| status != "available"));
    let busy = busy || seen.said == Said::Starting;
    let grace = if busy { 900 } else { 60 };
    let failing = seen.failing_since.map(|since| {
        let since = seen.grace_since.map_or(since, |later| later.max(since));
        10_000 - since.as_second()
    });
    (failing.is_none_or(|seconds| seconds < grace), failing)
}

/// The table of `docs/reference/unplanned-failover.md`, row by row: a condition and what it means. The first that holds counts.
fn documented(seen: &Evidence) -> (usize, Verdict) {
    let write = seen.write.as_ref();
    let still = matches!(seen.progress, Progress::Still | Progress::Unreadable);
    let known = seen.progress == Progress::Still
        || (matches!(&seen.local_rds, Rds::Status { cluster, .. } if cluster == "available")
            && matches!(
                seen.witness,
                Witness::Reaches | Witness::ReachesOthers | Witness::DoesNotReach
            ));
    let (in_grace, failing) = in_grace(seen);
    let fails_at_home = seen.home_vantage == HomeVantage::FreshFailure;
    let told = matches!(&seen.writer_rds, Rds::Status { .. })
        || failing.is_some_and(|seconds| seconds >= 900);
    let agree = told
        && seen.progress == Progress::Still
        && seen.stillness_tells
        && seen.said == Said::Nothing;
    let answers = |rds: &Rds| !matches!(rds, Rds::Silent { .. });
    let there = answers(&seen.writer_rds);
    use Verdict as V;
    let rows = [
        (
            matches!(write, Some(Write::Committed { .. } | Write::Stopped { .. })),
            V::Healthy,
        ),
        (
            matches!(write, Some(Write::Misconfigured { .. })),
            V::ProbeMisconfigured,
        ),
        (
            matches!(write, Some(Write::ReadOnly | Write::OtherEpoch { .. })),
            V::WriterMoved,
        ),
        (
            matches!(write, None | Some(Write::Unattempted { .. })),
            V::Undetermined,
        ),
        (seen.home_vantage.commits(), V::PathImpaired),
        (
            matches!(write, Some(Write::Saturated { .. }))
                || seen.home_vantage == HomeVantage::Saturated,
            V::WriterSaturated,
        ),
        (seen.progress == Progress::Moving, V::PathImpaired),
        (seen.progress == Progress::Draining, V::Draining),
        (seen.progress == Progress::Late, V::Undetermined),
        (
            still && (there || fails_at_home) && in_grace,
            V::WriterRestarting,
        ),
        (fails_at_home && known && agree, V::WriterDown),
        (fails_at_home && known, V::WriterDownUnconfirmed),
        (there, V::Undetermined),
        (!answers(&seen.local_rds), V::ObserverIsolated),
        (
            seen.writer_ledger_answers || seen.said != Said::Nothing,
            V::Undetermined,
        ),
        (seen.witness == Witness::Unreachable, V::ObserverIsolated),
        (seen.witness == Witness::Reaches, V::PathImpaired),
        (seen.witness == Witness::ReachesOthers, V::Undetermined),
        (!known, V::Undetermined),
        (seen.witness == Witness::DoesNotReach, V::RegionDown),
        (
            seen.witness == Witness::NotConfigured,
            V::RegionDownUnwitnessed,
        ),
    ];
    let found = rows.into_iter().enumerate().find(|(_, (holds, _))| *holds);
    found.map(|(row, (_, verdict))| (row, verdict)).unwrap()
}

#[test]
fn every_combination_gets_the_first_matching_row_and_every_row_is_met() {
    let (mut met, mut count) = (std::collections::BTreeSet::new(), 0);
    combinations(|seen| {
        let (row, wanted) = documented(seen);
        assert_eq!(seen.verdict(&DETECTION), wanted, "row {row}: {seen:?}");
        met.insert(row);
        count += 1;
    });
    assert_eq!(met.len(), 21, "{met:?}");
    assert_eq!(count, 12 * 36 * 25 * 20 * 2 * 12);
}

#[test]
fn nothing_that_shows_the_writer_alive_leads_to_a_failover() {
    combinations(|seen| {
        let write = seen.write.as_ref();
        let alive = matches!(write, Some(Write::Committed { .. }))
            || matches!(write, Some(Write::Saturated { .. }))
            || matches!(
                seen.home_vantage,
                HomeVantage::FreshSuccess | HomeVantage::OthersSuccess | HomeVantage::Saturated
            )
            || matches!(
                seen.progress,
                Progress::Moving | Progress::Draining | Progress::Late
            );
        let verdict = seen.verdict(&DETECTION);
        let leads_on = [
            Verdict::RegionDown,
            Verdict::WriterDown,
            Verdict::WriterDownUnconfirmed,
            Verdict::RegionDownUnwitnessed,
        ];
        assert!(
            !(alive && leads_on.contains(&verdict)),
            "{verdict:?}: {seen:?}"
        );
        // One signal is never enough: whoever promotes has seen a failed write and at least one more side fail.
        if leads_on.contains(&verdict) {
            assert!(
                matches!(
                    write,
                    Some(
                        Write::Failed { .. }
                            | Write::Starting { .. }
                            | Write::Exhausted { .. }
                            | Write::Answered { .. }
                    )
                ),
                "{seen:?}"
            );
            let second = seen.home_vantage == HomeVantage::FreshFailure
                || matches!(seen.writer_rds, Rds::Silent { .. });
            assert!(second, "{seen:?}");
        }
        // Nor does anything lead on by itself from probes alone, or from a writer that answers.
        let by_itself = [Verdict::RegionDown, Verdict::WriterDown];
        if by_itself.contains(&verdict) {
            let alone = verdict == Verdict::WriterDown
                && (seen.progress == Progress::Unreadable || !seen.stillness_tells);
            assert!(
                !alone && seen.said == Said::Nothing,
                "{verdict:?}: {seen:?}"
            );
        }
    });
}
