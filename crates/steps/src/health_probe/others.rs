//! The other Regions' probes: whether each still records its looks. A probe that dies, or is never called, cannot say so itself.

use std::collections::BTreeMap;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::plans::BEGIN;
use failover::{
    Error,
    domain::Region,
    installation::named,
    ledger::{Heard, PlanState},
    notify::{Message, Severity, claim_and_tell, commands, utc},
    plan::Plan,
    ports::{Ledger, People, Runtime, update_if},
};

/// A probe records every few seconds, and is called every minute: a record this old is not one of a probe that works.
const OLD: SignedDuration = SignedDuration::from_mins(3);

/// When each other Region's probe looked last, `None` where it never did; Regions whose ledger answers only.
type LastLooks = BTreeMap<Region, Option<Timestamp>>;

/// Tells people once of every other Region whose probe has long not looked, although its ledger answers.
pub(super) async fn mind(world: &(impl Ledger + Runtime + People), plan: &Plan) {
    if let Err(why) = tell_unheard(world, plan).await {
        tracing::warn!(plan = %plan.plan, %why, "whether the other Regions' probes look is not noted");
    }
}

async fn tell_unheard(world: &(impl Ledger + Runtime + People), plan: &Plan) -> Result<(), Error> {
    let here = world.region();
    let looked = ask(world, plan).await;
    let now = world.now();
    let note = |row: &PlanState| row.hear(&heard(row, &looked, now), now);
    let noted = update_if(world, here, &plan.plan, note).await?;
    let row = match noted {
        Some(noted) => noted,
        None => world.row(here, &plan.plan).await?,
    };
    for (region, last) in &looked {
        let news = |row: &PlanState| row.tell_unheard(region, now);
        if !is_known_outage(&row, *last, now) && news(&row).is_some() {
            claim_and_tell(world, plan, &unheard(plan, region, *last), news).await;
        }
    }
    Ok(())
}

async fn ask(world: &(impl Ledger + Runtime), plan: &Plan) -> LastLooks {
    let here = world.region();
    let others = plan.members().keys().filter(|region| *region != here);
    let reads = others.map(async |region| {
        let read = tokio::time::timeout(BEGIN, world.vantage(region, &plan.plan)).await;
        let vantage = read.ok()?.ok()?;
        Some((region.clone(), vantage.map(|vantage| vantage.at)))
    });
    join_all(reads).await.into_iter().flatten().collect()
}

/// What the answers mean. A record that was never made is as old as the writer's proof: from there on every probe looks.
fn heard(row: &PlanState, looked: &LastLooks, now: Timestamp) -> BTreeMap<Region, Heard> {
    let proven_at = row.current.as_ref().map(|current| current.proven_at);
    let judged = looked.iter().filter_map(|(region, last)| {
        let latest = last.or(proven_at)?;
        let is_old = now.duration_since(latest) >= OLD;
        if is_old && is_known_outage(row, *last, now) {
            return None;
        }
        let heard = if is_old {
            Heard::LongAgo
        } else {
            Heard::Lately
        };
        Some((region.clone(), heard))
    });
    judged.collect()
}

/// Whether people know already: the writer is suspected, a run is at work, a change of writer is open, or the probe has been
/// silent since before a failover that nobody has acknowledged yet.
fn is_known_outage(row: &PlanState, last: Option<Timestamp>, now: Timestamp) -> bool {
    let is_led = row.live_lease(now).is_some();
    let since_failover = row.current.as_ref().is_some_and(|current| {
        let before = last.is_none_or(|last| last < current.proven_at);
        current.unplanned && current.acknowledged_at.is_none() && before
    });
    row.told.is_some() || is_led || row.epoch() > row.proven_epoch() || since_failover
}

fn unheard(plan: &Plan, region: &Region, last: Option<Timestamp>) -> Message {
    let since = last.map_or("never looked".to_owned(), |last| {
        format!("not looked since {}", utc(last))
    });
    Message {
        severity: Severity::Action,
        what: format!("the probe in {region} has {since}"),
        evidence: format!(
            "The ledger in {region} answers, and nothing new of this plan is written there. While that lasts an outage of the \
             writer is not noticed from {region}, and what its probe would have seen is missing in every verdict."
        ),
        next: format!(
            "Ask that probe for one look. Its answer, or its log, says what is wrong. Where it answers, look whether the rule \
             {} in {region} is enabled and whether the plan's parameter is there.",
            named("watch")
        ),
        commands: vec![commands::look(plan, region)],
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        domain::Epoch,
        ledger::{Current, Intent},
        testing::{self, Books},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn row() -> PlanState {
        testing::row("us-east-1", 7)
    }

    /// Us-west-2's probe looked last at second 1,000.
    fn books(row: &PlanState) -> Books {
        Books::with(row).looked("us-west-2", at(1_000))
    }

    /// Minds the others at each of these seconds; what people were told until then.
    async fn told(books: &mut Books, seconds: impl IntoIterator<Item = i64>) -> Vec<String> {
        let known = books.known(&"us-east-1".into(), &"orders".into()).await;
        let plan = known.unwrap().unwrap().plan;
        for second in seconds {
            books.set_time(at(second));
            mind(books, &plan).await;
        }
        books.told()
    }

    #[tokio::test]
    async fn people_are_told_once_that_another_regions_probe_has_not_looked_for_three_minutes() {
        let mut books = books(&row());
        let nothing = Vec::<String>::new();
        assert_eq!(told(&mut books, [1_060, 1_120, 1_179]).await, nothing);
        assert_eq!(told(&mut books, [1_180, 1_240]).await, nothing, "too new");
        let page = told(&mut books, [1_300]).await;
        let wanted =
            "ACTION orders: the probe in us-west-2 has not looked since 1970-01-01 00:16:40 UTC";
        assert_eq!(page, [wanted]);
        assert_eq!(told(&mut books, [1_360, 9_000]).await.len(), 1, "they know");
        let mut books = books.looked("us-west-2", at(9_030));
        assert_eq!(told(&mut books, [9_060]).await.len(), 1);
        let again = told(&mut books, [9_300, 9_400]).await;
        assert_eq!(again.len(), 2, "the next silence is news");
    }

    #[tokio::test]
    async fn a_probe_that_never_looked_is_told_once_the_writer_has_been_known_for_three_minutes() {
        let mut books = Books::with(&row());
        assert_eq!(told(&mut books, [100, 179]).await.len(), 0);
        let page = told(&mut books, [180, 270]).await;
        assert_eq!(page.len(), 1);
        assert!(page[0].contains("us-west-2 has never looked"), "{page:?}");
        let mut unknown = Books::with(&PlanState::new("orders".into()));
        assert_eq!(told(&mut unknown, [180, 270]).await.len(), 0, "no writer");
    }

    #[tokio::test]
    async fn a_region_that_cannot_be_asked_is_not_called_one_whose_probe_is_silent() {
        let mut books = books(&row()).silence("us-west-2");
        assert_eq!(told(&mut books, [2_000, 3_000]).await.len(), 0);
        // It comes back, and its probe is called within the minute.
        books.wake("us-west-2");
        assert_eq!(told(&mut books, [3_060]).await.len(), 0);
        let mut books = books.looked("us-west-2", at(3_110));
        assert_eq!(told(&mut books, [3_120, 3_180]).await.len(), 0);
    }

    #[tokio::test]
    async fn an_outage_that_is_told_already_is_not_told_as_a_silent_probe() {
        let intent = Intent {
            epoch: Epoch(8),
            from: "us-west-2".into(),
            to: "us-east-1".into(),
            run_id: "a".into(),
            written_at: at(0),
            global_cluster: None,
        };
        let suspected = PlanState {
            told: Some("suspected".into()),
            ..row()
        };
        let begun = PlanState {
            intent: Some(intent),
            ..row()
        };
        let held = row().claim(&failover::ledger::Claim::of(&testing::run()), at(1_900));
        let failed_over = |acknowledged_at| PlanState {
            current: row().current.map(|current| Current {
                proven_at: at(1_100),
                unplanned: true,
                acknowledged_at,
                ..current
            }),
            ..row()
        };
        for known in [suspected, begun, held.unwrap(), failed_over(None)] {
            let mut books = books(&known);
            assert_eq!(told(&mut books, [2_000, 2_090]).await.len(), 0, "{known:?}");
        }
        let mut books = books(&failed_over(Some(at(1_200))));
        assert_eq!(told(&mut books, [2_000, 2_090]).await.len(), 1);
    }

    #[test]
    fn a_silent_probe_is_told_in_sentences_with_the_command_that_asks_it() {
        for last in [None, Some(at(1_000))] {
            let message = unheard(&testing::run().plan, &"us-west-2".into(), last);
            let text = message.text(at(2_000));
            assert_eq!(failover::notify::unreadable(&text), Vec::<&str>::new());
            assert!(
                message.commands[0]
                    .contains("--region us-west-2 --function-name aurora-failover-health-probe"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_silent_probe_is_told_as_its_example_shows() {
        use failover::testing::example;
        let last = Some(example::before(200));
        let message = unheard(&example::plan(), &"us-west-2".into(), last);
        example::is("silent-probe", &message);
    }
}
