//! What is said of the backups in other Regions, case by case.

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn restores(to: Option<i64>, status: &str) -> Result<Option<Backups>, Error> {
    Ok(Some(Backups {
        status: status.into(),
        latest: to.map(at),
    }))
}

fn untold() -> Result<Option<Backups>, Error> {
    Err(Error::Denied("not you".into()))
}

/// What is seen at second 10,000 of the writer orders-west in us-west-2.
fn seen(
    answers: &[(&str, Result<Option<Backups>, Error>)],
) -> (Option<(String, f64)>, Vec<String>) {
    let answers = answers.iter();
    let answers: Answers = answers
        .map(|(region, answer)| ((*region).into(), answer.clone()))
        .collect();
    let newest = newest(&answers, at(10_000));
    let home = Region::from("us-west-2");
    let warnings = warnings(&answers, newest.as_ref(), (&home, "orders-west"));
    (
        newest.map(|newest| (newest.region.to_string(), newest.seconds)),
        warnings,
    )
}

#[test]
fn a_fresh_backup_in_one_other_region_is_shown_and_warns_of_nothing() {
    let fresh = || ("us-east-1", restores(Some(9_700), "replicating"));
    let shown = Some(("us-east-1".to_owned(), 300.0));
    assert_eq!(seen(&[fresh()]), (shown.clone(), Vec::new()));
    for other in [
        Ok(None),
        untold(),
        restores(None, "pending"),
        restores(Some(1), "retained"),
    ] {
        let both = seen(&[("us-east-2", other), fresh()]);
        assert_eq!(both, (shown.clone(), Vec::new()));
    }
}

#[test]
fn a_backup_is_too_old_after_an_hour() {
    let seconds = |to| seen(&[("us-east-1", restores(Some(to), "replicating"))]);
    assert_eq!(seconds(6_400).1, Vec::<String>::new());
    let (shown, warnings) = seconds(6_399);
    assert_eq!(shown, Some(("us-east-1".to_owned(), 3_601.0)));
    assert_eq!(
        warnings,
        [
            "the newest backup of orders-west outside us-west-2 is 3601 s old, in us-east-1, and 3600 s are allowed; see whether RDS still replicates its automated backups"
        ]
    );
}

#[test]
fn where_there_is_none_or_none_that_restores_it_says_so() {
    let none = seen(&[("us-east-1", Ok(None))]);
    assert_eq!(
        none,
        (
            None,
            vec!["RDS lists no automated backup of orders-west in another Region of the plan, and what else outlives us-west-2 was not looked at; have RDS replicate its automated backups there".to_owned()]
        )
    );
    let pending = seen(&[("us-east-1", restores(None, "pending"))]);
    assert_eq!(
        pending,
        (
            None,
            vec!["the automated backups of orders-west in us-east-1 are pending, and nothing can be restored from them yet".to_owned()]
        )
    );
}

#[test]
fn a_region_that_does_not_tell_is_named_and_not_taken_for_one_without_backups() {
    let (shown, warnings) = seen(&[("us-east-1", untold()), ("us-east-2", Ok(None))]);
    assert_eq!(shown, None);
    let [only] = warnings.as_slice() else {
        panic!("{warnings:?}");
    };
    let says = "RDS in us-east-1 does not tell how old its newest backup of orders-west is: ";
    assert!(only.starts_with(says), "{only}");
    let old = ("us-east-2", restores(Some(1), "retained"));
    let (shown, warnings) = seen(&[("us-east-1", untold()), old]);
    assert_eq!(shown, Some(("us-east-2".to_owned(), 9_999.0)));
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}
