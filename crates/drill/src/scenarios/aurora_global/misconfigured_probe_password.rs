//! The probe's password is another.

use failover::evidence::Verdict;

use crate::{
    scenario::{Ends, SUSPECTED, Scenario, Told},
    scenarios::actions::misconfigured::misconfigured,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "misconfigured-probe-password",
    summary: "Somebody changes the probe's password: that is said, and nothing changes.",
    comes_out: "`probe_misconfigured`, naming it, nothing changes",
    play: |drill| Box::pin(misconfigured(drill, STATEMENT, "28P01")),
    ends: Ends::harmless(Verdict::ProbeMisconfigured),
    told: Told::Once(&[SUSPECTED, "stood down (probe_misconfigured)"]),
    ..Scenario::USUAL
};

const STATEMENT: &str = "ALTER ROLE failover_probe PASSWORD 'another'";
