//! `examples/terraform/` and what the page says of Terraform, against the schema that the provider publishes.

use std::collections::{BTreeMap, BTreeSet};

use tests::{prose::pages, repository};

use super::{
    PAGE,
    hcl::{Block, blocks},
    schema::{self, Schema},
};

const FOLDER: &str = "examples/terraform";
/// Blocks of a resource that are Terraform's own.
const OWN_BLOCKS: [&str; 1] = ["lifecycle"];
/// Attributes of a resource that are Terraform's own.
const OWN_ATTRIBUTES: [&str; 4] = ["count", "depends_on", "for_each", "provider"];
/// Words in code quotes that look like an attribute and are none.
const WORDS: [&str; 3] = ["first_password", "ignore_changes", "prevent_destroy"];

/// Every resource of the example, with its file.
fn resources() -> Vec<(String, Block)> {
    let files = repository::files(FOLDER, "tf");
    let found = files.into_iter().flat_map(|file| {
        let all = blocks(&repository::text(&file)).into_iter();
        let all = all.filter(|block| block.kind == "resource");
        all.map(move |block| (file.clone(), block))
            .collect::<Vec<_>>()
    });
    found.collect()
}

/// The faults of a block and of those in it.
fn faults(at: &str, block: &Block, schema: &Schema) -> Vec<String> {
    let names = block.attributes.iter().map(|(name, _)| name.as_str());
    let names = names.filter(|name| !OWN_ATTRIBUTES.contains(name));
    let blocks = block.blocks.iter();
    let blocks: Vec<_> = blocks
        .filter(|block| !OWN_BLOCKS.contains(&block.kind.as_str()))
        .collect();
    let kinds = blocks.iter().map(|block| block.kind.as_str());
    let written: Vec<_> = names.chain(kinds).collect();
    let unknown = written.iter().filter(|name| !schema.takes(name));
    let mut found: Vec<_> = unknown.map(|name| format!("{at} has no {name}")).collect();
    let missing = schema.missing(&written).into_iter();
    found.extend(missing.map(|name| format!("{at} needs {name}")));
    for block in blocks {
        let at = format!("{at}.{}", block.kind);
        match schema.block(&block.kind) {
            Some(schema) => found.extend(faults(&at, block, &schema)),
            None => found.push(format!("{at} is no block")),
        }
    }
    found
}

/// What a resource ignores.
fn ignored(resource: &Block) -> Vec<String> {
    let lifecycle = resource.block("lifecycle");
    lifecycle.map_or_else(Vec::new, |lifecycle| lifecycle.names("ignore_changes"))
}

#[test]
fn every_attribute_that_the_terraform_example_or_the_page_names_is_in_the_providers_schema() {
    let resources = resources();
    assert!(resources.len() >= 4, "{resources:?}");
    let mut found = Vec::new();
    let mut kinds = BTreeMap::new();
    for (file, resource) in &resources {
        let kind = &resource.labels[0];
        let schema = kinds
            .entry(kind.clone())
            .or_insert_with(|| schema::of(kind));
        let at = format!("{file}: {kind}");
        found.extend(faults(&at, resource, schema));
        let ignored = ignored(resource).into_iter();
        let unknown = ignored.filter(|name| !schema.takes(name));
        found.extend(unknown.map(|name| format!("{at} ignores {name}, which it has not")));
    }
    for word in page_words() {
        let is_known = match word.split_once('.') {
            Some((kind, attribute)) => schema::of(kind).has(attribute),
            None if word.starts_with("aws_") => kinds.contains_key(&word),
            None => kinds.values().any(|schema| schema.has(&word)),
        };
        if !is_known {
            found.push(format!("{PAGE}: {word}"));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// What the page names in code quotes that is an attribute, or looks like one: `global_cluster_identifier`, `aws_x.y`.
fn page_words() -> BTreeSet<String> {
    let page = pages().into_iter().find(|page| page.name == PAGE).unwrap();
    let tests = repository::test_names();
    let is_name = |word: &str| {
        let mut letters = word.chars();
        letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let is_attribute = |word: &String| {
        let (kind, attribute) = word.split_once('.').unwrap_or(("aws_", word));
        kind.starts_with("aws_") && is_name(kind) && is_name(attribute) && word.contains('_')
    };
    let words = page.quoted().into_iter().filter(is_attribute);
    let words = words.filter(|word| !tests.contains(word) && !WORDS.contains(&word.as_str()));
    let words: BTreeSet<_> = words.collect();
    assert!(words.len() > 10, "{words:?}");
    words
}

#[test]
fn nothing_that_holds_data_is_destroyed_by_the_terraform_example() {
    let holding = [
        "aws_rds_global_cluster",
        "aws_rds_cluster",
        "aws_rds_cluster_instance",
    ];
    let mut seen = BTreeSet::new();
    for (file, resource) in resources() {
        let kind = resource.labels[0].as_str();
        if holding.contains(&kind) {
            let lifecycle = resource.block("lifecycle").unwrap();
            let prevented = lifecycle.value("prevent_destroy");
            assert_eq!(prevented, Some("true"), "{file}: {kind}");
            assert_ne!(
                resource.value("force_destroy"),
                Some("true"),
                "{file}: {kind}"
            );
            seen.insert(kind.to_owned());
        }
    }
    assert_eq!(seen.len(), holding.len());
}

#[test]
fn the_terraform_example_ignores_what_the_page_says_and_names_no_writer() {
    let text = repository::text(PAGE);
    let (_, after) = text
        .split_once("`lifecycle` of `aws_rds_cluster` ignores\n")
        .unwrap();
    let (table, after) = after
        .split_once("`lifecycle` of `aws_rds_global_cluster` ignores")
        .unwrap();
    let (sentence, _) = after.split_once('.').unwrap();
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let first_cells = first_cells.filter_map(|line| line.split(" | ").next());
    let of_member = quoted(
        &first_cells
            .map(|cell| format!("`{cell} "))
            .collect::<String>(),
    );
    for (kind, said) in [
        ("aws_rds_cluster", of_member),
        ("aws_rds_global_cluster", quoted(sentence)),
    ] {
        let resources = resources();
        let mut of_kind = resources
            .iter()
            .filter(|(_, resource)| resource.labels[0] == kind);
        let (_, resource) = of_kind.next().unwrap();
        let ignored: BTreeSet<_> = ignored(resource).into_iter().collect();
        assert_eq!(ignored, said, "{kind}");
    }
    for (file, resource) in resources() {
        for role in [
            "replication_source_identifier",
            "source_db_cluster_identifier",
            "source_region",
        ] {
            assert_eq!(resource.value(role), None, "{file}: {role}");
        }
    }
}

/// The words in code quotes.
fn quoted(text: &str) -> BTreeSet<String> {
    let words = text.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}
