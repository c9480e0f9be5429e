//! The drill's story as it happens: events from every part, printed live and kept for the report.

mod line;
mod states;

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

pub use states::mark;

/// More events than any drill of a few minutes tells; what comes later is counted and left out.
const MAX_EVENTS: usize = 10_000;

/// What an event is about: the second column of the live output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The drill builds or tears down its world.
    Setup,
    /// The application that the drill protects.
    Client,
    /// The drill breaks something.
    Fault,
    /// A probe suspects the writer.
    Noticing,
    /// The evidence is gathered and judged.
    Confirming,
    /// Another member becomes the writer.
    Promotion,
    /// The writer's name moves.
    Dns,
    /// The application's services start again.
    Services,
    /// A run of a state machine opens, moves on or ends.
    Run,
    /// What the drill expected and what it found.
    Verdict,
}

impl Kind {
    /// The word shown for it, at most ten letters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Client => "client",
            Self::Fault => "fault",
            Self::Noticing => "noticing",
            Self::Confirming => "confirming",
            Self::Promotion => "promotion",
            Self::Dns => "dns",
            Self::Services => "services",
            Self::Run => "run",
            Self::Verdict => "verdict",
        }
    }
}

/// One thing that happened; read aloud it is "`source` `text`".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in milliseconds of Unix time.
    pub at_ms: i64,
    /// What it is about.
    pub kind: Kind,
    /// Who it happened to, the sentence's subject: a Region, a function, the client.
    pub source: String,
    /// The rest of the sentence.
    pub text: String,
    /// Two or three words for the report's picture; `None` keeps the event out of it.
    pub label: Option<String>,
}

/// Collects events from every task of the drill and prints each as it comes.
#[derive(Clone, Debug)]
pub struct Timeline {
    inner: Arc<Mutex<Inner>>,
    started_at_ms: i64,
    output: Output,
    /// Whose story it is, printed before each line where several are told at the same time.
    name: &'static str,
}

#[derive(Debug, Default)]
struct Inner {
    events: Vec<Event>,
    left_out: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Plain,
    Coloured,
    Silent,
}

impl Timeline {
    /// A timeline that starts now and prints to standard output, coloured only on a terminal.
    pub fn live() -> Self {
        Self::new(if colour_wanted() {
            Output::Coloured
        } else {
            Output::Plain
        })
    }

    /// The same, with the story's name before each line: several are told at the same time.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// A timeline that starts now and prints nothing.
    pub fn silent() -> Self {
        Self::new(Output::Silent)
    }

    fn new(output: Output) -> Self {
        Self {
            inner: Arc::default(),
            started_at_ms: now_ms(),
            output,
            name: "",
        }
    }

    /// The zero of the printed seconds, in milliseconds of Unix time.
    pub fn started_at_ms(&self) -> i64 {
        self.started_at_ms
    }

    /// Tells what happens at this moment.
    pub fn say(&self, kind: Kind, source: impl Into<String>, text: impl Into<String>) {
        self.record(Event {
            at_ms: now_ms(),
            kind,
            source: source.into(),
            text: text.into(),
            label: None,
        });
    }

    /// Like [`Self::say`], for a key event that the report's picture marks with `label`.
    pub fn mark(
        &self,
        kind: Kind,
        source: impl Into<String>,
        text: impl Into<String>,
        label: impl Into<String>,
    ) {
        self.record(Event {
            at_ms: now_ms(),
            kind,
            source: source.into(),
            text: text.into(),
            label: Some(label.into()),
        });
    }

    /// Adds an event that may lie in the past: it is printed now, with its own time.
    pub fn record(&self, event: Event) {
        let mut inner = self.lock();
        if inner.events.len() >= MAX_EVENTS {
            inner.left_out += 1;
            return;
        }
        if self.output != Output::Silent {
            let coloured = self.output == Output::Coloured;
            let lines = line::format(&event, self.started_at_ms, coloured, self.name);
            // A reader that has gone away must not end the drill: its result is in the report.
            let _ = io::stdout().lock().write_all(lines.as_bytes());
        }
        inner.events.push(event);
    }

    /// Every event so far, oldest first.
    pub fn events(&self) -> Vec<Event> {
        let mut events = self.lock().events.clone();
        events.sort_by_key(|event| event.at_ms);
        events
    }

    /// How many events came after the limit and were left out.
    pub fn left_out(&self) -> usize {
        self.lock().left_out
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds of Unix time.
#[expect(
    clippy::disallowed_methods,
    reason = "a story is told as it happens, outside the functions"
)]
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Whether standard output is a terminal that wants colours (`NO_COLOR` says it does not).
pub fn colour_wanted() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_recorded_late_are_returned_in_the_order_they_happened() {
        let timeline = Timeline::silent();
        timeline.say(Kind::Client, "client", "writes");
        timeline.record(Event {
            at_ms: 5,
            kind: Kind::Run,
            source: "run".into(),
            text: "opened".into(),
            label: None,
        });
        let kinds: Vec<_> = timeline.events().iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [Kind::Run, Kind::Client]);
    }

    #[test]
    fn every_thread_tells_into_the_same_story_and_the_story_is_bounded() {
        let timeline = Timeline::silent();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..MAX_EVENTS / 4 + 1 {
                        timeline.mark(Kind::Dns, "us-east-1", "moves the name", "DNS");
                    }
                });
            }
        });
        assert_eq!(timeline.events().len(), MAX_EVENTS);
        assert_eq!(timeline.left_out(), 4);
    }

    #[test]
    fn the_words_fit_their_column() {
        for kind in [
            Kind::Setup,
            Kind::Client,
            Kind::Fault,
            Kind::Noticing,
            Kind::Confirming,
            Kind::Promotion,
            Kind::Dns,
            Kind::Services,
            Kind::Run,
            Kind::Verdict,
        ] {
            assert!(kind.word().len() <= line::KIND_WIDTH);
        }
    }
}
