//! What can be typed, and what is refused.

use clap::{CommandFactory, error::ErrorKind};

use super::*;

fn read(words: &[&str]) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from([&["aurora-failover"], words].concat())
}

#[test]
fn what_can_be_typed_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn what_is_typed_wrong_is_refused_with_2() {
    let long = "x".repeat(201);
    for words in [
        &["plan", "check"][..],
        &["plan", "init"],
        &["plan", "init", "--global-cluster", "a", "--instance", "b"],
        &["plan", "init", "--global-cluster", "orders--1"],
        &["plan", "init", "--instance", "a", "--witness", "Ohio"],
        &[
            "plan",
            "init",
            "--workload",
            "orders",
            "--home",
            "us-east-1",
        ],
        &["plan", "init", "--instance", "a", "--home", "us-east-1"],
        &["revert"],
        &["revert", "orders.json"],
        &["adopt", "orders", "--serves", "Ohio"],
        &["adopt", "orders", "--from-epoch", "1"],
        &["doctor", "orders.json"],
        &["ready"],
        &["ready", "orders.json"],
        &["ready", "orders", "--to", "Ohio"],
        &["status", "--regions", "us-east-1,Ohio"],
        &["status", "--output", "yaml"],
        &["status", "--prefix", "aws-dr"],
        &["status", "--watch", "0"],
        &["status", "--watch", "orders"],
        &["dance"],
        &["pause"],
        &["pause", "orders", "--all"],
        &["pause", "orders", "--reason", "off"],
        &["pause", "orders", "--reason", "{{x}}"],
        &["failover", "orders"],
        &["failover", "orders", "--to", "us-east-1", "--force"],
        &["failover", "orders", "--to", "us-east-1", "--epoch", "1"],
        &[
            "failover",
            "orders",
            "--to",
            "us-east-1",
            "--force",
            "--epoch",
            "one",
        ],
        &["failback", "orders", "--not-before", "tomorrow"],
        &["failback", "orders", "--rehearse", "--approved"],
        &["switchover", "orders", "--wait", "0"],
        &["false-alarm"],
        &["false-alarm", "a711", "--why", " "],
        &["false-alarm", "a711", "--why", long.as_str()],
        &["losses", "orders", "--list", "--download", "lost"],
        &["losses", "orders", "--cluster", "orders-west-restored"],
    ] {
        let refused = read(words).unwrap_err();
        assert_eq!(refused.exit_code(), 2, "{words:?}: {refused}");
    }
    let help = read(&["status", "--help"]).unwrap_err();
    assert_eq!(help.kind(), ErrorKind::DisplayHelp);
}

#[test]
fn several_regions_are_parted_by_commas_and_the_form_is_typed_anywhere() {
    let words = [
        "status",
        "orders",
        "--regions",
        "us-east-1,us-west-2",
        "--output",
        "json",
    ];
    let arguments = read(&words).unwrap();
    assert_eq!(arguments.output, Output::Json);
    let Command::Status { plan, watch } = arguments.command else {
        panic!("not the status");
    };
    assert_eq!((plan, watch), (Some("orders".into()), None));
    assert_eq!(
        arguments.place.regions,
        ["us-east-1".into(), "us-west-2".into()]
    );
}

#[test]
fn every_command_of_the_tool_that_a_message_prints_is_understood() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/messages.md"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let commands = page
        .lines()
        .filter_map(|line| line.strip_prefix("    aurora-failover "));
    let commands: Vec<_> = commands.collect();
    assert!(commands.len() > 25, "this check sees only {commands:#?}");
    for command in &commands {
        // Only a token stands in quotes, and holds no space.
        let command = command.replace('\'', "");
        let words: Vec<_> = command.split(' ').collect();
        let read = read(&words).unwrap_or_else(|why| panic!("{command}: {why}"));
        let begins_in = read.place.regions;
        assert_eq!(
            begins_in.len(),
            1,
            "{command} begins in no Region that answers"
        );
    }
}

#[test]
fn a_watch_looks_every_five_seconds_where_nothing_else_is_said() {
    for (words, seconds) in [
        (&["status", "orders", "--watch"][..], 5),
        (&["status", "--watch", "30", "orders"], 30),
        (&["status", "--watch=1"], 1),
    ] {
        let Command::Status { watch, .. } = read(words).unwrap().command else {
            panic!("not the status");
        };
        assert_eq!(watch, Some(seconds), "{words:?}");
    }
}
