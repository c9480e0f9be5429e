//! Whoever sits before the tool: what they are shown while something lasts, what they type, and what they are told when they
//! interrupt it.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{IsTerminal as _, Write as _},
};

use futures::channel::oneshot;
use indicatif::{ProgressBar, ProgressStyle};

mod screen;

use screen::Screen;

use crate::{
    arguments::Output,
    colours::painted,
    ending::{Answer, Ending},
};

/// The terminal, or what stands in its place.
#[derive(Debug)]
pub struct Terminal {
    /// Whether lines are shown as they come. JSON is one object at the end.
    shows: bool,
    /// The sign that turns while something lasts. It is hidden where nobody sees it.
    sign: ProgressBar,
    types: Types,
    /// What is drawn anew again and again.
    screen: Screen,
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
        // It is drawn on standard error, and only where that is a terminal.
        let sign = if shows && std::io::stdout().is_terminal() {
            ProgressBar::new_spinner().with_style(turning())
        } else {
            ProgressBar::hidden()
        };
        Self {
            shows,
            sign,
            types,
            screen: Screen::of_process(shows),
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
            sign: ProgressBar::hidden(),
            types: Types::Script(RefCell::new(lines)),
            screen: Screen::default(),
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
        self.sign.suspend(|| {
            let mut out = std::io::stdout().lock();
            // Whoever closes the pipe early has read enough.
            let _ = writeln!(out, "{}", painted(line)).and_then(|()| out.flush());
        });
    }

    /// Shows that something lasts.
    pub(crate) fn spin(&self, what: &str) {
        if self.sign.is_finished() {
            self.sign.reset();
        }
        self.sign.set_message(what.to_owned());
        self.sign.tick();
    }

    /// Takes the turning sign away.
    pub fn clear(&self) {
        self.sign.finish_and_clear();
    }

    /// Shows an answer in place of the one before it, or behind it where this is no terminal; answers whether anybody looks.
    pub(crate) fn draw(&self, answer: &Answer, heading: &str) -> bool {
        if matches!(self.types, Types::Script(_)) {
            self.said.borrow_mut().push(answer.text.clone());
            return self.screen.note(answer);
        }
        self.screen.draw(answer, heading)
    }

    /// What was drawn last, for the end: the table stays on the terminal, and what was printed is not printed twice.
    pub(crate) fn drawn(&self) -> Option<Answer> {
        self.screen.left()
    }

    /// An answer in lines that fit the terminal, where there is one.
    #[must_use]
    pub(crate) fn fitted(&self, answer: Answer) -> Answer {
        let text = self.screen.fitted(answer.text);
        Answer { text, ..answer }
    }

    /// Notes what is under way and how to look at it again, for whoever interrupts it.
    pub(crate) fn stands(&self, sentence: String) {
        *self.stands.borrow_mut() = Some(sentence);
    }

    /// Notes that something was agreed to: from now on it may have been done.
    fn begun(&self, what: &str) {
        self.stands(format!(
            "it was agreed to that {what}, and that may have been done; look with aurora-failover status"
        ));
    }

    /// What is answered to whoever interrupts.
    #[must_use]
    pub fn interrupted(&self) -> Answer {
        self.clear();
        if let Some(answer) = self.drawn() {
            return answer;
        }
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
            self.begun(what);
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
            self.begun(what);
            return Ok(());
        }
        refused(format!(
            "{:?} was typed where {word} was asked for; nothing was changed",
            typed.trim()
        ))
    }
}

/// A sign of four turns, with what lasts behind it.
fn turning() -> ProgressStyle {
    let style = ProgressStyle::default_spinner().tick_chars("|/-\\ ");
    style.clone().template("  {spinner} {msg}").unwrap_or(style)
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
