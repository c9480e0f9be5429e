//! What RDS says in place of an answer, and under which status of HTTP.

use crate::{fault::Way, rds::Fault};

/// What a way in which a call goes wrong is on the wire, of the codes that an operation can be answered by.
pub(super) fn of_way(way: Way, operation: &str) -> Fault {
    let code = match way {
        Way::Denied => "AccessDenied",
        Way::Invalid => "InvalidParameterValue",
        Way::Throttled => "Throttling",
        Way::NotThere => not_there(operation),
        Way::Trouble
        | Way::LostBefore
        | Way::LostAfter
        | Way::Late
        | Way::VeryLate
        | Way::Twice
        | Way::Stale
        | Way::DiesBefore
        | Way::DiesAfter => "InternalFailure",
    };
    let message = format!("{operation} goes wrong here.");
    Fault { code, message }
}

/// What it is about is not there, or in no state for it.
/// Source: the errors of each operation in <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Operations.html>.
fn not_there(operation: &str) -> &'static str {
    match operation {
        "DescribeAccountAttributes"
        | "DescribeDBClusters"
        | "DescribeDBClusterEndpoints"
        | "ListTagsForResource" => "DBClusterNotFoundFault",
        "DescribeDBInstances" => "DBInstanceNotFound",
        "DescribeGlobalClusters" => "GlobalClusterNotFoundFault",
        "DescribeBlueGreenDeployments" => "BlueGreenDeploymentNotFoundFault",
        "DescribeDBClusterSnapshots" | "CopyDBClusterSnapshot" => "DBClusterSnapshotNotFoundFault",
        "DescribeDBClusterParameterGroups" | "DescribeDBParameterGroups" => {
            "DBParameterGroupNotFound"
        }
        "DeleteDBClusterEndpoint" => "DBClusterEndpointNotFoundFault",
        "ModifyDBInstance" | "DeleteDBInstance" => "InvalidDBInstanceState",
        "FailoverGlobalCluster"
        | "SwitchoverGlobalCluster"
        | "RemoveFromGlobalCluster"
        | "DeleteGlobalCluster" => "InvalidGlobalClusterStateFault",
        _ => "InvalidDBClusterStateFault",
    }
}

/// An operation, or a parameter of one, that is not served here.
pub(super) fn not_served(operation: &str) -> Fault {
    let code = "InvalidAction";
    let message = format!("Could not find operation {operation} for version 2014-10-31");
    Fault { code, message }
}

/// The status that a code comes under.
pub(super) fn status(code: &str) -> u16 {
    match code {
        "AccessDenied" => 403,
        "InternalFailure" => 500,
        _ if code.contains("NotFound") => 404,
        _ => 400,
    }
}
