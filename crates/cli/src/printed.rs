//! `completions` and `manual`: what shells and readers of manuals need, made of the commands themselves.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use crate::{
    arguments::Arguments,
    ending::{Answer, Ending},
};

const NAME: &str = "aurora-failover";

/// The script that completes the commands in a shell.
#[must_use]
pub fn completions(shell: Shell) -> Answer {
    let mut text = Vec::new();
    generate(shell, &mut Arguments::command(), NAME, &mut text);
    told(text)
}

/// The manual page: the tool, and each of its commands behind it.
#[must_use]
pub fn manual() -> Answer {
    let mut text = Vec::new();
    let mut whole = Arguments::command();
    whole.build();
    // Writing to memory does not fail.
    let _ = Man::new(whole.clone()).render(&mut text);
    for command in whole
        .get_subcommands()
        .filter(|one| one.get_name() != "help")
    {
        let page = Man::new(command.clone());
        let heading = format!(".SH {}\n", command.get_name().to_uppercase());
        text.extend(heading.into_bytes());
        let _ = page.render_description_section(&mut text);
        let _ = page.render_options_section(&mut text);
    }
    told(text)
}

fn told(text: Vec<u8>) -> Answer {
    Answer {
        text: String::from_utf8_lossy(&text).into_owned(),
        complaints: Vec::new(),
        ending: Ending::Well,
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_completes_every_command_and_the_manual_has_them_all() {
        let commands = [
            "switchover",
            "doctor",
            "failover",
            "failback",
            "revert",
            "pause",
            "history",
            "approve",
        ];
        let scripts = Shell::value_variants()
            .iter()
            .map(|shell| completions(*shell).text);
        for text in scripts.chain([manual().text]) {
            for command in commands {
                let upper = command.to_uppercase();
                assert!(
                    text.contains(command) || text.contains(&upper),
                    "{command}: {text}"
                );
            }
        }
    }
}
