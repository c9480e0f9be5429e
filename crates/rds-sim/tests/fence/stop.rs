//! The stop of a living writer for a planned move, and what opens it.

use failover::{domain::StopToken, ports::NotStopped};
use postgres::fence::{erase, mark, open, position, stop};

use super::*;

/// What `setup` makes beside the epoch.
const MARKED: &str = "ALTER TABLE aurora_failover.epoch ADD COLUMN stop_token text, ADD COLUMN stopped_at timestamptz";

async fn marked() -> Option<(OnPostgres, Client)> {
    let (world, admin) = deposed().await?;
    admin.batch_execute(MARKED).await.unwrap();
    Some((world, admin))
}

fn token(text: &str) -> StopToken {
    text.into()
}

fn apps() -> Vec<String> {
    vec!["App One".to_owned(), "app_two".to_owned()]
}

async fn stops(admin: &mut Client, epoch: u64, by: &str) -> Result<Vec<String>, NotStopped> {
    let (token, canary) = (token(by), canary());
    let came = stop(admin, &KEPT, (Epoch(epoch), &token), &canary);
    came.await.unwrap().map(|done| {
        assert_eq!(done.refused, Vec::<String>::new());
        done.roles
    })
}

async fn opens(admin: &mut Client, epoch: u64, by: &str) -> Option<Vec<String>> {
    let given = open(admin, Epoch(epoch), &token(by)).await.unwrap();
    given.map(|given| given.roles)
}

async fn marks(admin: &Client) -> Option<String> {
    mark(admin).await.unwrap().map(|mark| mark.token.0)
}

#[tokio::test]
async fn a_stop_holds_under_its_epoch_alone_and_is_opened_by_its_token_alone() {
    let Some((world, mut admin)) = marked().await else {
        return;
    };
    let app = log_in(&world.simulator, "App One", "one").await.unwrap();
    let other = Err(NotStopped::OtherEpoch(Some(Epoch(7))));
    assert_eq!(stops(&mut admin, 8, "a").await, other);
    assert_eq!(marks(&admin).await, None);
    app.query_one("SELECT 1", &[]).await.unwrap();

    assert_eq!(stops(&mut admin, 7, "a").await, Ok(apps()));
    assert!(app.query_one("SELECT 1", &[]).await.is_err());
    let refused = log_in(&world.simulator, "app_two", "two").await.err();
    assert!(is_refused(&Why::from(refused.unwrap())));
    assert!(!access(&admin, &KEPT).await.unwrap().is_open());
    assert_eq!(marks(&admin).await.as_deref(), Some("a"));
    assert_eq!(stops(&mut admin, 7, "a").await, Ok(Vec::new()), "again");
    let second = stops(&mut admin, 7, "b").await;
    assert!(matches!(second, Err(NotStopped::OtherMark(mark)) if mark.token == token("a")));

    for (epoch, by) in [(7, "b"), (8, "a")] {
        assert_eq!(opens(&mut admin, epoch, by).await, None, "{epoch} by {by}");
    }
    assert!(log_in(&world.simulator, "app_two", "two").await.is_err());
    assert_eq!(opens(&mut admin, 7, "a").await, Some(apps()));
    log_in(&world.simulator, "app_two", "two").await.unwrap();
    let left = marks(&admin).await;
    assert_eq!(left.as_deref(), Some("a"), "until all is given back");
    assert_eq!(opens(&mut admin, 7, "a").await, Some(Vec::new()), "again");
    erase(&admin, Epoch(7), &token("b")).await.unwrap();
    assert_eq!(marks(&admin).await.as_deref(), Some("a"));
    erase(&admin, Epoch(7), &token("a")).await.unwrap();
    assert_eq!(marks(&admin).await, None);
    assert_eq!(opens(&mut admin, 7, "a").await, None);
    world.simulator.stop().await;
}

#[tokio::test]
async fn what_is_deposed_is_neither_stopped_nor_opened_by_a_move_that_is_late() {
    let Some((world, mut admin)) = marked().await else {
        return;
    };
    assert_eq!(stops(&mut admin, 7, "a").await, Ok(apps()));
    let fenced = fence(&mut admin, &KEPT, Epoch(8), &canary()).await.unwrap();
    assert_eq!(fenced.unwrap().roles, Vec::<String>::new());
    assert_eq!(opens(&mut admin, 7, "a").await, None);
    assert_eq!(stops(&mut admin, 7, "c").await, Err(NotStopped::Fenced));
    assert!(log_in(&world.simulator, "app_two", "two").await.is_err());

    assert_eq!(unfence(&mut admin).await.unwrap().roles, apps());
    assert_eq!(opens(&mut admin, 7, "a").await, Some(Vec::new()));
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_standby_that_has_replayed_the_position_of_a_stop_holds_every_row_that_was_acknowledged()
{
    let Some((world, mut admin)) = marked().await else {
        return;
    };
    let standby = connect(&world.simulator, EAST, "orders-east")
        .await
        .unwrap();
    admin
        .batch_execute("CREATE TABLE numbers (number int); GRANT INSERT ON numbers TO app_two")
        .await
        .unwrap();
    let app = log_in(&world.simulator, "app_two", "two").await.unwrap();
    app.batch_execute("SET synchronous_commit = off")
        .await
        .unwrap();
    support::database::insert(&app, 1).await.unwrap();
    assert_eq!(stops(&mut admin, 7, "a").await, Ok(apps()));
    assert_eq!(position(&mut admin, &token("b")).await.unwrap(), None);
    let reached = position(&mut admin, &token("a")).await.unwrap().unwrap();
    support::database::replays(&standby, reached).await;
    assert_eq!(support::database::count(&standby).await, 1);
    let later = position(&mut admin, &token("a")).await.unwrap().unwrap();
    assert!(later > reached, "{later} {reached}");
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_database_that_was_set_up_before_there_were_stops_bears_no_mark() {
    let Some((world, admin)) = deposed().await else {
        return;
    };
    assert_eq!(marks(&admin).await, None);
    world.simulator.stop().await;
}
