//! The decision table of a stop, row by row.

use failover::{
    domain::Epoch,
    ledger::{Attempt, PlanState, Run, RunKind, Stage, Stop},
    ports::Mark,
    testing,
};
use jiff::Timestamp;

use super::*;
use crate::members::tests::{WEST, east, plan};

/// A planned run from us-west-2 to us-east-1.
fn run() -> Run {
    Run {
        kind: RunKind::PlannedFailover,
        plan: plan(),
        leased: ["us-east-1".into(), "us-west-2".into()].into(),
        ..testing::run()
    }
}

fn pass(run: Run, [home, target]: [PlanState; 2]) -> Pass {
    Pass {
        run,
        rows: Rows([("us-west-2".into(), home), ("us-east-1".into(), target)].into()),
        now: Timestamp::from_second(1_000).unwrap(),
        dry_run: false,
    }
}

fn free() -> PlanState {
    testing::row("us-west-2", 7)
}

fn bearing(token: &str, stage: Stage) -> PlanState {
    PlanState {
        stop: Some(Box::new(Stop {
            token: token.into(),
            epoch: Epoch(8),
            from: "us-west-2".into(),
            to: "us-east-1".into(),
            run_id: token.into(),
            written_at: Timestamp::from_second(990).unwrap(),
            stage,
        })),
        ..free()
    }
}

/// The writer is stopped, and the replica has everything.
fn stopped() -> Observed {
    Observed {
        target: east(Some(WEST)),
        written: Written::Everywhere,
        seconds: Some(10.0),
        asked: 1,
        writer: Some(Stands {
            mark: mark("a"),
            ..Stands::default()
        }),
        untold: None,
        position: Some(4_096),
        replayed: Some(4_096),
        services: Vec::new(),
        refused: None,
        newest_backup: None,
        not_ready: Vec::new(),
        warnings: Vec::new(),
    }
}

fn mark(token: &str) -> Option<Mark> {
    Some(Mark {
        token: token.into(),
        at: None,
    })
}

fn writer(observed: Observed, change: impl Fn(&mut Stands)) -> Observed {
    let mut observed = observed;
    if let Some(writer) = &mut observed.writer {
        change(writer);
    }
    observed
}

/// What is done, without its words.
fn decided(observed: &Observed) -> Result<&'static str, &'static str> {
    let pass = pass(run(), [free(), free()]);
    let decided = next_action(&pass, observed);
    decided
        .map(|action| action.acting().name)
        .map_err(|why| why.name())
}

#[test]
fn nothing_is_written_while_anything_stands_against_the_move() {
    let begins = Observed {
        written: Written::Nothing,
        writer: None,
        ..stopped()
    };
    assert_eq!(decided(&begins), Ok("write_stop"));
    let unready = Observed {
        not_ready: vec!["the lag is unknown".into(), "a switch is on".into()],
        ..begins
    };
    let why = next_action(&pass(run(), [free(), free()]), &unready).unwrap_err();
    assert_eq!(why.name(), "NotReady");
    let said = "2 reason(s) against it: the lag is unknown; a switch is on";
    assert!(why.to_string().contains(said), "{why}");
}

#[test]
fn a_dry_run_says_how_old_the_newest_backup_in_another_region_is() {
    let said = |dry_run, newest_backup| {
        let pass = Pass {
            dry_run,
            ..pass(run(), [free(), free()])
        };
        let observed = Observed {
            newest_backup,
            ..stopped()
        };
        words::reason(&pass, &observed, &Action::Write)
    };
    let of = |kind| {
        Some(NewestBackup {
            region: "us-east-1".into(),
            kind,
            seconds: 299.6,
        })
    };
    let newest = of(BackupKind::Automated);
    for (kind, what) in [
        (BackupKind::Automated, ""),
        (BackupKind::Export, "an exported snapshot, "),
    ] {
        let shown = said(true, of(kind));
        let wanted =
            format!(". The newest backup outside us-west-2 is {what}300 s old, in us-east-1");
        assert!(shown.ends_with(&wanted), "{shown}");
    }
    for said in [said(true, None), said(false, newest)] {
        assert!(said.ends_with("holds everything"), "{said}");
    }
}

#[test]
fn the_writer_is_stopped_once_both_rows_bear_the_stop() {
    let in_part = Observed {
        written: Written::InPart,
        ..stopped()
    };
    assert_eq!(decided(&in_part), Ok("write_stop"));
    let unmarked = writer(stopped(), |writer| writer.mark = None);
    assert_eq!(decided(&unmarked), Ok("stop"));
    let of_another = writer(stopped(), |writer| writer.mark = mark("b"));
    assert_eq!(decided(&of_another), Ok("stop"));
}

/// A service that does not have again what it had.
fn lacking(observed: Observed) -> Observed {
    Observed {
        services: vec!["orders/api (5 task(s))".into()],
        ..observed
    }
}

#[test]
fn a_service_that_cannot_be_brought_down_gives_the_stop_back_before_anybody_is_kept_out() {
    let refused = |observed: Observed| Observed {
        refused: Some("us-west-2/orders/api: no right".into()),
        ..lacking(observed)
    };
    let unmarked = refused(writer(stopped(), |writer| writer.mark = None));
    let decided_of = |observed: &Observed| next_action(&pass(run(), [free(), free()]), observed);
    let why = "a service of us-west-2 is not brought to none: us-west-2/orders/api: no right";
    assert_eq!(decided_of(&unmarked), Ok(Action::GiveBack(why.into())));
    assert_eq!(decided(&refused(stopped())), Ok("none"), "the move goes on");
}

#[test]
fn a_writer_that_bears_no_mark_is_told_with_what_its_region_said() {
    let mut run = run();
    run.note(
        Timestamp::UNIX_EPOCH,
        STEP,
        STOP,
        "us-west-2 did not do it: throttled",
    );
    let unmarked = Observed {
        asked: 3,
        ..writer(stopped(), |writer| writer.mark = None)
    };
    let Ok(Action::GiveBack(why)) = next_action(&pass(run, [free(), free()]), &unmarked) else {
        panic!("it is not given back");
    };
    assert!(
        why.ends_with("the mark of the stop: us-west-2 did not do it: throttled"),
        "{why}"
    );
}

#[test]
fn services_are_named_before_the_stop_and_asked_for_again_behind_a_withdrawal() {
    let begins = lacking(Observed {
        written: Written::Nothing,
        ..stopped()
    });
    let pass = pass(run(), [free(), free()]);
    let said = words::reason(&pass, &begins, &Action::Write);
    assert!(
        said.ends_with("Brought to none in us-west-2 before: orders/api (5 task(s))"),
        "{said}"
    );
    let withdrawn = lacking(Observed {
        written: Written::Withdrawn,
        ..writer(stopped(), |writer| writer.mark = None)
    });
    assert_eq!(decided(&withdrawn), Ok("open"));
    for ended in [
        Observed {
            asked: 6,
            ..withdrawn.clone()
        },
        Observed {
            writer: None,
            ..withdrawn
        },
    ] {
        let why = next_action(&pass, &ended).unwrap_err().to_string();
        let names = "in us-west-2 these do not have again what they had: orders/api (5 task(s))";
        assert!(why.contains(names), "{why}");
    }
}

#[test]
fn it_is_over_once_the_replica_has_replayed_what_the_stopped_writer_has_written() {
    assert_eq!(decided(&stopped()), Ok("none"));
    for (position, replayed) in [
        (Some(4_096), Some(4_095)),
        (Some(4_096), None),
        (None, Some(4_096)),
    ] {
        let behind = Observed {
            position,
            replayed,
            ..stopped()
        };
        assert_eq!(decided(&behind), Ok("wait"), "{position:?} {replayed:?}");
    }
}

#[test]
fn a_door_that_stays_open_gives_the_stop_back() {
    let open = writer(stopped(), |writer| {
        writer.open = vec!["1 prepared transaction(s): transfer".into()];
    });
    let asked = |asked| Observed {
        asked,
        ..open.clone()
    };
    assert_eq!(decided(&asked(2)), Ok("stop"), "it is shut once more");
    assert_eq!(decided(&asked(3)), Ok("give_back"));
    let never = Observed {
        asked: 3,
        ..writer(stopped(), |writer| writer.mark = None)
    };
    assert_eq!(decided(&never), Ok("give_back"));
}

#[test]
fn a_stop_that_stands_too_long_is_given_back_whatever_holds_it_up() {
    let at = |seconds, observed: Observed| {
        let observed = Observed {
            seconds: Some(seconds),
            ..observed
        };
        decided(&observed)
    };
    let behind = || Observed {
        replayed: Some(1),
        ..stopped()
    };
    let silent = || Observed {
        writer: None,
        untold: Some("no answer".into()),
        ..stopped()
    };
    for held in [behind, silent] {
        assert_eq!(at(60.0, held()), Ok("wait"));
        assert_eq!(at(60.1, held()), Ok("give_back"));
    }
    assert_eq!(at(60.1, stopped()), Ok("give_back"));
}

#[test]
fn a_replica_that_was_taken_away_meanwhile_gives_the_stop_back() {
    let source = "arn:aws:rds:us-west-2:123456789012:db:another";
    let of_another = Observed {
        target: east(Some(source)),
        ..stopped()
    };
    assert_eq!(decided(&of_another), Ok("give_back"));
    let alone = Observed {
        target: east(None),
        ..stopped()
    };
    assert_eq!(decided(&alone), Err("UnexpectedTopology"));
}

#[test]
fn a_stop_that_was_withdrawn_ends_the_run_once_its_mark_is_gone_and_is_not_written_anew() {
    let withdrawn = Observed {
        written: Written::Withdrawn,
        ..stopped()
    };
    assert_eq!(decided(&withdrawn), Ok("open"), "its mark stands");
    let judged = |observed: &Observed| {
        let why = next_action(&pass(run(), [free(), free()]), observed).unwrap_err();
        assert_eq!(why.name(), "NotReady");
        why.to_string()
    };
    let gone = judged(&writer(withdrawn.clone(), |writer| writer.mark = None));
    assert!(gone.contains("its writer is open again"), "{gone}");
    let unseen = judged(&Observed {
        writer: None,
        ..withdrawn.clone()
    });
    assert!(unseen.contains("was not seen"), "{unseen}");
    let stays = judged(&Observed {
        asked: 6,
        ..withdrawn
    });
    assert!(stays.contains("was not seen"), "{stays}");
}

#[test]
fn a_promotion_that_has_begun_is_left_to_the_next_step() {
    let begun = Observed {
        written: Written::Promoting,
        target: east(None),
        ..stopped()
    };
    assert_eq!(decided(&begun), Ok("none"));
}

#[test]
fn how_far_it_is_written_is_told_by_the_row_of_the_region_that_is_left() {
    let own = || bearing("a", Stage::Stopping);
    let another = || bearing("b", Stage::Stopping);
    let of = |run: Run, rows| Written::of(&pass(run, rows));
    assert_eq!(of(run(), [free(), free()]), Written::Nothing);
    assert_eq!(of(run(), [another(), another()]), Written::Nothing);
    assert_eq!(of(run(), [own(), free()]), Written::InPart);
    assert_eq!(of(run(), [own(), another()]), Written::InPart);
    assert_eq!(of(run(), [own(), own()]), Written::Everywhere);
    for rows in [
        [bearing("b", Stage::Promoting), free()],
        [free(), bearing("a", Stage::Promoting)],
        [testing::row("us-east-1", 8), free()],
    ] {
        assert_eq!(of(run(), rows), Written::Promoting);
    }
    let was = Run {
        attempts: vec![Attempt {
            step: STEP.into(),
            action: WRITE.into(),
            first_at: Timestamp::UNIX_EPOCH,
            at: Timestamp::UNIX_EPOCH,
            times: 1,
            answer: None,
        }],
        ..run()
    };
    assert_eq!(of(was.clone(), [free(), own()]), Written::Withdrawn);
    let mut silent = pass(was, [free(), own()]);
    silent.rows.0.remove(&"us-west-2".into());
    assert_eq!(
        Written::of(&silent),
        Written::InPart,
        "silence withdraws nothing"
    );
}

#[test]
fn the_record_of_a_stop_holds_no_call_that_promotes() {
    let plan = plan();
    let runs = plan.kind().runs();
    assert_eq!(runs.moving, Some(STEP));
    assert_eq!(runs.opening, Some(crate::open_writer::STEP));
    assert!(runs.promoting().all(|step| step != STEP));
}

#[test]
fn a_stop_is_told_as_its_example_shows() {
    use failover::testing::example;
    let run = Run {
        execution: example::execution("us-east-1", "replica-switchover"),
        ..run()
    };
    let mut pass = pass(run, [free(), free()]);
    pass.now = example::sent();
    example::is("stop", &words::stops(&pass, &stopped()));
}
