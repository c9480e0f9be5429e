//! `status --watch`: the same look again and again, until somebody interrupts it, nobody reads it, or a day has passed.

use std::{collections::BTreeSet, time::Duration};

use failover::domain::{PlanName, Region};

use crate::{
    clock::{now, pause},
    desk::Desk,
    ending::{Answer, Ending},
    status,
    words::time,
};

/// How long it is looked at: a window that somebody has forgotten asks no longer than this.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Looks every so often. What is not known at the first look is refused at once.
pub async fn run(desk: &Desk<'_>, plan: Option<&PlanName>, every: Duration) -> Answer {
    let looks = DAY.as_secs() / every.as_secs().max(1);
    watch(desk, plan, (every, looks)).await
}

async fn watch(
    desk: &Desk<'_>,
    plan: Option<&PlanName>,
    (every, looks): (Duration, u64),
) -> Answer {
    let mut known: BTreeSet<Region> = desk.first.iter().cloned().collect();
    for look in 0..looks {
        if look > 0 {
            pause(every).await;
        }
        // A Region that is lost meanwhile is asked beside the others, which tell of it.
        let first: Vec<_> = known.iter().cloned().collect();
        let at = (desk.output, now());
        let (answer, found) = status::look(desk.account, (&first, plan), at).await;
        known.extend(found);
        if look == 0 && answer.ending == Ending::Misused {
            return answer;
        }
        let heading = format!(
            "{}, every {} s; Ctrl-C ends it",
            time(at.1),
            every.as_secs()
        );
        if !desk.terminal.draw(&answer, &heading) {
            break;
        }
    }
    let nothing = || Answer::none(Ending::Unknown, "nobody looked".to_owned());
    desk.terminal.drawn().unwrap_or_else(nothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arguments::Output,
        fake::{Fake, HOME, OTHER, well},
        terminal::Terminal,
    };

    async fn watched(account: &Fake, terminal: &Terminal, looks: u64) -> Answer {
        let act = async |desk: &Desk<'_>| {
            watch(desk, Some(&"orders".into()), (Duration::ZERO, looks)).await
        };
        account.at_desk(terminal, Output::Json, act).await
    }

    #[tokio::test]
    async fn every_look_is_shown_and_the_last_one_says_how_it_ends() {
        let terminal = Terminal::typed(&[]);
        let answer = watched(&well(), &terminal, 3).await;
        let said = terminal.said();
        assert_eq!(said.len(), 3);
        assert!(said[2].contains("\"protected\""), "{}", said[2]);
        assert_eq!(answer.text, "", "it was shown");
        // The plans of this account were proven long before today.
        assert_eq!(answer.ending, Ending::NotWell);
    }

    #[tokio::test]
    async fn whoever_interrupts_it_is_told_how_the_last_look_ended() {
        let (account, terminal) = (well(), Terminal::typed(&[]));
        let act = async |desk: &Desk<'_>| {
            let watching = watch(desk, None, (Duration::from_secs(3_600), 2));
            let watching = tokio::time::timeout(Duration::from_millis(500), watching);
            assert!(watching.await.is_err(), "it waits for the second look");
        };
        account.at_desk(&terminal, Output::Table, act).await;
        let interrupted = terminal.interrupted();
        assert_eq!(interrupted.ending, Ending::NotWell);
        assert_eq!(interrupted.complaints, Vec::<String>::new());
        // Behind that there is nothing to tell any more.
        assert_eq!(terminal.interrupted().ending, Ending::Unknown);
    }

    #[tokio::test]
    async fn a_plan_that_nobody_knows_is_refused_at_the_first_look() {
        let terminal = Terminal::typed(&[]);
        let act = async |desk: &Desk<'_>| run(desk, Some(&"ordres".into()), DAY).await;
        let answer = well().at_desk(&terminal, Output::Table, act).await;
        assert_eq!(answer.ending, Ending::Misused);
        assert_eq!(terminal.said(), Vec::<String>::new());
    }

    /// What was found once is asked first from then on, so that the loss of the Region that one began with hides nothing.
    #[tokio::test]
    async fn regions_that_were_found_are_asked_at_once_from_then_on() {
        let account = well();
        watched(&account, &Terminal::typed(&[]), 2).await;
        let asked = account.asked();
        let of = |region: &str| {
            let directory = format!("{region} parameters");
            let at = asked
                .iter()
                .enumerate()
                .filter(|(_, one)| **one == directory);
            at.map(|(at, _)| at).collect::<Vec<_>>()
        };
        let row = asked.iter().rposition(|one| one.ends_with(" row")).unwrap();
        assert_eq!((of(HOME).len(), of(OTHER).len()), (2, 2), "{asked:?}");
        let gap = of(HOME)[1].abs_diff(of(OTHER)[1]);
        assert!(gap <= 3 && of(HOME)[1] < row, "{asked:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_region_delays_a_look_by_no_more_than_the_short_time_out() {
        for first in [OTHER, HOME] {
            let mut account = well();
            account.hangs.insert(HOME.into());
            let begun = tokio::time::Instant::now();
            let account = account.account();
            let regions: Vec<Region> = [first, OTHER].map(Region::from).to_vec();
            let at = (Output::Table, now());
            let (answer, _) = status::look(&account, (&regions, None), at).await;
            let lasted = begun.elapsed();
            assert!(lasted < Duration::from_millis(5_100), "{lasted:?}");
            assert!(
                answer.text.contains("us-west-2 does not answer"),
                "{}",
                answer.text
            );
        }
    }
}
