//! Which calls the functions made.

use failover::installation::named;

use crate::scenario::Drill;

/// Promoting calls by a Region's functions that RDS took.
pub(crate) fn promotions(drill: &Drill<'_>, region: &str) -> usize {
    let calls = drill.world.front_door.calls().into_iter();
    calls
        .filter(|call| call.caller_region == region && call.status == Some(200))
        .filter(|call| {
            [
                "RemoveFromGlobalCluster",
                "FailoverGlobalCluster",
                "SwitchoverGlobalCluster",
                "PromoteReadReplica",
            ]
            .contains(&call.operation.as_str())
        })
        .count()
}

/// The calls by rebuild-global that take something away and were answered well: Region and operation.
pub(crate) fn destroying(drill: &Drill<'_>) -> Vec<(String, String)> {
    let taking = |operation: &str| {
        operation.starts_with("Delete")
            || operation.starts_with("Modify")
            || operation.starts_with("RemoveFrom")
    };
    let calls = drill.world.front_door.calls().into_iter();
    let calls = calls.filter(|call| call.service == "rds" && call.status == Some(200));
    let calls = calls.filter(|call| call.function == named("rebuild-global"));
    let calls = calls.filter(|call| taking(&call.operation));
    // A global cluster without members is nobody's.
    let calls = calls.filter(|call| call.operation != "DeleteGlobalCluster");
    calls.map(|call| (call.region, call.operation)).collect()
}
