//! A document is written where its revision has grown, and what it changes is shown first.

use super::*;
use crate::{
    arguments::Output,
    fake::{Fake, HOME, OTHER, well},
    terminal::Terminal,
};

const THERE: &str = include_str!("../../tests/plans/good.json");

async fn put(account: &Fake, text: &str, is_dry: bool) -> (Answer, Vec<String>) {
    put_to(account, text, (is_dry, false)).await
}

async fn put_to(
    account: &Fake,
    text: &str,
    (is_dry, partial): (bool, bool),
) -> (Answer, Vec<String>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let terminal = Terminal::typed(&["orders"]);
    let consent = Consent {
        dry_run: is_dry,
        yes: false,
    };
    let path = file.path().to_str().unwrap().to_owned();
    let act = async |desk: &Desk<'_>| run(desk, (&path, partial), consent).await;
    let answer = account.at_desk(&terminal, Output::Table, act).await;
    (answer, terminal.said())
}

/// The document that is there, with other words.
fn with(changes: &[(&str, &str)]) -> String {
    let apply = |text: String, (from, to): &(&str, &str)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    changes.iter().fold(THERE.to_owned(), apply)
}

#[tokio::test]
async fn every_member_region_gets_it_once_what_changes_was_shown() {
    let account = well();
    let text = with(&[
        ("\"revision\": 3", "\"revision\": 4"),
        ("\"max_lost_seconds\": 30", "\"max_lost_seconds\": 60"),
    ]);
    let (answer, said) = put(&account, &text, false).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    assert_eq!(
        said,
        [
            "  ~ revision: 3 → 4",
            "  ~ unplanned.max_lost_seconds: 30 → 60"
        ]
    );
    let regions: Vec<_> = account
        .written()
        .iter()
        .map(|line| line.split_once('=').unwrap().0.to_owned())
        .collect();
    assert_eq!(
        regions,
        [OTHER, HOME].map(|region| format!("{region} /aurora-failover/plans/orders"))
    );
    assert!(
        account.written()[0].ends_with(&text),
        "as it stands in the file"
    );
}

#[tokio::test]
async fn a_revision_that_does_not_grow_is_refused_and_the_same_document_is_not_written_again() {
    let account = well();
    let text = with(&[("\"max_lost_seconds\": 30", "\"max_lost_seconds\": 60")]);
    let (answer, _) = put(&account, &text, false).await;
    assert_eq!(answer.ending, Ending::Misused);
    let why = &answer.complaints[0];
    assert!(
        why.contains("has revision 3 and says something else; raise it above 3"),
        "{why}"
    );
    let (answer, said) = put(&account, THERE, false).await;
    assert_eq!((answer.ending, said.len()), (Ending::Well, 0));
    assert_eq!(account.written(), Vec::<String>::new());
}

#[tokio::test]
async fn a_fault_a_dry_run_and_a_silent_region_write_nothing_there() {
    let mut account = well();
    let (answer, _) = put(
        &account,
        &with(&[("\"failures\": 3", "\"failures\": 1")]),
        false,
    )
    .await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(
        answer.text.contains("detection.failures"),
        "{}",
        answer.text
    );
    let grown = with(&[("\"revision\": 3", "\"revision\": 4")]);
    let (answer, _) = put(&account, &grown, true).await;
    assert!(
        answer.text.contains("  ~ revision: 3 → 4\n"),
        "{}",
        answer.text
    );
    assert_eq!(account.written(), Vec::<String>::new());
    account.dead.insert(HOME.into());
    let (answer, _) = put(&account, &grown, false).await;
    assert_eq!(answer.ending, Ending::Unknown);
    assert!(
        answer.complaints[0].ends_with("or add --partial to write to the others alone"),
        "{answer:?}"
    );
    assert_eq!(account.written(), Vec::<String>::new());
    let (answer, _) = put_to(&account, &grown, (false, true)).await;
    assert_eq!(answer.ending, Ending::Unknown);
    assert!(
        answer.complaints[0].starts_with("us-west-2 was not written to"),
        "{answer:?}"
    );
    assert_eq!(account.written().len(), 1);
}

#[tokio::test]
async fn a_workload_is_put_below_workloads_in_its_two_regions() {
    let account = Fake::default();
    let text = crate::workloads::fixtures::document().to_string();
    let (answer, _) = put(&account, &text, false).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    let written = |region: &str| format!("{region} /aurora-failover/workloads/orders={text}");
    let mut there = account.written();
    there.sort();
    assert_eq!(there, [written(OTHER), written(HOME)]);
}

#[tokio::test]
async fn a_name_that_a_plan_of_the_other_sort_bears_is_refused() {
    let workload = crate::workloads::fixtures::document().to_string();
    for (account, text) in [
        (well(), workload),
        (crate::workloads::fixtures::away(), THERE.to_owned()),
    ] {
        let (answer, _) = put(&account, &text, false).await;
        assert_eq!(answer.ending, Ending::Misused, "{answer:?}");
        assert!(
            answer.complaints[0].contains("another plan of that name"),
            "{answer:?}"
        );
        assert_eq!(account.written(), Vec::<String>::new());
    }
}
