//! What goes wrong with calls without going wrong with hosts: answers that are lost, refusals, describes that lag.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;

use crate::model::{Model, World, fault::Fault, state::Millis};

/// How the answer to a call that took effect is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// EC2 answers 500 `InternalError`.
    InternalError,
    /// The connection ends without a word.
    Unanswered,
}

/// What stands in the way of an operation in a Region.
#[derive(Debug, Clone)]
enum Obstacle {
    Loses(Loss),
    Refuses(Fault),
}

/// An obstacle, and for how many calls it is there.
#[derive(Debug, Clone)]
struct Standing {
    region: String,
    action: String,
    obstacle: Obstacle,
    calls_left: u32,
}

/// The obstacles that stand, and what describes that lag still show.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    standing: Vec<Standing>,
    lag_ms: BTreeMap<String, u64>,
    /// From when on each was so, oldest first. Empty while nothing lags.
    past: VecDeque<(Millis, World)>,
}

impl Troubles {
    /// The first obstacle for such a call of the kind that is looked for. It counts the call.
    fn take<T>(
        &mut self,
        (region, action): (&str, &str),
        is: impl Fn(&Obstacle) -> Option<T>,
    ) -> Option<T> {
        let met = self.standing.iter_mut().find_map(|standing| {
            let fits = standing.region == region && standing.action == action;
            let found = is(&standing.obstacle).filter(|_| fits)?;
            standing.calls_left -= 1;
            Some(found)
        });
        self.standing.retain(|standing| standing.calls_left > 0);
        met
    }
}

impl Model {
    /// Lets the next so many calls of an operation that take effect in a Region lose their answers.
    pub fn lose_answers(&mut self, region: &str, action: &str, calls: u32, how: Loss) {
        self.stand(region, action, calls, Obstacle::Loses(how));
    }

    /// Refuses the next so many calls of an operation in a Region. Nothing comes of them.
    pub fn refuse_calls(&mut self, region: &str, action: &str, calls: u32, with: Fault) {
        self.stand(region, action, calls, Obstacle::Refuses(with));
    }

    fn stand(&mut self, region: &str, action: &str, calls_left: u32, obstacle: Obstacle) {
        if calls_left > 0 {
            self.troubles.standing.push(Standing {
                region: region.to_owned(),
                action: action.to_owned(),
                obstacle,
                calls_left,
            });
        }
    }

    /// Takes every lost answer and every refusal of a Region away again.
    pub fn end_troubles(&mut self, region: &str) {
        let standing = &mut self.troubles.standing;
        standing.retain(|standing| standing.region != region);
    }

    /// How a call that took effect loses its answer, if it does.
    pub(crate) fn lost_answer(&mut self, region: &str, action: &str) -> Option<Loss> {
        self.troubles
            .take((region, action), |obstacle| match obstacle {
                Obstacle::Loses(how) => Some(*how),
                Obstacle::Refuses(_) => None,
            })
    }

    /// Why a call is refused whatever the state of things, if it is.
    pub(crate) fn met_refusal(&mut self, region: &str, action: &str) -> Option<Fault> {
        self.troubles
            .take((region, action), |obstacle| match obstacle {
                Obstacle::Refuses(with) => Some(with.clone()),
                Obstacle::Loses(_) => None,
            })
    }

    /// Lets a Region's describes show everything as it was so many milliseconds ago. 0 lets them keep up.
    pub fn lag_describes(&mut self, at: Millis, region: &str, lag_ms: u64) {
        self.advance(at);
        let lags = &mut self.troubles.lag_ms;
        match lag_ms {
            0 => lags.remove(region),
            _ => lags.insert(region.to_owned(), lag_ms),
        };
        self.remember();
    }

    /// Remembers how things are from now on, as long as a Region's describes lag behind it.
    pub(crate) fn remember(&mut self) {
        let Some(longest) = self.troubles.lag_ms.values().max() else {
            self.troubles.past.clear();
            return;
        };
        let needed_from = self.now.saturating_sub(*longest);
        let past = &mut self.troubles.past;
        // What was there when the lag began counts as having been there ever since.
        let since = if past.is_empty() { 0 } else { self.now };
        past.retain(|(before, _)| *before != since);
        past.push_back((since, self.world.clone()));
        // The last one before the time that is needed still shows then.
        while past.get(1).is_some_and(|(since, _)| *since <= needed_from) {
            past.pop_front();
        }
    }

    /// Answers a describe with what its Region shows, which may not be what is.
    pub(crate) fn as_shown_in<T>(&mut self, region: &str, describe: impl FnOnce(&Self) -> T) -> T {
        let lag_ms = self.troubles.lag_ms.get(region).copied();
        let shown = lag_ms.and_then(|lag_ms| {
            let at = self.now.saturating_sub(lag_ms);
            let past = &self.troubles.past;
            let last = past.iter().rfind(|(since, _)| *since <= at);
            // Before anything is remembered, the oldest has to do.
            last.or_else(|| past.front()).map(|(_, seen)| seen.clone())
        });
        let Some(shown) = shown else {
            return describe(self);
        };
        let present = std::mem::replace(&mut self.world, shown);
        let answer = describe(self);
        self.world = present;
        answer
    }
}
