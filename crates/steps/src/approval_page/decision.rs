//! Whether a link can be answered at a moment.

use jiff::Timestamp;

use failover::{
    domain::RunId,
    ledger::{Fate, Reply},
    notify::utc,
    ports::Linked,
};

use super::UNDER_WAY;

/// Why a link is answered no more, or not with this word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It was used.
    Used(Reply),
    /// The run waited for its reply no more. An earlier sending of it may be what was taken.
    NotAwaited(Reply),
    /// Its reply is on its way.
    UnderWay(Reply),
    /// A reply of the other word was sent, and nobody knows whether it arrived.
    OtherWord(Reply),
    /// A reply was sent and nobody knows whether it arrived: the same word may be said once more. Only what is shown is told so.
    Unsure(Reply),
    /// The same, and the time to answer is over.
    Unsettled(Reply),
    /// The time to answer is over.
    Expired(Timestamp),
}

impl Refusal {
    /// Gone, or in the way of another.
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::Used(_) | Self::NotAwaited(_) | Self::Unsettled(_) | Self::Expired(_) => 410,
            Self::UnderWay(_) | Self::OtherWord(_) => 409,
            Self::Unsure(_) => 200,
        }
    }

    /// Whether the link shows its question no more: who finds it later reads nothing of an outage.
    pub(super) const fn is_over(&self) -> bool {
        self.status() == 410
    }

    /// The sentence that says so, of a run.
    pub(super) fn sentence(&self, run_id: &RunId) -> String {
        let look = format!("look at aurora-failover run {run_id}");
        match self {
            Self::Used(reply) => format!(
                "This link was used: {} was answered at {}, and it takes no second answer.",
                word(reply.approved),
                utc(reply.at)
            ),
            Self::NotAwaited(reply) if reply.fate == Fate::Likely => format!(
                "The run waits no more, and most likely has this {} from {}: {look}.",
                word(reply.approved),
                utc(reply.at)
            ),
            Self::NotAwaited(reply) => format!(
                "The run waits for this answer no more since {} at the latest, and this page does not know why: {look}.",
                utc(reply.at)
            ),
            Self::UnderWay(reply) => format!(
                "{} is on its way to the run since {}: look again in a quarter of a minute.",
                capitalized(reply.approved),
                utc(reply.at)
            ),
            Self::OtherWord(reply) | Self::Unsure(reply) => format!(
                "{} was said at {}, and nobody knows whether the run has it: it can be said once more, and nothing else.",
                capitalized(reply.approved),
                utc(reply.at)
            ),
            Self::Unsettled(reply) => format!(
                "{} was said at {}, the time to answer is over, and nobody knows whether the run has it: {look}.",
                capitalized(reply.approved),
                utc(reply.at)
            ),
            Self::Expired(until) => format!(
                "The time to answer was over at {}, and this page does not know what was answered elsewhere: {look}.",
                utc(*until)
            ),
        }
    }

    /// The words that may still be said.
    pub(super) const fn open(refused: Option<&Self>) -> &'static [bool] {
        match refused {
            None => &[true, false],
            Some(Self::Unsure(reply) | Self::OtherWord(reply)) if reply.approved => &[true],
            Some(Self::Unsure(_) | Self::OtherWord(_)) => &[false],
            Some(
                Self::Used(_)
                | Self::NotAwaited(_)
                | Self::UnderWay(_)
                | Self::Unsettled(_)
                | Self::Expired(_),
            ) => &[],
        }
    }
}

const fn word(approved: bool) -> &'static str {
    if approved { "yes" } else { "no" }
}

const fn capitalized(approved: bool) -> &'static str {
    if approved { "Yes" } else { "No" }
}

/// What stands against saying a word now, or against saying anything where nothing is said yet.
pub(super) fn refusal(linked: &Linked, now: Timestamp, approved: Option<bool>) -> Option<Refusal> {
    let until = linked.question.until;
    let expired = (now >= until).then_some(Refusal::Expired(until));
    let Some(reply) = linked.reply.clone() else {
        return expired;
    };
    match reply.fate {
        Fate::Taken => Some(Refusal::Used(reply)),
        Fate::TooLate | Fate::Likely => Some(Refusal::NotAwaited(reply)),
        Fate::UnderWay if now < reply.at + UNDER_WAY => Some(Refusal::UnderWay(reply)),
        Fate::UnderWay if expired.is_some() => Some(Refusal::Unsettled(reply)),
        Fate::UnderWay => match approved {
            None => Some(Refusal::Unsure(reply)),
            // Step Functions takes one answer for a token, so that the same one again is no second one.
            Some(approved) if approved == reply.approved => None,
            Some(_) => Some(Refusal::OtherWord(reply)),
        },
    }
}
