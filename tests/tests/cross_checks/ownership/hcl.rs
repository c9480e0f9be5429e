//! Terraform's language as far as the examples and the documents use it: a block or an attribute begins a line, as `terraform fmt`
//! writes them.

/// A block with what stands in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// What it is: `resource`, `lifecycle`.
    pub(super) kind: String,
    /// Its labels: a resource's type and name.
    pub(super) labels: Vec<String>,
    /// Its attributes with their values, as they are written but for comments and line breaks.
    pub(super) attributes: Vec<(String, String)>,
    /// The blocks in it.
    pub(super) blocks: Vec<Block>,
}

impl Block {
    /// The value of an attribute.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        all.find_map(|(found, value)| (found == name).then_some(value.as_str()))
    }

    /// The first block of a kind.
    pub(super) fn block(&self, kind: &str) -> Option<&Self> {
        self.blocks.iter().find(|block| block.kind == kind)
    }

    /// The names in a list that has nothing but names.
    pub(super) fn names(&self, attribute: &str) -> Vec<String> {
        let value = self.value(attribute).unwrap_or_default();
        let inner = value.trim_start_matches('[').trim_end_matches(']');
        let names = inner.split(',').map(str::trim);
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

/// The blocks of a file.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut lines = text.lines().map(without_comment);
    inside(&mut lines).blocks
}

/// What stands up to the end of the block that was begun, or of the text.
fn inside(lines: &mut impl Iterator<Item = String>) -> Block {
    let mut found = Block::default();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        if line == "}" {
            return found;
        }
        let (name, value) = match line.split_once('=') {
            Some((name, value)) if is_name(name.trim()) => (name.trim(), value.trim()),
            _ => {
                found.blocks.push(begun(&line, lines));
                continue;
            }
        };
        let mut value = value.to_owned();
        while is_open(&value) {
            let more = lines.next();
            value.push(' ');
            value.push_str(&more.unwrap_or_else(|| panic!("{name} does not end: {value}")));
        }
        found.attributes.push((name.to_owned(), value));
    }
    found
}

/// The block that a line begins.
fn begun(line: &str, lines: &mut impl Iterator<Item = String>) -> Block {
    let (head, rest) = line
        .split_once('{')
        .unwrap_or_else(|| panic!("neither a block nor an attribute: {line}"));
    let mut words = head.split_whitespace();
    let kind = words.next().unwrap_or_default();
    assert!(is_name(kind) && rest.trim().is_empty(), "{line}");
    Block {
        kind: kind.to_owned(),
        labels: words
            .map(|word| word.trim_matches('"').to_owned())
            .collect(),
        ..inside(lines)
    }
}

fn is_name(word: &str) -> bool {
    let mut all = word.chars();
    !word.is_empty() && all.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a bracket that the value opens is still to be closed. What is quoted counts, too: in `"${a[0]}"` it closes itself.
fn is_open(value: &str) -> bool {
    let count = |brackets: [char; 3]| value.matches(brackets).count();
    count(['{', '[', '(']) > count(['}', ']', ')'])
}

/// A line without its comment. None of the examples has a `#` in quotes, or this would cut it.
fn without_comment(line: &str) -> String {
    let (code, _) = line.split_once('#').unwrap_or((line, ""));
    assert_eq!(code.matches('"').count() % 2, 0, "a # in quotes: {line}");
    code.trim().to_owned()
}

#[test]
fn blocks_are_found_in_blocks_and_values_over_several_lines() {
    let text = "# said\nresource \"a_b\" \"c\" {\n  name = \"${split(\".\", d)[0]}\" # why\n\n  lifecycle {\n    \
                ignore_changes = [\n      e, # f\n      g,\n    ]\n  }\n}\n";
    let found = blocks(text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, "resource");
    assert_eq!(found[0].labels, ["a_b", "c"]);
    assert_eq!(found[0].value("name"), Some("\"${split(\".\", d)[0]}\""));
    let lifecycle = found[0].block("lifecycle").unwrap();
    assert_eq!(lifecycle.names("ignore_changes"), ["e", "g"]);
}
