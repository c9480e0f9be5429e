//! Every command of the tool that the documents print is one that it understands.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Parser as _;

use super::Arguments;

/// What stands for a value in the documents, each with one that fits.
const VALUES: [(&str, &str); 6] = [
    ("PLAN", "orders"),
    ("REGION", "us-east-1"),
    ("RUN", "a711"),
    ("TIME", "2026-12-01T02:00:00Z"),
    ("SHELL", "bash"),
    ("N", "1"),
];

/// The README, and every document below `docs`.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = vec![root.join("README.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                found.push(path);
            }
        }
    }
    found
}

/// What a document prints for somebody to type: the lines of its blocks of code, and what stands in code quotes.
fn printed(text: &str) -> Vec<String> {
    let (mut prose, mut found, mut is_code) = (String::new(), Vec::new(), false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            found.push(line.trim().to_owned());
        } else {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    found.extend(prose.split('`').skip(1).step_by(2).map(str::to_owned));
    found
}

/// The words of a command of the tool, with values in place of those that stand for one; nothing of what is another one, or of one
/// that only shows what may be left out.
fn words(printed: &str) -> Option<Vec<&str>> {
    let mut words = printed.split_whitespace();
    let program = words.next()?;
    let is_the_tool = program.trim_start_matches("target/release/") == "aurora-failover";
    if !is_the_tool || printed.contains(['[', '…', '|']) {
        return None;
    }
    let words = words.take_while(|word| *word != ">").map(|word| {
        let value = VALUES.iter().find(|(name, _)| *name == word);
        value.map_or(word, |(_, value)| value)
    });
    let words: Vec<_> = words.collect();
    let command = std::iter::once("aurora-failover").chain(words.iter().copied());
    (!words.is_empty()).then(|| command.collect())
}

#[test]
fn every_command_of_the_tool_that_a_document_prints_is_understood() {
    let mut understood = 0;
    for document in documents() {
        for line in printed(&fs::read_to_string(&document).unwrap()) {
            let Some(words) = words(&line) else {
                continue;
            };
            let read = Arguments::try_parse_from(&words);
            // Its help and its version are no errors.
            let why = read.err().filter(|why| why.use_stderr());
            let why = why.map(|why| why.to_string());
            assert_eq!(why, None, "{}: {line}", document.display());
            understood += 1;
        }
    }
    assert!(understood > 100, "only {understood} are printed");
}

#[test]
fn a_command_is_found_in_a_block_and_in_a_sentence_and_read_with_values() {
    let text = "Type `aurora-failover\nrun RUN`.\n```\ntarget/release/aurora-failover status > a\norders: well\n```\n`aurora-failover-x`";
    let found = printed(text);
    let found: Vec<_> = found.iter().filter_map(|line| words(line)).collect();
    assert_eq!(
        found,
        [
            vec!["aurora-failover", "status"],
            vec!["aurora-failover", "run", "a711"]
        ]
    );
    assert_eq!(words("aurora-failover status [PLAN]"), None);
}
