//! What a human switches on to keep every run, or one plan's, from acting.

use crate::{Error, domain::PlanName, installation};

/// The two switches that concern a plan in one Region; `None` where one is off, else what its parameter says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switches {
    /// `/aurora-failover/kill`: stops every plan.
    pub kill: Option<String>,
    /// `/aurora-failover/maintenance/<plan>`: stops this one.
    pub maintenance: Option<String>,
}

/// The kill switch.
#[must_use]
pub fn kill() -> String {
    installation::parameter("kill")
}

/// A plan's maintenance switch.
#[must_use]
pub fn maintenance(plan: &PlanName) -> String {
    installation::parameter(&format!("maintenance/{plan}"))
}

impl Switches {
    /// Whether either is on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.kill.is_some() || self.maintenance.is_some()
    }

    /// The parameter that is on, and what it says; the kill switch before the plan's own.
    #[must_use]
    pub fn on(&self, plan: &PlanName) -> Option<(String, &str)> {
        let kill = self.kill.as_deref().map(|value| (kill(), value));
        let own = self.maintenance.as_deref();
        kill.or_else(|| own.map(|value| (maintenance(plan), value)))
    }

    /// Refuses planned work while the kill switch is on; maintenance is what planned work is done in.
    ///
    /// # Errors
    /// As [`Switches::admit`].
    pub fn admit_planned(&self, plan: &PlanName) -> Result<(), Error> {
        let kill = Self {
            kill: self.kill.clone(),
            maintenance: None,
        };
        kill.admit(plan)
    }

    /// Refuses to act while either is on.
    ///
    /// # Errors
    /// `RunRefused` that names the parameter, its value, and how to switch it off.
    pub fn admit(&self, plan: &PlanName) -> Result<(), Error> {
        match self.on(plan) {
            Some((name, value)) => Err(Error::RunRefused(format!(
                "{name} is on ({value}); write off into it, or delete it, to let runs act again"
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_that_is_on_refuses_and_names_its_parameter_and_what_it_says() {
        let plan = PlanName::from("orders");
        let kill = Switches {
            kill: Some("storm drill".into()),
            maintenance: Some("on".into()),
        };
        let why = kill.admit(&plan).unwrap_err();
        assert_eq!(why.name(), "RunRefused");
        assert!(
            why.to_string()
                .contains("/aurora-failover/kill is on (storm drill)"),
            "{why}"
        );
        let maintenance = Switches { kill: None, ..kill };
        let why = maintenance.admit(&plan).unwrap_err().to_string();
        assert!(why.contains("/aurora-failover/maintenance/orders"), "{why}");
        assert_eq!(Switches::default().admit(&plan), Ok(()));
    }
}
