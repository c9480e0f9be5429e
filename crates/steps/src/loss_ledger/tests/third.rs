//! A third Region had the writer, and another one than this took over from it.

use super::*;
use failover::topology::{GroupMember, Operation};

const HERE: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";
const THIRD: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:orders-third";
const WRITER: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";

pub(super) fn group(leads: &str, follows: &str) -> Group {
    let member = |arn: &str, leads| GroupMember {
        arn: arn.to_owned(),
        leads,
    };
    Group {
        named: "orders-global-1".into(),
        status: "available".into(),
        engine_version: "16.6".into(),
        members: vec![member(leads, true), member(follows, false)],
        operation: None,
    }
}

async fn told(group: Group) -> String {
    let mut world = FencedMember::of(Vec::new());
    let open = world.books.rows()[&"us-east-1".into()].unfence().unwrap();
    world.books = world
        .books
        .with_row("us-east-1", &open)
        .with_row("eu-west-1", &open);
    world.group = Some(group);
    let said = match world.forced().await {
        Ok(said) => format!("{} {}", said["progress"], said["reason"]),
        Err(why) => format!("{} {why}", why.name()),
    };
    assert_eq!(*world.losses.lock().unwrap(), None);
    said
}

#[tokio::test]
async fn what_follows_the_deposed_writer_of_a_third_region_has_nothing_to_list_yet() {
    let said = told(group(THIRD, HERE)).await;
    assert!(
        said.starts_with("\"done\"") && said.contains("still follows a deposed writer"),
        "{said}"
    );
    let is_moved = Group {
        operation: Some(Operation {
            status: "failing-over".into(),
            to: HERE.into(),
        }),
        ..group(THIRD, HERE)
    };
    for other in [group(HERE, THIRD), group(WRITER, HERE), is_moved] {
        let said = told(other).await;
        assert!(
            said.starts_with("NotReady") && said.contains("is not fenced"),
            "{said}"
        );
    }
}
