//! What is written of what was missed, what is left alone, and what is refused.

use super::*;
use crate::routes::health_switch::{
    Says,
    tests::{Buckets, HERE, HOME, route, word, written},
};
use failover::ports::Object;

async fn swept(world: &Buckets, to: &str) -> Swept {
    let to = Region::from(to);
    sweep(world, &route(), (&to, Epoch(8)), false)
        .await
        .unwrap()
}

/// What somebody put there so many minutes ago.
fn by_hand(world: &Buckets, region: &str, minutes: i64) {
    let object = Object {
        text: "standby-active".into(),
        tag: "h".into(),
        written_at: Some(world.now() - SignedDuration::from_mins(minutes)),
    };
    let mut objects = world.objects.lock().unwrap();
    objects.insert(region.into(), object);
}

#[tokio::test]
async fn what_a_silent_bucket_missed_is_written_when_both_answer_and_not_before() {
    let away = [
        (HERE, word(8, Says::StandbyActive)),
        (HOME, word(7, Says::PrimaryActive)),
    ];
    let silent = Error::Unavailable("no answer".into());
    let world = Buckets::holding(&away).failing(HOME, silent);
    let found = swept(&world, HERE).await;
    assert_eq!((found.wrote.len(), found.refused.len()), (0, 0));
    assert!(
        found.left[0].starts_with("S3 in us-west-2 does not answer"),
        "{found:?}"
    );
    let world = Buckets::holding(&away);
    let found = swept(&world, HERE).await;
    assert_eq!(found.wrote.len(), 1, "{found:?}");
    assert_eq!(world.held(HOME), written(8, Says::Nothing));
    let again = swept(&world, HERE).await;
    assert!(again.wrote.is_empty() && again.left.is_empty(), "{again:?}");
}

#[tokio::test]
async fn buckets_that_hold_nothing_yet_are_set_up_and_a_dry_run_writes_none() {
    let world = Buckets::holding(&[]);
    let home = Region::from(HOME);
    let dry = sweep(&world, &route(), (&home, Epoch(8)), true).await;
    let dry = dry.unwrap().wrote;
    assert_eq!(dry.len(), 2, "{dry:?}");
    assert!(
        dry[0].ends_with("would say {\"epoch\": 8, \"says\": \"nothing\"}"),
        "{dry:?}"
    );
    assert_eq!(world.held(HERE), Held::Nothing);
    assert_eq!(swept(&world, HOME).await.wrote.len(), 2);
    for region in [HOME, HERE] {
        assert_eq!(world.held(region), written(8, Says::Nothing));
    }
}

#[tokio::test]
async fn what_was_put_by_hand_is_told_at_once_and_written_over_after_the_plans_minutes() {
    let world = Buckets::holding(&[(HOME, word(8, Says::Nothing))]);
    by_hand(&world, HERE, 59);
    let found = swept(&world, HOME).await;
    assert_eq!(found.wrote, Vec::<String>::new());
    let [told] = found.by_hand.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!((told.region.as_str(), told.minutes), (HERE, 60));
    assert_eq!(told.leads_to, Some(HERE.into()));
    by_hand(&world, HERE, 60);
    assert_eq!(swept(&world, HOME).await.wrote.len(), 1);
    assert_eq!(world.held(HERE), written(8, Says::Nothing));
}

#[tokio::test]
async fn a_later_word_and_what_is_written_meanwhile_are_left_and_a_refusal_is_named() {
    let world = Buckets::holding(&[]);
    *world.between.lock().unwrap() = Some(word(9, Says::Nothing).text());
    let found = swept(&world, HOME).await;
    assert!(found.wrote.is_empty(), "{found:?}");
    assert!(
        found.left[0].contains("of a later epoch than 8"),
        "{found:?}"
    );
    let elsewhere = Error::InvalidRequest("bucket west is in another Region".into());
    let world = Buckets::holding(&[]).failing(HOME, elsewhere);
    let found = swept(&world, HOME).await;
    assert_eq!(found.refused.len(), 1, "{found:?}");
    assert_eq!(world.held(HERE), Held::Nothing, "nothing changed");
    let found = swept(&Buckets::holding(&[]).read_only(HERE), HOME).await;
    assert_eq!(found.refused[0].name(), "Denied");
}
