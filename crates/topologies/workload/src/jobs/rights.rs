//! The destructive rights: a stack of their own, which is there only while somebody brings a workload home. It holds a parameter that
//! names the plans it is for.

use failover::{Error, installation, ports::Parameters};

use crate::plan::WorkloadPlan;

/// The parameter's path.
const PATH: &str = "workload-failback";
/// What its value says where it is for every plan.
const EVERY: &str = "*";

/// Why the rights are not there for a plan, in a sentence; `None` where they are.
///
/// # Errors
/// Those of the look.
pub(super) async fn missing(
    world: &impl Parameters,
    plan: &WorkloadPlan,
) -> Result<Option<String>, Error> {
    let name = installation::parameter(PATH);
    let found = world.parameter(&plan.home_region, &name).await?;
    Ok(why_missing(
        plan,
        &name,
        found.map(|found| found.value).as_deref(),
    ))
}

fn why_missing(plan: &WorkloadPlan, name: &str, value: Option<&str>) -> Option<String> {
    let home = &plan.home_region;
    let says = match value {
        None => format!("the parameter {name} is not in {home}"),
        Some(value) if names(value, plan) => return None,
        Some(value) => format!(
            "the parameter {name} in {home} is {value}, which does not name plan {}",
            plan.plan
        ),
    };
    Some(format!(
        "{says}, so that the rights to replace anything at home are missing; give them by make failback-rights ANSWERS=<file> REGION={home}"
    ))
}

fn names(value: &str, plan: &WorkloadPlan) -> bool {
    let mut all = value.split(',').map(str::trim);
    all.any(|one| one == EVERY || one == plan.plan.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_rights_are_for_the_plans_that_the_parameter_names() {
        let plan = testing::plan();
        for there in ["*", "orders", "billing, orders"] {
            assert_eq!(why_missing(&plan, "/p", Some(there)), None, "{there}");
        }
        for other in ["", "order", "orders-2", "billing"] {
            let why = why_missing(&plan, "/p", Some(other)).unwrap();
            assert!(why.contains("does not name plan orders"), "{why}");
        }
        let why = why_missing(&plan, "/p", None).unwrap();
        let command = "make failback-rights ANSWERS=<file> REGION=us-east-1";
        assert!(why.ends_with(command), "{why}");
    }
}
