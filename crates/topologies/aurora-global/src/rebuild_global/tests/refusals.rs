//! Calls that are not taken: RDS's words are told from the first pass, and for how long it is asked is the table's.

use std::collections::BTreeSet;

use super::{super::carry_out::called, *};
use crate::members::Accepted;
use failover::{ledger::Rows, testing, topology::InstanceShape};

fn pass(now: i64) -> Pass {
    Pass {
        run: testing::run(),
        rows: Rows(Default::default()),
        now: at(now),
        dry_run: false,
    }
}

fn create() -> Call {
    Call::CreateInstance {
        cluster: "orders-west".into(),
        like: Box::new(InstanceShape {
            identifier: "orders-west-1".into(),
            class: "db.serverless".into(),
            ..InstanceShape::default()
        }),
    }
}

/// What comes of asking every twenty seconds for ten minutes, where each answer is `made`: the reasons, and the error that
/// ends it.
fn asked(
    observed: &Observed,
    made: &Result<Accepted, Error>,
) -> (Vec<Came>, Option<(&'static str, i64, String)>) {
    let mut known = None;
    let mut seen = Vec::new();
    for now in (0..600).step_by(20) {
        let mut pass = pass(now);
        pass.run.refusal = known;
        match called(&mut pass, observed, &create(), made.clone()) {
            Ok(came) => seen.push(came),
            Err(why) => return (seen, Some((why.name(), now, why.to_string()))),
        }
        known = pass.run.refusal;
    }
    (seen, None)
}

/// The global cluster is there, the member is not whole, and nothing is under way.
fn at_rest() -> Observed {
    let mut observed = deposed();
    observed.past = None;
    observed.leads = Some(global("orders-global-1", &[(EAST, true), (WEST, false)]));
    observed
}

/// The calls of a rebuild, in the order in which they are made.
fn calls(retire: Retire) -> Vec<Call> {
    let mut observed = deposed();
    let mut made = Vec::new();
    for _ in 0..PASSES_MAX {
        let action = next_action(&observed, retire).unwrap();
        if let Action::Call(_, call) = &action {
            made.push(call.clone());
        }
        carry_out(&mut observed, &action);
    }
    made
}

/// The calls that are not made while the kill switch is on, in the order in which they would be.
fn held_back(retire: Retire) -> Vec<&'static str> {
    let mut observed = deposed();
    let mut held = Vec::new();
    for _ in 0..PASSES_MAX {
        let action = next_action(&observed, retire).unwrap();
        if action == Action::Done {
            break;
        }
        let killed = Observed {
            killed: Some("storm".into()),
            ..observed.clone()
        };
        let stopped = next_action(&killed, retire).unwrap();
        if stopped != action {
            let said = "the kill switch is on (storm), and nothing is taken away";
            assert!(
                matches!(&stopped, Action::Wait(why) if why.contains(said)),
                "{stopped:?}"
            );
            held.push(action.acting().name);
        }
        carry_out(&mut observed, &action);
    }
    held
}

#[test]
fn while_the_kill_switch_is_on_nothing_is_taken_away_and_the_rest_goes_on() {
    assert_eq!(
        held_back(Retire::Rename),
        [
            "remove",
            "delete_endpoint",
            "rename_instance",
            "rename_cluster",
            "delete_global"
        ]
    );
    assert_eq!(
        held_back(Retire::Delete),
        [
            "remove",
            "delete_endpoint",
            "lift_protection",
            "delete_instance",
            "delete_cluster",
            "delete_global"
        ]
    );
}

#[test]
fn what_takes_away_needs_actions_that_nothing_else_needs() {
    let calls = [Retire::Rename, Retire::Delete].map(calls).concat();
    let actions = |taking: bool| {
        let some = calls.iter().filter(|call| call.takes_away() == taking);
        let actions = some.map(|call| format!("rds:{}", call.operation()));
        actions.collect::<BTreeSet<_>>()
    };
    let known = BTreeSet::from(TAKES_AWAY.map(str::to_owned));
    assert_eq!(actions(true), known);
    assert!(actions(false).contains("rds:CreateDBCluster"));
    assert!(actions(false).is_disjoint(&known));
}

/// The stack that allows what takes away is deployed for a failback only.
#[test]
fn a_call_that_is_denied_ends_the_rebuild_with_the_action_and_the_stack_that_allows_it() {
    let said = "RDS RemoveFromGlobalCluster in us-west-2: AccessDenied: no policy allows it";
    let mut calls = calls(Retire::Rename);
    calls.retain(|call| matches!(call, Call::Remove { .. } | Call::CreateMember { .. }));
    let told = calls.iter().map(|call| {
        let made = Err(Error::Denied(said.into()));
        let why = called(&mut pass(0), &deposed(), call, made).unwrap_err();
        assert_eq!(why.name(), "Denied");
        why.to_string()
    });
    let [taking, making] = told.collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(
        taking,
        format!(
            "rebuild-global in us-west-2 may not call rds:RemoveFromGlobalCluster ({said}); deploy the stack \
             aurora-failover-aurora-global-failback there, which allows that, and start again"
        )
    );
    assert!(
        making.starts_with("rebuild-global in us-west-2 may not call rds:CreateDBCluster ("),
        "{making}"
    );
    assert!(!making.contains("-failback"), "{making}");
}

#[tokio::test]
async fn a_kill_switch_that_nobody_can_read_is_silence() {
    let books = testing::Books::with(&testing::row("us-west-2", 6)).switches_unread();
    let mut pass = pass(0);
    pass.rows = Rows([("us-west-2".into(), testing::row("us-west-2", 6))].into());
    let step = RebuildGlobal {
        retire: Retire::Rename,
        names: Names::default(),
    };
    let seen = step.observe(&books, &pass).await.unwrap();
    let action = Step::<testing::Books>::next_action(&step, &pass, &seen).unwrap();
    assert!(
        matches!(&action, Action::Outlast(why) if why.contains("/aurora-failover/kill")),
        "{action:?}"
    );
}

#[test]
fn a_permanent_refusal_is_told_at_once_and_ends_the_rebuild_within_minutes() {
    let said = "set the scaling configuration first";
    let (seen, ended) = asked(&at_rest(), &Ok(Accepted::NotNow(said.into())));
    assert!(
        matches!(&seen[0], Came::NotNow(first) if first.contains(said)),
        "{:?}",
        seen[0]
    );
    let (name, after, why) = ended.unwrap();
    assert_eq!((name, after), ("NotReady", 300));
    assert!(why.contains(said), "{why}");
}

#[test]
fn a_refusal_while_something_is_under_way_is_looked_at_again_until_that_ends() {
    let mut observed = at_rest();
    home(&mut observed).cluster.as_mut().unwrap().status = "modifying".into();
    let (_, ended) = asked(&observed, &Ok(Accepted::NotNow("modifying".into())));
    assert_eq!(ended, None);
}

#[test]
fn minutes_of_silence_and_of_throttling_are_outlasted() {
    let throttled = Err(Error::Unavailable("Rate exceeded".into()));
    let (seen, ended) = asked(&at_rest(), &throttled);
    assert_eq!(ended, None);
    assert!(
        matches!(&seen[0], Came::Unknown(said) if said.contains("Rate exceeded")),
        "it may have been taken"
    );
    let outlast = Action::Outlast("RDS timed out".into());
    assert_eq!(outlast.acting().then, Then::Again(PAUSE_SECONDS));
}
