//! Whole runs.

use serde_json::json;

use super::{
    PHASES, Play,
    world::{AWAY, CHANGED, FULL, Fault, HOME},
};
use crate::{
    hosts::Call,
    kinds::hosts::names::{self, REPLACED_TAG},
    phase::Phase,
};

fn whole(play: &mut Play, phases: &[Phase]) {
    for phase in phases {
        play.phase(*phase).unwrap();
    }
}

/// Where a rehearsal of the tests builds.
fn isolated() -> serde_json::Value {
    json!({"rehearsal": {"subnet": "subnet-i", "security_groups": ["sg-2"]}})
}

#[test]
fn a_host_comes_home_and_what_stood_there_is_kept_beside() {
    let mut play = Play::new(&json!({}));
    whole(&mut play, &PHASES);
    let state = play.state();
    let home = state.host(HOME, "i-00000000home");
    assert_eq!(home.state, "running");
    assert_eq!(home.devices.len(), 3);
    for device in &home.devices {
        let new = &state.volumes[&(HOME.to_owned(), device.volume.clone())];
        assert_eq!(
            (new.size_gib, new.volume_type.as_str(), new.iops),
            (8, "io2", Some(4_000))
        );
        assert_eq!(new.tags["Name"], format!("web {}", device.name));
        assert_eq!(device.delete_on_termination, device.name == "/dev/xvda");
        let old = format!("vol-home{}", &device.name[5..]);
        let old = &state.volumes[&(HOME.to_owned(), old)];
        assert_eq!(
            (old.state.as_str(), &old.tags[REPLACED_TAG]),
            ("available", &new.id)
        );
    }
    assert_eq!(state.host(AWAY, "i-00000000away").state, "stopped");
    let points = state.snapshots.values().filter(|one| {
        one.is_complete()
            && one
                .tags
                .get(names::ROLE_TAG)
                .is_some_and(|role| role == names::POINT)
    });
    assert_eq!(points.count(), 3);
    assert!(!play.called().contains(&"terminate"));
}

#[test]
fn the_calls_of_a_cut_over_come_in_this_order() {
    let mut play = Play::new(&json!({"leave_out": ["/dev/sdf", "/dev/sdg"]}));
    whole(&mut play, &PHASES);
    let expected = [
        "take_snapshots",
        "copy_snapshot",
        "take_snapshots",
        "copy_snapshot",
        "drop_snapshot",
        "drop_snapshot",
        "stop",
        "take_snapshots",
        "copy_snapshot",
        "drop_snapshot",
        "drop_snapshot",
        "create_volume",
        "tag",
        "stop",
        "tag",
        "detach",
        "attach",
        "set_delete_on_termination",
        "start",
        "take_snapshots",
    ];
    assert_eq!(play.called(), expected);
}

#[test]
fn later_rounds_move_only_what_changed_and_say_so() {
    let mut play = Play::new(&json!({}));
    whole(&mut play, &PHASES[..3]);
    assert_eq!(play.row.bytes[&1], 3 * FULL);
    assert_eq!(play.row.bytes[&2], 3 * CHANGED);
    let last = play
        .phase(Phase::Suspend)
        .and_then(|_| play.phase(Phase::LastSync));
    let said = format!("{} bytes came home", 3 * CHANGED);
    assert!(last.unwrap().contains(&said));
}

#[test]
fn a_round_goes_only_when_its_successor_is_complete() {
    let mut play = Play::new(&json!({}));
    whole(&mut play, &PHASES[..5]);
    let state = play.state();
    let rounds: std::collections::BTreeSet<_> = state
        .snapshots
        .values()
        .map(|one| one.tags[names::ROLE_TAG].clone())
        .collect();
    assert_eq!(rounds, [names::round(3)].into());
    let mut complete = 0;
    for (_, call) in &state.calls {
        match call.name() {
            "copy_snapshot" => complete += 1,
            "drop_snapshot" => assert!(complete >= 6, "a round went after {complete} copies"),
            _ => {}
        }
    }
}

/// Plays phases with each call going wrong once, and compares the ends.
fn interrupted(more: &serde_json::Value, play_all: impl Fn(&mut Play)) {
    let mut straight = Play::new(more);
    play_all(&mut straight);
    let (end, calls) = (straight.end(), straight.called().len());
    assert!(calls > 5);
    for fault in [Fault::Before, Fault::After] {
        for number in 0..calls {
            let mut play = Play::new(more);
            play.change(|state| state.fault = Some((number, fault)));
            play_all(&mut play);
            assert_eq!(play.end(), end, "call {number} {fault:?}");
        }
    }
}

#[test]
fn whichever_call_is_cut_off_or_not_answered_the_end_is_the_same() {
    interrupted(&json!({}), |play| whole(play, &PHASES));
}

#[test]
fn a_rehearsal_changes_nothing_of_home_and_leaves_nothing_behind() {
    interrupted(&isolated(), |play| {
        let before = play.state();
        whole(play, &[Phase::Prepare, Phase::Sync, Phase::Rehearse]);
        let state = play.state();
        let mut twins = state
            .hosts
            .values()
            .filter(|host| host.tags.contains_key(names::ROLE_TAG));
        let twin = twins.next().unwrap();
        assert!(twins.next().is_none());
        assert_eq!(
            (twin.subnet.as_str(), &twin.security_groups[..]),
            ("subnet-i", &["sg-2".to_owned()][..])
        );
        assert_eq!((twin.devices.len(), &twin.profile_arn), (3, &None));
        play.answer(Phase::Rehearse);
        whole(play, &[Phase::Rehearse]);
        let after = play.state();
        assert_eq!(
            after.host(HOME, "i-00000000home"),
            before.host(HOME, "i-00000000home")
        );
        assert_eq!(after.volumes, before.volumes);
        assert!(after.images.is_empty());
        assert!(
            after
                .hosts
                .values()
                .all(|host| host.state != "running" || !host.tags.contains_key(names::ROLE_TAG))
        );
    });
}

#[test]
fn a_twin_that_fails_is_taken_away_before_that_is_said() {
    let mut play = Play::new(&isolated());
    whole(&mut play, &[Phase::Prepare, Phase::Sync]);
    play.change(|state| {
        state.failing.insert("*".into());
    });
    let why = play.phase(Phase::Rehearse).unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(
        why.to_string().contains("failed its status checks"),
        "{why}"
    );
    let state = play.state();
    assert!(state.images.is_empty());
    assert!(state.hosts.values().any(|host| host.state == "terminated"));
}

#[test]
fn a_revert_puts_everything_back_whatever_goes_wrong_on_its_way() {
    interrupted(&json!({}), |play| {
        let before = play.state();
        whole(play, &PHASES[..7]);
        whole(play, &[Phase::Revert]);
        let after = play.state();
        let home = after.host(HOME, "i-00000000home");
        assert_eq!(home.devices, before.host(HOME, "i-00000000home").devices);
        assert_eq!(home.state, "running");
        assert_eq!(after.host(AWAY, "i-00000000away").state, "running");
        let kept = after
            .volumes
            .values()
            .filter(|it| it.tags.contains_key(names::ROLE_TAG));
        assert_eq!(kept.filter(|it| it.is_available()).count(), 3);
    });
}

#[test]
fn a_revert_before_the_cut_over_only_starts_the_recovery_host_again() {
    let mut play = Play::new(&json!({}));
    whole(&mut play, &PHASES[..5]);
    let calls = play.called().len();
    whole(&mut play, &[Phase::Revert]);
    assert_eq!(play.called()[calls..], ["start"]);
}

#[test]
fn a_home_host_that_was_stopped_is_left_so_by_a_revert() {
    let mut play = Play::new(&json!({}));
    play.change(|state| {
        let key = (HOME.to_owned(), "i-00000000home".to_owned());
        state.hosts.get_mut(&key).unwrap().state = "stopped".into();
    });
    whole(&mut play, &PHASES[..7]);
    assert_eq!(play.state().host(HOME, "i-00000000home").state, "running");
    whole(&mut play, &[Phase::Revert]);
    assert_eq!(play.state().host(HOME, "i-00000000home").state, "stopped");
}

#[test]
fn a_home_host_that_is_gone_is_made_anew_and_a_revert_keeps_it_stopped() {
    interrupted(&json!({}), |play| {
        play.old.clear();
        play.change(|state| {
            state.hosts.retain(|(region, _), _| region == AWAY);
            state.volumes.retain(|(region, _), _| region == AWAY);
        });
        whole(play, &PHASES);
        let state = play.state();
        let mut made = state
            .hosts
            .values()
            .filter(|host| host.tags.contains_key(names::ROLE_TAG));
        let host = made.next().unwrap();
        assert!(made.next().is_none());
        assert_eq!(
            (host.state.as_str(), host.subnet.as_str()),
            ("running", "subnet-h")
        );
        assert_eq!((host.devices.len(), host.tags["Name"].as_str()), (3, "web"));
        assert!(
            play.row
                .reason
                .contains(&format!("write {} there", host.id)),
            "{}",
            play.row.reason
        );
        whole(play, &[Phase::Revert]);
        assert_eq!(play.state().host(HOME, &host.id).state, "stopped");
    });
}

#[test]
fn a_cut_over_waits_for_loading_before_home_is_touched_and_says_how_far_it_is() {
    let mut play = Play::new(&json!({"wait_until_read": true, "initialisation_rate": 200}));
    whole(&mut play, &PHASES[..5]);
    play.change(|state| state.loading = Some(40));
    play.row.again(Phase::CutOver);
    for _ in 0..20 {
        play.change(|state| state.tick(6));
        assert_eq!(play.pass(Phase::CutOver).unwrap(), None);
    }
    let progress = play.row.progress.clone().unwrap();
    assert_eq!(progress.percent, Some(40));
    assert!(progress.ends_at.is_some());
    assert_eq!(play.state().host(HOME, "i-00000000home").state, "running");
    play.change(|state| state.loading = None);
    whole(&mut play, &[Phase::CutOver]);
}

#[test]
fn a_copy_that_fails_without_a_word_is_a_refusal_that_names_the_key() {
    let key = "arn:aws:kms:us-east-1:123456789012:key/1";
    let mut play = Play::new(&json!({"volumes": {"/dev/sdf": {"kms_key": key}}}));
    play.change(|state| {
        state.locked.insert(key.into());
    });
    play.phase(Phase::Prepare).unwrap();
    let why = play.phase(Phase::Sync).unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(why.to_string().contains(key), "{why}");
    assert!(
        why.to_string().contains("Given key ID is not accessible"),
        "{why}"
    );
}

#[test]
fn a_volume_that_does_not_come_about_is_a_refusal_that_names_the_key() {
    let key = "arn:aws:kms:us-east-1:123456789012:key/1";
    let mut play = Play::new(&json!({"volumes": {"/dev/sdf": {"kms_key": key}}}));
    whole(&mut play, &PHASES[..5]);
    play.change(|state| {
        state.locked.insert(key.into());
    });
    let why = play.phase(Phase::CutOver).unwrap_err();
    assert!(why.to_string().contains(key), "{why}");
    assert_eq!(play.state().host(HOME, "i-00000000home").state, "running");
}

#[test]
fn every_copy_and_the_volume_made_of_it_have_one_key() {
    let key = "arn:aws:kms:us-east-1:123456789012:key/1";
    let mut play = Play::new(&json!({"volumes": {"/dev/sdf": {"kms_key": key}}}));
    whole(&mut play, &PHASES);
    let state = play.state();
    let key_of = |call: &Call| {
        if let Call::CopySnapshot { tags, kms_key, .. } = call {
            return Some((tags[names::DEVICE_TAG].clone(), kms_key.clone()));
        }
        let Call::CreateVolume(new) = call else {
            return None;
        };
        Some((new.device.clone(), new.disk.kms_key.clone()))
    };
    let all = state.calls.iter().filter_map(|(_, call)| key_of(call));
    let keys: Vec<_> = all.filter(|(device, _)| device == "/dev/sdf").collect();
    assert_eq!(keys.len(), 4);
    assert!(keys.iter().all(|(_, found)| found.as_deref() == Some(key)));
}

#[test]
fn the_last_round_waits_for_nobody_who_writes() {
    let mut play = Play::new(&json!({}));
    whole(&mut play, &PHASES[..3]);
    let why = play.phase(Phase::LastSync).unwrap_err();
    assert!(why.to_string().contains("would write on"), "{why}");
}

#[test]
fn a_disk_that_came_after_the_pairing_ends_the_run() {
    let mut play = Play::new(&json!({}));
    whole(&mut play, &PHASES[..2]);
    play.change(|state| {
        let host = state.host(AWAY, "i-00000000away").clone();
        let late = super::world::disk("/dev/sdz", "vol-late");
        state.plant(AWAY, host, vec![late]);
    });
    let why = play.phase(Phase::Sync).unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
    assert!(why.to_string().contains("vol-late"), "{why}");
}

#[test]
fn a_strange_volume_at_a_device_of_home_is_never_detached() {
    let mut play = Play::new(&json!({}));
    whole(&mut play, &PHASES[..5]);
    play.change(|state| {
        let key = (HOME.to_owned(), "vol-homesdf".to_owned());
        let mut volume = state.volumes[&key].clone();
        volume.id = "vol-strange".into();
        state.volumes.get_mut(&key).unwrap().attachments.clear();
        state
            .volumes
            .insert((HOME.to_owned(), volume.id.clone()), volume);
    });
    let why = play.phase(Phase::CutOver).unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
    assert!(why.to_string().contains("vol-strange"), "{why}");
    let strange =
        |call: &Call| matches!(call, Call::Detach { volume, .. } if volume == "vol-strange");
    assert!(!play.state().calls.iter().any(|(_, call)| strange(call)));
}

#[test]
fn what_is_shown_late_is_not_asked_for_twice() {
    let mut straight = Play::new(&json!({}));
    whole(&mut straight, &PHASES);
    let mut late = Play::new(&json!({}));
    late.change(|state| state.late_seconds = 13);
    whole(&mut late, &PHASES);
    assert_eq!(late.called(), straight.called());
}
