//! A drill that is interrupted leaves nothing either.

use std::time::Duration;

use rustix::process::Signal;
use tests::{
    drill::{Drill, Ended},
    world::World,
};

use crate::held::Place;

/// How soon an interrupted drill must have ended.
const END: Duration = Duration::from_secs(15);
const SCENARIO: &str = "region-loss";

/// Interrupts a drill whose probes commit; answers how it ended, once nothing is left of it.
fn interrupt(world: &World, signal: Signal) -> Ended {
    let _place = Place::taken();
    let mut drill = Drill::start(world, SCENARIO);
    let held = drill.wait_until_up();
    drill.signal(signal);
    let ended = drill.end(END);
    assert_eq!(
        drill.left(&held),
        Vec::<String>::new(),
        "after {signal:?}:\n{}",
        ended.said
    );
    ended
}

/// One test, so that a single drill is under way at a time.
#[test]
fn an_interrupted_drill_leaves_no_process_no_port_and_no_file() {
    let world = World::new("interruptions");
    for signal in [Signal::INT, Signal::TERM] {
        let ended = interrupt(&world, signal);
        assert_eq!(ended.status.code(), Some(130), "{}", ended.said);
        assert!(
            ended.said.contains("the drill was interrupted"),
            "{}",
            ended.said
        );
        assert!(world.strays().is_empty(), "{:?}", world.strays());
    }
    let killed = interrupt(&world, Signal::KILL);
    assert_eq!(killed.status.code(), None);
    assert!(world.strays().is_empty(), "{:?}", world.strays());
    for signal in [Signal::INT, Signal::KILL] {
        while_deploying(&world, signal);
    }
}

/// Then programs of others are under way: the one that deploys, and PostgreSQL's own.
fn while_deploying(world: &World, signal: Signal) {
    let _place = Place::taken();
    let mut drill = Drill::start(world, SCENARIO);
    drill.wait_until_it_runs("tools/deploy");
    let held = drill.belongings();
    drill.signal(signal);
    let ended = drill.end(END);
    assert_eq!(
        drill.left(&held),
        Vec::<String>::new(),
        "after {signal:?} while deploying:\n{}",
        ended.said
    );
    assert!(world.strays().is_empty(), "{:?}", world.strays());
}
