//! The standby replays 45 s behind.

use std::time::Duration;

use crate::{
    profile::STANDBY,
    scenario::{Ends, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::last_bytes::last_bytes,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "last-bytes-45",
    summary: "The home Region dies while the standby replays 45 s behind it: the first run may stand down, a later one lets the standby take over.",
    comes_out: "the standby takes over, the loss is known",
    play: |drill| Box::pin(last_bytes(drill, Duration::from_secs(45))),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};
