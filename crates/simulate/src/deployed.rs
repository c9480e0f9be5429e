//! What is deployed in each Region, by name.

use failover::domain::Region;

/// Every function, with the seconds that its template gives it.
pub const FUNCTIONS: [(&str, u32); 11] = [
    ("call-hook", 60),
    ("confirm-outage", 30),
    ("detach-and-promote", 30),
    ("dns-flip", 30),
    ("ecs-restart", 60),
    ("fence-writer", 60),
    ("health-probe", 120),
    ("loss-ledger", 60),
    ("planned-failover", 30),
    ("rebuild-global", 30),
    ("recovery-ledger", 30),
];

/// Those whose invocations are drawn to go wrong: no plan of a drawn case has a hook.
pub fn drawn() -> Vec<(&'static str, u32)> {
    let all = FUNCTIONS.into_iter();
    all.filter(|(name, _)| *name != "call-hook").collect()
}

/// A function's name for good.
#[must_use]
pub fn name(function: &str) -> Option<&'static str> {
    let mut all = FUNCTIONS.into_iter();
    all.find(|(name, _)| *name == function)
        .map(|(name, _)| name)
}

/// The machine that a function may start.
#[must_use]
pub fn machine_of(function: &str) -> Option<&'static str> {
    match function {
        "detach-and-promote" => Some("unplanned-failover"),
        "planned-failover" => Some("planned-failover"),
        "rebuild-global" => Some("failback"),
        _ => None,
    }
}

/// The ARN of an execution.
#[must_use]
pub fn arn(machine: &str, region: &Region, name: &str) -> String {
    format!("arn:aws:states:{region}:123456789012:execution:aurora-failover-{machine}:{name}")
}
