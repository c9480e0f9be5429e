//! The heartbeat's table is gone.

use failover::evidence::Verdict;

use crate::{
    scenario::{Ends, SUSPECTED, Scenario, Told},
    scenarios::actions::misconfigured::misconfigured,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "misconfigured-probe-table",
    summary: "The heartbeat's table is gone: that is said, and nothing changes.",
    comes_out: "`probe_misconfigured`, naming it, nothing changes",
    play: |drill| Box::pin(misconfigured(drill, STATEMENT, "42P01")),
    ends: Ends::harmless(Verdict::ProbeMisconfigured),
    told: Told::Once(&[SUSPECTED, "stood down (probe_misconfigured)"]),
    ..Scenario::USUAL
};

const STATEMENT: &str = "ALTER TABLE aurora_failover.beat RENAME TO beats";
