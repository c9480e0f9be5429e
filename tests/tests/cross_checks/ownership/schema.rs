//! What the AWS provider for Terraform takes and shows, as `@cdktf/provider-aws` publishes it: declarations in TypeScript that are
//! generated from the provider's schema, one folder for each kind of resource.

use std::collections::BTreeMap;

use tests::repository;

/// Where the setup puts the declarations of the kinds that are looked up here.
const FOLDER: &str = ".tools/provider-aws/lib";

/// A resource or a block in one.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// What may be written, by its name in TypeScript: whether it must be, and the declaration of a block.
    fields: BTreeMap<String, (bool, Option<String>)>,
    /// What can be read besides.
    read: Vec<String>,
    /// Every declaration of the file, for the blocks.
    declarations: BTreeMap<String, BTreeMap<String, (bool, Option<String>)>>,
}

/// A kind of resource, such as `aws_rds_cluster`.
pub(super) fn of(kind: &str) -> Schema {
    let name = kind.strip_prefix("aws_").unwrap_or(kind);
    let text = repository::text(&format!("{FOLDER}/{}/index.d.ts", name.replace('_', "-")));
    parsed(&text, kind)
}

fn parsed(text: &str, kind: &str) -> Schema {
    let mut declarations = BTreeMap::new();
    let mut read = Vec::new();
    let (mut open, mut is_class, mut main) = (None, false, None);
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("export interface ") {
            let name = rest.split([' ', '<', '{']).next().unwrap_or_default();
            if rest.contains("TerraformMetaArguments") {
                main = Some(name.to_owned());
            }
            declarations.insert(name.to_owned(), BTreeMap::new());
            open = Some(name.to_owned());
        } else if line.starts_with("export declare class ") {
            is_class = line.contains("TerraformResource");
            open = None;
        } else if line == "}" {
            (open, is_class) = (None, false);
        } else if let (Some(name), Some((field, needed, block))) = (&open, field(line)) {
            let fields = declarations.entry(name.clone()).or_default();
            fields.insert(field, (needed, block));
        } else if is_class && let Some(getter) = line.trim().strip_prefix("get ") {
            read.push(getter.split('(').next().unwrap_or_default().to_owned());
        }
    }
    let says = format!("tfResourceType = \"{kind}\"");
    assert!(
        text.contains(&says),
        "the declarations are not those of {kind}"
    );
    let main = main.unwrap_or_else(|| panic!("{kind} takes nothing"));
    Schema {
        fields: declarations[&main].clone(),
        read,
        declarations,
    }
}

/// `readonly name?: Type;`: the name, whether it is needed, and its type.
fn field(line: &str) -> Option<(String, bool, Option<String>)> {
    let (name, kind) = line.trim().strip_prefix("readonly ")?.split_once(": ")?;
    let kind = kind.trim_end_matches(';').split(['[', ' ', '|']).next()?;
    let needed = !name.ends_with('?');
    Some((
        name.trim_end_matches('?').to_owned(),
        needed,
        Some(kind.to_owned()),
    ))
}

impl Schema {
    /// Whether a name may be written.
    pub(super) fn takes(&self, attribute: &str) -> bool {
        self.fields.contains_key(&camel(attribute))
    }

    /// Whether a name may be written or read.
    pub(super) fn has(&self, attribute: &str) -> bool {
        self.takes(attribute) || self.read.contains(&camel(attribute))
    }

    /// What must be written and is not among the names.
    pub(super) fn missing(&self, written: &[&str]) -> Vec<String> {
        let written: Vec<_> = written.iter().map(|name| camel(name)).collect();
        let needed = self.fields.iter().filter(|(_, (needed, _))| *needed);
        let names = needed.map(|(name, _)| name.clone());
        names.filter(|name| !written.contains(name)).collect()
    }

    /// The schema of a block in it.
    pub(super) fn block(&self, name: &str) -> Option<Self> {
        let (_, kind) = self.fields.get(&camel(name))?;
        let fields = self.declarations.get(kind.as_ref()?)?;
        Some(Self {
            fields: fields.clone(),
            read: Vec::new(),
            declarations: self.declarations.clone(),
        })
    }
}

/// A name of Terraform's as TypeScript has it.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |so_far, part| {
        let mut letters = part.chars();
        let head = letters.next().map(|letter| letter.to_ascii_uppercase());
        so_far + &head.into_iter().chain(letters).collect::<String>()
    })
}

const DECLARED: &str = "export interface ThingConfig extends cdktf.TerraformMetaArguments {\n    readonly engine: string;\n    \
    readonly parameter?: ThingParameter[] | cdktf.IResolvable;\n}\nexport interface ThingParameter {\n    \
    readonly applyMethod?: string;\n    readonly name: string;\n}\n\
    export declare class Thing extends cdktf.TerraformResource {\n    static readonly tfResourceType = \"aws_thing\";\n    \
    get resourceId(): string;\n}\n";

#[test]
fn names_blocks_and_what_is_read_only_are_told_apart() {
    let schema = parsed(DECLARED, "aws_thing");
    assert!(schema.takes("engine") && schema.takes("parameter"));
    assert!(!schema.takes("resource_id") && schema.has("resource_id"));
    assert!(!schema.has("engin") && !schema.has("apply_method"));
    assert_eq!(schema.missing(&["parameter"]), ["engine"]);
    let block = schema.block("parameter").unwrap();
    assert!(block.takes("apply_method") && !block.takes("engine"));
    assert_eq!(block.missing(&[]), ["name"]);
    assert!(schema.block("engine").is_none());
}
