//! What a writer that cannot be proven yet is waited for.

use super::*;

#[test]
fn a_committed_epoch_that_the_ledger_cannot_be_told_is_told_by_a_later_pass() {
    let mut pass = Pass {
        run: failover::testing::run(),
        rows: Rows(Default::default()),
        now: jiff::Timestamp::UNIX_EPOCH,
        dry_run: false,
    };
    let seen = Observed {
        writer: "us-east-1".into(),
        epoch: Epoch(8),
        write: None,
        loss: None,
    };
    let throttled = || Err(Error::Unavailable("Rate exceeded".into()));
    assert!(concluded(throttled(), &pass, &seen).is_err());
    pass.run.promoted_at = Some(pass.now);
    let told = concluded(throttled(), &pass, &seen);
    assert!(matches!(told, Ok(Came::NotYet(_))), "{told:?}");
    let later = Err(Error::UnexpectedTopology("later epoch".into()));
    assert!(concluded(later, &pass, &seen).is_err());
    assert_eq!(concluded(Ok(()), &pass, &seen), Ok(Came::AsDecided));
}

#[test]
fn a_writer_that_does_not_take_writes_yet_is_waited_for() {
    for write in [
        Write::ReadOnly,
        Write::Failed {
            why: "starting up".into(),
        },
    ] {
        assert_eq!(next_action(&write, 9_999.0), Ok(Action::Wait));
    }
}

#[test]
fn a_login_that_the_promoted_writer_refuses_is_waited_for_ten_minutes_and_then_named() {
    let refused = Write::Misconfigured {
        why: "password authentication failed (SQLSTATE 28P01)".into(),
    };
    for seconds in [0.0, 599.0] {
        assert_eq!(next_action(&refused, seconds), Ok(Action::Wait));
    }
    let why = next_action(&refused, 600.0).unwrap_err();
    assert!(
        why.name() == "NotReady" && why.to_string().contains("28P01"),
        "{why}"
    );
}

#[test]
fn a_database_with_a_later_epoch_stops_the_run() {
    assert_eq!(
        next_action(&Write::OtherEpoch { epoch: Epoch(9) }, 0.0)
            .unwrap_err()
            .name(),
        "UnexpectedTopology"
    );
}
