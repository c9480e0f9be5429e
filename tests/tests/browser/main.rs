//! The pages that people read, in a headless Chromium of this machine. Without one each test is skipped, which is printed and counted.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod approval_page;
mod layout;
mod report_page;
mod server;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
};

use tests::browser::{Browser, chromium};

/// What a test does in a browser of its own.
type Test = fn(&mut Browser);

/// Every test, by its name.
const TESTS: [(&str, Test); 7] = [
    (
        "the_question_fits_every_screen_in_both_schemes",
        approval_page::the_question_fits_every_screen_in_both_schemes,
    ),
    (
        "the_page_that_asks_once_more_fits_every_screen",
        approval_page::the_page_that_asks_once_more_fits_every_screen,
    ),
    (
        "a_yes_is_asked_once_more_and_given_once",
        approval_page::a_yes_is_asked_once_more_and_given_once,
    ),
    (
        "a_no_is_given_with_its_reason",
        approval_page::a_no_is_given_with_its_reason,
    ),
    (
        "a_scanner_that_follows_the_link_answers_nothing",
        approval_page::a_scanner_that_follows_the_link_answers_nothing,
    ),
    (
        "a_link_that_opens_nothing_is_one_sentence",
        approval_page::a_link_that_opens_nothing_is_one_sentence,
    ),
    (
        "the_report_fits_every_screen_in_both_schemes",
        report_page::the_report_fits_every_screen_in_both_schemes,
    ),
];

/// The tests that the words of a command line ask for, as Rust's own harness reads them.
fn asked_for(words: &[String]) -> Vec<(&'static str, Test)> {
    if words.iter().any(|word| word == "--list") {
        return Vec::new();
    }
    let (mut wanted, mut skipped) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--skip" => skipped.extend(words.next()),
            option if option.starts_with('-') => {}
            _ => wanted.push(word),
        }
    }
    let is_in = |list: &[&String], name: &str| list.iter().any(|word| name.contains(word.as_str()));
    let tests = TESTS.into_iter();
    let tests = tests.filter(|(name, _)| wanted.is_empty() || is_in(&wanted, name));
    tests.filter(|(name, _)| !is_in(&skipped, name)).collect()
}

fn passes(program: &Path, test: Test) -> bool {
    let run = AssertUnwindSafe(|| test(&mut Browser::start(program)));
    catch_unwind(run).is_ok()
}

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let tests = asked_for(&words);
    let program = chromium();
    println!("\nrunning {} tests", tests.len());
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, test) in tests {
        let Some(program) = &program else {
            skipped += 1;
            println!(
                "test {name} ... skipped: there is no Chromium; install one, or set CHROMIUM to its path"
            );
            continue;
        };
        if passes(program, test) {
            passed += 1;
            println!("test {name} ... ok");
        } else {
            failed += 1;
            println!("test {name} ... FAILED");
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {passed} passed; {failed} failed; {skipped} skipped\n");
    ExitCode::from(u8::from(failed > 0))
}
