//! What `plan init` takes.

use std::path::PathBuf;

use clap::Args;
use failover::{
    domain::{PlanName, Region},
    topology::names::is_identifier,
};

use super::{plan, region};

/// A database or a workload, and where its plan is written.
#[derive(Debug, Clone, Args)]
pub struct Init {
    /// What the plan is for.
    #[command(flatten)]
    pub database: GlobalClusterOrInstance,
    /// Where the workload normally lives.
    #[arg(long, value_name = "REGION", value_parser = region, requires = "workload")]
    pub home: Option<Region>,
    /// Where it runs after a disaster.
    #[arg(long, value_name = "REGION", value_parser = region, requires = "workload")]
    pub recovery: Option<Region>,
    /// What the plan is to be called; made of the database's name where nothing is said.
    #[arg(long, value_name = "PLAN", value_parser = plan)]
    pub plan: Option<PlanName>,
    /// A third Region that is to observe.
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub witness: Option<Region>,
    /// The folder that both files are written into.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub into: PathBuf,
    /// Writes over files that are there.
    #[arg(long)]
    pub force: bool,
}

/// One of them.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct GlobalClusterOrInstance {
    /// The identifier of an Aurora global database.
    #[arg(long, value_name = "IDENTIFIER", value_parser = identifier)]
    pub global_cluster: Option<String>,
    /// The identifier of an RDS instance with a replica in another Region, or of that replica.
    #[arg(long, value_name = "IDENTIFIER", value_parser = identifier)]
    pub instance: Option<String>,
    /// The name of a workload's plan: what bears it as the value of its tag `aurora-failover`, in either Region, is paired.
    #[arg(long, value_name = "PLAN", value_parser = plan, requires_all = ["home", "recovery"],
        conflicts_with_all = ["plan", "witness"])]
    pub workload: Option<PlanName>,
}

fn identifier(text: &str) -> Result<String, String> {
    if is_identifier(text) {
        return Ok(text.to_owned());
    }
    Err(
        "RDS has no such identifiers; use letters, digits and single hyphens, a letter first"
            .to_owned(),
    )
}
