//! Whether the plan's services in a Region still stand at none: somebody may have raised one.

use failover::{Error, domain::Region, ports::Services};

use super::{Named, about, named, now, wanted};
use crate::plan::WorkloadPlan;

/// The services of the plan in a Region that are wanted there or run, one sentence each.
///
/// # Errors
/// Those of the look.
pub(in crate::jobs) async fn still_up(
    world: &impl Services,
    plan: &WorkloadPlan,
    region: &Region,
) -> Result<Vec<String>, Error> {
    let mut up = Vec::new();
    for Named { one, .. } in named(plan, region) {
        let looked = now(world, region, &one).await;
        let (has, running) = looked.map_err(|why| about(region, &one, &why))?;
        if wanted(&has) > 0 || running > 0 {
            up.push(format!(
                "service {region}/{} was stopped for this run and is wanted {} time(s), {running} run(s)",
                one.key(),
                wanted(&has)
            ));
        }
    }
    Ok(up)
}

/// What is known of who still writes in a Region, and what is not.
#[must_use]
pub(in crate::jobs) fn observed(plan: &WorkloadPlan, region: &Region) -> String {
    if named(plan, region).is_empty() {
        return format!(
            "the plan names no service in {region}, and nobody looked at who writes there"
        );
    }
    format!(
        "the services of the plan in {region} are at zero; writers outside the plan were not looked at"
    )
}
