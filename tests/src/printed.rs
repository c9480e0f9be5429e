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

/// Every command in the README and in the documents below `docs`.
pub fn commands() -> Vec<Printed> {
    let documents = repository::documents("docs").into_iter();
    documents
        .chain(["README.md".to_owned()])
        .flat_map(|document| of(&document, &repository::text(&document)))
        .collect()
}

/// The commands in a document's blocks of code; one that ends with a backslash goes on on the next line.
fn of(document: &str, text: &str) -> Vec<Printed> {
    let mut found: Vec<Printed> = Vec::new();
    let (mut is_code, mut goes_on) = (false, false);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("```") {
            (is_code, goes_on) = (!is_code, false);
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
        let found = of("a.md", text);
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
}
