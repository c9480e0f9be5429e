//! What a pass of the fence decides and does.

use super::*;

fn observed(standing: Standing, access: Option<AccessCounts>) -> Observed {
    Observed {
        standing,
        writer: "us-east-1".into(),
        epoch: Epoch(8),
        fenced: None,
        access,
        forwarded: Forwarded::default(),
        unreachable: None,
        alone: None,
        kind: TopologyKind::AuroraGlobal,
    }
}

fn open(epoch: u64) -> AccessCounts {
    AccessCounts {
        in_recovery: false,
        epoch: Some(Epoch(epoch)),
        roles: 1,
        sessions: 3,
        ..AccessCounts::default()
    }
}

fn is_done(observed: &Observed) -> bool {
    matches!(next_action(observed), Ok(Action::Done(_)))
}

#[test]
fn only_what_is_deposed_is_fenced() {
    for standing in [
        Standing::Endorsed,
        Standing::Gone,
        Standing::Follows,
        Standing::FollowsDeposed,
    ] {
        assert!(is_done(&observed(standing, Some(open(7)))), "{standing:?}");
    }
    let deposed = observed(Standing::Deposed, Some(open(7)));
    assert_eq!(next_action(&deposed), Ok(Action::Fence));
}

#[test]
fn a_database_that_has_followed_the_proven_writer_or_is_a_standby_is_left_alone() {
    assert!(is_done(&observed(Standing::Deposed, Some(open(8)))));
    let standby = AccessCounts {
        in_recovery: true,
        ..open(7)
    };
    assert!(is_done(&observed(Standing::Deposed, Some(standby))));
}

#[test]
fn a_standby_that_somebody_detached_under_the_current_epoch_is_told_with_the_way_out() {
    let alone = |access: AccessCounts| Observed {
        alone: Some("orders-west in us-west-2".into()),
        ..observed(Standing::Deposed, Some(access))
    };
    let why = next_action(&alone(open(8))).unwrap_err();
    assert_eq!(why.name(), "NotReady");
    for part in [
        "orders-west in us-west-2",
        "epoch 8",
        "in no list",
        "rename or delete",
        "rebuild-global",
    ] {
        assert!(why.to_string().contains(part), "{why} lacks {part}");
    }
    let promoted = Observed {
        kind: TopologyKind::RdsReplica,
        ..alone(open(8))
    };
    let why = next_action(&promoted).unwrap_err().to_string();
    let next = "before anything is deleted";
    assert!(why.contains(next) && !why.contains("rebuild"), "{why}");
    let standby = AccessCounts {
        in_recovery: true,
        ..open(8)
    };
    assert!(is_done(&alone(standby)), "a look that lags");
    assert!(is_done(&alone(open(9))), "this ledger lags");
    assert_eq!(next_action(&alone(open(7))), Ok(Action::Fence));
}

#[test]
fn it_is_done_only_when_nothing_stands_open_and_the_ledger_knows() {
    let closed = AccessCounts {
        roles: 0,
        sessions: 0,
        ..open(7)
    };
    let mut seen = observed(Standing::Deposed, Some(closed.clone()));
    assert_eq!(next_action(&seen), Ok(Action::Fence));
    seen.fenced = Some(Epoch(7));
    assert_eq!(
        next_action(&seen),
        Ok(Action::Fence),
        "under an older epoch"
    );
    seen.fenced = Some(Epoch(8));
    assert!(is_done(&seen));
    for one in [
        AccessCounts {
            sessions: 1,
            ..closed.clone()
        },
        AccessCounts {
            jobs: 1,
            ..closed.clone()
        },
        AccessCounts {
            subscriptions: 1,
            ..closed.clone()
        },
        AccessCounts {
            senders: 1,
            ..closed.clone()
        },
        AccessCounts {
            prepared: 1,
            ..closed.clone()
        },
        AccessCounts {
            unseen: 1,
            ..closed.clone()
        },
        AccessCounts {
            as_administrator: 1,
            ..closed
        },
    ] {
        seen.access = Some(one);
        assert_eq!(next_action(&seen), Ok(Action::Fence));
    }
}

#[test]
fn a_database_without_an_epoch_is_never_fenced() {
    let unknown = AccessCounts {
        epoch: None,
        ..open(7)
    };
    let why = next_action(&observed(Standing::Deposed, Some(unknown))).unwrap_err();
    assert_eq!(why.name(), "NotReady");
}

#[test]
fn what_nobody_can_connect_to_is_done_only_where_it_was_fenced_before() {
    let mut seen = observed(Standing::Deposed, None);
    seen.unreachable = Some("cluster orders-west in us-west-2 is stopped".into());
    let why = next_action(&seen).unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(why.to_string().contains("is stopped"), "{why}");
    seen.fenced = Some(Epoch(7));
    assert!(next_action(&seen).is_err(), "under an older epoch");
    seen.fenced = Some(Epoch(8));
    assert!(is_done(&seen));
}
