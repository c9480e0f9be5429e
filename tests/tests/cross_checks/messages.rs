//! `docs/reference/messages.md`: each message that the code sends has an example there, and each alarm says how urgent it is.

use std::collections::BTreeSet;

use failover::notify::Severity;
use tests::{
    repository::{sources, text},
    template,
};

const PAGE: &str = "docs/reference/messages.md";

/// The examples on the page: the name of each, and the file that makes its message.
fn examples() -> Vec<(String, String)> {
    let page = text(PAGE);
    let marks = page.lines().filter_map(|line| {
        let mark = line.strip_prefix("<!-- generated: ")?;
        let (name, by) = mark.strip_suffix(" -->")?.split_once(", by ")?;
        Some((name.to_owned(), by.to_owned()))
    });
    marks.collect()
}

/// The code of the functions, each file without its tests.
fn code() -> Vec<(String, String)> {
    let folders = [
        "crates/failover/src",
        "crates/steps/src",
        "crates/topologies",
    ];
    let paths = folders.into_iter().flat_map(sources);
    let is_test = |path: &String| {
        let of_tests = ["tests.rs", "/tests/", "examples.rs", "/testing"];
        of_tests.iter().any(|part| path.contains(part))
    };
    let paths = paths.filter(|path| !is_test(path));
    paths
        .map(|path| {
            let code = text(&path);
            let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
            (path, code.to_owned())
        })
        .collect()
}

#[test]
fn every_message_has_an_example() {
    let makes = |line: &str| line.contains("Message {") && !line.contains("-> Message {");
    let is_type = |path: &str| path == "crates/failover/src/notify/message.rs";
    let made = code().into_iter().filter(|(path, code)| {
        let makes = code.lines().any(makes);
        makes && !is_type(path)
    });
    let makers: BTreeSet<_> = made.map(|(path, _)| path).collect();
    let shown: BTreeSet<_> = examples().into_iter().map(|(_, by)| by).collect();
    let shown: BTreeSet<_> = shown.into_iter().filter(|by| !is_type(by)).collect();
    assert!(makers.len() > 20, "this check finds only {makers:?}");
    assert_eq!(makers, shown);
}

/// An example that no test makes any more is old.
#[test]
fn every_example_is_made_by_a_test() {
    let folders = [
        "crates/failover/src",
        "crates/steps/src",
        "crates/topologies",
    ];
    let tests: String = folders
        .into_iter()
        .flat_map(sources)
        .map(|path| text(&path))
        .collect();
    for (name, by) in examples() {
        assert!(tests.contains(&format!("\"{name}\"")), "{name} by {by}");
    }
    let names: BTreeSet<_> = examples().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), examples().len(), "two bear one name");
}

#[test]
fn every_alarm_says_how_urgent_it_is_and_what_to_do_next() {
    let mut seen = 0;
    for name in template::of_alarms() {
        let template = template::read(name);
        for (_, alarm) in template::resources(&template, "AWS::CloudWatch::Alarm") {
            let told = alarm["AlarmDescription"].as_str().unwrap();
            let begins = |severity: &Severity| told.starts_with(&format!("{}: ", severity.word()));
            assert!(Severity::ALL.iter().any(begins), "{name}: {told}");
            let (_, next) = told.split_once(" Next: ").unwrap_or_default();
            assert!(next.ends_with('.'), "{name} leaves people alone: {told}");
            seen += 1;
        }
    }
    assert!(seen > 30, "this check sees only {seen} alarms");
}
