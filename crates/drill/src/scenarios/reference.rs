//! The documents' table of scenarios, which is made of them.

use std::{env, fs, path::Path};

use super::all;
use super::selection::FAMILIES;
use crate::scenario::Scenario;

const PAGE: &str = "docs/reference/scenarios.md";
const BEGIN: &str = "<!-- generated from the scenarios' files -->\n";
const END: &str = "<!-- end -->\n";

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names = names.into_iter().map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}

fn row(scenario: &Scenario) -> String {
    format!(
        "| `{}` | {} | {} |\n",
        scenario.name, scenario.summary, scenario.comes_out
    )
}

fn section() -> String {
    let by_name_only = all().filter(|scenario| scenario.by_name_only);
    let rows: String = all().map(row).collect();
    format!(
        "Families: {}.\n\nPlayed by their own names only, not by `all`: {}.\n\n\
         | name | what happens | what must come out |\n|---|---|---|\n{rows}",
        quoted(FAMILIES),
        quoted(by_name_only.map(|scenario| scenario.name)),
    )
}

#[test]
fn the_documents_table_is_made_of_the_scenarios() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(PAGE);
    let page = fs::read_to_string(&file).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let made = format!("{before}{BEGIN}{}{END}{after}", section());
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &made).unwrap();
        return;
    }
    assert_eq!(
        page, made,
        "run UPDATE_GOLDEN=1 cargo test --release --workspace --lib the_documents_table and commit {PAGE}"
    );
}
