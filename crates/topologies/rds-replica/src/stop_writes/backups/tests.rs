//! What is said of the backups in other Regions, case by case.

use super::*;
use crate::members::tests::{EAST, WEST, east};

const SNAPSHOT: &str = "rds:orders-east-2026-01-06-04-12";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn restores(to: Option<i64>, status: &str) -> Result<Option<Backups>, Error> {
    Ok(Some(Backups {
        status: status.into(),
        latest: to.map(at),
    }))
}

fn untold<T>() -> Result<T, Error> {
    Err(Error::Denied("not you".into()))
}

fn export(taken_at: i64, status: &str) -> Export {
    Export {
        snapshot: SNAPSHOT.into(),
        taken_at: Some(at(taken_at)),
        status: status.into(),
        cause: (status == "FAILED").then(|| "the key is disabled".into()),
    }
}

/// A Region with copies of the writer's backups.
fn copies(region: &str, copies: Result<Option<Backups>, Error>) -> Answer {
    Answer {
        region: region.into(),
        member: "orders-east".into(),
        copies,
        exports: Ok(Vec::new()),
    }
}

/// A Region with exports.
fn exports<const COUNT: usize>(exports: [Export; COUNT]) -> Answer {
    Answer {
        exports: Ok(exports.into()),
        ..copies("us-east-1", Ok(None))
    }
}

type Shown = Option<(String, BackupKind, f64)>;

/// What is seen at a second of the writer orders-west in us-west-2.
fn seen_at(second: i64, answers: &[Answer]) -> (Shown, Vec<String>) {
    let newest = newest(answers, at(second));
    let home = Region::from("us-west-2");
    let warnings = warnings(answers, at(second), (&home, "orders-west"));
    (
        newest.map(|newest| (newest.region.to_string(), newest.kind, newest.seconds)),
        warnings,
    )
}

fn seen(answers: &[Answer]) -> (Shown, Vec<String>) {
    seen_at(10_000, answers)
}

fn automated(seconds: f64) -> Shown {
    Some(("us-east-1".into(), BackupKind::Automated, seconds))
}

#[test]
fn a_fresh_backup_in_one_other_region_is_shown_and_warns_of_nothing() {
    let fresh = || copies("us-east-1", restores(Some(9_700), "replicating"));
    assert_eq!(seen(&[fresh()]), (automated(300.0), Vec::new()));
    for other in [
        Ok(None),
        untold(),
        restores(None, "pending"),
        restores(Some(1), "retained"),
    ] {
        let both = seen(&[copies("us-east-2", other), fresh()]);
        assert_eq!(both, (automated(300.0), Vec::new()));
    }
    let blind = Answer {
        exports: untold(),
        ..fresh()
    };
    assert_eq!(seen(&[blind]), (automated(300.0), Vec::new()));
}

#[test]
fn a_backup_is_too_old_after_an_hour() {
    let seconds = |to| seen(&[copies("us-east-1", restores(Some(to), "replicating"))]);
    assert_eq!(seconds(6_400).1, Vec::<String>::new());
    let (shown, warnings) = seconds(6_399);
    assert_eq!(shown, automated(3_601.0));
    assert_eq!(
        warnings,
        [
            "the newest backup of orders-west outside us-west-2 is 3601 s old, in us-east-1, and 3600 s are allowed; see whether RDS still replicates its automated backups"
        ]
    );
}

#[test]
fn an_export_is_too_old_after_a_day_and_a_half() {
    let of = |second| seen_at(second, &[exports([export(10_000, "COMPLETE")])]);
    let shown = |seconds| Some(("us-east-1".to_owned(), BackupKind::Export, seconds));
    assert_eq!(of(139_600), (shown(129_600.0), Vec::new()));
    let (old, warnings) = of(139_601);
    assert_eq!(old, shown(129_601.0));
    assert_eq!(
        warnings,
        [
            "the newest backup of orders-west outside us-west-2 is an export that is 129601 s old, in us-east-1, and 129600 s are allowed; see whether automated snapshots are still exported"
        ]
    );
}

#[test]
fn the_newest_of_both_kinds_is_shown_and_either_that_is_young_enough_is_enough() {
    let both = |copy, taken| {
        let answer = Answer {
            copies: restores(Some(copy), "replicating"),
            ..exports([export(taken, "COMPLETE"), export(1, "COMPLETE")])
        };
        seen_at(200_000, &[answer])
    };
    let (shown, warnings) = both(195_000, 190_000);
    assert_eq!(shown, automated(5_000.0));
    assert_eq!(warnings, Vec::<String>::new(), "the export is young enough");
    let (shown, warnings) = both(199_000, 199_500);
    assert_eq!(shown, Some(("us-east-1".into(), BackupKind::Export, 500.0)));
    assert_eq!(warnings, Vec::<String>::new());
    let (shown, warnings) = both(100_000, 50_000);
    assert_eq!(shown, automated(100_000.0));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn an_export_that_came_to_nothing_is_told_with_its_cause_until_a_later_one_is_complete() {
    let failed = || export(9_000, "FAILED");
    let said = [format!(
        "the newest export in us-east-1 that ended, of {SNAPSHOT}, is FAILED: the key is disabled"
    )];
    let older = export(8_000, "COMPLETE");
    let (shown, warnings) = seen(&[exports([failed(), older.clone()])]);
    assert_eq!(
        shown,
        Some(("us-east-1".into(), BackupKind::Export, 2_000.0))
    );
    assert_eq!(warnings, said, "the older one is young enough");
    let with_copies = Answer {
        copies: restores(Some(9_900), "replicating"),
        ..exports([failed()])
    };
    assert_eq!(seen(&[with_copies]).1, said);
    let (shown, warnings) = seen(&[exports([failed()])]);
    assert_eq!((shown, warnings.first()), (None, said.first()));
    // The same snapshot, exported anew, and a later one.
    for later in [9_000, 9_500] {
        let (_, warnings) = seen(&[exports([failed(), export(later, "COMPLETE")])]);
        assert_eq!(warnings, Vec::<String>::new(), "{later}");
    }
    // A later one that is under way may come to nothing, too.
    let under_way = export(9_500, "IN_PROGRESS");
    let (_, warnings) = seen(&[exports([failed(), older, under_way])]);
    assert_eq!(warnings, said);
    let canceled = Export {
        cause: None,
        ..export(9_000, "CANCELED")
    };
    let (_, warnings) = seen(&[exports([canceled])]);
    assert!(
        warnings[0].contains("is CANCELED: RDS does not say why"),
        "{warnings:?}"
    );
}

#[test]
fn where_there_is_none_or_none_that_restores_it_says_so() {
    let none = seen(&[copies("us-east-1", Ok(None))]);
    assert_eq!(
        none,
        (
            None,
            vec!["RDS lists neither an automated backup of orders-west in another Region of the plan nor a complete export of a snapshot of what follows it there; have RDS replicate its automated backups, or export snapshots".to_owned()]
        )
    );
    let pending = seen(&[copies("us-east-1", restores(None, "pending"))]);
    assert_eq!(
        pending,
        (
            None,
            vec!["the automated backups of orders-west in us-east-1 are pending, and nothing can be restored from them yet".to_owned()]
        )
    );
    let begun = seen(&[exports([export(9_000, "STARTING")])]);
    let said = format!("the export of {SNAPSHOT} in us-east-1 is STARTING, and none is complete");
    assert_eq!(begun, (None, vec![said]));
}

#[test]
fn a_region_that_does_not_tell_is_named_and_not_taken_for_one_without_backups() {
    let silent = || copies("us-east-1", untold());
    let (shown, warnings) = seen(&[silent(), copies("us-east-2", Ok(None))]);
    assert_eq!(shown, None);
    let [only] = warnings.as_slice() else {
        panic!("{warnings:?}");
    };
    let says = "RDS in us-east-1 does not tell how old its newest backup of orders-west is: ";
    assert!(only.starts_with(says), "{only}");
    let old = copies("us-east-2", restores(Some(1), "retained"));
    let (shown, warnings) = seen(&[silent(), old]);
    let retained = Some(("us-east-2".to_owned(), BackupKind::Automated, 9_999.0));
    assert_eq!(shown, retained);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let blind = Answer {
        exports: untold(),
        ..copies("us-east-1", Ok(None))
    };
    let (_, warnings) = seen(&[blind]);
    let [only] = warnings.as_slice() else {
        panic!("{warnings:?}");
    };
    let says = "RDS in us-east-1 does not tell which snapshots of orders-east were exported: ";
    assert!(only.starts_with(says), "{only}");
}

/// One question is refused, and the other one is answered well enough.
#[test]
fn an_export_that_is_young_enough_is_enough_where_copies_are_not_told() {
    let answer = Answer {
        copies: untold(),
        ..exports([export(9_000, "COMPLETE")])
    };
    let (shown, warnings) = seen(&[answer]);
    assert_eq!(
        shown,
        Some(("us-east-1".into(), BackupKind::Export, 1_000.0))
    );
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn exports_count_of_what_follows_the_writer_and_since_it_was_made() {
    let home = Region::from("us-west-2");
    let of = |source: Option<&str>, made_at| {
        let found = Exported {
            of: east(source),
            made_at,
            exports: vec![export(5_000, "COMPLETE"), export(9_000, "COMPLETE")],
        };
        let counted = of_the_writer(Some(found), (&home, "orders-west"));
        let counted = counted.into_iter().filter_map(|export| export.taken_at);
        counted.map(Timestamp::as_second).collect::<Vec<_>>()
    };
    assert_eq!(of(Some(WEST), Some(at(1_000))), [5_000, 9_000]);
    assert_eq!(
        of(Some(WEST), Some(at(6_000))),
        [9_000],
        "an older one of its name"
    );
    assert_eq!(of(Some(WEST), None), [0_i64; 0], "nobody says since when");
    assert_eq!(
        of(None, Some(at(1_000))),
        [0_i64; 0],
        "it is deposed, or promoted"
    );
    assert_eq!(
        of(Some(EAST), Some(at(1_000))),
        [0_i64; 0],
        "it follows another one"
    );
    assert_eq!(of_the_writer(None, (&home, "orders-west")), Vec::new());
}
