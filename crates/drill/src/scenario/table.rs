//! The scenarios: which there are, what the plan of each says differently, and which a word names.

mod rows;

use rds_sim::Durations;
pub(super) use rows::Ends;
use serde_json::{Value, json};

use crate::profile::{BILLING, HOME, PARAMETER, PLAN, PLANS, Profile, STANDBY, THIRD};

/// What is lost or broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each one's story says what happens in it")]
pub enum Scenario {
    RegionLoss,
    RegionLossManaged,
    PathImpaired,
    WriterRestart,
    WriterMaintenance,
    WriterDown,
    RegionsParted,
    ObserverIsolated,
    RoadAndReplicationDown,
    Blip,
    MisconfiguredPassword,
    MisconfiguredCertificate,
    MisconfiguredTable,
    MisconfiguredRights,
    Observe,
    ApprovalGiven,
    ApprovalRefused,
    ApprovalLate,
    ApprovalOver,
    LateRedrive,
    RunDies,
    TwiceLost,
    LaggingStandby,
    Throttled,
    RunTwice,
    PlannedMeetsUnplanned,
    Flapping,
    ThreeRegions,
    TwoPlans,
    KillSwitch,
    ByHand,
    Route53Ssm,
    Route53Cname,
    Switchover,
    SwitchoverNotReady,
    SwitchoverCancelled,
    AnswerLost,
    ManagedRefused,
    LostMidSwitchover,
    IdleFunctions,
    FailbackAfterManaged,
    FailbackAfterDetach,
    ServerlessMember,
    EveryProperty,
    Rehearsal,
    RegionReturns,
    SecretRotated,
    SubnetsDenied,
    FailbackInterrupted,
    FailbackRefused,
    RoundTrip,
    MillionRows,
    Subscriber,
    CronElsewhere,
    LockedTable,
    LastBytes,
    LastBytesOfTwelveSeconds,
    LastBytesOfAMinute,
    ReaderRestarts,
    SlotsExhausted,
    BrokenPlan,
    DryRunMachine,
    SwitchoverByInvoke,
    TenPlans,
}

impl Scenario {
    /// All of them, in the order in which they are played.
    pub const ALL: [Self; 64] = [
        Self::RegionLoss,
        Self::RegionLossManaged,
        Self::PathImpaired,
        Self::WriterRestart,
        Self::WriterMaintenance,
        Self::WriterDown,
        Self::RegionsParted,
        Self::ObserverIsolated,
        Self::RoadAndReplicationDown,
        Self::Blip,
        Self::MisconfiguredPassword,
        Self::MisconfiguredCertificate,
        Self::MisconfiguredTable,
        Self::MisconfiguredRights,
        Self::Observe,
        Self::ApprovalGiven,
        Self::ApprovalRefused,
        Self::ApprovalLate,
        Self::ApprovalOver,
        Self::LateRedrive,
        Self::RunDies,
        Self::TwiceLost,
        Self::LaggingStandby,
        Self::Throttled,
        Self::RunTwice,
        Self::PlannedMeetsUnplanned,
        Self::Flapping,
        Self::ThreeRegions,
        Self::TwoPlans,
        Self::KillSwitch,
        Self::ByHand,
        Self::Route53Ssm,
        Self::Route53Cname,
        Self::Switchover,
        Self::SwitchoverNotReady,
        Self::SwitchoverCancelled,
        Self::AnswerLost,
        Self::ManagedRefused,
        Self::LostMidSwitchover,
        Self::IdleFunctions,
        Self::FailbackAfterManaged,
        Self::FailbackAfterDetach,
        Self::ServerlessMember,
        Self::EveryProperty,
        Self::Rehearsal,
        Self::RegionReturns,
        Self::SecretRotated,
        Self::SubnetsDenied,
        Self::FailbackInterrupted,
        Self::FailbackRefused,
        Self::RoundTrip,
        Self::MillionRows,
        Self::Subscriber,
        Self::CronElsewhere,
        Self::LockedTable,
        Self::LastBytes,
        Self::LastBytesOfTwelveSeconds,
        Self::LastBytesOfAMinute,
        Self::ReaderRestarts,
        Self::SlotsExhausted,
        Self::BrokenPlan,
        Self::DryRunMachine,
        Self::SwitchoverByInvoke,
        Self::TenPlans,
    ];

    /// Its name on the command line and in the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What happens in it, in one sentence.
    #[must_use]
    pub fn story(self) -> &'static str {
        self.row().story
    }

    /// Whether replication falls behind before the Region dies, so that there is something to lose.
    pub(super) const fn replication_lags(self) -> bool {
        matches!(self, Self::RegionLoss)
    }

    /// The durations and choices in it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most are alike")]
    pub(super) fn profile(self) -> Profile {
        let profile = match self {
            Self::RegionLossManaged => Profile::usual("managed"),
            // Twenty databases share two cores.
            Self::TenPlans => Profile::gentle("detach"),
            Self::FailbackAfterManaged => Profile::quick("managed"),
            Self::PathImpaired | Self::ManagedRefused => Profile::quick("auto"),
            _ => Profile::quick("detach"),
        };
        let profile = Profile {
            patch: self.patch(),
            ..profile
        };
        match self {
            Self::ThreeRegions => Profile {
                members: &[HOME, STANDBY, THIRD],
                headless: Some(STANDBY),
                ..profile
            },
            // RDS shows the switchover as pending, and lets a member leave beside it.
            Self::LostMidSwitchover => Profile {
                simulator: Durations {
                    failover_pending_ms: 600_000,
                    switchover_ms: 600_000,
                    ..profile.simulator
                },
                detach_during_failover: true,
                ..profile
            },
            Self::TwoPlans => Profile {
                plans: &[PLAN, BILLING],
                ..profile
            },
            Self::TenPlans => Profile {
                plans: &PLANS,
                ..profile
            },
            _ => profile,
        }
    }

    /// The Region that takes over, where one does.
    pub(super) const fn target(self) -> &'static str {
        if matches!(self, Self::ThreeRegions) {
            THIRD
        } else {
            STANDBY
        }
    }

    /// What its plan says differently.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most say nothing")]
    fn patch(self) -> Value {
        match self {
            Self::Observe | Self::ByHand => json!({"unplanned": {"region_down": "observe"}}),
            Self::ApprovalGiven | Self::ApprovalRefused | Self::ApprovalOver => {
                json!({"unplanned": {"region_down": "approval"}})
            }
            Self::ApprovalLate => {
                json!({"unplanned": {"region_down": "approval", "approval_minutes": 1}})
            }
            // The grace is spent when the writer is first suspected.
            Self::WriterDown | Self::PlannedMeetsUnplanned | Self::SubnetsDenied => {
                json!({"detection": {"in_region_grace_seconds": 3}})
            }
            Self::TwiceLost | Self::RoundTrip => json!({"unplanned": {"cooldown_minutes": 0}}),
            Self::MillionRows => json!({"loss_ledger": [
                {"table": "app.rows", "key": ["id"]}, {"table": "app.big", "key": ["id"]}]}),
            Self::Subscriber => json!({"loss_ledger": [
                {"table": "app.rows", "key": ["id"]}, {"table": "app.fed", "key": ["n"]}]}),
            Self::Route53Ssm => {
                json!({"dns": [{"kind": "ssm", "parameter": PARAMETER, "endpoint": "writer"}]})
            }
            _ => Value::Null,
        }
    }
}

/// The scenarios that a word on the command line names: one, several with commas between them, a family, or `all`.
///
/// # Errors
/// When it names none; the message lists what there is.
pub fn selection(word: &str) -> Result<Vec<Scenario>, String> {
    let named: Result<Vec<_>, _> = word.split(',').map(named).collect();
    Ok(named?.concat())
}

fn named(word: &str) -> Result<Vec<Scenario>, String> {
    let of = |fits: &dyn Fn(&str) -> bool| -> Vec<Scenario> {
        let all = Scenario::ALL.into_iter();
        all.filter(|scenario| fits(scenario.name())).collect()
    };
    let exact = of(&|name| name == word);
    if !exact.is_empty() {
        return Ok(exact);
    }
    // Long failbacks, what is for figures, and what needs the machine for itself go by their own names, so that all of the others
    // stay below 25 minutes.
    let apart = [
        Scenario::FailbackInterrupted,
        Scenario::FailbackRefused,
        Scenario::RoundTrip,
        Scenario::MillionRows,
        Scenario::CronElsewhere,
        Scenario::LockedTable,
        Scenario::TenPlans,
    ]
    .map(Scenario::name);
    let family = of(&|name| match word {
        "all" => !apart.contains(&name),
        _ => name.starts_with(&format!("{word}-")),
    });
    // `region` is no family: its members have nothing in common but the word.
    let families = [
        "approval",
        "failback",
        "misconfigured-probe",
        "route53-down",
    ];
    if word == "all" || families.contains(&word) {
        return Ok(family);
    }
    let names = Scenario::ALL.map(Scenario::name).join(", ");
    Err(format!(
        "there is no scenario {word:?}; choose all, a family (approval, failback, misconfigured-probe, route53-down), or one of {names}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_in_the_list_once_and_its_plan_has_no_fault() {
        let mut names = Scenario::ALL.map(Scenario::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Scenario::ALL.len());
        for scenario in Scenario::ALL {
            let profile = scenario.profile();
            for plan in profile.plans {
                let plan = profile.plan(plan, "Z0EXAMPLE").to_string();
                failover::plan::read(&plan)
                    .unwrap_or_else(|why| panic!("{}: {why}", scenario.name()));
            }
        }
    }

    #[test]
    fn a_word_names_one_scenario_a_family_or_all() {
        assert_eq!(selection("blip"), Ok(vec![Scenario::Blip]));
        assert_eq!(
            selection("blip,observe"),
            Ok(vec![Scenario::Blip, Scenario::Observe])
        );
        assert_eq!(selection("approval").unwrap().len(), 4);
        assert_eq!(selection("misconfigured-probe").unwrap().len(), 4);
        assert_eq!(selection("failback").unwrap().len(), 4);
        let all = selection("all").unwrap();
        assert_eq!(all.len(), Scenario::ALL.len() - 7);
        assert!(!all.contains(&Scenario::RoundTrip));
        assert!(selection("region").unwrap_err().contains("region-loss"));
    }
}
