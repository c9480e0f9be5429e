//! The functions of one's own that a run calls before and after its phases.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, names};

/// The functions of one's own that a run calls, each in the Region that acts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Before anything is promoted or stopped, unless an earlier run began that. Where it fails, nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hook")]
    pub before_promote: Option<Hook>,
    /// Once the promoted writer is proven and takes logins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hook")]
    pub after_promote: Option<Hook>,
    /// Before any name is led to the new writer. Where it fails, no name is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hook")]
    pub before_names: Option<Hook>,
    /// Once the names were led.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hook")]
    pub after_names: Option<Hook>,
    /// Before any service is restarted. Where it fails, none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hook")]
    pub before_services: Option<Hook>,
    /// Once the services were restarted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hook")]
    pub after_services: Option<Hook>,
}

/// A function of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Its name, which ends with `-failover-hook`, the same in every member Region.
    #[schemars(extend("pattern" = names::HOOK))]
    pub function: String,
    /// Seconds that it has to answer.
    #[serde(default = "Hook::timeout_seconds")]
    #[schemars(range(min = 1, max = 45))]
    pub timeout_seconds: u64,
}

impl Hook {
    /// The longest that one may take: a pass has a minute, and needs the rest of it for the ledgers.
    pub const TIMEOUT_SECONDS_MAX: u64 = 45;

    const fn timeout_seconds() -> u64 {
        30
    }
}

/// When a hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before anything is promoted or stopped.
    BeforePromote,
    /// Once the promoted writer is proven.
    AfterPromote,
    /// Before any name is led.
    BeforeNames,
    /// Once the names were led.
    AfterNames,
    /// Before any service is restarted.
    BeforeServices,
    /// Once the services were restarted.
    AfterServices,
}

impl Phase {
    /// All of them, in a run's order.
    pub const ALL: [Self; 6] = [
        Self::BeforePromote,
        Self::AfterPromote,
        Self::BeforeNames,
        Self::AfterNames,
        Self::BeforeServices,
        Self::AfterServices,
    ];

    /// Its name, which is its field under `hooks`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforePromote => "before_promote",
            Self::AfterPromote => "after_promote",
            Self::BeforeNames => "before_names",
            Self::AfterNames => "after_names",
            Self::BeforeServices => "before_services",
            Self::AfterServices => "after_services",
        }
    }

    /// The state of the machines that calls its hook.
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Self::BeforePromote => "BeforePromote",
            Self::AfterPromote => "AfterPromote",
            Self::BeforeNames => "BeforeNames",
            Self::AfterNames => "AfterNames",
            Self::BeforeServices => "BeforeServices",
            Self::AfterServices => "AfterServices",
        }
    }

    /// Whether the run stops where its hook fails. Behind a phase that is only told.
    #[must_use]
    pub const fn stops(self) -> bool {
        match self {
            Self::BeforePromote | Self::BeforeNames | Self::BeforeServices => true,
            Self::AfterPromote | Self::AfterNames | Self::AfterServices => false,
        }
    }
}

impl Hooks {
    /// Whether there is none.
    #[must_use]
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// The hook of a phase.
    #[must_use]
    pub const fn of(&self, phase: Phase) -> Option<&Hook> {
        match phase {
            Phase::BeforePromote => self.before_promote.as_ref(),
            Phase::AfterPromote => self.after_promote.as_ref(),
            Phase::BeforeNames => self.before_names.as_ref(),
            Phase::AfterNames => self.after_names.as_ref(),
            Phase::BeforeServices => self.before_services.as_ref(),
            Phase::AfterServices => self.after_services.as_ref(),
        }
    }
}

impl Plan {
    /// The hooks that the plan has, in a run's order.
    pub fn named_hooks(&self) -> impl Iterator<Item = (Phase, &Hook)> {
        let all = Phase::ALL.into_iter();
        all.filter_map(|phase| Some((phase, self.hooks.of(phase)?)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{plan, testing};

    fn read(hooks: serde_json::Value) -> Result<Plan, String> {
        let mut document = testing::plan_document();
        document["hooks"] = hooks;
        plan::read(&document.to_string()).map_err(|why| why.to_string())
    }

    #[test]
    fn a_phase_is_a_field_and_its_word_in_payloads() {
        for phase in Phase::ALL {
            assert_eq!(json!(phase), phase.name());
            let plan = read(json!({phase.name(): {"function": "orders-failover-hook"}})).unwrap();
            let (found, hook) = plan.named_hooks().next().unwrap();
            assert_eq!((found, hook.timeout_seconds), (phase, 30));
            assert_eq!(plan.named_hooks().count(), 1);
            assert_eq!(phase.stops(), phase.name().starts_with("before_"));
        }
        assert!(read(json!({})).unwrap().hooks.are_none());
    }

    #[test]
    fn a_hook_that_cannot_be_called_is_a_fault_of_the_plan() {
        let of = |hook: serde_json::Value| read(json!({"before_names": hook})).unwrap_err();
        for name in [
            "warm",
            "-failover-hook",
            "a b-failover-hook",
            "arn:aws:lambda:us-east-1:123456789012:function:a-failover-hook",
        ] {
            let why = of(json!({"function": name}));
            let says = "hooks.before_names.function";
            assert!(
                why.contains(says) && why.contains("-failover-hook"),
                "{why}"
            );
        }
        for seconds in [0, 46] {
            let why = of(json!({"function": "a-failover-hook", "timeout_seconds": seconds}));
            let says = format!("hooks.before_names.timeout_seconds is {seconds}; use 1 to 45");
            assert!(why.contains(&says), "{why}");
        }
        let why = read(json!({"before_lunch": {"function": "a-failover-hook"}})).unwrap_err();
        assert!(why.contains("hooks.before_lunch is not a field"), "{why}");
    }

    #[test]
    fn a_plan_without_hooks_is_written_as_it_was_read() {
        let plan = plan::read(&testing::plan_document().to_string()).unwrap();
        assert!(serde_json::to_value(&plan).unwrap().get("hooks").is_none());
    }
}
