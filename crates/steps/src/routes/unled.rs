//! What cannot be led to the new writer keeps nothing else from it: it is noted, tried again after the others where nobody answered,
//! and named at the end.

use jiff::Timestamp;
use serde::Serialize;

use failover::{
    Error,
    domain::seconds_between,
    ledger::{Run, Unled},
    pass::frame::Came,
};

/// How long what nobody answered rests before it is tried again, in seconds.
const REST_SECONDS: f64 = 5.0;
/// How often it is tried.
const TIMES_MAX: u32 = 3;

/// How something stands that could not be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It waits to be tried again.
    Rests,
    /// It may be tried again, behind what was not tried yet.
    Again,
    /// It is not tried again, for this reason.
    GivenUp(String),
}

/// How what goes by one of these names stands; `None` where it was not tried in vain.
pub(super) fn stands(run: &Run, names: &[&str], now: Timestamp) -> Option<Stands> {
    let unled = names.iter().find_map(|name| run.unled.get(*name))?;
    Some(match unled {
        Unled::Refused { why } => Stands::GivenUp(why.clone()),
        Unled::Silent { times, why, .. } if *times >= TIMES_MAX => Stands::GivenUp(why.clone()),
        Unled::Silent { at, .. } if seconds_between(*at, now) < REST_SECONDS => Stands::Rests,
        Unled::Silent { .. } => Stands::Again,
    })
}

/// Notes why something could not be written: silence under the name of who was silent, a refusal under that of what was refused. What is
/// only not ready may be so at the next try: one such answer leaves no name with the old writer.
pub(super) fn note(
    run: &mut Run,
    (silent, refused): (&str, &str),
    at: Timestamp,
    why: &Error,
) -> Came {
    let said = format!("{refused} is not led over now: {why}");
    match why {
        Error::Unavailable(_) => {
            again(run, silent, at, why);
            Came::Unknown(said)
        }
        Error::NotReady(_) => {
            again(run, refused, at, why);
            Came::NotNow(said)
        }
        Error::InvalidRequest(_)
        | Error::UnexpectedTopology(_)
        | Error::EvidenceStale(_)
        | Error::DataLossTooLarge(_)
        | Error::RunRefused(_)
        | Error::Denied(_) => {
            let why = why.to_string();
            run.unled.insert(refused.to_owned(), Unled::Refused { why });
            Came::NotNow(said)
        }
    }
}

/// Notes that it is to be tried again.
fn again(run: &mut Run, name: &str, at: Timestamp, why: &Error) {
    let before = match run.unled.get(name) {
        Some(Unled::Silent { times, .. }) => *times,
        Some(Unled::Refused { .. }) | None => 0,
    };
    let silence = Unled::Silent {
        at,
        times: before.saturating_add(1),
        why: why.to_string(),
    };
    run.unled.insert(name.to_owned(), silence);
}

/// Forgets it where the next call was taken.
pub(super) fn forget(run: &mut Run, names: &[&str]) {
    run.unled.retain(|name, _| !names.contains(&name.as_str()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::testing;

    const ZONE: &str = "zone Z0";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_not_ready_is_tried_again_for_a_while_and_what_is_refused_is_not() {
        let mut run = testing::run();
        let mut tried = |second, why: &Error| {
            note(&mut run, (ZONE, ZONE), at(second), why);
            [1, 6].map(|later| stands(&run, &[ZONE], at(second + later)))
        };
        let away = Error::NotReady("it is not there".into());
        for second in [0, 6] {
            let rests = [Some(Stands::Rests), Some(Stands::Again)];
            assert_eq!(tried(second, &away), rests);
        }
        let given_up = |why: &Error| Some(Stands::GivenUp(why.to_string()));
        assert_eq!(tried(12, &away), [given_up(&away), given_up(&away)]);
        let denied = Error::Denied("it is forbidden".into());
        assert_eq!(tried(18, &denied), [given_up(&denied), given_up(&denied)]);
    }
}
