//! The writer is away for longer than the grace, and RDS says why.

use std::time::Duration;

use failover::evidence::Verdict;

use crate::{
    scenario::{Ends, SUSPECTED, Scenario, Told},
    scenarios::actions::writer_away::writer_away,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "writer-maintenance",
    summary: "RDS says that the writer is upgrading, and it is away for longer than the grace of a crash: nothing changes.",
    comes_out: "`writer_restarting`, nothing changes",
    play: |drill| Box::pin(writer_away(drill, "upgrading", Duration::from_secs(30))),
    ends: Ends::unchanged(Verdict::WriterRestarting, "stood_down"),
    told: Told::Once(&[SUSPECTED, "stood down (writer_restarting)"]),
    ..Scenario::USUAL
};
