//! A writer without a free slot gets its beats over the connection that the invocation before left open.

use failover::{beat::Write, domain::Region};

/// The connection that was opened, or the spare one to the same writer where all slots are used. What was opened ends the
/// spare: two would take a slot from somebody.
pub(super) fn or_spare<S>(
    opened: Result<S, Write>,
    spare: &mut Option<(Region, S)>,
    serves: impl Fn(&Region, &S) -> bool,
) -> Result<S, Write> {
    match opened {
        Err(full @ Write::Saturated { .. }) => {
            let served = spare.take().filter(|(region, spare)| serves(region, spare));
            served.map(|(_, spare)| spare).ok_or(full)
        }
        Ok(session) => {
            *spare = None;
            Ok(session)
        }
        failed => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "the one left open";

    fn of(
        opened: Result<&'static str, Write>,
        serves: bool,
    ) -> (Result<&'static str, Write>, bool) {
        let mut spare = Some((Region::from("us-west-2"), OLD));
        let session = or_spare(opened, &mut spare, |_, _| serves);
        (session, spare.is_some())
    }

    #[test]
    fn a_writer_without_a_free_slot_gets_its_beats_over_the_connection_that_is_still_open() {
        let full = || Write::Saturated {
            why: "53300".into(),
        };
        assert_eq!(of(Err(full()), true), (Ok(OLD), false));
        assert_eq!(
            of(Err(full()), false),
            (Err(full()), false),
            "closed, or another writer's"
        );
        assert_eq!(of(Ok("new"), true), (Ok("new"), false));
        let why = || Write::Misconfigured {
            why: "28P01".into(),
        };
        assert_eq!(
            of(Err(why()), true),
            (Err(why()), true),
            "a wrong login is noticed"
        );
    }
}
