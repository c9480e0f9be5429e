//! What a function calls.

use serde::{Deserialize, Serialize};

/// A service of AWS, or the network between databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// DynamoDB, which holds the ledger.
    Ledger,
    /// RDS's control plane.
    Rds,
    /// Lambda.
    Lambda,
    /// SNS.
    People,
    /// Secrets Manager.
    Secrets,
    /// Route 53.
    Names,
    /// S3.
    Objects,
    /// SSM's parameters.
    Parameters,
    /// ECS.
    Ecs,
    /// Step Functions.
    States,
    /// EventBridge.
    Events,
    /// The way to a database.
    Database,
    /// Data planes that share nothing with the others.
    DataPlanes,
}
