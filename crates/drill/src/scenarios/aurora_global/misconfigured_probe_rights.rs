//! The probe may not write.

use failover::evidence::Verdict;

use crate::{
    scenario::{Ends, SUSPECTED, Scenario, Told},
    scenarios::actions::misconfigured::misconfigured,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "misconfigured-probe-rights",
    summary: "The probe's role may only read: that is said, and nothing changes.",
    comes_out: "`probe_misconfigured`, naming it, nothing changes",
    play: |drill| Box::pin(misconfigured(drill, STATEMENT, "42501")),
    ends: Ends::harmless(Verdict::ProbeMisconfigured),
    told: Told::Once(&[SUSPECTED, "stood down (probe_misconfigured)"]),
    ..Scenario::USUAL
};

const STATEMENT: &str = "REVOKE UPDATE ON ALL TABLES IN SCHEMA aurora_failover FROM failover_probe";
