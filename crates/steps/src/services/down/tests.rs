//! What services have, and how they are brought to none and back.

use failover::{
    ledger::{BroughtDown, PlanState, Rows, Run},
    pass::Pass,
    testing::{self, Books},
};
use jiff::Timestamp;

use super::*;

fn home() -> Region {
    "us-west-2".into()
}

/// A plan with a service and a group in each Region.
fn plan() -> Plan {
    let mut document = testing::plan_document();
    document["services"] = serde_json::json!([
        {"kind": "ecs", "region": "us-west-2", "cluster": "orders", "services": ["api", {"service": "worker", "takeover_count": 2}]},
        {"kind": "asg", "region": "us-west-2", "groups": ["web"]},
        {"kind": "ecs", "region": "us-east-1", "cluster": "elsewhere", "services": ["api"]}]);
    failover::plan::read(&document.to_string()).unwrap()
}

fn books() -> Books {
    let books = Books::with(&testing::row("us-west-2", 7));
    for (key, size) in [
        ("orders/api", (0, 5)),
        ("orders/worker", (0, 0)),
        ("asg:web", (1, 3)),
    ] {
        books.scaled(key, size);
    }
    books
}

fn api(count: u32) -> Former {
    Former::Ecs {
        cluster: "orders".into(),
        service: "api".into(),
        count,
    }
}

fn web() -> Former {
    Former::Asg {
        group: "web".into(),
        min_size: 1,
        capacity: 3,
    }
}

#[tokio::test]
async fn what_runs_in_the_region_is_found_and_what_cannot_be_read_is_named() {
    let books = books();
    let (found, unread) = standing(&books, &plan(), &home()).await;
    assert_eq!((found, unread), (vec![api(5), web()], Vec::new()));
    books.hide_service("asg:web", Error::Denied("no right".into()));
    let (found, unread) = standing(&books, &plan(), &home()).await;
    assert_eq!(found, [api(5)]);
    let named = Error::Denied("us-west-2/asg:web: no right".into());
    assert_eq!(unread, [named]);
}

/// How many tasks it should have is not for anybody to set.
#[tokio::test]
async fn a_service_with_a_task_on_each_instance_is_named_with_what_to_do() {
    let books = books();
    books.scaled("orders/daemon-logs", (0, 3));
    let mut document = testing::plan_document();
    document["services"] = serde_json::json!([
        {"kind": "ecs", "region": "us-west-2", "cluster": "orders", "services": ["daemon-logs", "api"]}]);
    let plan = failover::plan::read(&document.to_string()).unwrap();
    let (found, unread) = standing(&books, &plan, &home()).await;
    assert_eq!(found, [api(5)]);
    let [why] = unread.as_slice() else {
        panic!("{unread:?}");
    };
    assert_eq!(why.name(), "NotReady");
    let said = why.to_string();
    assert!(
        said.starts_with("us-west-2/orders/daemon-logs: a service of the strategy DAEMON"),
        "{said}"
    );
}

#[tokio::test]
async fn a_group_is_brought_to_none_with_its_minimum_and_gets_both_back() {
    let books = books();
    for former in [api(5), web()] {
        bring_down(&books, &home(), &former).await.unwrap();
    }
    let sizes = || ["orders/api", "asg:web"].map(|key| books.size(key).unwrap());
    assert_eq!(sizes(), [(0, 0), (0, 0)]);
    for former in [api(5), web()] {
        let up = bring_up(&books, &home(), (&former, true)).await;
        assert_eq!(up, Ok(Up::GivenBack));
        let again = bring_up(&books, &home(), (&former, true)).await;
        assert_eq!(again, Ok(Up::Has));
    }
    assert_eq!(sizes(), [(0, 5), (1, 3)]);
    books.scaled("asg:web", (0, 2));
    let up = bring_up(&books, &home(), (&web(), true)).await;
    assert_eq!(up, Ok(Up::GivenBack), "its minimum is given back alone");
    assert_eq!(sizes()[1], (1, 2));
}

#[tokio::test]
async fn whoever_scaled_one_meanwhile_wins_and_one_that_is_gone_is_let_go_once_no_plan_names_it() {
    let books = books();
    books.scaled("orders/api", (0, 8));
    let up = bring_up(&books, &home(), (&api(5), true)).await.unwrap();
    assert!(matches!(&up, Up::Left(why) if why.contains("orders/api (8 task(s)) was scaled")));
    let gone = Former::Asg {
        group: "batch".into(),
        min_size: 0,
        capacity: 2,
    };
    assert!(names(&plan(), &home(), &web()) && !names(&plan(), &home(), &gone));
    let why = bring_up(&books, &home(), (&gone, true)).await.unwrap_err();
    assert!(
        why.to_string().contains("is not given back"),
        "it may be there: {why}"
    );
    let up = bring_up(&books, &home(), (&gone, false)).await.unwrap();
    assert!(matches!(&up, Up::Left(why) if why.contains("names no more")));
    assert!(books.scalings().is_empty(), "{:?}", books.scalings());
}

#[tokio::test]
async fn what_is_not_given_back_is_told_with_a_command_that_does() {
    let books = books();
    books.scaled("orders/api", (0, 0));
    books.scaled("asg:web", (0, 0));
    let denied = || Some(Error::Denied("no right".into()));
    books.refuse_scaling("orders/api", denied());
    books.refuse_scaling("asg:web", denied());
    let told = async |former: Former| {
        let why = bring_up(&books, &home(), (&former, true))
            .await
            .unwrap_err();
        assert_eq!(why.name(), "Denied");
        why.to_string()
    };
    let ecs = told(api(5)).await;
    let types = "type: aws ecs update-service --region us-west-2 --cluster orders --service api --desired-count 5";
    assert!(ecs.ends_with(types), "{ecs}");
    let asg = told(web()).await;
    let types = "--auto-scaling-group-name web --min-size 1 --desired-capacity 3";
    assert!(asg.ends_with(types), "{asg}");
}

/// The pass of a run that moves the writer home, where a stop of before has brought the services down.
fn comes_home() -> Pass {
    let down = BroughtDown {
        by: "earlier".into(),
        at: Timestamp::UNIX_EPOCH,
        services: vec![api(5), web()],
        back: Vec::new(),
        refused: None,
    };
    let row = PlanState {
        brought_down: Some(Box::new(down)),
        ..testing::row("us-west-2", 9)
    };
    let run = testing::run();
    Pass {
        run: Run {
            plan: plan(),
            from: "us-east-1".into(),
            to: home(),
            leased: [home()].into(),
            ..run
        },
        rows: Rows([(home(), row)].into()),
        now: Timestamp::UNIX_EPOCH,
        dry_run: false,
    }
}

#[tokio::test]
async fn where_its_region_takes_over_again_a_service_gets_what_a_stop_took_and_a_pilot_light_what_the_plan_says()
 {
    let books = books();
    for key in ["orders/api", "asg:web"] {
        books.scaled(key, (0, 0));
    }
    let pass = comes_home();
    for seen in crate::services::observe(&books, &pass).await {
        seen.restart(&books).await;
    }
    let size = |key| books.size(key).unwrap();
    assert_eq!(size("orders/api"), (0, 5));
    assert_eq!(size("orders/worker"), (0, 2));
    assert_eq!(size("asg:web"), (1, 3));
}

#[tokio::test]
async fn elsewhere_and_where_somebody_scaled_it_a_service_is_restarted_as_it_is() {
    let books = books();
    books.scaled("orders/api", (0, 8));
    let mut pass = comes_home();
    for seen in crate::services::observe(&books, &pass).await {
        seen.restart(&books).await;
    }
    assert_eq!(books.size("orders/api"), Some((0, 8)));
    assert_eq!(books.size("asg:web"), Some((1, 3)));
    for key in ["orders/api", "asg:web"] {
        books.scaled(key, (0, 0));
    }
    pass.run.to = "us-east-1".into();
    pass.run.leased = [home(), "us-east-1".into()].into();
    for seen in crate::services::observe(&books, &pass).await {
        if !matches!(
            seen.state(pass.now, pass.now),
            crate::services::State::Completed
        ) {
            seen.restart(&books).await;
        }
    }
    let left = ["orders/api", "asg:web"].map(|key| books.size(key).unwrap());
    assert_eq!(left, [(0, 0), (0, 0)], "those of the Region that is left");
}
