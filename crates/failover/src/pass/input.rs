//! What every step of a run takes.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    json::field,
};

/// What every step of a run takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The plan.
    pub plan: PlanName,
    /// The run; a pass without one is called by hand and changes nothing.
    #[serde(default)]
    pub run_id: Option<RunId>,
    /// The Region the run leaves; by hand, the current writer's.
    #[serde(default)]
    pub from_region: Option<Region>,
    /// The Region the run goes to; by hand, the function's own.
    #[serde(default)]
    pub target_region: Option<Region>,
    /// The epoch when the run opened.
    #[serde(default)]
    pub epoch: Option<Epoch>,
    /// Does all but the change and says what it would have been.
    #[serde(default)]
    pub dry_run: bool,
    /// `<plan>@<epoch>`: lets a pass by hand change things, if the plan stands at that epoch.
    #[serde(default)]
    pub force: Option<String>,
    /// Lets a forced pass lose what the old writer acknowledged and the target lacks.
    #[serde(default)]
    pub accept_data_loss: bool,
    /// Lets a forced pass promote past an old writer that answers: whatever it takes from then on is lost.
    #[serde(default)]
    pub abandon_living_writer: bool,
}

impl Input {
    /// The input of a pass called by hand for a plan.
    #[must_use]
    pub const fn of(plan: PlanName) -> Self {
        Self {
            plan,
            run_id: None,
            from_region: None,
            target_region: None,
            epoch: None,
            dry_run: false,
            force: None,
            accept_data_loss: false,
            abandon_living_writer: false,
        }
    }
}

/// Takes a field that is a step's own out of a payload, whose rest every step takes; `None` where it is absent or null.
///
/// # Errors
/// `InvalidRequest` that names the field, its value and the fix.
pub fn take<T: DeserializeOwned>(payload: &mut Value, name: &str) -> Result<Option<T>, Error> {
    let given = payload
        .as_object_mut()
        .and_then(|object| object.remove(name));
    given.map_or(Ok(None), |given| field(name, given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    #[test]
    fn an_unknown_field_is_named() {
        let why = read::<Input>(serde_json::json!({"plan": "orders", "colour": 1})).unwrap_err();
        assert!(
            why.name() == "InvalidRequest" && why.to_string().contains("colour"),
            "{why}"
        );
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let why =
            read::<Input>(serde_json::json!({"plan": "orders", "epoch": "seven"})).unwrap_err();
        assert!(why.to_string().contains("epoch"), "{why}");
    }
}
