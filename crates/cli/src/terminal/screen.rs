//! What is drawn anew again and again: on a terminal in a screen of its own, elsewhere one block behind the other.

use std::{
    cell::{Cell, RefCell},
    io::{self, IsTerminal as _, Write as _},
};

use crate::{ending::Answer, table::folded};

/// A screen of its own, which leaves what stood on the terminal as it was; and back.
const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";

/// A window: how many letters a line has, and how many lines there are.
type Size = (usize, usize);

/// What a terminal has that says nothing of its size.
const USUAL: Size = (80, 24);

/// Where it is drawn.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// Whether standard output is a terminal, and a table is drawn.
    is_terminal: bool,
    /// Whether a heading stands above each block: it is for people.
    has_heading: bool,
    is_entered: Cell<bool>,
    drawn: RefCell<Option<Answer>>,
    out: Out,
}

/// Where what is drawn goes.
#[derive(Debug, Default)]
enum Out {
    #[default]
    Process,
    /// A test reads it, and its own terminal is left alone.
    #[cfg(test)]
    Kept(RefCell<String>),
}

impl Out {
    /// Prints it; answers whether anybody takes it.
    fn print(&self, text: &str) -> bool {
        match self {
            Self::Process => {
                let mut out = io::stdout().lock();
                let printed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
                printed.is_ok()
            }
            #[cfg(test)]
            Self::Kept(kept) => {
                kept.borrow_mut().push_str(text);
                true
            }
        }
    }
}

impl Screen {
    /// That of the process. What is for programs is no table.
    pub(super) fn of_process(is_table: bool) -> Self {
        Self {
            is_terminal: is_table && io::stdout().is_terminal(),
            has_heading: is_table,
            ..Self::default()
        }
    }

    /// Keeps what is shown.
    pub(super) fn note(&self, answer: &Answer) -> bool {
        *self.drawn.borrow_mut() = Some(answer.clone());
        true
    }

    /// Draws an answer; answers whether anybody takes it.
    pub(super) fn draw(&self, answer: &Answer, heading: &str) -> bool {
        self.note(answer);
        let heading = if self.has_heading {
            format!("{heading}\n")
        } else {
            String::new()
        };
        if !self.is_terminal {
            for complaint in &answer.complaints {
                eprintln!("aurora-failover: {complaint}");
            }
            return self.out.print(&format!("{heading}{}", answer.text));
        }
        let enter = if self.is_entered.replace(true) {
            ""
        } else {
            ENTER
        };
        let text = format!("{heading}{}{}", complaints(answer), answer.text);
        self.out.print(&format!("{enter}{}", frame(&text, size())))
    }

    /// Leaves the screen and answers what stood on it, whole; of blocks that were printed nothing is left to print.
    pub(super) fn left(&self) -> Option<Answer> {
        let answer = self.drawn.borrow_mut().take()?;
        if self.is_entered.replace(false) {
            self.out.print(LEAVE);
            let text = self.fitted(answer.text);
            return Some(Answer { text, ..answer });
        }
        Some(Answer {
            text: String::new(),
            complaints: Vec::new(),
            ending: answer.ending,
        })
    }

    /// A text in lines that fit the terminal, where there is one.
    pub(super) fn fitted(&self, text: String) -> String {
        if self.is_terminal {
            return folded(&text, size().0);
        }
        text
    }
}

fn complaints(answer: &Answer) -> String {
    let complaints = answer.complaints.iter();
    complaints.map(|why| format!("! {why}\n")).collect()
}

/// What is sent to the terminal: every line from the top, the rest of each and of the window empty. The last line says how many are
/// missing.
fn frame(text: &str, (width, height): Size) -> String {
    let folded = folded(text, width);
    let lines: Vec<_> = folded.lines().collect();
    let room = height.saturating_sub(1).max(1);
    let mut shown: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
    if lines.len() > room {
        shown.truncate(room - 1);
        let missing = lines.len() - shown.len();
        shown.push(format!("{missing} more lines; make the window higher"));
    }
    let lines: String = shown.iter().map(|line| format!("{line}\x1b[K\n")).collect();
    format!("\x1b[H{lines}\x1b[J")
}

fn size() -> Size {
    let size = rustix::termios::tcgetwinsize(io::stdout());
    let size = size.map(|size| (usize::from(size.ws_col), usize::from(size.ws_row)));
    size.ok()
        .filter(|(width, height)| *width > 0 && *height > 0)
        .unwrap_or(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ending::Ending;

    #[test]
    fn a_frame_begins_at_the_top_empties_what_stood_there_and_fits_the_window() {
        assert_eq!(
            frame("one two\nthree\n", (5, 24)),
            "\x1b[Hone\x1b[K\n    two\x1b[K\nthree\x1b[K\n\x1b[J"
        );
        let many = "line\n".repeat(30);
        let frame = frame(&many, USUAL);
        assert_eq!(frame.matches('\n').count(), 23);
        assert!(
            frame.contains("8 more lines; make the window higher"),
            "{frame}"
        );
    }

    #[test]
    fn what_was_printed_block_by_block_is_not_printed_once_more_at_the_end() {
        let answer = Answer {
            text: "orders: well\n".to_owned(),
            complaints: vec!["a Region is silent".to_owned()],
            ending: Ending::NotWell,
        };
        let screen = Screen::default();
        assert_eq!(screen.left(), None);
        screen.note(&answer);
        let left = screen.left().unwrap();
        assert_eq!((left.text.as_str(), left.complaints.len()), ("", 0));
        assert_eq!(left.ending, Ending::NotWell);
        assert_eq!(screen.left(), None);
    }

    #[test]
    fn a_screen_of_its_own_is_entered_once_and_left_with_what_stood_on_it() {
        let answer = Answer {
            text: "orders: well\n".to_owned(),
            complaints: Vec::new(),
            ending: Ending::Well,
        };
        let screen = Screen {
            is_terminal: true,
            out: Out::Kept(RefCell::default()),
            ..Screen::default()
        };
        let printed = || {
            let Out::Kept(kept) = &screen.out else {
                unreachable!("it is kept");
            };
            kept.take()
        };
        assert!(screen.draw(&answer, "now"));
        let entered = printed();
        assert!(entered.starts_with(ENTER), "{}", entered.escape_debug());
        assert!(
            entered.contains("orders: well"),
            "{}",
            entered.escape_debug()
        );
        assert!(screen.draw(&answer, "later"));
        assert!(!printed().contains(ENTER), "it is there already");
        assert_eq!(screen.left(), Some(answer));
        assert_eq!(printed(), LEAVE);
        assert_eq!((screen.left(), printed().as_str()), (None, ""));
    }
}
