//! The standby replays 12 s behind.

use std::time::Duration;

use crate::{
    profile::STANDBY,
    scenario::{Ends, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::last_bytes::last_bytes,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "last-bytes-12",
    summary: "The home Region dies while the standby replays 12 s behind it: it is waited for until all has arrived, and the standby takes over.",
    comes_out: "the standby takes over, the loss is known",
    play: |drill| Box::pin(last_bytes(drill, Duration::from_secs(12))),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};
