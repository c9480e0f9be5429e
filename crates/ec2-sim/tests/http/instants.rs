//! A snapshot of a host whose program writes: one instant for all its volumes.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use ec2_sim::model::BLOCK_BYTES;
use rustix::fs::{FlockOperation, flock};
use serde_json::json;

use crate::{AWAY, caller::between, host, quick, restored, simulator, text, volume, write};

/// The number that a disk begins with.
fn first(path: &Path) -> u64 {
    let mut bytes = [0; 8];
    let file = File::open(path).unwrap();
    file.read_exact_at(&mut bytes, 0).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    text.trim_matches('\0').trim().parse().unwrap_or(0)
}

/// A program that never outlives its test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A host's program: it counts, first on one disk and then on the other.
fn counting(one: &Path, other: &Path) -> Program {
    let script = "n=0; while :; do n=$((n+1)); \
                  printf %08d $n | dd of=\"$0\" conv=notrunc 2>/dev/null; \
                  printf %08d $n | dd of=\"$1\" conv=notrunc 2>/dev/null; done";
    let mut command = Command::new("sh");
    command.args(["-c", script]).args([one, other]);
    Program(command.spawn().unwrap())
}

async fn soon(mut what: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !what() {
        assert!(Instant::now() < until, "it does not come about");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_volumes_of_a_host_that_writes_are_cut_at_one_instant_and_it_ends_with_its_host() {
    let caller = simulator(quick()).await;
    let away = host(&caller, AWAY, &["/dev/sdf", "/dev/sdg"]).await;
    let id = text(&away["id"]);
    let ((_, one), (_, other)) = (volume(&away, "/dev/sdf"), volume(&away, "/dev/sdg"));
    // The first disk takes a while to be copied, in which a program that ran would write to the second one.
    write(&one, BLOCK_BYTES, &vec![7; 8 << 20]);
    let mut program = counting(&one, &other);
    let processes = json!({"do": "processes", "host": id, "pids": [program.0.id()]});
    caller.control(processes).await;
    soon(|| first(&other) > 3).await;

    let mut last = 0;
    for _ in 0..3 {
        let taken = caller
            .ok(
                AWAY,
                "CreateSnapshots",
                &[("InstanceSpecification.InstanceId", id)],
            )
            .await;
        let mut found = Vec::new();
        for item in taken.split("<item>").skip(1) {
            let snapshot = between(item, "snapshotId");
            found.push(first(&restored(&caller, AWAY, snapshot).await));
        }
        // By device: /dev/sdf, /dev/sdg, the root.
        assert!(
            found[0] == found[1] || found[0] == found[1] + 1,
            "{found:?}"
        );
        assert!(found[1] > last, "the program went on: {found:?}");
        last = found[1];
    }
    caller
        .ok(AWAY, "StopInstances", &[("InstanceId.1", id)])
        .await;
    soon(|| program.0.try_wait().unwrap().is_some()).await;
    caller
        .until(AWAY, "DescribeInstances", ("InstanceId.1", id), "stopped")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_holds_its_disks_lock_is_waited_for() {
    let caller = simulator(quick()).await;
    let away = host(&caller, AWAY, &[]).await;
    let (_, path) = volume(&away, "/dev/xvda");
    let writer = File::open(&path).unwrap();
    flock(&writer, FlockOperation::LockShared).unwrap();
    write(&path, 0, b"1");
    let params = [("InstanceSpecification.InstanceId", text(&away["id"]))];
    let mut taken = Box::pin(caller.ok(AWAY, "CreateSnapshots", &params));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut taken).await;
    assert!(early.is_err(), "it was cut within a write");
    write(&path, 1, b"2");
    flock(&writer, FlockOperation::Unlock).unwrap();
    let taken = taken.await;
    write(&path, 0, b"9");
    let snapshot = between(&taken, "snapshotId");
    assert_eq!(first(&restored(&caller, AWAY, snapshot).await), 12);
}
