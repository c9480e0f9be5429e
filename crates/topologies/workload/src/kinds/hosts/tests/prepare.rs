//! Pairs, and every reason against them.

use serde_json::{Value, json};

use super::{
    Play,
    world::{AWAY, HOME},
};
use crate::{hosts::Host, phase::Phase};

/// What prepare says against a world that was changed so.
fn refused(more: &Value, change: impl FnOnce(&Play)) -> String {
    let mut play = Play::new(more);
    change(&play);
    let why = play.phase(Phase::Prepare).unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(play.called().is_empty());
    why.to_string()
}

type Change = fn(&Play);

fn each(rows: Vec<(Value, Change, &str)>) {
    for (more, change, said) in rows {
        let why = refused(&more, change);
        assert!(why.contains(said), "{said:?} is not in {why:?}");
        assert!(!why.contains("; and"), "{why}");
    }
}

fn of(play: &Play, region: &str, id: &str, change: impl FnOnce(&mut Host)) {
    play.change(|state| {
        change(
            state
                .hosts
                .get_mut(&(region.to_owned(), id.to_owned()))
                .unwrap(),
        );
    });
}

fn home(play: &Play, change: impl FnOnce(&mut Host)) {
    of(play, HOME, "i-00000000home", change);
}

fn away(play: &Play, change: impl FnOnce(&mut Host)) {
    of(play, AWAY, "i-00000000away", change);
}

#[test]
fn the_pairing_is_said_and_kept_before_anything_is_copied() {
    let mut play = Play::new(&json!({"leave_out": ["/dev/sdg"]}));
    let said = play.phase(Phase::Prepare).unwrap();
    assert_eq!(
        said,
        "i-00000000away comes home to i-00000000home in us-east-1a; \
         /dev/xvda: vol-awayxvda of 8 GiB comes home in the place of vol-homexvda, which has 16 GiB, as 8 GiB; \
         /dev/sdf: vol-awaysdf of 8 GiB comes home in the place of vol-homesdf, which has 16 GiB, as 8 GiB; \
         /dev/sdg: stays away"
    );
    assert_eq!(play.row.kept["pairs"].as_array().map(Vec::len), Some(2));
    assert!(play.called().is_empty());
}

#[test]
fn a_root_comes_home_as_the_root_whatever_it_is_called() {
    let mut play = Play::new(&json!({}));
    away(&play, |host| host.root_device = "/dev/sda1".into());
    play.change(|state| {
        let key = (AWAY.to_owned(), "vol-awayxvda".to_owned());
        let volume = state.volumes.get_mut(&key).unwrap();
        volume.attachments[0].device = "/dev/sda1".into();
    });
    let said = play.phase(Phase::Prepare).unwrap();
    assert!(said.contains("/dev/xvda: vol-awayxvda"), "{said}");
}

#[test]
fn a_type_that_takes_no_smaller_volume_keeps_its_least_size() {
    let mut play = Play::new(&json!({"volumes": {"/dev/sdf": {"volume_type": "st1"}}}));
    let said = play.phase(Phase::Prepare).unwrap();
    assert!(
        said.contains("vol-homesdf, which has 16 GiB, as 125 GiB"),
        "{said}"
    );
}

#[test]
fn each_reason_of_a_host_is_one_sentence_that_names_what_to_do() {
    let rows: Vec<(Value, Change, &str)> = vec![
        (
            json!({}),
            |play| away(play, |host| host.state = "terminated".into()),
            "recovery host i-00000000away is not in us-west-2",
        ),
        (
            json!({}),
            |play| {
                home(play, |host| {
                    host.tags
                        .insert("aws:autoscaling:groupName".into(), "web".into());
                })
            },
            "Auto Scaling group web",
        ),
        (
            json!({}),
            |play| {
                play.change(|state| {
                    state.protected.insert("i-00000000home".into());
                })
            },
            "--no-disable-api-stop",
        ),
        (
            json!({}),
            |play| home(play, |host| drop(host.tags.remove("aurora-failover"))),
            "aws ec2 create-tags --region us-east-1 --resources i-00000000home --tags Key=aurora-failover,Value=shop",
        ),
        (
            json!({}),
            |play| {
                away(play, |host| {
                    host.tags.insert("aurora-failover".into(), "till".into());
                })
            },
            "i-00000000away in us-west-2 carries the tag aurora-failover=till and not aurora-failover=shop",
        ),
        (
            json!({}),
            |play| home(play, |host| host.root_type = "instance-store".into()),
            "on an instance store",
        ),
        (
            json!({}),
            |play| away(play, |host| host.root_type = "instance-store".into()),
            "on an instance store",
        ),
        (
            json!({}),
            |play| home(play, |host| host.architecture = "arm64".into()),
            "its architecture is arm64",
        ),
        (
            json!({}),
            |play| away(play, |host| host.boot_mode = Some("uefi".into())),
            "its boot mode is not told, and the other one's uefi",
        ),
    ];
    each(rows);
}

#[test]
fn each_reason_of_the_plan_is_one_sentence_that_names_what_to_do() {
    let key = "arn:aws:kms:us-west-2:123456789012:key/1";
    let rows: Vec<(Value, Change, &str)> = vec![
        (
            json!({"leave_out": ["/dev/sdz"]}),
            |_| {},
            "leave_out of web-1 names /dev/sdz",
        ),
        (
            json!({"volumes": {"/dev/sdz": {"iops": 3000}}}),
            |_| {},
            "no volume comes home there",
        ),
        (
            json!({"volumes": {"/dev/sdf": {"kms_key": key}}}),
            |_| {},
            "is of us-west-2; name one of us-east-1",
        ),
        (
            json!({"volumes": {"/dev/sdf": {"volume_type": "io1"}}}),
            |_| {},
            "give volumes./dev/sdf.iops",
        ),
        (
            json!({"zone": "us-east-1b"}),
            |_| {},
            "zone of web-1 is us-east-1b",
        ),
        (
            json!({"instance_type": "c7g.large"}),
            |_| {},
            "instance_type of web-1 is c7g.large",
        ),
        (
            json!({}),
            |play| {
                home(play, |host| {
                    host.tags.insert("aurora-failover:epoch".into(), "8".into());
                })
            },
            "carries epoch 8, and this run's is 7",
        ),
        (
            json!({"rehearsal": {"subnet": "subnet-x", "security_groups": ["sg-2"]}}),
            |_| {},
            "which is not in us-east-1",
        ),
        (
            json!({"rehearsal": {"subnet": "subnet-h", "security_groups": ["sg-2"]}}),
            |_| {},
            "a route leads through igw-1",
        ),
        (
            json!({"rehearsal": {"subnet": "subnet-i", "security_groups": ["sg-1"]}}),
            |_| {},
            "sg-1 of the rehearsal of web-1 lets something out",
        ),
    ];
    each(rows);
}

#[test]
fn a_volume_of_home_without_a_counterpart_is_named() {
    let why = refused(&json!({}), |play| {
        play.change(|state| {
            let key = (AWAY.to_owned(), "vol-awaysdg".to_owned());
            state.volumes.remove(&key);
        });
    });
    assert!(why.contains("vol-homesdg at /dev/sdg"), "{why}");
    assert!(why.contains("leave_out"), "{why}");
}

#[test]
fn an_encrypted_volume_needs_a_key_at_home() {
    let why = refused(&json!({}), |play| {
        play.change(|state| {
            let key = (AWAY.to_owned(), "vol-awaysdf".to_owned());
            state.volumes.get_mut(&key).unwrap().encrypted = true;
        });
    });
    assert!(why.contains("give volumes./dev/sdf.kms_key"), "{why}");
}

#[test]
fn home_and_recovery_exchanged_is_the_only_thing_that_is_said() {
    let why = refused(
        &json!({"home": "i-00000000away", "recovery": "i-00000000home"}),
        |_| {},
    );
    assert!(why.contains("are exchanged"), "{why}");
    assert!(!why.contains("; recovery"), "{why}");
}

#[test]
fn every_reason_is_listed_and_not_the_first_alone() {
    let why = refused(&json!({"leave_out": ["/dev/sdz"]}), |play| {
        home(play, |host| host.architecture = "arm64".into());
        play.change(|state| {
            state.protected.insert("i-00000000away".into());
        });
    });
    for said in ["/dev/sdz", "arm64", "stop protection"] {
        assert!(why.contains(said), "{said} is not in {why}");
    }
}

#[test]
fn a_host_that_is_gone_needs_a_place_that_is_known() {
    let gone = |play: &Play| {
        play.change(|state| state.hosts.retain(|(region, _), _| region == AWAY));
    };
    let why = refused(&json!({"zone": "us-east-1c"}), gone);
    assert!(
        why.contains("0 subnets of us-east-1 have the tag Name app in us-east-1c"),
        "{why}"
    );
    let why = refused(&json!({}), |play| {
        gone(play);
        play.change(|state| {
            let network = state.networks.get_mut(HOME).unwrap();
            network.groups.retain(|group| group.name != "web");
        });
    });
    assert!(
        why.contains("security group web has no counterpart"),
        "{why}"
    );
    let why = refused(&json!({"leave_out": ["/dev/xvda"]}), gone);
    assert!(why.contains("a host made anew needs a root"), "{why}");
}
