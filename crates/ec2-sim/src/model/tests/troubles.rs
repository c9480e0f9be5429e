//! Refusals and losses that are planted, describes that lag, the record of calls, a lost Region.

use super::bench::{AWAY, Bench, HOME};
use crate::model::{Effect, Fault, Loss, Params};

#[test]
fn a_planted_refusal_is_met_as_often_as_it_was_planted_and_nothing_comes_of_it() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let fault = Fault::new(503, "RequestLimitExceeded", "Request limit exceeded.");
    bench.model.refuse_calls(HOME, "StopInstances", 2, fault);
    let stop = [("InstanceId.1", host.as_str())];
    for _ in 0..2 {
        let refused = bench.try_call(HOME, "StopInstances", &stop).unwrap_err();
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (503, "RequestLimitExceeded")
        );
    }
    bench.settle();
    assert_eq!(bench.state(&host), "running");
    bench.call(HOME, "StopInstances", &stop);
    assert_eq!(bench.state(&host), "stopping");
}

#[test]
fn a_call_whose_answer_is_lost_takes_effect_and_is_recorded_so() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    bench
        .model
        .lose_answers(HOME, "StopInstances", 1, Loss::Unanswered);
    let params = Params::new([("InstanceId.1", host.as_str())]);
    let (_, lost) = bench
        .model
        .call(bench.now, HOME, "StopInstances", &params)
        .unwrap();
    assert_eq!(lost, Some(Loss::Unanswered));
    assert_eq!(bench.state(&host), "stopping");

    bench.refusal(HOME, "AttachVolume", &[("VolumeId", "vol-1")]);
    let calls = bench.model.calls();
    let told: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call.action.as_str(),
                call.refused.as_deref(),
                call.is_answer_lost,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("StopInstances", None, true),
            ("AttachVolume", Some("InvalidVolume.NotFound"), false)
        ]
    );
    assert_eq!(calls[0].params["InstanceId.1"], host);
}

#[test]
fn describes_that_lag_show_what_was_and_calls_meet_what_is() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    bench.settle();
    bench.model.lag_describes(bench.now, HOME, 2_000);
    bench.pass(1);
    let params = [("AvailabilityZone", "us-west-2a"), ("Size", "8")];
    let node = bench.call(HOME, "CreateVolume", &params);
    let volume = node.at(&["volumeId"]).unwrap().to_owned();
    let ask = [("VolumeId.1", volume.as_str())];
    assert_eq!(
        bench.refusal(HOME, "DescribeVolumes", &ask),
        "InvalidVolume.NotFound"
    );
    bench.pass(1_500);
    // It is available, and is not shown yet.
    let attach = [
        ("VolumeId", volume.as_str()),
        ("InstanceId", host.as_str()),
        ("Device", "/dev/sdg"),
    ];
    bench.call(HOME, "AttachVolume", &attach);
    bench.pass(600);
    assert_eq!(
        bench.volume_field(HOME, &volume, "status").as_deref(),
        Some("creating")
    );
    bench.pass(2_000);
    assert_eq!(
        bench.volume_field(HOME, &volume, "status").as_deref(),
        Some("in-use")
    );
    bench.model.lag_describes(bench.now, HOME, 0);
}

#[test]
fn the_hosts_of_a_lost_region_end_at_once_and_it_answers_again_when_it_is_back() {
    let mut bench = Bench::new();
    let host = bench.host(AWAY, |_| {});
    bench.host(HOME, |_| {});
    bench.model.lose_region(bench.now, AWAY);
    bench.carry_out();
    assert!(!bench.model.answers(AWAY) && bench.model.answers(HOME));
    let halts: Vec<_> = bench
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Halt { .. }))
        .collect();
    assert_eq!(
        halts,
        [&Effect::Halt {
            instance: host.clone(),
            at_once: true
        }]
    );
    bench.model.return_region(bench.now, AWAY);
    assert!(bench.model.answers(AWAY));
    assert_eq!(bench.state(&host), "running");
}

#[test]
fn what_the_storage_cannot_do_is_told_by_the_snapshots_state() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let params = Params::new([("InstanceSpecification.InstanceId", host.as_str())]);
    let (node, _) = bench
        .model
        .call(bench.now, HOME, "CreateSnapshots", &params)
        .unwrap();
    let asked = bench.model.take_effects();
    let [(cut, Effect::Cut { .. })] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    let why = "the processes do not stop".to_owned();
    bench.model.finished(bench.now, *cut, Err(why));
    bench.settle();
    let id = node.items("snapshotSet")[0].at(&["snapshotId"]).unwrap();
    assert_eq!(
        bench.snapshot_field(HOME, id, "status").as_deref(),
        Some("error")
    );
    assert_eq!(
        bench.snapshot_field(HOME, id, "statusMessage").as_deref(),
        Some("the processes do not stop")
    );
}

#[test]
fn a_snapshot_that_is_deleted_before_its_instant_leaves_nothing() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |host| host.disks.truncate(1));
    let params = Params::new([("InstanceSpecification.InstanceId", host.as_str())]);
    let (node, _) = bench
        .model
        .call(bench.now, HOME, "CreateSnapshots", &params)
        .unwrap();
    let cut = bench.model.take_effects();
    let id = node.items("snapshotSet")[0].at(&["snapshotId"]).unwrap();
    bench.call(HOME, "DeleteSnapshot", &[("SnapshotId", id)]);
    bench.effects.clear();
    bench.deliver(cut);
    let place = || (HOME.to_owned(), id.to_owned());
    let [(region, snapshot), (again, same)] = [place(), place()];
    let store = Effect::Store { region, snapshot };
    let (region, snapshot) = (again, same);
    let release = Effect::Release { region, snapshot };
    assert_eq!(bench.effects[1..], [store, release]);
}
