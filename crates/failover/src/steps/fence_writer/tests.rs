use super::*;

fn observed(standing: Standing, doors: Option<Open>) -> Observed {
    Observed {
        standing,
        writer: "us-east-1".into(),
        epoch: Epoch(8),
        fenced: None,
        doors,
    }
}

fn open(epoch: u64) -> Open {
    Open {
        in_recovery: false,
        epoch: Some(Epoch(epoch)),
        roles: 1,
        sessions: 3,
        ..Open::default()
    }
}

fn is_done(observed: &Observed) -> bool {
    matches!(next_action(observed), Ok(Action::Done(_)))
}

#[test]
fn only_what_is_deposed_is_fenced() {
    for standing in [Standing::Endorsed, Standing::Gone, Standing::Follows] {
        assert!(is_done(&observed(standing, Some(open(7)))), "{standing:?}");
    }
    let deposed = observed(Standing::Deposed, Some(open(7)));
    assert_eq!(next_action(&deposed), Ok(Action::Fence));
}

#[test]
fn a_database_that_has_followed_the_proven_writer_or_is_a_standby_is_left_alone() {
    assert!(is_done(&observed(Standing::Deposed, Some(open(8)))));
    let standby = Open {
        in_recovery: true,
        ..open(7)
    };
    assert!(is_done(&observed(Standing::Deposed, Some(standby))));
}

#[test]
fn it_is_done_only_when_nothing_stands_open_and_the_ledger_knows() {
    let shut = Open {
        roles: 0,
        sessions: 0,
        ..open(7)
    };
    let mut seen = observed(Standing::Deposed, Some(shut.clone()));
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
        Open {
            sessions: 1,
            ..shut.clone()
        },
        Open {
            jobs: 1,
            ..shut.clone()
        },
        Open {
            subscriptions: 1,
            ..shut.clone()
        },
        Open {
            senders: 1,
            ..shut.clone()
        },
        Open {
            prepared: 1,
            ..shut.clone()
        },
        Open { unseen: 1, ..shut },
    ] {
        seen.doors = Some(one);
        assert_eq!(next_action(&seen), Ok(Action::Fence));
    }
}

#[test]
fn a_database_without_an_epoch_is_never_fenced() {
    let unknown = Open {
        epoch: None,
        ..open(7)
    };
    let why = next_action(&observed(Standing::Deposed, Some(unknown))).unwrap_err();
    assert_eq!(why.name(), "NotReady");
}
