//! The commands of the AWS CLI that the page has in its sentences: the pinned CLI knows their options.

use std::{fs, process::Command};

use tests::{prose::pages, repository};

use super::PAGE;

#[test]
fn the_pinned_cli_knows_every_option_of_the_commands_in_the_pages_sentences() {
    let page = pages().into_iter().find(|page| page.name == PAGE).unwrap();
    let quoted = page.quoted().into_iter();
    let commands: Vec<_> = quoted.filter(|word| word.starts_with("aws ")).collect();
    assert!(commands.len() >= 2, "{commands:?}");
    let folder = tempfile::tempdir().unwrap();
    for file in ["members.json", "stack-policy.json", "template.json"] {
        fs::write(folder.path().join(file), "[]").unwrap();
    }
    for command in commands {
        // With this option it checks the words and calls nothing.
        let command = format!("{} --generate-cli-skeleton", command.replace('\n', " "));
        let tools = repository::root().join(".tools/venv/bin");
        let answer = Command::new("bash")
            .args(["-c", &command])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", tools.display()))
            .env("HOME", folder.path())
            .env("AWS_DEFAULT_REGION", "us-west-2")
            .output()
            .unwrap();
        assert!(answer.status.success(), "{command}: {answer:?}");
    }
}
