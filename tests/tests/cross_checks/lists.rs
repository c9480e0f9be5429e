//! There is one list of functions: the folder that they lie in. Whoever needs it reads that.

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use tests::{
    repository::{FUNCTIONS, functions, root, sources, text},
    template,
};

/// What machines read of the repository, apart from Rust.
const OTHERS: [&str; 14] = [
    "Makefile",
    "tools/deploy/__main__.py",
    "tools/deploy/account.py",
    "tools/deploy/answers.py",
    "tools/deploy/changes.py",
    "tools/deploy/history.py",
    "tools/deploy/names.py",
    "tools/deploy/network.py",
    "tools/deploy/regions.py",
    "tools/deploy/stacks.py",
    "tools/deploy/templates.py",
    "tools/emulator.py",
    "tools/package.py",
    "tools/policies.py",
];

fn names() -> BTreeSet<String> {
    functions().into_iter().map(|known| known.name).collect()
}

/// Three functions or more that stand one after the other with nothing but punctuation between them.
fn lists(text: &str, names: &BTreeSet<String>) -> Vec<String> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let words = text.split(|letter| !is_word(letter));
    let words = words.filter(|word| !word.is_empty());
    let (mut found, mut list) = (Vec::new(), BTreeSet::new());
    for word in words.chain(["end"]) {
        let name = word.strip_prefix("aurora-failover-").unwrap_or(word);
        if names.contains(name) {
            list.insert(name);
            continue;
        }
        if list.len() >= 3 {
            found.push(format!("{list:?}"));
        }
        list.clear();
    }
    found
}

#[test]
fn no_list_of_functions_is_written_a_second_time() {
    let names = names();
    let rust = ["crates", "tests"].into_iter().flat_map(sources);
    let files = rust.chain(OTHERS.map(str::to_owned));
    let found: Vec<_> = files
        .flat_map(|path| {
            let lists = lists(&text(&path), &names).into_iter();
            lists.map(move |list| format!("{path}: {list}"))
        })
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_list_is_found_however_it_is_written_and_a_sentence_is_none() {
    let names = names();
    let some: Vec<_> = names.iter().take(3).map(String::as_str).collect();
    for list in [
        some.join(" "),
        format!("[\n    \"{}\",\n]", some.join("\",\n    \"")),
        format!("(aurora-failover-{})", some.join("|aurora-failover-")),
    ] {
        assert_eq!(lists(&list, &names).len(), 1, "{list}");
    }
    let sentence = format!("{}, {} and {}", some[0], some[1], some[2]);
    assert!(lists(&sentence, &names).is_empty());
}

#[test]
fn every_folder_of_functions_is_a_crate_of_its_name_and_says_what_else_is_known_of_it() {
    let entries = fs::read_dir(root().join(FUNCTIONS)).unwrap();
    let folders: BTreeSet<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, names());
    for function in functions() {
        assert_eq!(function.folder, format!("{FUNCTIONS}{}", function.name));
        let said = function.said();
        let fields: Vec<_> = said.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["first_event", "speaks_sql"], "{}", function.name);
        assert!(said["first_event"].is_object(), "{}", function.name);
    }
}

#[test]
fn the_functions_that_speak_sql_are_those_that_run_in_the_vpc() {
    let deployed = template::member_functions();
    let in_vpc: BTreeSet<_> = deployed
        .into_iter()
        .filter(|(_, function, _)| !function["VpcConfig"].is_null())
        .map(|(_, function, _)| function["FunctionName"].as_str().unwrap().to_owned())
        .collect();
    let speaking: BTreeSet<_> = functions()
        .into_iter()
        .filter(|function| function.said()["speaks_sql"] == Value::Bool(true))
        .map(|function| format!("aurora-failover-{}", function.name))
        .collect();
    assert_eq!(speaking, in_vpc);
}
