//! Calls that change something outside the ledger: noted before each was made, so that a lost answer is not a lost call.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Such calls of one step and kind, those that were answered alike taken together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The step.
    pub step: String,
    /// What was asked for.
    pub action: String,
    /// When it was asked for first.
    pub first_at: Timestamp,
    /// When it was asked for last.
    pub at: Timestamp,
    /// How often.
    pub times: u32,
    /// What was answered; `None` where no answer was seen: it may have been carried out.
    #[serde(default)]
    pub answer: Option<Answer>,
}

/// What a call was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was taken; whether it comes about is for a later pass to see.
    Taken,
    /// It was refused, and changed nothing.
    Refused(String),
}

/// Notes that a call is about to be made.
pub(super) fn begin(attempts: &mut Vec<Attempt>, at: Timestamp, step: &str, action: &str) {
    attempts.push(Attempt {
        step: step.into(),
        action: action.into(),
        first_at: at,
        at,
        times: 1,
        answer: None,
    });
    // One that was lost earlier stays apart from this one, whose answer may still be seen.
    if let Some((now, earlier)) = attempts.split_last_mut() {
        let mut lost = earlier
            .iter_mut()
            .filter(|one| one.is_of(&now.step, &now.action) && one.answer.is_none());
        if let (Some(first), Some(second)) = (lost.next(), lost.next()) {
            second.take_in(first);
            first.times = 0;
        }
    }
    attempts.retain(|attempt| attempt.times > 0);
}

/// Notes what the last call was answered.
pub(super) fn answered(attempts: &mut Vec<Attempt>, answer: Answer) {
    let Some((last, earlier)) = attempts.split_last_mut() else {
        return;
    };
    last.answer = Some(answer);
    let alike = earlier.iter_mut().find(|one| {
        let same = |answer: &Option<Answer>| answer.as_ref().map(std::mem::discriminant);
        one.is_of(&last.step, &last.action) && same(&one.answer) == same(&last.answer)
    });
    if let Some(alike) = alike {
        last.take_in(alike);
        alike.times = 0;
    }
    attempts.retain(|attempt| attempt.times > 0);
}

impl Attempt {
    fn is_of(&self, step: &str, action: &str) -> bool {
        self.step == step && self.action == action
    }

    /// Takes in an earlier one that came to the same.
    fn take_in(&mut self, earlier: &Self) {
        self.first_at = earlier.first_at;
        self.times += earlier.times;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn refused(why: &str) -> Answer {
        Answer::Refused(why.into())
    }

    #[test]
    fn refusals_of_one_kind_are_one_entry_with_the_first_and_the_last_time_and_the_last_words() {
        let mut attempts = Vec::new();
        for second in 0..200 {
            begin(&mut attempts, at(second), "a", "detach");
            answered(&mut attempts, refused(&second.to_string()));
        }
        assert_eq!(attempts.len(), 1);
        assert_eq!((attempts[0].first_at, attempts[0].at), (at(0), at(199)));
        assert_eq!(
            (attempts[0].times, &attempts[0].answer),
            (200, &Some(refused("199")))
        );
    }

    #[test]
    fn a_call_without_an_answer_stays_one_whatever_is_answered_later() {
        let mut attempts = Vec::new();
        for second in 0..200 {
            begin(&mut attempts, at(second), "a", "detach");
        }
        answered(&mut attempts, refused("no"));
        begin(&mut attempts, at(200), "a", "fail_over");
        answered(&mut attempts, Answer::Taken);
        let told: Vec<_> = attempts
            .iter()
            .map(|one| (one.at, one.times, one.answer.is_some()))
            .collect();
        assert_eq!(
            told,
            [
                (at(198), 199, false),
                (at(199), 1, true),
                (at(200), 1, true)
            ]
        );
    }
}
