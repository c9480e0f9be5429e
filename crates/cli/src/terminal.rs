//! Whoever sits before the tool: what they are shown while something lasts, what they type, and what they are told when they
//! interrupt it.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{IsTerminal as _, Write as _},
};

use futures::channel::oneshot;

use crate::{
    arguments::Output,
    ending::{Answer, Ending},
};

/// How a wait is shown.
const SPINS: [char; 4] = ['|', '/', '-', '\\'];

/// The terminal, or what stands in its place.
#[derive(Debug)]
pub struct Terminal {
    /// Whether lines are shown as they come. JSON is one object at the end.
    shows: bool,
    /// Whether a wait is shown by a sign that turns.
    spins: bool,
    turns: Cell<usize>,
    types: Types,
    /// What is under way, and how to look at it again.
    stands: RefCell<Option<String>>,
    said: RefCell<Vec<String>>,
}

/// Where what is typed comes from.
#[derive(Debug)]
enum Types {
    /// Standard input.
    Input,
    /// Nobody: standard input is no terminal.
    Nobody,
    /// What a test types.
    Script(RefCell<VecDeque<String>>),
}

impl Terminal {
    /// That of the process.
    #[must_use]
    pub fn of_process(output: Output) -> Self {
        let shows = output == Output::Table;
        let types = if std::io::stdin().is_terminal() {
            Types::Input
        } else {
            Types::Nobody
        };
        Self {
            shows,
            spins: shows && std::io::stdout().is_terminal() && std::io::stderr().is_terminal(),
            turns: Cell::new(0),
            types,
            stands: RefCell::default(),
            said: RefCell::default(),
        }
    }

    /// One at which these lines are typed, and whose lines are kept.
    #[must_use]
    pub fn typed(lines: &[&str]) -> Self {
        let lines = lines.iter().map(|&line| line.to_owned()).collect();
        Self {
            shows: false,
            spins: false,
            turns: Cell::new(0),
            types: Types::Script(RefCell::new(lines)),
            stands: RefCell::default(),
            said: RefCell::default(),
        }
    }

    /// What it was told, where a test sits before it.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        self.said.borrow().clone()
    }

    /// Shows a line at once.
    pub fn say(&self, line: &str) {
        if matches!(self.types, Types::Script(_)) {
            self.said.borrow_mut().push(line.to_owned());
        }
        if !self.shows {
            return;
        }
        self.clear();
        let mut out = std::io::stdout().lock();
        // Whoever closes the pipe early has read enough.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }

    /// Shows that something lasts.
    pub(crate) fn spin(&self, what: &str) {
        if !self.spins {
            return;
        }
        let turn = self.turns.get();
        self.turns.set(turn + 1);
        let sign = SPINS.get(turn % SPINS.len()).unwrap_or(&'|');
        let mut out = std::io::stderr().lock();
        let _ = write!(out, "\r\x1b[K  {sign} {what}").and_then(|()| out.flush());
    }

    /// Takes the turning sign away.
    pub fn clear(&self) {
        if self.spins {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }

    /// Notes what is under way and how to look at it again, for whoever interrupts it.
    pub(crate) fn stands(&self, sentence: String) {
        *self.stands.borrow_mut() = Some(sentence);
    }

    /// What is answered to whoever interrupts.
    #[must_use]
    pub fn interrupted(&self) -> Answer {
        self.clear();
        let stands = self.stands.borrow().clone();
        let why = stands.unwrap_or_else(|| "nothing was changed".to_owned());
        Answer::none(Ending::Unknown, format!("interrupted: {why}"))
    }

    /// Has a word typed before anything is changed, unless that was agreed to with `--yes`.
    ///
    /// # Errors
    /// An answer that says why nothing is changed.
    pub(crate) async fn confirm(
        &self,
        yes: bool,
        (what, word): (&str, &str),
    ) -> Result<(), Answer> {
        if yes {
            return Ok(());
        }
        let refused = |why: String| Err(Answer::none(Ending::Misused, why));
        let typed = match &self.types {
            Types::Nobody => {
                return refused(format!(
                    "{what} needs a yes, and standard input is no terminal on which {word} could be typed; add --yes"
                ));
            }
            Types::Script(lines) => lines.borrow_mut().pop_front(),
            Types::Input => {
                let mut out = std::io::stderr().lock();
                let _ = write!(out, "{what}. Type {word} to go on: ").and_then(|()| out.flush());
                drop(out);
                read_line().await
            }
        };
        let typed = typed.unwrap_or_default();
        if typed.trim() == word {
            return Ok(());
        }
        refused(format!(
            "{:?} was typed where {word} was asked for; nothing was changed",
            typed.trim()
        ))
    }
}

/// A line of standard input. It is read beside everything else, so that an interruption is heard meanwhile.
async fn read_line() -> Option<String> {
    let (to, from) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        // Nobody may wait for it any more.
        let _ = to.send(read.ok().map(|_| line));
    });
    from.await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_changed_before_the_right_word_is_typed() {
        let asked = ("the writer would be moved", "orders");
        let terminal = Terminal::typed(&["ordres", "orders\n"]);
        let why = terminal.confirm(false, asked).await.unwrap_err();
        assert_eq!(why.ending, Ending::Misused);
        assert!(why.complaints[0].contains("\"ordres\" was typed where orders was asked for"));
        assert_eq!(terminal.confirm(false, asked).await, Ok(()));
        assert!(terminal.confirm(false, asked).await.is_err(), "input ended");
        assert_eq!(terminal.confirm(true, asked).await, Ok(()));
    }

    #[tokio::test]
    async fn without_a_terminal_the_fix_is_named() {
        let terminal = Terminal {
            types: Types::Nobody,
            ..Terminal::typed(&[])
        };
        let asked = ("moving the writer of plan orders", "orders");
        let why = terminal.confirm(false, asked).await.unwrap_err();
        assert_eq!(
            why.complaints,
            [
                "moving the writer of plan orders needs a yes, and standard input is no terminal on which orders could be typed; \
                 add --yes"
            ]
        );
    }

    #[test]
    fn whoever_interrupts_is_told_what_goes_on() {
        let terminal = Terminal::typed(&[]);
        let told = terminal.interrupted();
        assert_eq!(told.complaints, ["interrupted: nothing was changed"]);
        terminal.stands("run a goes on".to_owned());
        let told = terminal.interrupted();
        assert_eq!(told.complaints, ["interrupted: run a goes on"]);
        assert_eq!(told.ending, Ending::Unknown);
    }
}
