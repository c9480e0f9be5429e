//! A third Region had the writer, and another one than this took over from it.

use super::*;
use failover::topology::{FailoverState, GlobalMember};

const HERE: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";
const THIRD: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:orders-third";
const WRITER: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";

pub(super) fn global(leads: &str, follows: &str) -> GlobalCluster {
    let member = |arn: &str, is_writer| GlobalMember {
        arn: arn.to_owned(),
        is_writer,
        synchronization: None,
    };
    GlobalCluster {
        identifier: "orders-global-1".into(),
        resource_id: None,
        settings: Default::default(),
        status: "available".into(),
        engine_version: "16.6".into(),
        members: vec![member(leads, true), member(follows, false)],
        failover: None,
    }
}

async fn told(global: GlobalCluster) -> String {
    let mut world = FencedMember::of(Vec::new());
    let open = world.books.rows()[&"us-east-1".into()].unfence().unwrap();
    world.books = world
        .books
        .with_row("us-east-1", &open)
        .with_row("eu-west-1", &open);
    world.global = Some(global);
    let said = match world.forced().await {
        Ok(said) => format!("{} {}", said["progress"], said["reason"]),
        Err(why) => format!("{} {why}", why.name()),
    };
    assert_eq!(*world.losses.lock().unwrap(), None);
    said
}

#[tokio::test]
async fn what_follows_the_deposed_writer_of_a_third_region_has_nothing_to_list_yet() {
    let said = told(global(THIRD, HERE)).await;
    assert!(
        said.starts_with("\"done\"") && said.contains("still follows a deposed writer"),
        "{said}"
    );
    let is_moved = GlobalCluster {
        failover: Some(FailoverState {
            status: "failing-over".into(),
            to: HERE.into(),
            loses: None,
        }),
        ..global(THIRD, HERE)
    };
    for other in [global(HERE, THIRD), global(WRITER, HERE), is_moved] {
        let said = told(other).await;
        assert!(
            said.starts_with("NotReady") && said.contains("is not fenced"),
            "{said}"
        );
    }
}
