//! The writer is away for less than the grace.

use std::time::Duration;

use failover::evidence::Verdict;

use crate::{
    scenario::{Ends, SUSPECTED, Scenario, Told},
    scenarios::actions::writer_away::writer_away,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "writer-restart",
    summary: "The writer crashes and is back within the grace: nothing changes.",
    comes_out: "`writer_restarting`, nothing changes",
    play: |drill| Box::pin(writer_away(drill, "rebooting", Duration::from_secs(9))),
    ends: Ends::unchanged(Verdict::WriterRestarting, "stood_down"),
    told: Told::Once(&[SUSPECTED, "stood down (writer_restarting)"]),
    ..Scenario::USUAL
};
