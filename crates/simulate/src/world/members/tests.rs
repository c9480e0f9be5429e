//! The same question comes to the same at both depths.
#![allow(clippy::unwrap_used, reason = "tests say what goes wrong by failing")]

use std::sync::{Arc, Mutex};

use aurora_global::members::{Accepted, Members};
use failover::{
    Error,
    domain::Region,
    topology::{Call, ParameterGroup},
};
use futures::channel::mpsc;

use crate::{
    case::{AWAY, Case, Depth, GLOBAL, HOME, Kind},
    clock::{self, Clock},
    draw::draw,
    fault::{Faults, Way},
    first,
    world::{Caller, Invocation, Kept, Shared},
};

const FUNCTION: &str = "rebuild-global";

fn case(depth: Depth) -> Case {
    Case {
        depth,
        ..draw(Kind::Calm, 1)
    }
}

/// A function in the west, whose first calls go wrong in a way.
fn invocation(depth: Depth, way: Option<Way>) -> Invocation {
    let mut state = first::state(&case(depth), false);
    let clock = Clock::begin();
    state.truth.began_at = Some(clock.now());
    state.faults = (0..12).fold(Faults::default(), |all, number| match way {
        Some(way) => all.and(FUNCTION, number, way),
        None => all,
    });
    let caller = Caller {
        shared: Arc::new(Shared {
            clock,
            depth,
            state: Mutex::new(state),
            requests: mpsc::unbounded().0,
            starts: mpsc::unbounded().0,
        }),
        region: HOME.into(),
        function: FUNCTION,
        dead: Mutex::new(None),
    };
    Invocation::new(caller, Kept::default())
}

/// What an answer is, without its words.
fn kind<T>(came: &Result<T, Error>, of: impl Fn(&T) -> &'static str) -> &'static str {
    came.as_ref().map_or_else(Error::name, of)
}

fn found<T>(came: &Result<Option<T>, Error>) -> &'static str {
    kind(came, |found| if found.is_some() { "found" } else { "none" })
}

fn taken(came: &Result<Accepted, Error>) -> &'static str {
    kind(came, |taken| match taken {
        Accepted::Yes => "yes",
        Accepted::NotNow(_) => "not now",
        Accepted::Throttled(_) => "throttled",
    })
}

fn call(operation: &str) -> Call {
    let cluster = "orders-west".to_owned();
    match operation {
        "CreateDBClusterSnapshot" => Call::CreateSnapshot {
            cluster,
            snapshot: "before".into(),
        },
        _ => Call::LiftProtection { cluster },
    }
}

/// Everything that is asked of RDS, each in a world of its own, and what it comes to.
async fn asked(depth: Depth, way: Option<Way>) -> Vec<(&'static str, &'static str)> {
    let (west, east) = (Region::from(HOME), Region::from(AWAY));
    let new = || invocation(depth, way);
    let cluster = invocation(depth, None).cluster(&west, "orders-west").await;
    let cluster = cluster.unwrap().unwrap();
    let arn = format!("arn:aws:rds:{AWAY}:123456789012:cluster:orders-east");
    let group = ParameterGroup::Instance("orders-west-instance".into());
    let there = |came: Result<_, Error>| kind(&came, |_| "shown");
    let looked = |seen| match seen {
        failover::evidence::Rds::Status { .. } => "status",
        failover::evidence::Rds::Silent { .. } => "silent",
        failover::evidence::Rds::Other { .. } => "other",
    };
    vec![
        ("look", looked(new().look(&west, "orders-west").await)),
        ("cluster", found(&new().cluster(&west, "orders-west").await)),
        (
            "forwarding",
            kind(&new().forwarding(&cluster).await, |_| "shown"),
        ),
        ("global", found(&new().global_cluster(&west, GLOBAL).await)),
        (
            "blue/green",
            kind(&new().blue_green(&west).await, |_| "shown"),
        ),
        (
            "quotas",
            kind(&new().account_quotas(&west).await, |_| "shown"),
        ),
        ("shape", found(&new().shape(&west, "orders-west").await)),
        ("snapshot", found(&new().snapshot(&west, "none").await)),
        (
            "kept",
            there(new().unplanned_snapshots(&west, "orders-west").await),
        ),
        ("family", found(&new().family(&west, &group).await)),
        (
            "fail over",
            taken(&new().fail_over(&east, GLOBAL, &arn).await),
        ),
        ("detach", taken(&new().detach(&east, GLOBAL, &arn).await)),
        (
            "switch over",
            taken(&new().switch_over(&west, GLOBAL, &arn).await),
        ),
        (
            "snap",
            taken(&Members::call(&new(), &west, &call("CreateDBClusterSnapshot")).await),
        ),
        (
            "lift",
            taken(&Members::call(&new(), &west, &call("ModifyDBCluster")).await),
        ),
    ]
}

#[test]
fn each_way_in_which_calls_go_wrong_comes_to_the_same_at_both_depths() {
    for way in [
        None,
        Some(Way::Denied),
        Some(Way::Invalid),
        Some(Way::NotThere),
        Some(Way::Throttled),
        Some(Way::Trouble),
        Some(Way::LostBefore),
        Some(Way::LostAfter),
        Some(Way::VeryLate),
        Some(Way::Twice),
        Some(Way::Stale),
    ] {
        let at = |depth| clock::run(asked(depth, way)).unwrap();
        assert_eq!(at(Depth::Adapters), at(Depth::Ports), "{way:?}");
    }
}

#[test]
fn what_rds_shows_is_the_same_through_its_adapter() {
    let shown = async |depth| {
        let (invocation, west) = (invocation(depth, None), Region::from(HOME));
        let cluster = invocation.cluster(&west, "orders-west").await.unwrap();
        let forwarding = invocation.forwarding(cluster.as_ref().unwrap()).await;
        (
            invocation.look(&west, "orders-west").await,
            (cluster, forwarding),
            invocation.shape(&west, "orders-west").await,
            invocation.global_cluster(&west, GLOBAL).await,
        )
    };
    let at = |depth| clock::run(shown(depth)).unwrap();
    assert_eq!(at(Depth::Adapters), at(Depth::Ports));
}

#[test]
fn what_is_made_anew_over_the_wire_is_what_was_asked_for() {
    let made = async {
        let invocation = invocation(Depth::Adapters, None);
        let east = Region::from(AWAY);
        let like = invocation.shape(&east, "orders-east").await.unwrap();
        let mut like = like.unwrap();
        let instance = &like.instances[0];
        let call = Call::CreateInstance {
            cluster: "orders-east".into(),
            like: Box::new(failover::topology::InstanceShape {
                identifier: "orders-east-3".into(),
                status: "creating".into(),
                ..instance.clone()
            }),
        };
        let taken = Members::call(&invocation, &east, &call).await;
        assert_eq!(taken, Ok(Accepted::Yes));
        let Call::CreateInstance { like: new, .. } = call else {
            return;
        };
        like.instances.push(*new);
        let shown = invocation.shape(&east, "orders-east").await.unwrap();
        assert_eq!(shown, Some(like));
    };
    clock::run(made).unwrap();
}
