//! A database brought home in a small RDS, with each call cut off before its effect and each answer lost after it.

use failover::topology::{InstanceShape, SdkInput};

use super::{names::RUN_TAG, *};
use crate::run;

mod against;
mod needs;
mod play;
mod small_rds;

use play::{HOME, Play, RECOVERY, SHORT};
use small_rds::{Fault, SmallRds};

/// The phases up to the end of a run.
const HOMEWARD: [Phase; 9] = [
    Phase::Prepare,
    Phase::Sync,
    Phase::Sync,
    Phase::Suspend,
    Phase::LastSync,
    Phase::CutOver,
    Phase::Verify,
    Phase::Retire,
    Phase::Conclude,
];

/// Plays phases, with one fault at one call.
async fn played(kind: Kind, phases: &[Phase], fault: Option<(usize, Fault)>) -> Play {
    let mut play = Play::new(kind, run::Kind::RestoreHome);
    play.world.fail(fault);
    for phase in phases {
        play.phase(*phase).await.unwrap();
    }
    play
}

/// With each call of a clean run cut off and with each answer lost, the end is the same and no call has its effect twice.
async fn holds_under_every_fault(kind: Kind, phases: &[Phase]) {
    let clean = played(kind, phases, None).await;
    let effects = clean.world.effects();
    assert!(effects.len() > 5, "{effects:?}");
    for call in 0..effects.len() {
        for fault in [Fault::CutOff, Fault::Lost] {
            let faulty = played(kind, phases, Some((call, fault))).await;
            assert_eq!(faulty.world.effects(), effects, "{fault:?} at {call}");
            assert_eq!(
                faulty.world.stands(),
                clean.world.stands(),
                "{fault:?} at {call}"
            );
        }
    }
}

async fn comes_home(kind: Kind) {
    let play = played(kind, &HOMEWARD, None).await;
    let before = SmallRds::with(kind);
    let was = before.found(kind, HOME, "orders").unwrap();
    let home = play.world.found(kind, HOME, "orders").unwrap();
    assert_ne!(home.shape.resource_id, was.shape.resource_id);
    assert!(home.shape.is_whole() && home.shape.tags.contains_key(RUN_TAG));
    assert_eq!(home.shape.roles.len(), was.shape.roles.len());
    assert_eq!(home.shape.endpoints, was.shape.endpoints);
    assert_eq!(
        home.shape.backup_retention_days,
        was.shape.backup_retention_days
    );
    assert_eq!(play.row.kept["differences"], serde_json::json!([]));
    let old = format!("orders-old-{SHORT}");
    let old = play.world.found(kind, HOME, &old).unwrap();
    assert_eq!(old.shape.resource_id, was.shape.resource_id);
    assert!(old.shape.deletion_protection, "nothing had to be lifted");
    let away = play.world.found(kind, RECOVERY, "orders-dr").unwrap();
    assert_eq!(away.shape.status, "stopped");
    let point = format!("af-shop-orders-home-{SHORT}");
    assert!(
        play.world
            .snapshot(kind, HOME, &point)
            .unwrap()
            .is_available()
    );
    assert_eq!(play.world.snapshots_of_rounds(HOME), 1, "only the last one");
    assert_eq!(play.world.snapshots_of_rounds(RECOVERY), 1);
}

#[tokio::test]
async fn an_instance_comes_home_and_what_stood_there_is_kept() {
    comes_home(Kind::Instance).await;
}

#[tokio::test]
async fn a_cluster_comes_home_with_its_instances_its_endpoints_and_its_roles() {
    comes_home(Kind::Cluster).await;
}

#[tokio::test]
async fn an_instance_comes_home_alike_whatever_call_is_cut_off_or_loses_its_answer() {
    holds_under_every_fault(Kind::Instance, &HOMEWARD).await;
}

#[tokio::test]
async fn a_cluster_comes_home_alike_whatever_call_is_cut_off_or_loses_its_answer() {
    holds_under_every_fault(Kind::Cluster, &HOMEWARD).await;
}

/// A rehearsal with its yes, with one fault at one call.
async fn rehearsed(kind: Kind, fault: Option<(usize, Fault)>) -> Play {
    let mut play = Play::new(kind, run::Kind::Rehearse);
    play.world.fail(fault);
    for phase in [Phase::Prepare, Phase::Sync, Phase::Rehearse] {
        play.phase(phase).await.unwrap();
    }
    let beside = play.world.found(kind, HOME, "orders-rehearsal").unwrap();
    assert_eq!(beside.shape.subnet_group.as_deref(), Some("isolated"));
    assert_eq!(beside.shape.security_groups, ["sg-0isolated"]);
    assert!(beside.shape.is_whole());
    play.answer(Phase::Rehearse, true);
    play.phase(Phase::Rehearse).await.unwrap();
    play
}

async fn rehearses_beside(kind: Kind) {
    let before = SmallRds::with(kind).stands();
    let clean = rehearsed(kind, None).await;
    assert_eq!(clean.world.stands(), before, "it is all taken away");
    let effects = clean.world.effects();
    for named in ["orders", "orders-1", "orders-2", "reports"] {
        let mut touched = effects.iter().filter(|effect| effect.home);
        assert!(touched.all(|effect| !effect.names.iter().any(|name| name == named)));
    }
    for call in 0..effects.len() {
        for fault in [Fault::CutOff, Fault::Lost] {
            let faulty = rehearsed(kind, Some((call, fault))).await;
            assert_eq!(faulty.world.effects(), effects, "{fault:?} at {call}");
        }
    }
}

#[tokio::test]
async fn a_rehearsal_of_an_instance_touches_nothing_that_is_named_home() {
    rehearses_beside(Kind::Instance).await;
}

#[tokio::test]
async fn a_rehearsal_of_a_cluster_touches_nothing_that_is_named_home() {
    rehearses_beside(Kind::Cluster).await;
}

/// Whatever a cut-over has reached, a reversal gives home its names back and lets the recovery side serve.
async fn reverts_from_anywhere(kind: Kind) {
    let before = SmallRds::with(kind);
    let was = before.found(kind, HOME, "orders").unwrap();
    let calls = played(kind, &HOMEWARD[..8], None)
        .await
        .world
        .effects()
        .len();
    for stop in 0..=calls {
        let mut play = Play::new(kind, run::Kind::RestoreHome);
        play.calls_max = Some(stop);
        for phase in &HOMEWARD[..8] {
            if play.phase(*phase).await.is_err() {
                break;
            }
        }
        play.calls_max = None;
        play.phase(Phase::Revert).await.unwrap();
        let home = play.world.found(kind, HOME, "orders").unwrap();
        assert_eq!(home, was, "stopped after {stop} calls");
        let away = play.world.found(kind, RECOVERY, "orders-dr").unwrap();
        assert_eq!(away.shape.status, "available", "stopped after {stop} calls");
        let old = format!("orders-old-{SHORT}");
        assert!(play.world.found(kind, HOME, &old).is_none());
    }
}

#[tokio::test]
async fn a_reversal_gives_an_instance_its_name_back_wherever_the_cut_over_stopped() {
    reverts_from_anywhere(Kind::Instance).await;
}

#[tokio::test]
async fn a_reversal_gives_a_cluster_its_names_back_wherever_the_cut_over_stopped() {
    reverts_from_anywhere(Kind::Cluster).await;
}

#[tokio::test]
async fn a_reversal_is_the_same_whatever_call_is_cut_off_or_loses_its_answer() {
    let mut phases = HOMEWARD[..8].to_vec();
    phases.push(Phase::Revert);
    for kind in [Kind::Instance, Kind::Cluster] {
        holds_under_every_fault(kind, &phases).await;
        let play = played(kind, &phases, None).await;
        let failed = format!("orders-failed-{SHORT}");
        let failed = play.world.found(kind, HOME, &failed).unwrap();
        assert!(failed.shape.is_whole(), "what came home is kept");
        let named = |one: &InstanceShape| one.identifier.contains("-failed-");
        assert!(failed.shape.instances.iter().all(named));
    }
}

#[tokio::test]
async fn the_last_copy_is_one_that_was_taken_after_the_rounds() {
    let play = played(Kind::Instance, &HOMEWARD[..5], None).await;
    assert_eq!(
        (
            play.row.kept["round"].as_u64(),
            play.row.kept["last_round"].as_u64()
        ),
        (Some(2), Some(3))
    );
    let name = format!("af-shop-orders-3-{SHORT}");
    let copy = play.world.snapshot(Kind::Instance, HOME, &name).unwrap();
    assert!(copy.is_available() && copy.encrypted);
}

#[test]
fn what_a_restore_is_given_is_on_a_list_without_repetition() {
    for list in [&RESTORED_CLUSTER[..], &RESTORED_INSTANCE[..]] {
        assert!(list.is_sorted_by(|one, other| one.0 < other.0));
        assert!(list.iter().any(|(_, input)| *input == SdkInput::Given));
    }
}
