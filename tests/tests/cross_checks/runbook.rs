//! `docs/runbook`: every alarm and every refusal has its page, and each page says what to do first and whom to call.

use std::collections::BTreeSet;

use failover::Error;
use tests::{
    repository::{documents, text},
    template,
};

const FIRST_PAGE: &str = "docs/runbook/README.md";
const OF_ALARMS: &str = "docs/runbook/alarms";
const OF_REFUSALS: &str = "docs/runbook/refusals";

/// What each page says, in this order.
const SAYS: [&str; 5] = [
    "What you see",
    "What it means",
    "First",
    "Then",
    "Whom to call",
];

/// What the names of alarms begin with: the prefix of an installation, and an instance's own name where people deploy them for one.
const BEGIN: [&str; 2] = ["aurora-failover-", "orders-east-"];

/// The alarms of every template, by the names that documents have.
fn alarms() -> Vec<String> {
    let templates: Vec<_> = template::names()
        .iter()
        .map(|name| template::read(name))
        .collect();
    let found = templates
        .iter()
        .flat_map(|template| template::resources(template, "AWS::CloudWatch::Alarm"));
    let mut names: Vec<_> = found
        .map(|(_, alarm)| {
            let name = &alarm["AlarmName"];
            let name = name.as_str().or(name["Fn::Sub"].as_str()).unwrap();
            name.replace("${InstanceIdentifier}-", BEGIN[1])
        })
        .collect();
    names.sort();
    names
}

/// The alarms that a page is about: the one in its title, or those that begin the rows of a table.
fn of_page(page: &str) -> Vec<String> {
    let begins = |line: &str| {
        let rest = line.strip_prefix("# `").or(line.strip_prefix("| `"))?;
        let (name, _) = rest.split_once('`')?;
        Some(name.to_owned())
    };
    let names = page.lines().filter_map(begins);
    names
        .filter(|name| BEGIN.iter().any(|begin| name.starts_with(begin)))
        .collect()
}

#[test]
fn every_alarm_has_its_page_of_the_runbook() {
    let mut found: Vec<_> = documents(OF_ALARMS)
        .iter()
        .flat_map(|name| of_page(&text(name)))
        .collect();
    found.sort();
    assert_eq!(found, alarms());
}

#[test]
fn every_refusal_has_its_page_of_the_runbook() {
    let titles: BTreeSet<_> = documents(OF_REFUSALS)
        .iter()
        .map(|name| text(name).lines().next().unwrap_or_default().to_owned())
        .collect();
    let names = Error::NAMES.map(|name| format!("# `{name}`"));
    assert_eq!(titles, names.into());
}

#[test]
fn a_page_of_the_runbook_says_what_to_type_first_and_whom_to_call() {
    let first_page = text(FIRST_PAGE);
    let pages = [OF_ALARMS, OF_REFUSALS].map(documents);
    for name in pages.iter().flatten() {
        let page = text(name);
        let mut headings = page.lines().filter_map(|line| line.strip_prefix("## "));
        for said in SAYS {
            let is_said = headings.any(|heading| heading == said);
            assert!(is_said, "{name}: {said} is missing, or stands out of turn");
        }
        let (_, first) = page.split_once("\n## First\n\n").unwrap();
        assert!(
            first.starts_with("```\naurora-failover "),
            "{name}: the first thing is no command of the tool"
        );
        let link = name.replace("docs/runbook/", "(");
        assert!(
            first_page.contains(&format!("{link})")),
            "{FIRST_PAGE} does not lead to {name}"
        );
    }
}
