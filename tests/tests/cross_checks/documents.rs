//! The documents: how they read, that their links lead somewhere, and that the tests they name exist.

use std::collections::BTreeSet;

use tests::{
    machine,
    prose::{Page, pages},
    repository::{functions, root, test_names, text},
};

/// Semicolons in a thousand words, at most.
const SEMICOLONS: usize = 5;
/// Characters in a cell of a table, at most.
const CELL: usize = 120;
/// Lines of a document, at most.
const LINES: [(&str, usize); 2] = [("README.md", 200), ("ARCHITECTURE.md", 250)];

#[test]
fn no_document_has_more_than_five_semicolons_in_a_thousand_words() {
    for page in pages() {
        let prose = page.prose();
        let (words, found) = (prose.split_whitespace().count(), prose.matches(';').count());
        assert!(
            found * 1000 <= SEMICOLONS * words,
            "{}: {found} semicolons in {words} words",
            page.name
        );
    }
}

#[test]
fn no_cell_of_a_table_is_a_paragraph() {
    for page in pages() {
        for (number, cell) in page.cells() {
            let long = cell.chars().count();
            assert!(
                long <= CELL,
                "{}:{number}: {long} characters: {cell}",
                page.name
            );
        }
    }
}

#[test]
fn the_two_first_documents_are_short() {
    for (name, most) in LINES {
        let lines = text(name).lines().count();
        assert!(lines <= most, "{name} has {lines} lines");
    }
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = pages();
    let headings = |name: &str| {
        let page = pages.iter().find(|page| page.name == name);
        page.map(Page::anchors).unwrap_or_default()
    };
    for page in &pages {
        for (number, link) in page.links() {
            let at = format!("{}:{number}: {link}", page.name);
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let name = page.leads_to(file);
            assert!(root().join(&name).exists(), "{at}");
            let is_there = anchor.is_empty() || headings(&name).contains(anchor);
            assert!(is_there, "{at}: {name} has no such heading");
        }
    }
}

/// Whether a word in code quotes is the name of a test: a sentence of five words at least.
fn is_a_sentence(word: &str) -> bool {
    let is_name = word
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_name && word.matches('_').count() >= 4
}

#[test]
fn every_test_that_a_document_names_exists() {
    let tests = test_names();
    for page in pages() {
        for word in page.quoted() {
            let exists = !is_a_sentence(&word) || tests.contains(&word);
            assert!(exists, "{}: there is no test {word}", page.name);
        }
    }
}

#[test]
fn every_invariant_names_the_test_that_holds_it() {
    let page = text("ARCHITECTURE.md");
    let (_, after) = page.split_once("\n## Invariants\n").unwrap();
    let section = after.split("\n## ").next().unwrap();
    let invariants: Vec<_> = section
        .split("\n\n")
        .filter(|paragraph| paragraph.trim_start().starts_with("**"))
        .collect();
    assert!(invariants.len() >= 10, "{invariants:#?}");
    for invariant in invariants {
        let names_one = invariant.split('`').skip(1).step_by(2).any(is_a_sentence);
        assert!(names_one, "{invariant}");
    }
}

/// Folders whose files a document may name.
const FOLDERS: [&str; 7] = [
    "cloudformation/",
    "crates/",
    "docs/",
    "examples/",
    "statemachine/",
    "tests/",
    "tools/",
];

#[test]
fn every_file_that_a_document_names_exists() {
    for page in pages().iter().filter(|page| page.name != "CHANGELOG.md") {
        for word in page.quoted() {
            let is_file = FOLDERS.iter().any(|folder| word.starts_with(folder));
            let is_pattern = word.contains(['<', '*', '…', ' ']);
            let exists = !is_file || is_pattern || root().join(&word).exists();
            assert!(exists, "{}: there is no {word}", page.name);
        }
    }
}

/// Where the pictures are drawn, as text that becomes a picture where it is read.
const DRAWN: [&str; 2] = ["ARCHITECTURE.md", "docs/reference/machines.md"];

#[test]
fn the_pictures_name_every_function_and_every_machine() {
    let pages = DRAWN.map(text);
    let pictures = pages.iter().flat_map(|page| {
        let drawn = page.split("```mermaid\n").skip(1);
        drawn.map(|rest| rest.split("```").next().unwrap_or_default())
    });
    let words: BTreeSet<_> = pictures
        .flat_map(|picture| {
            picture.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        })
        .collect();
    let functions = functions().into_iter().map(|function| function.name);
    let machines = machine::all().into_iter().map(|machine| machine.name);
    for name in functions.chain(machines) {
        assert!(words.contains(&*name), "no picture names {name}");
    }
}
