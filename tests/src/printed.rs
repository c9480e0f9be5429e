//! The commands of the AWS CLI that the documents print for people to type.

use crate::repository;

/// One command, as it stands in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The document, by its path from the root.
    pub document: String,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// All of it.
    pub text: String,
}

/// How a block begins whose commands are for a real account alone: no kept world has what they ask about.
const OF_AN_ACCOUNT: &str = "```account";
/// How a block begins that shows what people are told: its commands are of another day.
const MESSAGE: &str = "```message";

/// Every command in the README and in the documents below `docs` that is for any world. One that stands in several documents, word
/// for word, is there once.
pub fn commands() -> Vec<Printed> {
    let mut found: Vec<Printed> = Vec::new();
    for command in all(false) {
        if !found.iter().any(|there| there.text == command.text) {
            found.push(command);
        }
    }
    found
}

/// Every command that is for a real account alone.
pub fn of_an_account() -> Vec<Printed> {
    all(true)
}

fn all(is_of_an_account: bool) -> Vec<Printed> {
    let documents = repository::documents("docs").into_iter();
    documents
        .chain(["README.md".to_owned()])
        .flat_map(|document| of(&document, &repository::text(&document), is_of_an_account))
        .collect()
}

/// The commands in a document's blocks of code of one of both kinds; one that ends with a backslash goes on on the next line.
fn of(document: &str, text: &str, is_of_an_account: bool) -> Vec<Printed> {
    let mut found: Vec<Printed> = Vec::new();
    let (mut is_block, mut is_code, mut goes_on) = (false, false, false);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("```") {
            is_block = !is_block;
            is_code = is_block && line != MESSAGE && (line == OF_AN_ACCOUNT) == is_of_an_account;
            goes_on = false;
        } else if is_code && goes_on {
            let command = found.last_mut().unwrap();
            command.text.push('\n');
            command.text.push_str(line);
            goes_on = line.ends_with('\\');
        } else if is_code && (line.starts_with("aws ") || line.contains("| aws ")) {
            found.push(Printed {
                document: document.into(),
                line: index + 1,
                text: line.into(),
            });
            goes_on = line.ends_with('\\');
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_with_its_continuation_and_nothing_else_is() {
        let text = "aws rds is named\n\n   ```\n   echo '{}' | aws lambda invoke \\\n     --x answer.json\n   0.0s aws\n   \
                    aws sts get-caller-identity\n   ```\naws s3 ls\n";
        let found = of("a.md", text, false);
        let texts: Vec<_> = found
            .iter()
            .map(|one| (one.line, one.text.as_str()))
            .collect();
        assert_eq!(
            texts,
            [
                (4, "echo '{}' | aws lambda invoke \\\n--x answer.json"),
                (7, "aws sts get-caller-identity")
            ]
        );
    }

    #[test]
    fn a_block_for_an_account_is_told_from_any_other() {
        let text = "```account\naws s3 ls\n```\n```\naws sts get-caller-identity\n```\n";
        let texts = |is_of_an_account| {
            let found = of("a.md", text, is_of_an_account);
            found.into_iter().map(|one| one.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(true), ["aws s3 ls"]);
        let message = of("a.md", "```message\n    aws s3 ls\n```\n", false);
        assert_eq!(message, []);
        assert_eq!(texts(false), ["aws sts get-caller-identity"]);
    }
}
