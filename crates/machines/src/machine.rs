//! A machine: its parts in order, written as a definition or walked.

use std::{borrow::Cow, collections::BTreeSet};

use crate::{
    json::Json,
    state::{Function, State},
    task::Task,
};

/// A part of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A loop; the next part follows when it is done.
    Loop(Task),
    /// A state that names what follows it.
    State(&'static str, State),
}

/// A state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its name, and its file's without `.asl.json`.
    pub name: &'static str,
    /// What it is for.
    pub comment: &'static str,
    /// How people are told of a run.
    pub run: &'static str,
    /// How long a run may last.
    pub seconds: u32,
    /// Its parts, in order; it begins with the first.
    pub parts: Vec<Part>,
}

impl Part {
    /// The name of its first state.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Loop(task) => task.state,
            Self::State(name, _) => name,
        }
    }
}

impl Machine {
    /// Its states, in order.
    #[must_use]
    pub fn states(&self) -> Vec<(Cow<'static, str>, State)> {
        let nexts = self.parts.iter().skip(1).map(Part::name);
        let nexts = nexts.chain(["CloseRun"]);
        let parts = self.parts.iter().zip(nexts);
        parts
            .flat_map(|(part, next)| match part {
                Part::Loop(task) => task.states(next),
                Part::State(name, state) => vec![((*name).into(), state.clone())],
            })
            .collect()
    }

    /// Its loops, in order.
    pub fn loops(&self) -> impl Iterator<Item = &Task> {
        self.parts.iter().filter_map(|part| match part {
            Part::Loop(task) => Some(task),
            Part::State(..) => None,
        })
    }

    /// The functions that it invokes.
    #[must_use]
    pub fn functions(&self) -> BTreeSet<Function> {
        let states = self.states().into_iter();
        states
            .filter_map(|(_, state)| match state {
                State::Call(call) => Some(call.function),
                State::Choice(_) | State::Wait(_) | State::Succeed { .. } | State::Fail { .. } => {
                    None
                }
            })
            .collect()
    }

    /// Its definition in the States Language.
    #[must_use]
    pub fn definition(&self) -> Json {
        let states = self.states();
        let first = self.parts.first().map_or("", Part::name);
        let states = states.into_iter().map(|(name, state)| (name, state.json()));
        Json::object([
            ("Comment", Json::text(self.comment)),
            ("QueryLanguage", Json::text("JSONata")),
            ("StartAt", Json::text(first)),
            ("TimeoutSeconds", Json::Number(self.seconds)),
            ("States", Json::Object(states.collect())),
        ])
    }
}
