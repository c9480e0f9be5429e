//! Regions that are gone, parted, or only look so.

use super::*;

#[test]
fn a_region_of_which_only_other_data_planes_answer_is_neither_parted_nor_gone() {
    let reached = |witness| Evidence {
        witness,
        ..region_down()
    };
    assert_eq!(
        verdict(&reached(Witness::ReachesOthers)),
        Verdict::Undetermined
    );
    assert_eq!(verdict(&reached(Witness::Reaches)), Verdict::PathImpaired);
    assert_eq!(
        verdict(&reached(Witness::DoesNotReach)),
        Verdict::RegionDown
    );
}

#[test]
fn a_region_whose_ledger_answers_is_not_gone() {
    let evidence = Evidence {
        writer_ledger_answers: true,
        ..region_down()
    };
    assert_eq!(verdict(&evidence), Verdict::Undetermined);
}

#[test]
fn an_unreadable_reader_beside_an_unhealthy_rds_of_its_own_proves_nothing() {
    for local_rds in [
        status("rebooting"),
        Rds::Other {
            why: "denied".into(),
        },
    ] {
        let evidence = Evidence {
            progress: Progress::Unreadable,
            local_rds,
            ..region_down()
        };
        assert_eq!(verdict(&evidence), Verdict::Undetermined);
    }
}

#[test]
fn an_observer_whose_own_rds_or_witness_is_silent_is_isolated() {
    assert_eq!(
        verdict(&Evidence {
            local_rds: silent(),
            ..region_down()
        }),
        Verdict::ObserverIsolated
    );
    assert_eq!(
        verdict(&Evidence {
            witness: Witness::Unreachable,
            ..region_down()
        }),
        Verdict::ObserverIsolated
    );
}

#[test]
fn a_witness_that_reaches_the_writers_region_shows_that_the_regions_are_parted() {
    assert_eq!(
        verdict(&Evidence {
            witness: Witness::Reaches,
            ..region_down()
        }),
        Verdict::PathImpaired
    );
}

#[test]
fn a_region_is_down_when_nobody_reaches_it() {
    assert_eq!(verdict(&region_down()), Verdict::RegionDown);
    assert_eq!(
        verdict(&Evidence {
            progress: Progress::Unreadable,
            ..region_down()
        }),
        Verdict::RegionDown
    );
}

#[test]
fn without_a_witness_it_is_down_unwitnessed_and_undetermined_when_the_reader_is_silent_too() {
    let unwitnessed = Evidence {
        witness: Witness::NotConfigured,
        ..region_down()
    };
    assert_eq!(verdict(&unwitnessed), Verdict::RegionDownUnwitnessed);
    assert_eq!(
        verdict(&Evidence {
            progress: Progress::Unreadable,
            ..unwitnessed
        }),
        Verdict::Undetermined
    );
}
